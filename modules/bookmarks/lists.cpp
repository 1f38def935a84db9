#include "modules/bookmarks/lists.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/id.h"
#include "base/log.h"
#include "proto/ns.h"
#include "proto/pubsub.h"
#include "proto/xml_writer.h"
#include "server/core/context.h"
#include "server/core/events/caps_events.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"

namespace clarion::bookmarks {

namespace {

constexpr Logger logger{"bookmarks"};
using enum StanzaErrorCondition;

std::size_t bytes_of(const std::vector<std::string>& texts) {
    std::size_t bytes = 0;
    for (const std::string& text : texts) bytes += text.size();
    return bytes;
}

/// Which of the account's resources want to hear of lists. Nobody else may.
std::vector<Jid> listeners_of(core::Account& account) {
    std::vector<Jid> found;
    const std::string feature = std::string(ns::bookmarks_legacy) + "+notify";
    events::CapableSought sought{account, feature, found};
    account.context().bus().fire(sought);
    std::erase_if(found, [&](const Jid& jid) { return jid.bare() != account.jid().full(); });
    return found;
}

std::shared_ptr<Stanza> make_event(const core::Account& account, const List& list) {
    auto message = Stanza::make(StanzaKind::message, StanzaType::headline, account.jid(), Jid(),
                                random_token(9));
    xml::Element& items = pubsub::add_event(message->root(), "items", ns::bookmarks_legacy);
    xml::Element& item = items.add("item").set_attr("id", list_id);
    list.fill(item.add("storage", ns::bookmarks_legacy));
    return message;
}

/// Of the list in it.
std::size_t fingerprint(const Stanza& event) {
    const xml::Element& list = *event.payload()->first_child();
    return std::hash<std::string>()(xml::to_string(list));
}

}  // namespace

Lists::Lists(core::ModuleSetup& setup)
    : context_(setup.context()), node_(setup.other_modules()), data_(setup.stored_data()) {}

const BookmarksOptions& Lists::options(const core::Account& account) const {
    return context_.options<BookmarksOptions>(account.host());
}

// ---- Reading -----------------------------------------------------------------------------------

Task<Result<std::vector<std::string>>> Lists::read_others(core::Account& account) const {
    std::string key(others_key);
    const auto stored = co_await data_.get(account.id(), std::move(key));
    if (!stored) co_return stored.error();
    if (!*stored) co_return std::vector<std::string>();
    co_return decode_others(**stored);
}

Task<List> Lists::read(core::Account& account) const {
    List list;
    NodeItems node = co_await node_.read(account, ns::bookmarks);
    if (node.refused) {
        list.refused = std::move(node.refused);
        co_return list;
    }
    auto others = co_await read_others(account);
    if (!others) {
        list.refused = to_stanza_error(others.error());
        co_return list;
    }
    list.others = std::move(*others);
    list.has_node = node.exists;
    list.kept = KeptItems(std::move(node.items));
    co_return list;
}

// ---- Writing -----------------------------------------------------------------------------------

Task<Refused> Lists::commit() const {
    const auto committed = co_await context_.shard().committed();
    if (!committed) co_return to_stanza_error(committed.error());
    co_return std::nullopt;
}

Refused Lists::check(const core::Account& account, const List& before,
                     const Writing& writing) const {
    const BookmarksOptions& limits = options(account);
    const std::size_t rooms = before.kept.rooms().size() + writing.change.added.size();
    if (!writing.change.added.empty() && rooms > static_cast<std::size_t>(limits.max_bookmarks))
        return StanzaError(resource_constraint, "too many bookmarks");
    if (writing.others_change() &&
        bytes_of(writing.others) > static_cast<std::size_t>(limits.max_other_bytes))
        return StanzaError(resource_constraint, "too much beside rooms");
    return std::nullopt;
}

Task<Refused> Lists::write(core::Account& account, AccountState& state, const Jid& by,
                           const OldList& list) const {
    const List before = co_await read(account);
    if (before.refused) co_return before.refused;
    Writing writing{.change = change_to(before.kept, list),
                    .others_before = before.others,
                    .others = others_of(list),
                    .has_node = before.has_node,
                    .rooms = list.rooms.size()};
    const bool empties =
        list.rooms.empty() && writing.others.empty() && !writing.others_before.empty();
    writing.removes_most = writing.change.removes_most || empties;
    writing.items = before.kept.count() + writing.change.added.size();
    if (auto refused = check(account, before, writing)) co_return refused;
    if (!before.has_node && writing.change.publish.empty()) {
        const Refused refused = co_await node_.create(account);
        if (refused) co_return refused;
    }
    co_return co_await carry_out(account, state, by, writing);
}

/// What is written in steps is kept before the first. It goes behind the last, in an earlier batch
/// than whatever changes the bookmarks next.
Task<Refused> Lists::carry_out(core::Account& account, AccountState& state, const Jid& by,
                               const Writing& writing) const {
    const bool in_steps = writing.takes_steps();
    if (in_steps)
        data_.put_uncounted(account.id(), unfinished_key,
                            encode(Unfinished{.publish = writing.change.publish,
                                              .retract = writing.change.retract,
                                              .others = writing.others,
                                              .removes_most = writing.removes_most}));
    Refused refused = co_await take_steps(account, by, writing);
    if (in_steps) data_.remove(account.id(), unfinished_key);
    if (refused) co_return refused;
    state.changed = state.changed || writing.others_change();
    if (writing.removes_most)
        logger.warning("list-removes-most", {{"account", account.jid().full()},
                                             {"removed", writing.change.removed_rooms},
                                             {"left", writing.rooms}});
    co_return std::nullopt;
}

/// What is new comes first: if it does not go on, nothing is lost.
Task<Refused> Lists::take_steps(core::Account& account, const Jid& by,
                                const Writing& writing) const {
    Refused refused = co_await node_.publish(account, by, writing.change.publish, writing.has_node,
                                             writing.items);
    if (refused) co_return refused;
    if (writing.others_change()) put_others(account, writing.others);
    if (writing.removes_most) keep_removed(account, writing);
    if (!writing.change.retract.empty())
        refused = co_await node_.retract(account, by, writing.change.retract);
    else if (writing.others_change())
        refused = co_await commit();
    if (refused) co_await undo(account, writing);
    co_return refused;
}

Task<Result<std::optional<Unfinished>>> Lists::read_unfinished(core::Account& account) const {
    (void)co_await context_.shard().committed();
    std::string key(unfinished_key);
    const auto stored = co_await data_.get(account.id(), std::move(key));
    if (!stored) co_return stored.error();
    if (!*stored) co_return std::optional<Unfinished>();
    auto unfinished = decode_unfinished(**stored);
    if (!unfinished) co_return unfinished.error();
    co_return std::optional<Unfinished>(std::move(*unfinished));
}

/// Nobody was answered about it.
Task<> Lists::finish(core::Account& account, AccountState& state) const {
    const auto unfinished = co_await read_unfinished(account);
    if (!unfinished)
        logger.error("unreadable",
                     {{"account", account.jid().full()}, {"error", unfinished.error().text}});
    if (!unfinished || !*unfinished) co_return;
    const List before = co_await read(account);
    if (before.refused) co_return;
    auto change = rest_of(before.kept, (*unfinished)->publish, (*unfinished)->retract);
    if (!change) co_return data_.remove(account.id(), unfinished_key);
    Writing rest{.change = std::move(*change),
                 .others_before = before.others,
                 .others = (*unfinished)->others,
                 .has_node = before.has_node,
                 .removes_most = (*unfinished)->removes_most};
    const std::size_t rooms = before.kept.rooms().size();
    rest.rooms = rooms - std::min(rooms, rest.change.removed_rooms);
    const Refused refused = co_await carry_out(account, state, account.jid(), rest);
    if (!refused) data_.remove(account.id(), unfinished_key);
    logger.info("list-finished", {{"account", account.jid().full()},
                                  {"removed", rest.change.removed_rooms},
                                  {"outcome", refused ? name(refused->condition) : "done"}});
}

/// What was there before, as far as that can be written.
Task<> Lists::undo(core::Account& account, const Writing& writing) const {
    if (writing.others_change()) put_others(account, writing.others_before);
    if (writing.removes_most) data_.remove(account.id(), removed_key);
    const std::vector<ItemText>& before = writing.change.replaced;
    Refused refused = co_await node_.publish(account, account.jid(), before, true, writing.items);
    if (!refused) refused = co_await node_.retract(account, account.jid(), writing.change.added);
    if (!refused) refused = co_await commit();
    if (refused)
        logger.error("half-written",
                     {{"account", account.jid().full()}, {"error", name(refused->condition)}});
}

void Lists::put_others(core::Account& account, const std::vector<std::string>& others) const {
    if (others.empty()) return data_.remove(account.id(), others_key);
    data_.put_uncounted(account.id(), others_key, encode_others(others));
}

Task<Refused> Lists::add(core::Account& account, AccountState& state, const List& before,
                         const std::vector<ItemText>& items,
                         const std::vector<std::string>& others) const {
    Refused refused;
    if (!before.has_node && items.empty()) refused = co_await node_.create(account);
    const std::size_t count = before.kept.count() + items.size();
    if (!refused)
        refused = co_await node_.publish(account, account.jid(), items, before.has_node, count);
    if (refused || others == before.others) co_return refused;
    put_others(account, others);
    state.changed = true;
    co_return co_await commit();
}

Task<Refused> Lists::merge(core::Account& account, AccountState& state, const OldList& list) const {
    const List before = co_await read(account);
    if (before.refused) co_return before.refused;
    const std::vector<ItemText> items = items_missing(before.kept, list);
    std::vector<std::string> others = before.others;
    add_missing(others, others_of(list));
    co_return co_await add(account, state, before, items, others);
}

// ---- What was removed --------------------------------------------------------------------------

void Lists::keep_removed(core::Account& account, const Writing& writing) const {
    const BookmarksOptions& limits = options(account);
    if (limits.keep_removed == Duration::zero()) return;
    Removed removed{.time = context_.clock().lasting(), .others = writing.others_before};
    std::erase_if(removed.others, [&](const std::string& other) {
        return std::find(writing.others.begin(), writing.others.end(), other) !=
               writing.others.end();
    });
    std::size_t bytes = bytes_of(removed.others);
    std::size_t left_out = 0;
    for (const ItemText& item : writing.change.removed) {
        const std::size_t more = item.id.size() + item.payload.size();
        if (bytes + more > static_cast<std::size_t>(limits.max_removed_bytes)) {
            ++left_out;
            continue;
        }
        bytes += more;
        removed.items.push_back(item);
    }
    if (left_out > 0)
        logger.warning("removed-not-kept",
                       {{"account", account.jid().full()}, {"bookmarks", left_out}});
    data_.put_uncounted(account.id(), removed_key, encode(removed));
}

Task<Result<std::optional<Removed>>> Lists::read_removed(core::Account& account) const {
    (void)co_await context_.shard().committed();
    std::string key(removed_key);
    const auto stored = co_await data_.get(account.id(), std::move(key));
    if (!stored) co_return stored.error();
    if (!*stored) co_return std::optional<Removed>();
    auto removed = decode_removed(**stored);
    if (!removed) co_return removed.error();
    const bool over = context_.clock().lasting() - removed->time >= options(account).keep_removed;
    if (!over) co_return std::optional<Removed>(std::move(*removed));
    data_.remove(account.id(), removed_key);
    co_return std::optional<Removed>();
}

Task<> Lists::forget_removed(core::Account& account) const {
    const auto removed = co_await read_removed(account);
    if (!removed)
        logger.error("unreadable",
                     {{"account", account.jid().full()}, {"error", removed.error().text}});
}

Task<Result<std::size_t>> Lists::restore(core::Account& account, AccountState& state) const {
    const auto removed = co_await read_removed(account);
    if (!removed) co_return removed.error();
    if (!*removed)
        co_return fail(error_code::item_not_found, "no list has removed most of the bookmarks of " +
                                                       account.jid().full() + " lately");
    const List before = co_await read(account);
    if (before.refused) co_return fail(name(before.refused->condition), before.refused->text);
    std::vector<ItemText> items;
    for (const ItemText& item : (*removed)->items) {
        const auto jid = Jid::parse(item.id);
        if (jid && !before.kept.find(jid->full())) items.push_back(item);
    }
    std::vector<std::string> others = before.others;
    add_missing(others, (*removed)->others);
    const Refused refused = co_await add(account, state, before, items, others);
    if (refused) co_return fail(name(refused->condition), refused->text);
    data_.remove(account.id(), removed_key);
    (void)co_await context_.shard().committed();
    logger.info("restored", {{"account", account.jid().full()}, {"bookmarks", items.size()}});
    co_return items.size();
}

// ---- Who listens -------------------------------------------------------------------------------

Task<> Lists::tell(core::Account& account, AccountState& state) const {
    state.changed = false;
    const std::vector<Jid> listeners = listeners_of(account);
    if (listeners.empty()) {
        state.told.reset();
        co_return;
    }
    const List list = co_await read(account);
    if (list.refused || account.deleted()) co_return;
    const auto event = make_event(account, list);
    if (!state.tell_anew(fingerprint(*event))) co_return;
    for (const Jid& listener : listeners) {
        auto copy = event->clone();
        copy->set_to(listener);
        context_.router().route(std::move(copy));
    }
}

Task<> Lists::send(core::Account& account, AccountState& state, Jid resource) const {
    const List list = co_await read(account);
    if (!list.exists()) state.told.reset();
    if (list.refused || !list.exists() || account.deleted()) co_return;
    auto event = make_event(account, list);
    (void)state.tell_anew(fingerprint(*event));
    event->set_to(resource);
    context_.router().route(std::move(event));
}

}  // namespace clarion::bookmarks
