// Envelope: a stanza on its way through the server, with what must travel along.
#pragma once

#include <memory>
#include <string>

#include "proto/stanza.h"
#include "proto/xml_writer.h"
#include "server/runtime/ticket.h"
#include "storage/stanza_meta.h"

namespace clarion::core {

/// The XML of a stanza as storage keeps it, written once for all who keep it: in jabber:client,
/// without any archive's stanza-id.
using StanzaXml = std::shared_ptr<const std::string>;

/// Moved from step to step, across shards too. `stanza` may be shared: change it through edit()
/// only.
struct Envelope {
    StanzaPtr stanza;
    Ticket ticket;
    storage::StanzaMeta meta;
    /// An error this server made itself because a domain cannot be reached or its component is not
    /// attached; what a peer relays never has it.
    bool local_bounce = false;
    /// An answer that this server made itself (Router::bounce), which goes to whomever it is for.
    bool own_answer = false;
    /// nullptr until somebody keeps the stanza: see kept_xml().
    StanzaXml xml{};

    /// The stanza, to be changed in what it says.
    Stanza& edit() {
        xml = nullptr;
        auto own = editable(std::move(stanza));
        Stanza& result = *own;
        stanza = std::move(own);
        return result;
    }
    /// What storage keeps of it. REQUIRES: no archive's stanza-id was added yet, or this was called
    /// before that (core::add_stanza_id() leaves it as it is).
    const StanzaXml& kept_xml() {
        if (!xml) xml = std::make_shared<const std::string>(xml::to_string(stanza->root()));
        return xml;
    }
};

}  // namespace clarion::core
