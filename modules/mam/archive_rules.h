// Which messages an archive keeps (XEP-0313): a decision about the message alone.
#pragma once

#include <string_view>

#include "proto/stanza.h"

namespace clarion::mam {

struct Verdict {
    bool archive = false;
    std::string_view reason;  // one word, for tests and logs
};

/// Whether a message belongs into a personal archive (XEP-0313, section 5.1.1), preferences aside:
/// type chat or normal, and something to remember: a body, a subject, an encrypted payload, a
/// receipt, a marker, a retraction, a reaction, an invitation, a call, or the hint <store/>. Group
/// chat is archived by its room; headlines, errors, carbons, and what is hinted no-store or
/// no-permanent-store are not archived at all.
Verdict should_archive(const Stanza& message);

}  // namespace clarion::mam
