// What users tell of themselves: vCards (XEP-0054) and their photos in presence (XEP-0153), avatars
// (XEP-0084) and vCard4 (XEP-0292), each of which is the others too (XEP-0398).
//
// A vCard is a stored entry of the account. Anybody may read it, while its owner is away too, and
// only the owner sets it. To others an account without one and no account are the same:
// service-unavailable. Avatars and vCard4 are nodes of the account, which another module keeps.
// What they say is in the vCard that somebody is given as far as that one may read the nodes, and
// what a vCard says is published there (docs/design/019-profiles.md).
//
// Who once had a vCard or an avatar has its hash in all presence that others are shown of each
// session: by broadcast, in answer to a probe, addressed to somebody (events::PresenceShowing); a
// session's kept presence stays as its client sent it. When the photo changes, those who see the
// account's presence are shown it again; those to whom a client addressed it are told by that
// client. Who may not read the photo is told that there is none.
//
// conversion.h: which was written last. profile.h: what a vCard is to whom. nodes.h: the others'
// answers. photo.h, fields.h: the forms. vcard_codec.h: how it is kept.
#pragma once

#include <cstdint>

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::vcard {

struct VcardOptions {
    std::int64_t max_size = 192 << 10;
    std::int64_t max_fields = 500;
    static void declare(OptionTable<VcardOptions>& table);
};

void declare_options(OptionRegistry& registry);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);

}  // namespace clarion::vcard
