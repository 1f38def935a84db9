#include "modules/bookmarks/bookmarks.h"

#include <algorithm>
#include <utility>

#include "modules/bookmarks/node_rules.h"
#include "modules/bookmarks/options.h"
#include "proto/ns.h"
#include "server/core/context.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/refusal_log.h"
#include "server/runtime/scope.h"

namespace clarion::bookmarks {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using enum StanzaErrorCondition;

namespace {

/// XEP-0402, 4.
constexpr std::string_view compat_pep_feature = "urn:xmpp:bookmarks:1#compat-pep";
constexpr std::string_view no_address = "a room without an address that is one";

bool is_about(const xml::Element& pubsub, std::string_view node) {
    for (const xml::Element& child : pubsub.children())
        if (child.attr("node") == node) return true;
    return false;
}
bool is_about_node(const xml::Element& pubsub) { return is_about(pubsub, ns::bookmarks); }
bool is_about_old_node(const xml::Element& pubsub) {
    return is_about(pubsub, ns::bookmarks_legacy);
}

bool asks_for_document(const xml::Element& query) {
    const xml::Element* const wanted = query.first_child();
    return wanted && is_list(*wanted);
}
bool sets_document(const xml::Element& query) {
    return query.child(ns::bookmarks_legacy, "storage") != nullptr;
}

/// What a view of a node cannot do, by the feature that XEP-0060 has for it; empty: it can.
std::string_view missing_feature(const pubsub::Request& asked) {
    if (std::holds_alternative<pubsub::Retract>(asked)) return "retract-items";
    if (std::holds_alternative<pubsub::DeleteNode>(asked)) return "delete-nodes";
    if (std::holds_alternative<pubsub::Purge>(asked)) return "purge-nodes";
    if (std::holds_alternative<pubsub::Subscribe>(asked)) return "subscribe";
    if (std::holds_alternative<pubsub::Unsubscribe>(asked)) return "subscribe";
    if (std::holds_alternative<pubsub::SetSubscriptions>(asked)) return "manage-subscriptions";
    return {};
}

/// The node of a list has one item.
bool wants_item(const pubsub::GetItems& wanted) {
    const bool named = wanted.ids.empty() ||
                       std::find(wanted.ids.begin(), wanted.ids.end(), list_id) != wanted.ids.end();
    return named && !wanted.rsm.after && !wanted.rsm.wants_count_only() && wanted.max_items != 0u;
}

/// Broken entries of a list are left out, or a client that has one could save nothing any more. Where
/// nothing else is in it, that would be to delete all.
bool has_only_broken(const OldList& list) { return list.malformed > 0 && list.rooms.empty(); }

std::optional<pubsub::Refusal> check_publish(const pubsub::Publish& publish) {
    if (publish.items.empty()) return pubsub::refusal(bad_request, "item-required");
    if (publish.items.size() > 1)
        return pubsub::refusal(bad_request, "invalid-payload", "one list at a time");
    const xml::Element* const payload = publish.items.front().payload;
    if (!payload) return pubsub::refusal(bad_request, "payload-required");
    if (!is_list(*payload)) return pubsub::refusal(bad_request, "invalid-payload", "no list");
    if (has_only_broken(read_list(*payload)))
        return pubsub::refusal(bad_request, "invalid-payload", std::string(no_address));
    return std::nullopt;
}

/// Without the list, what is for other modules; nullptr: nothing is.
StanzaPtr without_list(const Stanza& request) {
    auto copy = request.clone();
    xml::Element& query = *copy->root().child(ns::private_, "query");
    for (xml::Element* child = query.first_child(); child; child = child->next_sibling())
        if (is_list(*child)) query.remove(*child);
    return query.has_children() ? StanzaPtr(std::move(copy)) : nullptr;
}

/// Of several the last, as of all documents.
const xml::Element& last_list(const xml::Element& query) {
    const xml::Element* last = nullptr;
    for (const xml::Element& child : query.children())
        if (is_list(child)) last = &child;
    return *last;
}

}  // namespace

Bookmarks::Bookmarks(core::ModuleSetup& setup)
    : context_(setup.context()),
      states_(setup.account_slot<AccountState>()),
      lists_(setup),
      takeover_(setup.context(), lists_) {}

// ---- Requests ----------------------------------------------------------------------------------

Task<IqAnswer> Bookmarks::in_turn(IqRequest request, Handler handler) const {
    core::Account& account = *request.account;
    AccountState& state = states_.of(account);
    co_await begin_turn(context_.shard(), state);
    const Turn turn(state);
    if (account.deleted()) co_return StanzaError(service_unavailable);
    co_await takeover_.once(account, state);
    IqAnswer answer = co_await (this->*handler)(request, state);
    if (state.changed && !account.deleted()) co_await lists_.tell(account, state);
    co_return answer;
}

Task<IqAnswer> Bookmarks::ask(const IqRequest& request, StanzaPtr asked) const {
    co_return co_await lists_.node().ask(*request.account, std::move(asked));
}

IqAnswer Bookmarks::refuse(const IqRequest& request, const pubsub::Refusal& refusal) const {
    if (refusal.feature.empty()) return refusal.error;
    context_.refusals().on_stanza(*request.stanza, refusal.error);
    return pubsub::make_refusal(*request.stanza, refusal);
}

/// What is not read is refused by who keeps nodes.
Task<IqAnswer> Bookmarks::on_node(const IqRequest& request, AccountState&) const {
    StanzaPtr asked = request.stanza;
    const auto read = pubsub::read_request(*asked);
    const auto* wanted = std::get_if<pubsub::Request>(&read);
    if (wanted && pubsub::node_of(*wanted) == ns::bookmarks) {
        auto allowed = as_allowed(asked, *wanted);
        if (const auto* refused = std::get_if<pubsub::Refusal>(&allowed))
            co_return refuse(request, *refused);
        asked = std::get<StanzaPtr>(std::move(allowed));
    }
    co_return co_await ask(request, std::move(asked));
}

Task<IqAnswer> Bookmarks::on_old_node(const IqRequest& request, AccountState& state) const {
    const auto read = pubsub::read_request(*request.stanza);
    const auto* asked = std::get_if<pubsub::Request>(&read);
    if (!asked || pubsub::node_of(*asked) != ns::bookmarks_legacy) {
        StanzaPtr stanza = request.stanza;
        co_return co_await ask(request, std::move(stanza));
    }
    if (const auto* wanted = std::get_if<pubsub::GetItems>(asked))
        co_return co_await get_items(request, *wanted);
    if (const auto* list = std::get_if<pubsub::Publish>(asked))
        co_return co_await publish(request, state, *list);
    const std::string_view feature = missing_feature(*asked);
    if (!feature.empty()) co_return refuse(request, pubsub::unsupported(feature));
    co_return co_await ask_renamed(request);
}

/// Whether the node is there, and how it is configured, is the same for both.
Task<IqAnswer> Bookmarks::ask_renamed(const IqRequest& request) const {
    StanzaPtr asked = renamed(*request.stanza, ns::bookmarks);
    IqRequest other{request};
    other.stanza = asked;
    AccountState& state = states_.of(*request.account);
    const IqAnswer answer = co_await on_node(other, state);
    const auto* const stanza = std::get_if<std::shared_ptr<Stanza>>(&answer);
    if (!stanza || !*stanza) co_return answer;
    co_return renamed(**stanza, ns::bookmarks_legacy);
}

Task<IqAnswer> Bookmarks::get_items(const IqRequest& request,
                                    const pubsub::GetItems& wanted) const {
    const List list = co_await lists_.read(*request.account);
    if (list.refused) co_return *list.refused;
    if (!list.exists()) co_return StanzaError(item_not_found);
    auto answer = make_result(*request.stanza);
    xml::Element& pubsub = answer->root().add("pubsub", ns::pubsub);
    xml::Element& items = pubsub.add("items").set_attr("node", ns::bookmarks_legacy);
    RsmAnswer page{.count = 1};
    if (wants_item(wanted)) {
        xml::Element& item = items.add("item").set_attr("id", list_id);
        list.fill(item.add("storage", ns::bookmarks_legacy));
        page = {
            .first = std::string(list_id), .last = std::string(list_id), .index = 0, .count = 1};
    }
    if (wanted.rsm.present) add_rsm(pubsub, page);
    co_return answer;
}

Task<IqAnswer> Bookmarks::publish(const IqRequest& request, AccountState& state,
                                  const pubsub::Publish& publish) const {
    if (const auto wrong = check_publish(publish)) co_return refuse(request, *wrong);
    const pubsub::NewItem& item = publish.items.front();
    const OldList list = read_list(*item.payload);
    const Refused refused = co_await lists_.write(*request.account, state, request.from, list);
    if (refused) co_return *refused;
    auto answer = make_result(*request.stanza);
    xml::Element& published = answer->root().add("pubsub", ns::pubsub).add("publish");
    published.set_attr("node", ns::bookmarks_legacy);
    published.add("item").set_attr("id", item.id.empty() ? list_id : item.id);
    co_return answer;
}

Task<IqAnswer> Bookmarks::get_document(const IqRequest& request, AccountState&) const {
    if (request.payload().first_child()->next_sibling())
        co_return StanzaError(bad_request, "one document at a time");
    const List list = co_await lists_.read(*request.account);
    if (has_no_nodes(list.refused)) {
        StanzaPtr as_it_is = request.stanza;
        co_return co_await ask(request, std::move(as_it_is));
    }
    if (list.refused) co_return *list.refused;
    auto answer = make_result(*request.stanza);
    xml::Element& query = answer->root().add("query", ns::private_);
    list.fill(query.add("storage", ns::bookmarks_legacy));
    co_return answer;
}

/// Other documents of the same request come first: what refuses them refuses all.
Task<IqAnswer> Bookmarks::set_document(const IqRequest& request, AccountState& state) const {
    const OldList list = read_list(last_list(request.payload()));
    if (has_only_broken(list)) co_return StanzaError(bad_request, std::string(no_address));
    StanzaPtr others = without_list(*request.stanza);
    if (others) {
        const IqAnswer answer = co_await ask(request, std::move(others));
        if (error_of(answer)) co_return answer;
    }
    const Refused refused = co_await lists_.write(*request.account, state, request.from, list);
    if (has_no_nodes(refused)) {
        StanzaPtr as_it_is = request.stanza;
        co_return co_await ask(request, std::move(as_it_is));
    }
    if (refused) co_return *refused;
    co_return make_result(*request.stanza);
}

// ---- Who listens -------------------------------------------------------------------------------

/// Whose turn it is tells of it when it ends.
void Bookmarks::on_changed(const events::PepNodeChanged& event) const {
    using What = events::PepNodeChanged::What;
    if (event.node != ns::bookmarks || event.what == What::configured) return;
    AccountState& state = states_.of(event.account);
    state.changed = true;
    if (state.busy) return;
    core::AccountPin pin(event.account);
    context_.scope_of(event.account.id()).spawn("tell-bookmarks", tell(std::move(pin)));
}

Task<> Bookmarks::tell(core::AccountPin account) const {
    AccountState& state = states_.of(*account);
    co_await begin_turn(context_.shard(), state);
    const Turn turn(state);
    if (state.changed && account.alive()) co_await lists_.tell(*account, state);
}

/// Who comes and listens is sent the list, once (XEP-0163, 4.3.4), behind what was said before.
void Bookmarks::on_capabilities(const events::CapabilitiesKnown& event) const {
    if (event.resource.bare() != event.account.jid().full()) return;
    const auto begins = [&event](std::string_view node) {
        return event.now.notifies(node) && !(event.before && event.before->notifies(node));
    };
    const bool listens = begins(ns::bookmarks_legacy);
    if (!listens && !begins(ns::bookmarks)) return;
    context_.deliveries().push([this, pin = core::AccountPin(event.account),
                                resource = event.resource, listens](core::Context& here) mutable {
        core::Scope& scope = here.scope_of(pin->id());
        scope.spawn("bookmarks-last-item", arrive(std::move(pin), std::move(resource), listens));
    });
}

/// What is taken over now was told of already.
Task<> Bookmarks::arrive(core::AccountPin account, Jid resource, bool listens) const {
    AccountState& state = states_.of(*account);
    co_await begin_turn(context_.shard(), state);
    const Turn turn(state);
    if (!account.alive()) co_return;
    co_await takeover_.once(*account, state);
    if (!account.alive()) co_return;
    if (state.changed)
        co_await lists_.tell(*account, state);
    else if (listens)
        co_await lists_.send(*account, state, std::move(resource));
}

Task<Result<std::size_t>> Bookmarks::restore(core::AccountPin account) const {
    AccountState& state = states_.of(*account);
    co_await begin_turn(context_.shard(), state);
    const Turn turn(state);
    if (!account.alive()) co_return fail(error_code::item_not_found, "the account is gone");
    co_await takeover_.once(*account, state);
    auto restored = co_await lists_.restore(*account, state);
    if (state.changed && account.alive()) co_await lists_.tell(*account, state);
    co_return restored;
}

// ---- The module --------------------------------------------------------------------------------

void declare_options(OptionRegistry& registry) { registry.add<BookmarksOptions>(); }

void install(core::ModuleSetup& setup) {
    Bookmarks& self = setup.state<Bookmarks>(setup);
    const auto handled_by = [&self](Bookmarks::Handler handler) {
        return [&self, handler](IqRequest request) {
            return self.in_turn(std::move(request), handler);
        };
    };
    for (const std::string_view feature :
         {ns::bookmarks_conversion_feature, ns::bookmarks_compat_feature, compat_pep_feature})
        setup.account_feature(feature, ns::pubsub);
    for (const StanzaType type : {StanzaType::get, StanzaType::set}) {
        for (const std::string_view space : {ns::pubsub, ns::pubsub_owner}) {
            setup.serve_about(IqTarget::account, type, space, "pubsub", is_about_node,
                              handled_by(&Bookmarks::on_node));
            setup.serve_about(IqTarget::account, type, space, "pubsub", is_about_old_node,
                              handled_by(&Bookmarks::on_old_node));
        }
    }
    setup.serve_about(IqTarget::account, StanzaType::get, ns::private_, "query", asks_for_document,
                      handled_by(&Bookmarks::get_document));
    setup.serve_about(IqTarget::account, StanzaType::set, ns::private_, "query", sets_document,
                      handled_by(&Bookmarks::set_document));
    setup.on(events::PepNodeChanged::Stage::react, self, &Bookmarks::on_changed);
    setup.on(events::CapabilitiesKnown::Stage::react, self, &Bookmarks::on_capabilities);
    setup.on<BookmarksSought>(BookmarksSought::Stage::find,
                              [&self](BookmarksSought& event) { event.found = &self; });
}

}  // namespace clarion::bookmarks
