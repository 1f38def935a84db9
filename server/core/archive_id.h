// Archive ids on the wire: the one place where a storage::ArchiveId becomes text and a
// <stanza-id/>.
//
// Used by modules/mam, by offline delivery and by waking sessions: the log keeps messages without
// the ids of our archives, so whoever reads one back adds the id that it has in its owner's
// archive. Pure.
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

/// Appends <stanza-id by='owner, bare' id='…'/> (XEP-0359, section 2.1). REQUIRES:
/// strip_stanza_ids() was done for this owner: there is at most one per owner.
void add_stanza_id(Stanza& stanza, const Jid& owner, storage::ArchiveId id);
/// The same on the element of a message that is inside another (a carbon).
void add_stanza_id(xml::Element& message, const Jid& owner, storage::ArchiveId id);

/// Whether it carries a <stanza-id/> that claims to be `owner`'s (bare).
bool has_stanza_id(const Stanza& stanza, std::string_view owner);
/// Removes those: forged, or of an earlier life of the message (XEP-0359, section 3, rule 2).
void strip_stanza_ids(Stanza& stanza, std::string_view owner);

}  // namespace clarion::core
