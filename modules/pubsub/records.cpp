#include "modules/pubsub/records.h"

#include <array>

#include "base/text.h"
#include "proto/crypto.h"
#include "storage/record_codec.h"

namespace clarion::pubsub {

namespace {

using storage::Decoder;
using storage::Encoder;

constexpr std::uint8_t version = 1;
/// Of nodes: 2 since all that the registry has can be configured, 3 since there is a creator.
constexpr std::uint8_t node_version = 3;
/// Since there are states and options; before, all were subscribed.
constexpr std::uint8_t subscription_version = 2;
/// Of the index: since items expire.
constexpr std::uint8_t entry_version = 2;
constexpr std::size_t node_key_size = 5;
constexpr std::size_t item_key_size = 13;

/// In the order of their bits.
constexpr std::array<bool NodeConfig::*, 8> flags{
    &NodeConfig::persist_items, &NodeConfig::deliver_payloads, &NodeConfig::deliver_notifications,
    &NodeConfig::notify_config, &NodeConfig::notify_delete,    &NodeConfig::notify_retract,
    &NodeConfig::notify_sub,    &NodeConfig::subscribe};
/// So many had version 1; the others were as a node is that is not configured.
constexpr std::size_t first_flags = 6;

void append(std::string& key, std::uint64_t number, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        key += static_cast<char>((number >> shift) & 0xff);
}

std::uint64_t read_number(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<std::uint8_t>(byte);
    return number;
}

std::string key(char kind, std::uint32_t node) {
    std::string made(1, kind);
    append(made, node, 4);
    return made;
}

std::string key(char kind, std::uint32_t node, std::uint64_t seq) {
    std::string made = key(kind, node);
    append(made, seq, 8);
    return made;
}

Error bad_key() { return {"bad-record", "the key is none of a node or item"}; }

std::uint8_t flags_of(const NodeConfig& config) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < flags.size(); ++i)
        if (config.*flags[i]) bits |= 1u << i;
    return static_cast<std::uint8_t>(bits);
}

void decode_flags(Decoder& in, NodeConfig& config) {
    const std::size_t count = in.version() == 1 ? first_flags : flags.size();
    const unsigned bits = in.enumerator(static_cast<std::uint8_t>((1u << count) - 1));
    for (std::size_t i = 0; i < count; ++i) config.*flags[i] = (bits >> i & 1u) != 0;
}

void encode_config(Encoder& out, const NodeConfig& config) {
    out.string(config.title).string(config.description).string(config.type);
    out.u8(static_cast<std::uint8_t>(config.access)).strings(config.roster_groups);
    out.u8(static_cast<std::uint8_t>(config.publish));
    out.u8(static_cast<std::uint8_t>(config.send_last));
    out.u32(config.max_items).u8(flags_of(config));
    out.string(config.language).strings(config.contacts);
    out.u8(static_cast<std::uint8_t>(config.item_reply));
    out.u8(static_cast<std::uint8_t>(config.full));
    out.u8(static_cast<std::uint8_t>(config.notification_type));
    out.u32(config.max_payload).u32(config.item_expire);
}

template <class Enum>
Enum decode_enum(Decoder& in, Enum last) {
    return static_cast<Enum>(in.enumerator(static_cast<std::uint8_t>(last)));
}

NodeConfig decode_config(Decoder& in) {
    NodeConfig config;
    config.title = in.string();
    config.description = in.string();
    config.type = in.string();
    config.access = decode_enum(in, AccessModel::authorize);
    config.roster_groups = in.strings();
    config.publish = decode_enum(in, PublishModel::open);
    config.send_last = decode_enum(in, SendLast::on_sub_and_presence);
    config.max_items = in.u32();
    decode_flags(in, config);
    if (in.version() == 1) return config;
    config.language = in.string();
    config.contacts = in.strings();
    config.item_reply = decode_enum(in, ItemReply::publisher);
    config.full = decode_enum(in, NodeFull::reject);
    config.notification_type = decode_enum(in, NotificationType::normal);
    config.max_payload = in.u32();
    config.item_expire = in.u32();
    return config;
}

}  // namespace

std::string node_key(std::uint32_t node) { return key('n', node); }
std::string index_key(std::uint32_t node, std::uint64_t seq) { return key('x', node, seq); }
std::string item_key(std::uint32_t node, std::uint64_t seq) { return key('i', node, seq); }
std::string index_prefix(std::uint32_t node) { return key('x', node); }
std::string item_prefix(std::uint32_t node) { return key('i', node); }

