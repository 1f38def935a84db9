// Archive queries on the wire (XEP-0313, sections 3 and 4; XEP-0059): what requests ask for, and
// how results, <fin/>, the form and <metadata/> are written. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/stanza.h"
#include "server/core/actors/archive_id.h"
#include "storage/archive.h"

namespace clarion::mam {

struct PageLimits {
    std::size_t most = 250;      // messages in a page, and ids that one query may name
    std::size_t otherwise = 50;  // if the client does not say
};

struct PageRequest {
    storage::ArchiveQuery query;  // without its account
    std::string query_id;
    bool flip = false;  // <flip-page/>: newest first
};

/// Reads <query/>. Errors: bad-request (values that cannot be read, a form of another type, both
/// <before/> and <after/>), item-not-found (an id that no archive of ours could have),
/// feature-not-implemented (a field we do not know, <index/>), policy-violation (too many ids).
std::variant<PageRequest, StanzaError> read_page_request(const xml::Element& query,
                                                         const PageLimits& limits,
                                                         core::ArchiveIds ids);

/// One result: the stored stanza as it is, wrapped (section 3.2).
std::shared_ptr<Stanza> make_page_message(const Jid& archive, const Jid& to,
                                          std::string_view query_id,
                                          const storage::ArchivedMessage& message,
                                          core::ArchiveIds ids);
/// Appends <fin/> for the page that was sent.
void add_fin(xml::Element& parent, const storage::ArchivePage& page, core::ArchiveIds ids);
/// Appends <query/> with the form of all fields (section 3.1.5).
void add_query_form(xml::Element& parent);
/// Appends <metadata/>; nullopt: the archive is empty (section 4).
void add_metadata(xml::Element& parent, const std::optional<storage::ArchiveBounds>& bounds,
                  core::ArchiveIds ids);

}  // namespace clarion::mam
