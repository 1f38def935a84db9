// vCards (XEP-0054), and their photos in presence (XEP-0153).
//
// A vCard is a stored entry of the account, its photo's hash a resident one. Anybody may read it,
// while its owner is away too, and only the owner sets it. To others an account without one and no
// account are the same: service-unavailable.
//
// Who once set a vCard has the hash in all presence that others are shown of each session: by
// broadcast, in answer to a probe, addressed to somebody (events::PresenceShowing); a session's kept
// presence stays as its client sent it. When the photo changes, those who see the account's
// presence are shown it again; those to whom a client addressed it are told by that client.
//
// photo.h: the photo. vcard_codec.h: how both are kept.
#pragma once

#include <cstdint>

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::vcard {

struct VcardOptions {
    std::int64_t max_size = 192 << 10;
    static void declare(OptionTable<VcardOptions>& table);
};

void declare_options(OptionRegistry& registry);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);

}  // namespace clarion::vcard
