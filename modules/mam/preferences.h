// Archiving preferences (XEP-0441): <prefs/> read, written, kept and applied. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "proto/jid.h"
#include "proto/stanza_error.h"
#include "proto/xml.h"

namespace clarion::mam {

/// Stored: never renumber.
enum class ArchiveDefault : std::uint8_t { always = 0, never = 1, roster = 2 };

/// `set` false: the account follows the server's default.
struct ArchivePreferences {
    bool set = false;
    ArchiveDefault otherwise = ArchiveDefault::always;
    std::vector<std::string> always;  // addresses
    std::vector<std::string> never;
};

/// As they are kept among the module's resident data (docs/formats.md). Error "bad-record".
std::string encode(const ArchivePreferences& preferences);
Result<ArchivePreferences> decode_preferences(std::string_view value);

/// "always", "never", "roster" and back. REQUIRES for parsing: one of them (options are checked
/// when read).
std::string_view name(ArchiveDefault rule);
ArchiveDefault parse_default(std::string_view name);

/// Whether messages with this address are archived. The lists come first, 'never' before 'always';
/// an entry with a resource means that very address, one without all its resources. `in_roster`: is
/// its bare address.
bool wants_archived(const ArchivePreferences& preferences, ArchiveDefault otherwise,
                    const Jid& with, bool in_roster);

/// What a client sets. Errors: bad-request (no or an unknown 'default'), jid-malformed,
/// policy-violation (more than `limit` addresses).
std::variant<ArchivePreferences, StanzaError> read_preferences(const xml::Element& prefs,
                                                               std::size_t limit);
/// Appends <prefs/> with what is in force.
void add_preferences(xml::Element& parent, const ArchivePreferences& preferences,
                     ArchiveDefault otherwise);

}  // namespace clarion::mam
