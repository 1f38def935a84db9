// Lists: bookmarks in the older form (XEP-0048), which is made of the items of the node when it is
// read, and becomes changes of items when it is written. One per shard.
//
// Whoever calls it has the account's turn (turn.h) and pins the account.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "modules/bookmarks/list_change.h"
#include "modules/bookmarks/node.h"
#include "modules/bookmarks/options.h"
#include "modules/bookmarks/records.h"
#include "modules/bookmarks/turn.h"
#include "server/core/setup/module.h"

namespace clarion::bookmarks {

/// A list as it is read.
struct List {
    Refused refused{};
    bool has_node = false;  // there are bookmarks, or were
    KeptItems kept{{}};
    std::vector<std::string> others{};

    bool exists() const { return has_node || !others.empty(); }
    void fill(xml::Element& storage) const { fill_list(storage, kept, others); }
};

/// What a list is kept under in its node.
inline constexpr std::string_view list_id = "current";

class Lists {
public:
    explicit Lists(core::ModuleSetup& setup);

    const Node& node() const { return node_; }

    Task<List> read(core::Account& account) const;
    /// Makes the bookmarks those of the list; `by`, who asked for it, and what the list is read
    /// from, outlive it. A list without entries removes all; what removes most is kept for
    /// restore(). On a refusal nothing has changed.
    Task<Refused> write(core::Account& account, AccountState& state, const Jid& by,
                        const OldList& list) const;
    /// A list of which a server that died wrote one half is written to its end; of which it wrote
    /// nothing, is forgotten.
    Task<> finish(core::Account& account, AccountState& state) const;
    /// Adds what is not there yet. Refused as above.
    Task<Refused> merge(core::Account& account, AccountState& state, const OldList& list) const;
    /// Brings back what the last list removed that removed most; how many rooms. Error
    /// "item-not-found": there is no such list, or it was too long ago.
    Task<Result<std::size_t>> restore(core::Account& account, AccountState& state) const;
    /// What cannot be restored any more goes.
    Task<> forget_removed(core::Account& account) const;

    /// Sends the list to all of the account's resources that listen to it.
    Task<> tell(core::Account& account, AccountState& state) const;
    /// Sends it to one, if there is one.
    Task<> send(core::Account& account, AccountState& state, Jid resource) const;

private:
    struct Writing {
        ListChange change;
        std::vector<std::string> others_before, others;
        bool has_node = false;
        std::size_t items = 0;  // with those that are added
        std::size_t rooms = 0;  // of the list
        bool removes_most = false;

        bool others_change() const { return others != others_before; }
        /// More than one request or batch: a server that dies may have done the first only.
        bool takes_steps() const {
            return int(!change.publish.empty()) + int(!change.retract.empty()) +
                       int(others_change()) >
                   1;
        }
    };
    const BookmarksOptions& options(const core::Account& account) const;
    Task<Result<std::vector<std::string>>> read_others(core::Account& account) const;
    Task<Result<std::optional<Removed>>> read_removed(core::Account& account) const;
    Refused check(const core::Account& account, const List& before, const Writing& writing) const;
    Task<Result<std::optional<Unfinished>>> read_unfinished(core::Account& account) const;
    Task<Refused> carry_out(core::Account& account, AccountState& state, const Jid& by,
                            const Writing& writing) const;
    Task<Refused> take_steps(core::Account& account, const Jid& by, const Writing& writing) const;
    Task<Refused> add(core::Account& account, AccountState& state, const List& before,
                      const std::vector<ItemText>& items,
                      const std::vector<std::string>& others) const;
    Task<> undo(core::Account& account, const Writing& writing) const;
    void put_others(core::Account& account, const std::vector<std::string>& others) const;
    void keep_removed(core::Account& account, const Writing& writing) const;
    Task<Refused> commit() const;

    core::Context& context_;
    Node node_;
    core::StoredSpace data_;
};

}  // namespace clarion::bookmarks
