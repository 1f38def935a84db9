// Archiving preferences (XEP-0441): <prefs/> read, written and applied. Pure.
#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

#include "proto/jid.h"
#include "proto/stanza_error.h"
#include "proto/xml.h"
#include "storage/archive.h"

namespace clarion::mam {

/// "always", "never", "roster" and back. REQUIRES for parsing: one of them (options are checked
/// when read).
std::string_view name(storage::ArchiveDefault rule);
storage::ArchiveDefault parse_default(std::string_view name);

/// Whether messages with this address are archived. The lists come first, 'never' before 'always';
/// an entry with a resource means that very address, one without all its resources. `in_roster`: is
/// its bare address.
bool wants_archived(const storage::ArchivePreferences& preferences,
                    storage::ArchiveDefault otherwise, const Jid& with, bool in_roster);

/// What a client sets. Errors: bad-request (no or an unknown 'default'), jid-malformed,
/// policy-violation (more than `limit` addresses).
std::variant<storage::ArchivePreferences, StanzaError> read_preferences(const xml::Element& prefs,
                                                                        std::size_t limit);
/// Appends <prefs/> with what is in force.
void add_preferences(xml::Element& parent, const storage::ArchivePreferences& preferences,
                     storage::ArchiveDefault otherwise);

}  // namespace clarion::mam
