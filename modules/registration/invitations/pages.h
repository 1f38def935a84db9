// What somebody sees who opens an invitation in a browser: who invites them, the link for clients
// (as a button, and as a QR code for the phone), which clients there are, and a form to make the
// account, or set the password, right there (XEP-0401, 3.2; XEP-0379, 3.3).
//
//     GET  /invite/TOKEN             never uses the token: programs that preview links ask, too
//     POST /invite/TOKEN             the form
//     GET  /invite/TOKEN/name?name=  whether a name is free, as JSON
//
// "?host=" says whose the invitation is where the name in the address does not. Who has the token is
// who may: there is no cookie, so another site can send nothing in anybody's name.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::registration::invitations {

void serve_pages(core::ModuleSetup& setup);

}  // namespace clarion::registration::invitations
