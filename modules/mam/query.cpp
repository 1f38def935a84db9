#include "modules/mam/query.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "proto/data_form.h"
#include "proto/forward.h"
#include "proto/ns.h"
#include "proto/rsm.h"
#include "server/core/actors/archive_id.h"

namespace clarion::mam {
namespace {

using storage::ArchiveQuery;

/// Why a request is refused; nullopt: it is not.
using Refusal = std::optional<StanzaError>;

/// What reading a request needs, and where it goes.
struct Reading {
    const PageLimits& limits;
    core::ArchiveIds ids;
    ArchiveQuery& query;
};

Refusal malformed(std::string_view what) {
    return StanzaError(StanzaErrorCondition::bad_request, "cannot read " + std::string(what));
}

// ---- The form ----------------------------------------------------------------------------------

Refusal read_time(std::string_view text, std::optional<WallTime>& time) {
    const auto parsed = parse_datetime(text);
    if (!parsed) return malformed("a time");
    time = *parsed;
    return std::nullopt;
}

Refusal read_id(std::string_view text, core::ArchiveIds ids,
                std::optional<storage::ArchiveId>& id) {
    id = ids.parse(text);
    if (id) return std::nullopt;
    return StanzaError(StanzaErrorCondition::item_not_found, "no such message in the archive");
}

Refusal read_ids(const DataFormField& field, const Reading& reading) {
    if (field.values.size() > reading.limits.most)
        return StanzaError(StanzaErrorCondition::policy_violation, "too many ids in one query");
    for (const std::string& value : field.values) {
        std::optional<storage::ArchiveId> id;
        if (auto refusal = read_id(value, reading.ids, id)) return refusal;
        reading.query.ids.push_back(*id);
    }
    return std::nullopt;
}

Refusal read_with(std::string_view text, ArchiveQuery& query) {
    auto jid = Jid::parse(text);
    if (!jid) return malformed("'with'");
    query.with = jid->full();
    return std::nullopt;
}

/// Fields with an empty value ask for nothing.
Refusal read_field(const DataFormField& field, const Reading& reading) {
    ArchiveQuery& query = reading.query;
    const std::string& var = field.var;
    const std::string_view value = field.value();
    constexpr std::array known{"FORM_TYPE", "with",     "start", "end",
                               "before-id", "after-id", "ids",   "include-groupchat"};
    if (std::find(known.begin(), known.end(), var) == known.end())
        return StanzaError(StanzaErrorCondition::feature_not_implemented, "unknown field");
    if (value.empty()) return std::nullopt;
    if (var == "ids") return read_ids(field, reading);
    if (var == "with") return read_with(value, query);
    if (var == "start") return read_time(value, query.start);
    if (var == "end") return read_time(value, query.end);
    if (var == "before-id") return read_id(value, reading.ids, query.before_id);
    if (var == "after-id") return read_id(value, reading.ids, query.after_id);
    return std::nullopt;  // FORM_TYPE was checked; there is no group chat to include or leave out
}

Refusal read_form(const xml::Element& element, const Reading& reading) {
    if (!element.child(ns::data_forms, "x")) return std::nullopt;
    const auto form = DataForm::find_in(element, ns::mam);
    if (!form) return malformed("a form that is not an archive's");
    for (const DataFormField& field : form->fields)
        if (auto refusal = read_field(field, reading)) return refusal;
    return std::nullopt;
}

// ---- Paging ------------------------------------------------------------------------------------

Refusal read_paging(const xml::Element& element, const Reading& reading) {
    ArchiveQuery& query = reading.query;
    const auto rsm = read_rsm(element);
    if (!rsm) return StanzaError(StanzaErrorCondition::bad_request, rsm.error().text);
    if (rsm->index)
        return StanzaError(StanzaErrorCondition::feature_not_implemented, "no paging by index");
    query.limit = rsm->limit(static_cast<std::uint32_t>(reading.limits.most),
                             static_cast<std::uint32_t>(reading.limits.otherwise));
    query.from_end = rsm->wants_last_page();
    // Counting a contact's messages looks at every entry: for who asks just that, and once per
    // search.
    query.want_count = rsm->wants_count_only() || (!rsm->after && !rsm->before);
    if (rsm->after)
        if (auto refusal = read_id(*rsm->after, reading.ids, query.rsm_after)) return refusal;
    if (rsm->before && !query.from_end) return read_id(*rsm->before, reading.ids, query.rsm_before);
    return std::nullopt;
}

}  // namespace

// ---- Requests ----------------------------------------------------------------------------------

std::variant<PageRequest, StanzaError> read_page_request(const xml::Element& query,
                                                         const PageLimits& limits,
                                                         core::ArchiveIds ids) {
    // Archives of pubsub nodes (XEP-0442) are not an account's.
    if (!query.attr("node").empty()) return StanzaError(StanzaErrorCondition::item_not_found);
    PageRequest request;
    const Reading reading{limits, ids, request.query};
    if (auto refusal = read_form(query, reading)) return *std::move(refusal);
    if (auto refusal = read_paging(query, reading)) return *std::move(refusal);
    request.query_id = query.attr("queryid");
    request.flip = query.child(ns::mam, "flip-page") != nullptr;
    return request;
}

// ---- Answers -----------------------------------------------------------------------------------

std::shared_ptr<Stanza> make_page_message(const Jid& archive, const Jid& to,
                                          std::string_view query_id,
                                          const storage::ArchivedMessage& message,
                                          core::ArchiveIds ids) {
    auto made = Stanza::make(StanzaKind::message, StanzaType::normal, archive, to);
    xml::Element& result = made->root().add("result", ns::mam);
    if (!query_id.empty()) result.set_attr("queryid", query_id);
    result.set_attr("id", ids.format(message.id));
    add_forwarded_raw(result, message.xml, format_datetime(message.time));
    return made;
}

void add_fin(xml::Element& parent, const storage::ArchivePage& page, core::ArchiveIds ids) {
    xml::Element& fin = parent.add("fin", ns::mam);
    if (page.complete) fin.set_attr("complete", "true");
    RsmAnswer answer;
    if (!page.messages.empty()) {
        answer.first = ids.format(page.messages.front().id);
        answer.last = ids.format(page.messages.back().id);
    }
    if (page.count) answer.count = static_cast<std::uint32_t>(*page.count);
    if (page.first_index) answer.index = static_cast<std::uint32_t>(*page.first_index);
    add_rsm(fin, answer);
}

void add_query_form(xml::Element& parent) {
    auto form = DataForm::make("form", ns::mam);
    form.add("with", std::vector<std::string>{}, "jid-single");
    for (const char* var : {"start", "end", "before-id", "after-id"})
        form.add(var, std::vector<std::string>{}, "text-single");
    form.add("include-groupchat", std::vector<std::string>{}, "boolean");
    // Open: any id may be given, not only listed ones (XEP-0122).
    form.add("ids", std::vector<std::string>{}, "list-multi").validation =
        DataFormValidation{.open = true};
    form.append_to(parent.add("query", ns::mam));
}

void add_metadata(xml::Element& parent, const std::optional<storage::ArchiveBounds>& bounds,
                  core::ArchiveIds ids) {
    xml::Element& metadata = parent.add("metadata", ns::mam);
    if (!bounds) return;
    metadata.add("start")
        .set_attr("id", ids.format(bounds->first))
        .set_attr("timestamp", format_datetime(bounds->first_time));
    metadata.add("end")
        .set_attr("id", ids.format(bounds->last))
        .set_attr("timestamp", format_datetime(bounds->last_time));
}

}  // namespace clarion::mam
