// Archive ids on the wire: the one place where a storage::ArchiveId becomes text and a
// <stanza-id/>.
//
// Used by modules/mam, by offline delivery and by waking sessions: the log keeps messages without
// the ids of our archives, so whoever reads one back adds the id that it has in its owner's
// archive. Pure. What a <stanza-id/> is: proto/stanza_id.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/jid.h"
#include "proto/stanza.h"
#include "storage/ids.h"

namespace clarion::core {

/// Decimal, without leading zeros. Clients must take it as opaque (XEP-0313, 5.2).
std::string format_archive_id(storage::ArchiveId id);
/// The reverse. nullopt: no id of ours could read so.
std::optional<storage::ArchiveId> parse_archive_id(std::string_view text);

/// Appends <stanza-id/> with the id that the message has in the archive of `owner`. REQUIRES: ids
/// that claim to be the owner's were stripped.
void add_stanza_id(Stanza& stanza, const Jid& owner, storage::ArchiveId id);

}  // namespace clarion::core
