#include "modules/pubsub/node_store.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::pubsub {

namespace {

constexpr Logger logger{"pubsub"};

constexpr std::size_t page_entries = 1000;

Error unreadable(const Error& error) { return fail("internal-server-error", error.text); }

}  // namespace

std::uint32_t cost_of(const Item& item) {
    // Its keys, its entry in the index, times and lengths.
    constexpr std::size_t beside = 64;
    return static_cast<std::uint32_t>(beside + item.id.size() * 2 + item.publisher.size() * 2 +
                                      item.payload.size());
}

NodeStore::NodeStore(core::ModuleSetup& setup, std::size_t resident_bytes)
    : context_(setup.context()),
      module_(setup.name()),
      nodes_(setup.resident_data(resident_bytes)),
      items_(setup.stored_data()) {}

void NodeStore::load(const core::Actor& owner, OwnerNodes& nodes) const {
    if (std::exchange(nodes.loaded, true)) return;
    // Nodes come before their subscriptions.
    nodes_.for_each(owner.owner(), [&](std::string_view key, std::string_view value) {
        load_entry(nodes, owner, key, value);
    });
    for (const auto& node : nodes.nodes) node->subscriptions.sort();
    if (nodes.nodes.empty()) nodes.bytes = 0;
}

void NodeStore::load_entry(OwnerNodes& nodes, const core::Actor& owner, std::string_view key,
                           std::string_view value) const {
    const auto complain = [&](const Error& error) {
        logger.error("unreadable", {{"owner", owner.jid().full()}, {"error", error.text}});
    };
    if (key.starts_with('s')) {
        auto stored = decode_subscription(key, value);
        if (!stored) return complain(stored.error());
        if (Node* const node = nodes.find(stored->node))
            node->subscriptions.add_unsorted(std::move(stored->subscription));
        return;
    }
    auto node = decode_node(key, value);
    if (!node) return complain(node.error());
    nodes.last_number = std::max(nodes.last_number, node->number);
    nodes.add(std::move(*node));
}

namespace {

/// What an older server wrote does not say when.
bool has_to_be_dated(const Node* node) {
    return node && node->items && node->undated && node->config.expires();
}

}  // namespace

bool NodeStore::has_items(const OwnerNodes& nodes, const Node* node) {
    return nodes.loaded && !nodes.in_doubt && nodes.bytes && (!node || node->items) &&
           !has_to_be_dated(node);
}

/// What has been read may be forgotten while the next is.
Task<Result<>> NodeStore::load_items(core::Actor& owner, OwnerNodes& nodes,
                                     std::string name) const {
    load(owner, nodes);
    while (true) {
        const Node* const node = nodes.find(name);
        if (has_items(nodes, node)) co_return Result<>{};
        Result<> done;
        if (nodes.in_doubt)
            done = co_await read_again(owner, nodes);
        else if (!nodes.bytes)
            done = co_await load_bytes(owner, nodes);
        else if (node && !node->items)
            done = co_await load_index(owner, nodes, node->number);
        else
            done = co_await date_items(owner.id(), nodes, node->number);
        if (!done) co_return done;
    }
}

/// What is in storage, once all that was written is decided, is in memory again. It is written once
/// more by that, as it is.
Task<Result<>> NodeStore::read_again(core::Actor& owner, OwnerNodes& nodes) const {
    (void)co_await context_.shard().committed();
    const auto stored = co_await read_resident(owner.id());
    if (!stored) co_return stored.error();
    if (!nodes.in_doubt || owner.deleted()) co_return Result<>{};  // somebody else did it
    nodes_.clear(owner.owner());
    for (const storage::DataEntry& entry : *stored)
        (void)nodes_.put(owner.owner(), entry.key, entry.value);  // there was room for it
    nodes.nodes.clear();
    nodes.bytes.reset();
    nodes.loaded = nodes.in_doubt = false;
    load(owner, nodes);
    co_return Result<>{};
}

