// NodeConfig: how a node of a publish-subscribe service is configured, and the form that says so.
//
// A plain value, any thread. Source: XEP-0060, 4.3 to 4.5, 8.1 to 8.3 and 16.4.4
// (pubsub#node_config), 7.1.5 (pubsub#publish-options), 5.4 (pubsub#meta-data), 6.3 and 16.4.2
// (pubsub#subscribe_options).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/data_form.h"
#include "proto/pubsub.h"

namespace clarion::pubsub {

/// Who may read a node.
enum class AccessModel : std::uint8_t { open, presence, roster, whitelist, authorize };
/// Who may publish to it, beside its publishers and owners.
enum class PublishModel : std::uint8_t { publishers, subscribers, open };
/// When somebody is sent the last item.
enum class SendLast : std::uint8_t { never, on_sub, on_sub_and_presence };

/// Whose address an item carries, for who wants to answer it: its publisher's or the node's
/// owner's.
enum class ItemReply : std::uint8_t { none, owner, publisher };
/// What becomes of the oldest items when there are too many: subscribers are told that they are
/// retracted, or not; or the new ones are refused.
enum class NodeFull : std::uint8_t { retract_oldest, discard_oldest, reject };
/// The type of messages that notify: those of type normal wait for who is not there.
enum class NotificationType : std::uint8_t { headline, normal };

/// What a subscriber may choose.
struct SubscribeOptions {
    /// Is told of what happens; false: keeps the subscription, and hears nothing by it.
    bool deliver = true;
    bool operator==(const SubscribeOptions&) const = default;
};

struct NodeConfig {
    /// As many items, for as long or as large as the service allows.
    static constexpr std::uint32_t as_many_as_allowed = 0xffffffff;

    std::string title;
    std::string description;
    std::string type;                   // of the payloads
    std::string language;               // a tag, "en"; empty: not said
    std::vector<std::string> contacts;  // addresses for questions
    AccessModel access = AccessModel::presence;
    std::vector<std::string> roster_groups;  // of access model roster
    PublishModel publish = PublishModel::publishers;
    SendLast send_last = SendLast::on_sub_and_presence;
    ItemReply item_reply = ItemReply::none;
    NodeFull full = NodeFull::discard_oldest;
    NotificationType notification_type = NotificationType::headline;
    std::uint32_t max_items = 1;
    std::uint32_t max_payload = as_many_as_allowed;  // in bytes
    std::uint32_t item_expire = as_many_as_allowed;  // in seconds since it was published
    bool persist_items = true;
    bool deliver_payloads = true;
    bool deliver_notifications = true;
    bool notify_config = false;
    bool notify_delete = true;
    bool notify_retract = true;
    bool notify_sub = false;  // owners, of who subscribes and goes
    bool subscribe = true;    // subscriptions may be asked for

    /// Items go after a time.
    bool expires() const { return item_expire != as_many_as_allowed; }
    bool operator==(const NodeConfig&) const = default;
};

/// What a service lets a node have at most; a form says so (XEP-0122).
struct NodeLimits {
    std::uint32_t max_items = NodeConfig::as_many_as_allowed;
    std::uint32_t max_payload = NodeConfig::as_many_as_allowed;
};

/// The form with all that can be configured: of type "form" for who may change it, "result" for
/// who is told. `form_type`: pubsub#node_config. Its labels are those that XEP-0060 and other servers
/// have, so that clients which know them translate them.
DataForm config_form(const NodeConfig& config, std::string_view type,
                     const NodeLimits& limits = {});
/// What anybody who sees the node may know of it (5.4).
DataForm meta_data_form(const NodeConfig& config);

/// Changes what the form says; fields that it has not, and fields that nobody knows, change
/// nothing. What the registry has and is not done here (transformations, temporary subscriptions,
/// delivery by presence, collections) is refused unless it is not wanted. On a refusal `config` is half changed. `most_items`: what a node may have.
std::optional<Refusal> apply_form(NodeConfig& config, const DataForm& form,
                                  std::uint32_t most_items);

/// Publish options: changes a node that is being made as the preconditions demand. A field that
/// nobody knows is refused.
std::optional<Refusal> apply_preconditions(NodeConfig& config, const DataForm& options,
                                           std::uint32_t most_items);
/// The same of a node that is there: whether it is as they demand.
std::optional<Refusal> check_preconditions(const NodeConfig& config, const DataForm& options,
                                           std::uint32_t most_items);

/// `type` as of config_form().
DataForm options_form(const SubscribeOptions& options, std::string_view type);
/// As apply_form(). What is not done here is refused with invalid-options, unless it is asked for
/// as it is: no digests, no body, no end, the items of this node alone.
std::optional<Refusal> apply_options(SubscribeOptions& options, const DataForm& form);

}  // namespace clarion::pubsub