std::string encode(const Node& node) {
    Encoder out(node_version);
    out.string(node.name).time(node.created);
    encode_config(out, node.config);
    out.varint(node.affiliates.size());
    for (const Affiliate& each : node.affiliates)
        out.string(each.jid).u8(static_cast<std::uint8_t>(each.affiliation));
    return out.string(node.creator).take();
}

Result<Node> decode_node(std::string_view key, std::string_view value) {
    if (key.size() != node_key_size || key.front() != 'n') return bad_key();
    Decoder in(value, node_version);
    Node node;
    node.number = static_cast<std::uint32_t>(read_number(key.substr(1)));
    node.name = in.string();
    node.created = in.time();
    node.config = decode_config(in);
    for (std::size_t left = in.count(); left > 0; --left) {
        Affiliate& each = node.affiliates.emplace_back();
        each.jid = in.string();
        each.affiliation = decode_enum(in, Affiliation::owner);
    }
    if (in.version() >= 3) node.creator = in.string();
    if (auto fits = in.finish("node"); !fits) return fits.error();
    return node;
}

std::string subscription_key(std::uint32_t node, std::string_view jid) {
    constexpr std::size_t hash_size = 24;  // no '=' in base64
    return key('s', node) + base64url_encode(crypto::sha256(jid).substr(0, hash_size));
}

std::string encode(const Subscription& subscription) {
    return Encoder(subscription_version)
        .string(subscription.jid)
        .boolean(subscription.pending)
        .boolean(subscription.options.deliver)
        .take();
}

Result<StoredSubscription> decode_subscription(std::string_view key, std::string_view value) {
    if (key.size() <= node_key_size || key.front() != 's') return bad_key();
    Decoder in(value, subscription_version);
    StoredSubscription stored{.node = static_cast<std::uint32_t>(read_number(key.substr(1, 4)))};
    stored.subscription.jid = in.string();
    if (in.version() >= 2) {
        stored.subscription.pending = in.boolean();
        stored.subscription.options.deliver = in.boolean();
    }
    if (auto fits = in.finish("subscription"); !fits) return fits.error();
    return stored;
}

std::string encode(const ItemEntry& entry) {
    return Encoder(entry_version)
        .string(entry.id)
        .string(entry.publisher)
        .u32(entry.bytes)
        .time(entry.published)
        .take();
}

Result<ItemEntry> decode_entry(std::string_view key, std::string_view value) {
    if (key.size() != item_key_size || key.front() != 'x') return bad_key();
    Decoder in(value, entry_version);
    ItemEntry entry;
    entry.seq = read_number(key.substr(node_key_size));
    entry.id = in.string();
    entry.publisher = in.string();
    entry.bytes = in.u32();
    if (in.version() >= 2) entry.published = in.time();
    if (auto fits = in.finish("index of an item"); !fits) return fits.error();
    return entry;
}

std::string encode(const Item& item) {
    Encoder out(version, 32 + item.id.size() + item.publisher.size() + item.payload.size());
    return out.string(item.id)
        .string(item.publisher)
        .time(item.published)
        .string(item.payload)
        .take();
}

Result<Item> decode_item(std::string_view value) {
    Decoder in(value, version);
    Item item;
    item.id = in.string();
    item.publisher = in.string();
    item.published = in.time();
    item.payload = in.string();
    if (auto fits = in.finish("item"); !fits) return fits.error();
    return item;
}

Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value) {
    if (kind == storage::DataKind::resident && key.starts_with('s')) {
        const auto stored = decode_subscription(key, value);
        if (!stored) return stored.error();
        const std::string wanted = subscription_key(stored->node, stored->subscription.jid);
        return wanted == key ? Result<>() : bad_key();
    }
    if (kind == storage::DataKind::resident) {
        const auto node = decode_node(key, value);
        return node ? Result<>() : node.error();
    }
    if (key.starts_with('x')) {
        const auto entry = decode_entry(key, value);
        return entry ? Result<>() : entry.error();
    }
    if (key.size() != item_key_size || !key.starts_with('i')) return bad_key();
    const auto item = decode_item(value);
    return item ? Result<>() : item.error();
}

}  // namespace clarion::pubsub
