// Message Archive Management (XEP-0313), an account's own archive.
//
// Storing: the sender's shard writes the message once into the log and indexes it for the sender;
// the recipient's shard adds its index entry, marks the message with its archive id (<stanza-id/>,
// XEP-0359) and fires Archived. The log has the message without ids of local archives; ids that
// claim to be ours are removed before (rule 2 of XEP-0359). A message to oneself is archived once,
// as received. What was archived is durable before it is acknowledged to its sender (Shard::hold).
//
// Reading: pages come from storage in a coroutine, after the shard's own writes are committed, and
// are sent at the client's pace (core/accounts/send_room.h). Only the owner may ask. The session
// notes what it was sent (core/accounts/stretches.h).
//
// archive_rules.h: what is archived. query.h: what requests say and answers look like.
// preferences.h: XEP-0441. archive_expiry.h: what becomes too old.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/option.h"
#include "base/time.h"
#include "server/core/setup/module.h"

namespace clarion::mam {

struct MamOptions {
    std::string otherwise = "always";  // [mam] default
    std::int64_t max_page = 250;
    std::int64_t default_page = 50;
    std::int64_t max_page_bytes = 1 << 20;
    std::int64_t max_preferences = 1000;
    std::int64_t retraction_depth = 100000;
    std::int64_t max_retractions = 20;
    std::optional<Duration> expire_after;  // nullopt: never
    std::int64_t max_messages = 0;         // per archive; 0: any number
    std::int64_t max_bytes = 1 << 30;      // per archive; 0: any size
    static void declare(OptionTable<MamOptions>& table);
};

void declare_options(OptionRegistry& registry);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);

}  // namespace clarion::mam
