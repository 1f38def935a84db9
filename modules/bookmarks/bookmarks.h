// Bookmarks: the rooms that users keep, one list for clients of all ages.
//
// They are items of the account's node urn:xmpp:bookmarks:1 (XEP-0402), which the pubsub module
// keeps. The older form (XEP-0048), as an item of the node "storage:bookmarks" and as a private
// document (XEP-0049), is a view of them: made when it is read, and turned into changes of items
// when it is written. What the module keeps itself is what items have no room for: entries of a
// list that are no rooms, and for a time what a list has removed. docs/design/014-bookmarks.md says
// why.
//
// node_rules.h: what the node is like. list_change.h: what a list changes. lists.h: reading and
// writing lists. takeover.h: what was kept elsewhere. turn.h: one after the other.
// admin_commands.h: bringing back what was removed.
#pragma once

#include "modules/bookmarks/lists.h"
#include "modules/bookmarks/takeover.h"
#include "proto/pubsub.h"
#include "server/core/events/caps_events.h"
#include "server/core/events/pep_events.h"
#include "server/core/setup/module.h"

namespace clarion::bookmarks {

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

/// The module on one shard.
class Bookmarks {
public:
    explicit Bookmarks(core::ModuleSetup& setup);

    using Handler = Task<core::IqAnswer> (Bookmarks::*)(const core::IqRequest& request,
                                                        AccountState& state) const;
    /// Answers a request when the account's turn comes, then tells who listens to lists.
    Task<core::IqAnswer> in_turn(core::IqRequest request, Handler handler) const;

    // About the node of bookmarks, the older node, the private document.
    Task<core::IqAnswer> on_node(const core::IqRequest& request, AccountState& state) const;
    Task<core::IqAnswer> on_old_node(const core::IqRequest& request, AccountState& state) const;
    Task<core::IqAnswer> get_document(const core::IqRequest& request, AccountState& state) const;
    Task<core::IqAnswer> set_document(const core::IqRequest& request, AccountState& state) const;

    void on_changed(const events::PepNodeChanged& event) const;
    void on_capabilities(const events::CapabilitiesKnown& event) const;

    /// As Lists::restore().
    Task<Result<std::size_t>> restore(core::AccountPin account) const;

private:
    Task<core::IqAnswer> ask(const core::IqRequest& request, StanzaPtr asked) const;
    core::IqAnswer refuse(const core::IqRequest& request, const pubsub::Refusal& refusal) const;
    Task<core::IqAnswer> ask_renamed(const core::IqRequest& request) const;
    Task<core::IqAnswer> get_items(const core::IqRequest& request,
                                   const pubsub::GetItems& wanted) const;
    Task<core::IqAnswer> publish(const core::IqRequest& request, AccountState& state,
                                 const pubsub::Publish& publish) const;
    Task<> tell(core::AccountPin account) const;
    Task<> arrive(core::AccountPin account, Jid resource, bool listens) const;

    core::Context& context_;
    core::AccountSlot<AccountState> states_;
    Lists lists_;
    Takeover takeover_;
};

/// For the module's own commands, at the account's home.
struct BookmarksSought {
    enum class Stage { find };
    static constexpr std::string_view name = "BookmarksSought";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    const Bookmarks* found = nullptr;  // nullptr: its host does not have the module
};

}  // namespace clarion::bookmarks
