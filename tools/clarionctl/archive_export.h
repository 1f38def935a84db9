// archive export: an archive as one XML document (XEP-0227, 4.2: <archive/> with <result/>
// elements), or as lines of JSON. Asked for and written page by page, never held as a whole.
#pragma once

#include <string>

#include "base/result.h"
#include "tools/clarionctl/admin_client.h"

namespace clarion::ctl {

struct ExportOrder {
    std::string jid;
    std::string file;      // empty or "-": standard output
    bool as_json = false;  // {"id", "time", "stanza"} per line
};

/// The number of messages. A file appears under its name only when it is complete, and is its
/// owner's alone. Errors: what the server says, or the file cannot be written.
Result<std::uint64_t> export_archive(const AdminClient& client, const ExportOrder& order);

}  // namespace clarion::ctl