Task<Result<std::vector<storage::DataEntry>>> NodeStore::read_resident(
    storage::OwnerId owner) const {
    const storage::DataSpace space{owner, module_, storage::DataKind::resident};
    std::vector<storage::DataEntry> entries;
    storage::DataQuery query{.limit = page_entries};
    bool complete = false;
    while (!complete) {
        auto page = co_await context_.storage().module_data().read(space, query);
        if (!page) co_return page.error();
        complete = page->complete || page->entries.empty();
        if (!page->entries.empty()) query.after = page->entries.back().key;
        std::move(page->entries.begin(), page->entries.end(), std::back_inserter(entries));
    }
    co_return entries;
}

Task<Result<>> NodeStore::load_bytes(const core::Actor& owner, OwnerNodes& nodes) const {
    (void)co_await context_.shard().committed();
    const auto usage = co_await items_.usage(owner.id());
    if (!usage) co_return usage.error();
    if (!nodes.bytes) nodes.bytes = usage->bytes;
    co_return Result<>{};
}

Task<Result<>> NodeStore::load_index(const core::Actor& owner, OwnerNodes& nodes,
                                     std::uint32_t number) const {
    (void)co_await context_.shard().committed();
    auto entries = co_await read_index(owner.id(), number);
    if (!entries) co_return entries.error();
    // Whoever read them meanwhile may have changed them, too.
    Node* const still = nodes.find(number);
    if (!still || still->items) co_return Result<>{};
    if (!entries->empty()) still->last_seq = std::max(still->last_seq, entries->back().seq);
    still->undated = std::any_of(entries->begin(), entries->end(), [](const ItemEntry& each) {
        return each.published == WallTime();
    });
    still->items = ItemList(std::move(*entries));
    co_return Result<>{};
}

/// What an older server wrote says in the item alone when it was published.
Task<Result<>> NodeStore::date_items(storage::OwnerId owner, OwnerNodes& nodes,
                                     std::uint32_t number) const {
    Node* const node = nodes.find(number);
    node->undated = !node->items->empty();
    if (!node->undated) co_return Result<>{};
    const std::uint64_t first = node->items->front().seq;
    const std::uint64_t last = node->items->back().seq;
    const auto items = co_await read_range(owner, number, first, last);
    if (!items) co_return items.error();
    Node* const still = nodes.find(number);
    if (!still || !still->items) co_return Result<>{};
    for (const Item& item : *items) {
        const std::size_t at = still->items->find(item.id);
        if (at < still->items->size()) still->items->set_published(at, item.published);
    }
    still->undated = false;
    co_return Result<>{};
}

Task<Result<std::vector<ItemEntry>>> NodeStore::read_index(storage::OwnerId owner,
                                                           std::uint32_t node) const {
    std::vector<ItemEntry> entries;
    storage::DataQuery query{.prefix = index_prefix(node), .limit = page_entries};
    bool complete = false;
    while (!complete) {
        const auto page = co_await items_.read(owner, query);
        if (!page) co_return page.error();
        for (const storage::DataEntry& stored : page->entries) {
            auto entry = decode_entry(stored.key, stored.value);
            if (entry)
                entries.push_back(std::move(*entry));
            else
                logger.error("unreadable", {{"error", entry.error().text}});
            query.after = stored.key;
        }
        complete = page->complete || page->entries.empty();
    }
    co_return entries;
}

Result<> NodeStore::save(core::Actor& owner, const Node& node) const {
    return nodes_.put(owner.owner(), node_key(node.number), encode(node));
}

Result<> NodeStore::subscribe(core::Actor& owner, Node& node, Subscription subscription) const {
    const std::string key = subscription_key(node.number, subscription.jid);
    auto saved = nodes_.put(owner.owner(), key, encode(subscription));
    if (!saved) return saved;
    node.subscriptions.put(std::move(subscription));
    return saved;
}

void NodeStore::unsubscribe(core::Actor& owner, Node& node, const std::string& jid) const {
    nodes_.remove(owner.owner(), subscription_key(node.number, jid));
    node.subscriptions.remove(jid);
}

