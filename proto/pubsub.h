// Requests to a publish-subscribe service, as they are on the wire, and the errors it answers with.
//
// Plain values, any thread. Payloads are views into the request, which must outlive what was read
// from it. Source: XEP-0060; the sections are named where they matter.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proto/data_form.h"
#include "proto/rsm.h"
#include "proto/stanza.h"

namespace clarion::pubsub {

/// Longest name of a node or id of an item, in bytes.
inline constexpr std::size_t max_name = 1023;

/// What somebody is to a node (section 4.1). The order is that of the enumerators in storage.
enum class Affiliation : std::uint8_t { outcast, none, member, publish_only, publisher, owner };
std::string_view name(Affiliation affiliation);
std::optional<Affiliation> parse_affiliation(std::string_view text);

/// What a subscription is (section 4.2). "unconfigured" is none of them: all have options.
enum class SubscriptionState : std::uint8_t { none, pending, subscribed };
std::string_view name(SubscriptionState state);

/// Why a request is refused. `feature`: of the condition <unsupported/>.
struct Refusal {
    StanzaError error;
    std::string feature{};
};
/// With a condition of the namespace pubsub#errors.
Refusal refusal(StanzaErrorCondition condition, std::string_view app_name, std::string text = {});
/// "feature-not-implemented": no such thing is done here, or by that node.
Refusal unsupported(std::string_view feature);
/// The error stanza that answers `request`.
std::shared_ptr<Stanza> make_refusal(const Stanza& request, const Refusal& refusal);

// What is asked. `node` is empty only where a request may do without.

struct Create {
    std::string node{};  // empty: the service names it
    std::optional<DataForm> config{};
};
struct NewItem {
    std::string id{};  // empty: the service makes one
    const xml::Element* payload = nullptr;
};
struct Publish {
    std::string node{};
    std::vector<NewItem> items{};
    std::optional<DataForm> options{};  // preconditions (7.1.5)
};
struct Retract {
    std::string node{};
    std::vector<std::string> ids{};
    bool notify = false;
};
struct GetItems {
    std::string node{};
    std::vector<std::string> ids{};
    std::optional<std::uint32_t> max_items{};
    RsmRequest rsm{};
};
struct Subscribe {
    std::string node{};
    Jid jid{};
    std::optional<DataForm> options{};  // 6.3.7
};
struct Unsubscribe {
    std::string node{};
    Jid jid{};
};
/// The options of a subscription (6.3).
struct GetOptions {
    std::string node{};
    Jid jid{};
};
struct SetOptions {
    std::string node{};
    Jid jid{};
    DataForm form{};  // of type "submit" or "cancel"
};
/// Those that a subscription to a node, or to any, begins with (6.4).
struct GetDefaultOptions {
    std::string node{};
};
/// What the asker is subscribed to, of a node or of all of the service.
struct GetOwnSubscriptions {
    std::string node{};
};
/// What the asker is to a node, or to all of the service.
struct GetOwnAffiliations {
    std::string node{};
};
struct GetDefault {};
struct GetConfig {
    std::string node{};
};
struct SetConfig {
    std::string node{};
    DataForm form{};  // of type "submit" or "cancel"
};
struct DeleteNode {
    std::string node{};
    std::string redirect{};  // where subscribers find it from now on; empty: nowhere
};
struct Purge {
    std::string node{};
};
struct GetAffiliations {
    std::string node{};
};
struct GetSubscriptions {
    std::string node{};
};
struct SetSubscriptions {
    struct Change {
        Jid jid;
        SubscriptionState state;
    };
    std::string node{};
    std::vector<Change> changes{};
};
struct SetAffiliations {
    struct Change {
        Jid jid;  // bare
        Affiliation affiliation;
    };
    std::string node{};
    std::vector<Change> changes{};
};

using Request =
    std::variant<Create, Publish, Retract, GetItems, Subscribe, Unsubscribe, GetOwnSubscriptions,
                 GetOwnAffiliations, GetDefault, GetConfig, SetConfig, DeleteNode, Purge,
                 GetAffiliations, SetAffiliations, GetSubscriptions, SetSubscriptions, GetOptions,
                 SetOptions, GetDefaultOptions>;

/// Reads the <pubsub/> of a request, of either namespace. What this server does not do is refused
/// as unsupported, what is malformed with bad-request and the condition that section names.
std::variant<Request, Refusal> read_request(const Stanza& request);

/// The node a request is about; empty: none.
const std::string& node_of(const Request& request);

/// An <event/> (the namespace pubsub#event) with one child, which is returned, about that node.
xml::Element& add_event(xml::Element& message, std::string_view kind, std::string_view node);

// ---- Requests for a subscription, which an owner answers (8.6) ---------------------------------

/// The form that asks an owner whether `subscriber` may subscribe.
DataForm authorization_form(std::string_view node, const Jid& subscriber);

/// An owner's answer.
struct Authorization {
    std::string node{};
    Jid subscriber{};
    /// nullopt: the form was cancelled, nothing is decided.
    std::optional<bool> allowed{};
};
/// nullopt: the message is no such answer, or one that says nothing that can be understood.
std::optional<Authorization> read_authorization(const Stanza& message);

}  // namespace clarion::pubsub
