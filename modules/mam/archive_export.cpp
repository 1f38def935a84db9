#include "modules/mam/archive_export.h"

#include <utility>

#include "base/text.h"
#include "proto/ns.h"
#include "proto/ns_portable.h"
#include "server/core/accounts/account.h"
#include "server/core/actors/archive_id.h"
#include "server/core/context.h"
#include "storage/storage.h"

namespace clarion::mam {

namespace {

constexpr std::size_t page_messages = 200;
constexpr std::size_t page_bytes = 128u << 10;

std::string open_element(std::string_view name, std::string_view space) {
    return "<" + std::string(name) + " xmlns='" + std::string(space) + "'";
}

/// An id, a time and what is stored: nothing that would have to be escaped.
void write(std::string& out, const storage::ArchivedMessage& message, const std::string& id) {
    out += open_element("result", ns::mam) + " id='" + id + "'>" +
           open_element("forwarded", ns::forward) + ">" + open_element("delay", ns::delay) +
           " stamp='" + format_datetime(message.time) + "'/>" + message.xml +
           "</forwarded></result>\n";
}

/// A page of <archive/>, behind the message with that id.
Task<Result<events::ExportPage>> read(core::Account& account, std::string after) {
    const core::ArchiveIds ids = account.context().archive_ids(account.id());
    storage::ArchiveQuery query{.owner = account.id()};
    query.limit = page_messages;
    query.max_bytes = page_bytes;
    if (!after.empty()) query.behind = ids.parse(after);
    if (!after.empty() && !query.behind)
        co_return fail(error_code::usage, "there is no such place");
    const auto found = co_await account.context().storage().archive().query(query);
    if (!found) co_return found.error();
    events::ExportPage page;
    if (after.empty()) page.xml = open_element("archive", ns::portable_archive) + ">\n";
    for (const auto& message : found->messages) write(page.xml, message, ids.format(message.id));
    if (found->complete || found->messages.empty())
        page.xml += "</archive>\n";
    else
        page.next = ids.format(found->messages.back().id);
    co_return page;
}

}  // namespace

void on_exporting(events::AccountExporting& event) { event.parts.push_back({"mam", read}); }

}  // namespace clarion::mam
