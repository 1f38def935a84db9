#include "modules/pubsub/engine.h"

#include <utility>

#include "base/clock.h"
#include "modules/pubsub/item_element.h"
#include "modules/pubsub/item_page.h"
#include "modules/pubsub/pending_command.h"
#include "proto/ns.h"
#include "server/core/context.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/core/setup/module.h"
#include "server/runtime/shard.h"

namespace clarion::pubsub {

using core::IqAnswer;
using core::IqRequest;

/// How often nodes that nobody asks for are looked at, and how many items go by that at once.
constexpr auto sweep_interval = std::chrono::hours(1);
constexpr std::size_t most_swept = 1000;
/// Items that a node lists at once.
constexpr std::uint32_t most_discovered = 1000;
constexpr std::size_t all_items = static_cast<std::size_t>(-1);

namespace {

void add_items(xml::Element& list, const Service& service, const Node& node,
               const std::vector<Item>& items) {
    for (const Item& item : items) add_item(list, service, node, item, true);
}

std::vector<std::uint64_t> seqs_of(const Node& node, const std::vector<std::string>& ids) {
    std::vector<std::uint64_t> seqs;
    for (const std::string& id : ids) {
        const std::size_t at = node.items->find(id);
        if (at < node.items->size()) seqs.push_back((*node.items)[at].seq);
    }
    return seqs;
}

}  // namespace

namespace {

/// Who may ask for a subscription knows that there is such a node (6.5.9.3).
std::optional<Refusal> may_not_read(const Service& service, const Node* node, const Jid& who) {
    if (!node) return no_such_node();
    const Standing standing = standing_of(service, *node, who);
    if (may_read(standing)) return std::nullopt;
    if (!may_know(standing)) return no_such_node();
    return refusal(StanzaErrorCondition::not_authorized, "not-subscribed");
}

}  // namespace

IqAnswer Engine::refuse(const IqRequest& request, const Refusal& refusal) const {
    if (refusal.feature.empty()) return refusal.error;
    context_.refusals().on_stanza(*request.stanza, refusal.error);
    return make_refusal(*request.stanza, refusal);
}

Task<IqAnswer> Engine::answer(const Service& service, IqRequest request) const {
    auto read = read_request(*request.stanza);
    if (const auto* refused = std::get_if<Refusal>(&read)) co_return refuse(request, *refused);
    Request asked = std::get<Request>(std::move(read));
    core::Actor& owner = service.owner();
    store_.load(owner, service.nodes());
    if (const Node* const stale = node_to_sweep(service)) {
        std::string name = stale->name;
        co_await sweep(service, std::move(name));
    }
    // Most often all is there: a coroutine for each of these costs more than the request.
    if (!is_loaded(service, node_of(asked))) {
        const auto loaded = co_await load(service, node_of(asked));
        if (!loaded) co_return to_stanza_error(loaded.error());
    }
    if (owner.deleted()) co_return no_such_node().error;
    if (auto* wanted = std::get_if<GetItems>(&asked)) {
        GetItems items = std::move(*wanted);
        co_return co_await answer_items(service, request, std::move(items));
    }
    const Changes changes(store_, service, *request.stanza, context_.clock().wall());
    Outcome outcome = std::visit(changes, asked);
    co_return co_await finish(service, request, std::move(outcome));
}

Task<std::optional<IqAnswer>> Engine::discover_items(const Service& service,
                                                     IqRequest request) const {
    const std::string name(request.payload().attr("node"));
    const auto loaded = co_await load(service, name);
    if (!loaded) co_return to_stanza_error(loaded.error());
    const Node* const node = service.nodes().find(name);
    if (!node || service.owner().deleted()) co_return std::nullopt;
    if (!may_read(standing_of(service, *node, request.from))) co_return std::nullopt;
    const auto rsm = read_rsm(request.payload());
    if (!rsm) co_return to_stanza_error(rsm.error());
    const GetItems wanted{.max_items = most_discovered, .rsm = *rsm};
    const auto chosen = choose_page(*node->items, wanted, all_items);
    if (const auto* refused = std::get_if<Refusal>(&chosen)) co_return refuse(request, *refused);
    const ItemPage page = std::get<ItemPage>(chosen);
    auto answer = make_result(*request.stanza);
    xml::Element& query = answer->root().add("query", ns::disco_items).set_attr("node", name);
    for (std::size_t i = page.first; i < page.first + page.count; ++i)
        query.add("item")
            .set_attr("jid", service.owner().jid().full())
            .set_attr("name", (*node->items)[i].id);
    if (page.tell) add_rsm(query, describe(*node->items, page));
    co_return IqAnswer(std::move(answer));
}

// ---- What expires ------------------------------------------------------------------------------

bool Engine::is_loaded(const Service& service, std::string_view name) const {
    const Node* const node = service.nodes().find(name);
    return NodeStore::has_items(service.nodes(), node) && !(node && node->config.expires());
}

/// As they are now: what has expired is gone.
Task<Result<>> Engine::load(const Service& service, std::string name) const {
    while (true) {
        const auto loaded = co_await store_.load_items(service.owner(), service.nodes(), name);
        if (!loaded || service.owner().deleted()) co_return loaded;
        const bool removed = remove_expired(service, service.nodes().find(name), all_items);
        if (!removed) co_return Result<>{};
        const auto committed = co_await context_.shard().committed();
        if (committed) continue;
        store_.doubt(service.nodes());
        co_return committed;
    }
}

bool Engine::remove_expired(const Service& service, Node* node, std::size_t most) const {
    if (!node || !node->config.expires()) return false;
    return store_.remove_expired(service.owner(), service.nodes(), *node, context_.clock().wall(),
                                 most) > 0;
}

/// Nodes of which nobody asks anything are looked at by the way, one with each request of others.
Node* Engine::node_to_sweep(const Service& service) const {
    const WallTime now = context_.clock().wall();
    for (const auto& node : service.nodes().nodes)
        if (node->config.expires() && now - node->swept >= sweep_interval) return node.get();
    return nullptr;
}

Task<> Engine::sweep(const Service& service, std::string name) const {
    core::Actor& owner = service.owner();
    const WallTime now = context_.clock().wall();
    const auto loaded = co_await store_.load_items(owner, service.nodes(), name);
    Node* const found = service.nodes().find(name);
    if (!loaded || owner.deleted() || !found) co_return;
    const bool removed = remove_expired(service, found, most_swept);
    if (!removed) found->swept = now;
    if (!removed) co_return;
    const auto committed = co_await context_.shard().committed();
    if (!committed) store_.doubt(service.nodes());
}

Task<IqAnswer> Engine::answer_get_pending(const Service& service, IqRequest request) const {
    std::string no_node;
    const auto loaded = co_await load(service, std::move(no_node));
    if (!loaded) co_return to_stanza_error(loaded.error());
    if (service.owner().deleted()) co_return no_such_node().error;
    Outcome outcome = get_pending(store_, service, *request.stanza);
    co_return co_await finish(service, request, std::move(outcome));
}

std::optional<Outcome> Engine::answer_authorization(const Service& service,
                                                    const Stanza& message) const {
    const auto decision = read_authorization(message);
    if (!decision) return std::nullopt;
    store_.load(service.owner(), service.nodes());
    return Changes(store_, service, message, context_.clock().wall())(*decision);
}

/// Nobody is told of what might not last.
Task<IqAnswer> Engine::finish(const Service& service, const IqRequest& request,
                              Outcome outcome) const {
    if (outcome.refusal) co_return refuse(request, *outcome.refusal);
    auto answer = std::move(outcome.answer);
    if (!outcome.changed && outcome.notices.empty() && outcome.last_items.empty()) co_return answer;
    const auto completed = co_await complete(service, std::move(outcome));
    if (!completed) co_return to_stanza_error(completed.error());
    co_return answer;
}

Task<Result<>> Engine::complete(const Service& service, Outcome outcome) const {
    if (outcome.changed) {
        const auto committed = co_await context_.shard().committed();
        if (!committed) {
            store_.doubt(service.nodes());
            co_return committed.error();
        }
    }
    if (!service.owner().gone())
        for (AfterCommit& notice : outcome.notices) notice();
    for (std::size_t i = 0; i < outcome.last_items.size(); ++i) {
        Outcome::LastItemFor wanted = outcome.last_items[i];
        co_await send_last_item(service, std::move(wanted));
    }
    co_return Result<>{};
}

Task<> Engine::send_last_item(const Service& service, Outcome::LastItemFor wanted) const {
    const Node* node = service.nodes().find(wanted.node);
    if (!node) co_return;
    std::string name = node->name;
    const auto loaded = co_await load(service, std::move(name));
    if (!loaded || service.owner().deleted()) co_return;
    node = service.nodes().find(wanted.node);
    const ItemEntry* const last = node ? node->last_item(context_.clock().wall()) : nullptr;
    if (!last) co_return;
    std::vector<std::uint64_t> seqs{last->seq};
    const core::Actor& owner = service.owner();
    const auto items = co_await store_.read_items(owner.id(), wanted.node, std::move(seqs));
    node = service.nodes().find(wanted.node);
    if (!items || items->empty() || !node || owner.deleted()) co_return;
    if (!may_read(standing_of(service, *node, wanted.to)) || !service.may_tell(wanted.to))
        co_return;  // no longer
    context_.router().route(late_item(service, *node, wanted.to, items->front()));
}

Task<IqAnswer> Engine::answer_items(const Service& service, const IqRequest& request,
                                    GetItems wanted) const {
    const Node* node = service.nodes().find(wanted.node);
    if (auto refused = may_not_read(service, node, request.from))
        co_return refuse(request, *refused);
    if (!node->config.persist_items) co_return refuse(request, unsupported("persistent-items"));
    auto answer = make_result(*request.stanza);
    xml::Element& pubsub = answer->root().add("pubsub", ns::pubsub);
    xml::Element& list = pubsub.add("items").set_attr("node", node->name);
    if (!wanted.ids.empty()) {
        std::vector<std::uint64_t> seqs = seqs_of(*node, wanted.ids);
        const auto items =
            co_await store_.read_items(service.owner().id(), node->number, std::move(seqs));
        if (!items) co_return to_stanza_error(items.error());
        node = service.nodes().find(wanted.node);
        if (auto refused = may_not_read(service, node, request.from))
            co_return refuse(request, *refused);
        add_items(list, service, *node, *items);
        co_return answer;
    }
    const auto most = static_cast<std::uint64_t>(service.options().max_answer_bytes);
    const auto chosen = choose_page(*node->items, wanted, most);
    if (const auto* refused = std::get_if<Refusal>(&chosen)) co_return refuse(request, *refused);
    const ItemPage page = std::get<ItemPage>(chosen);
    if (page.tell) add_rsm(pubsub, describe(*node->items, page));
    if (page.count == 0) co_return answer;
    const std::uint64_t first = (*node->items)[page.first].seq;
    const std::uint64_t last = (*node->items)[page.first + page.count - 1].seq;
    const auto items = co_await store_.read_range(service.owner().id(), node->number, first, last);
    if (!items) co_return to_stanza_error(items.error());
    node = service.nodes().find(wanted.node);
    if (auto refused = may_not_read(service, node, request.from))
        co_return refuse(request, *refused);
    add_items(list, service, *node, *items);
    co_return answer;
}

}  // namespace clarion::pubsub