void NodeStore::remove(core::Actor& owner, OwnerNodes& nodes, Node& node) const {
    remove_all_items(owner, nodes, node);
    for (const Subscription& each : node.subscriptions)
        nodes_.remove(owner.owner(), subscription_key(node.number, each.jid));
    nodes_.remove(owner.owner(), node_key(node.number));
    nodes.remove(node);
}

void NodeStore::erase(storage::OwnerId owner, OwnerNodes& nodes, const Node& node,
                      const ItemEntry& entry) const {
    items_.remove(owner, index_key(node.number, entry.seq));
    items_.remove(owner, item_key(node.number, entry.seq));
    *nodes.bytes -= std::min<std::uint64_t>(*nodes.bytes, entry.bytes);
}

void NodeStore::add_item(core::Actor& owner, OwnerNodes& nodes, Node& node,
                         const Item& item) const {
    ItemEntry entry{.seq = ++node.last_seq,
                    .id = item.id,
                    .publisher = item.publisher,
                    .bytes = cost_of(item),
                    .published = item.published};
    items_.put_new(owner.id(), index_key(node.number, entry.seq), encode(entry));
    items_.put_new(owner.id(), item_key(node.number, entry.seq), encode(item));
    *nodes.bytes += entry.bytes;
    node.items->add(std::move(entry));
}

void NodeStore::remove_item(core::Actor& owner, OwnerNodes& nodes, Node& node,
                            std::size_t index) const {
    erase(owner.id(), nodes, node, (*node.items)[index]);
    node.items->remove(index);
}

std::size_t NodeStore::remove_expired(core::Actor& owner, OwnerNodes& nodes, Node& node,
                                      WallTime now, std::size_t most) const {
    std::size_t count = 0;
    return node.items->remove_if([&](const ItemEntry& entry) {
        if (count == most || !node.has_expired(entry, now)) return false;
        erase(owner.id(), nodes, node, entry);
        ++count;
        return true;
    });
}

void NodeStore::remove_all_items(core::Actor& owner, OwnerNodes& nodes, Node& node) const {
    for (const ItemEntry& entry : *node.items) erase(owner.id(), nodes, node, entry);
    node.items->clear();
}

Task<Result<std::vector<Item>>> NodeStore::read_items(storage::OwnerId owner, std::uint32_t node,
                                                      std::vector<std::uint64_t> seqs) const {
    (void)co_await context_.shard().committed();
    std::vector<Item> items;
    items.reserve(seqs.size());
    for (const std::uint64_t seq : seqs) {
        std::string key = item_key(node, seq);
        const auto stored = co_await items_.get(owner, std::move(key));
        if (!stored) co_return stored.error();
        if (!*stored) continue;  // removed meanwhile
        auto item = decode_item(**stored);
        if (!item) co_return unreadable(item.error());
        items.push_back(std::move(*item));
    }
    co_return items;
}

Task<Result<std::vector<Item>>> NodeStore::read_range(storage::OwnerId owner, std::uint32_t node,
                                                      std::uint64_t first,
                                                      std::uint64_t last) const {
    (void)co_await context_.shard().committed();
    std::vector<Item> items;
    const std::string end = item_key(node, last);
    storage::DataQuery query{
        .prefix = item_prefix(node),
        .after = item_key(node, first - 1),
        .limit = static_cast<std::size_t>(std::min<std::uint64_t>(page_entries, last - first + 1))};
    bool complete = false;
    while (!complete) {
        const auto page = co_await items_.read(owner, query);
        if (!page) co_return page.error();
        complete = page->complete || page->entries.empty();
        for (const storage::DataEntry& stored : page->entries) {
            complete = complete || stored.key >= end;
            if (stored.key > end) break;
            auto item = decode_item(stored.value);
            if (!item) co_return unreadable(item.error());
            items.push_back(std::move(*item));
            query.after = stored.key;
        }
    }
    co_return items;
}

// ---- What could not be stored ------------------------------------------------------------------

void NodeStore::doubt(OwnerNodes& nodes) const {
    nodes.in_doubt = true;
    nodes.bytes.reset();
    for (const auto& node : nodes.nodes) node->items.reset();
}

}  // namespace clarion::pubsub
