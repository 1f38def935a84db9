#include "modules/blocking/stored_lists.h"

#include <utility>

#include "base/log.h"
#include "modules/blocking/blocking.h"
#include "modules/blocking/report_codec.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/account.h"

namespace clarion::blocking {
namespace {

constexpr Logger logger{"blocking"};
/// What one account's list may take: max_items of ordinary addresses and many more, or some hundred
/// of the longest there are.
constexpr std::size_t most_bytes = 1u << 20;

}  // namespace

Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value) {
    if (kind == storage::DataKind::stored) {
        if (!is_report_key(key)) return fail("bad-record", "a report under another key");
        const auto report = decode_report(value);
        return report ? Result<>() : report.error();
    }
    const auto jid = decode_blocked(key, value);
    if (!jid) return jid.error();
    return Jid::parse(*jid) ? Result<>() : fail("bad-record", "no address is blocked");
}

StoredLists::StoredLists(core::ModuleSetup& setup)
    : stored_(setup.resident_data(most_bytes)), lists_(setup.account_slot<Blocklist>()) {}

void StoredLists::load(core::Account& account) const {
    if (stored_.empty(account.owner())) return;
    std::vector<std::string> jids;
    stored_.for_each(account.owner(), [&](std::string_view key, std::string_view value) {
        if (auto jid = decode_blocked(key, value))
            jids.push_back(std::move(*jid));
        else
            logger.error("unreadable",
                         {{"account", account.jid().full()}, {"error", jid.error().text}});
    });
    lists_.of(account) = Blocklist(std::move(jids));
}

void StoredLists::on_exporting(events::AccountExporting& event) const {
    const auto read = [this](core::Account& account, std::string) { return write(account); };
    event.parts.push_back({"blocking", read});
}

Task<Result<events::ExportPage>> StoredLists::write(core::Account& account) const {
    events::ExportPage page;
    const Blocklist* const list = find(account);
    if (!list || list->empty()) co_return page;
    xml::Document document("blocklist", ns::blocking);
    for (const std::string& jid : list->jids()) document.root().add("item").set_attr("jid", jid);
    page.xml = xml::to_string(document.root()) + '\n';
    co_return page;
}

bool StoredLists::has_room(const core::Account& account,
                           const std::vector<std::string>& jids) const {
    std::size_t bytes = 0;
    for (const std::string& jid : jids)
        bytes +=
            storage::ResidentData::entry_bytes(blocked_key(jid).size(), encode_blocked(jid).size());
    return bytes <= stored_.room(account.owner());
}

void StoredLists::add(core::Account& account, const std::vector<std::string>& jids) const {
    lists_.of(account).add(jids);
    for (const std::string& jid : jids)
        (void)stored_.put(account.owner(), blocked_key(jid), encode_blocked(jid));
}

void StoredLists::remove(core::Account& account, const std::vector<std::string>& jids) const {
    if (jids.empty()) return;
    Blocklist& list = lists_.of(account);
    list.remove(jids);
    if (list.empty()) return stored_.clear(account.owner());
    for (const std::string& jid : jids) stored_.remove(account.owner(), blocked_key(jid));
}

}  // namespace clarion::blocking
