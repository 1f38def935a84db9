// Requests to a publish-subscribe service (XEP-0060), made, and its answers, read: for who asks one
// in somebody's name.
//
// Plain values, any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/jid.h"
#include "proto/stanza.h"

namespace clarion::pubsub {

/// From whom to whom: the same for who asks in the name of the service's owner.
struct Asking {
    const Jid& from;
    const Jid& to;
};

/// A field of publish-options ("pubsub#access_model", "whitelist").
using PublishOption = std::pair<std::string_view, std::string_view>;
/// An item of a node. Its payload is XML that carries its own xmlns, or empty.
struct ItemText {
    std::string id{};
    std::string payload{};
};

/// `options`: preconditions, by which a node that is not there is made (7.1.5); none: no form.
std::shared_ptr<Stanza> make_publish(const Asking& asking, std::string_view node,
                                     const std::vector<ItemText>& items,
                                     const std::vector<PublishOption>& options = {});
/// `notify`: tell those who are subscribed, whatever the node's configuration says.
std::shared_ptr<Stanza> make_retract(const Asking& asking, std::string_view node,
                                     const std::vector<std::string>& ids, bool notify);
/// All items of the node; with ids those of them that are there. (A service may answer all with a
/// part of them: RsmAnswer says so.)
std::shared_ptr<Stanza> make_get_items(const Asking& asking, std::string_view node,
                                       const std::vector<std::string>& ids = {});
/// The item of the node that was published last.
std::shared_ptr<Stanza> make_get_last_item(const Asking& asking, std::string_view node);
/// How the node is configured, for its owner.
std::shared_ptr<Stanza> make_get_config(const Asking& asking, std::string_view node);

/// The items of a result that answers make_get_items(), in order.
std::vector<ItemText> read_items(const Stanza& result);
/// A field of the configuration ("pubsub#access_model") in a result that answers make_get_config();
/// empty: it is not there.
std::string read_config_field(const Stanza& result, std::string_view var);

}  // namespace clarion::pubsub
