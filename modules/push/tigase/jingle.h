// push_jingle: calls on phones that hibernate (tigase:push:jingle:0).
//
// Every registration is notified of a call (docs/push-rules.md, R7). One that asked with <jingle/>
// is told in plaintext which call it is,
//
//     <jingle xmlns='tigase:push:jingle:0' action='propose' sid='ID'><media>audio</media></jingle>
//
// which push_encrypt takes away again and says within what it encrypts; and it hears when another
// of the account's devices accepts, rejects or proceeds with the call, so that it stops ringing. Of
// a call that the caller takes back (retract) it hears by the ordinary rules only.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::push::tigase {

void install_jingle(core::ModuleSetup& setup);

}  // namespace clarion::push::tigase
