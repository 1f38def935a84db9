// What an account's data is as a document that other servers can read (XEP-0227): each module writes
// what it keeps.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
}

namespace clarion::events {

/// A piece of a part. What is small is one page; what is not, pages of some 100 KB.
struct ExportPage {
    std::string xml;
    std::string next{};  // where to go on: printable, of the module's own; empty: that was all
};

/// Children of <user/>, pages of which together are well-formed. It is asked page by page, perhaps
/// of another shard the next time, if the account moved meanwhile: so it keeps nothing in between,
/// and copes with what was changed.
struct ExportPart {
    std::string_view name;  // a word of the code
    /// At the account's home, which is pinned. `after`: ExportPage::next of the page before; empty:
    /// the beginning.
    std::function<Task<Result<ExportPage>>(core::Account& account, std::string after)> read;
};

/// An account is exported: modules say which parts they write. In the document they are in the order
/// of this event's handlers.
struct AccountExporting {
    enum class Stage { add };
    static constexpr std::string_view name = "AccountExporting";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    std::vector<ExportPart>& parts;
};

}  // namespace clarion::events
