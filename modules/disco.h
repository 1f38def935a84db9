// Service discovery (XEP-0030): what this server is, what it can do, and what belongs to it.
//
// Answers disco#info and disco#items for hosts, accounts and services from core's Features, Domains
// and ServicePort, which other modules fill, and of accounts from the event AccountDiscovered; it
// knows none of them. Nodes belong to the modules that invent them; here none exists.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::disco {

void install(core::ModuleSetup& setup);

}  // namespace clarion::disco
