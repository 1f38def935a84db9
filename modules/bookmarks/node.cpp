#include "modules/bookmarks/node.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "modules/bookmarks/node_rules.h"
#include "proto/ns.h"

namespace clarion::bookmarks {

using core::IqAnswer;

namespace {

constexpr std::string_view page_size = "1000";

StanzaPtr make_page_request(const Jid& account, std::string_view node, std::string_view after) {
    auto request = pubsub::make_get_items({account, account}, node);
    xml::Element& set = request->root().child(ns::pubsub, "pubsub")->add("set", ns::rsm);
    set.add_text_child("max", page_size);
    if (!after.empty()) set.add_text_child("after", after);
    return request;
}

/// How many items there are on all pages.
std::size_t count_of(const Stanza& page) {
    const xml::Element* const pubsub = page.root().child(ns::pubsub, "pubsub");
    const xml::Element* const set = pubsub ? pubsub->child(ns::rsm, "set") : nullptr;
    const auto count = parse_int(set ? set->child_text(ns::rsm, "count") : "");
    return count ? static_cast<std::size_t>(std::max<std::int64_t>(*count, 0)) : 0;
}

}  // namespace

Refused error_of(const IqAnswer& answer) {
    if (const auto* error = std::get_if<StanzaError>(&answer)) return *error;
    const auto& stanza = std::get<std::shared_ptr<Stanza>>(answer);
    if (!stanza) return StanzaError(StanzaErrorCondition::internal_server_error);
    return stanza->is_error() ? Refused(read_error(stanza->root())) : std::nullopt;
}

bool has_no_nodes(const Refused& refused) {
    return refused && refused->condition == StanzaErrorCondition::service_unavailable;
}

Task<IqAnswer> Node::ask(core::Account& account, StanzaPtr request) const {
    core::AccountPin pin(account);
    co_return co_await others_.ask(std::move(pin), std::move(request));
}

Task<Refused> Node::carry_out(core::Account& account, StanzaPtr request) const {
    const IqAnswer answer = co_await ask(account, std::move(request));
    co_return error_of(answer);
}

Task<NodeItems> Node::read(core::Account& account, std::string_view node) const {
    NodeItems read;
    std::string after;
    for (bool complete = false; !complete;) {
        StanzaPtr request = make_page_request(account.jid(), node, after);
        const IqAnswer answer = co_await ask(account, std::move(request));
        Refused refused = error_of(answer);
        if (refused) {
            if (refused->condition != StanzaErrorCondition::item_not_found)
                read.refused = std::move(refused);
            co_return read;
        }
        read.exists = true;
        const Stanza& page = *std::get<std::shared_ptr<Stanza>>(answer);
        std::vector<ItemText> items = pubsub::read_items(page);
        if (!items.empty()) after = items.back().id;
        complete = items.empty() || read.items.size() + items.size() >= count_of(page);
        std::move(items.begin(), items.end(), std::back_inserter(read.items));
    }
    co_return read;
}

/// Who says that a node shall have so many items is refused if it may not. The last field counts.
Task<Refused> Node::publish(core::Account& account, const Jid& by,
                            const std::vector<ItemText>& items, bool exists,
                            std::size_t count) const {
    if (items.empty()) co_return std::nullopt;
    const std::string number = std::to_string(count);
    std::vector<pubsub::PublishOption> options = node_options();
    if (exists) {
        StanzaPtr question = make_configure(account.jid(), number);
        Refused refused = co_await carry_out(account, std::move(question));
        if (refused) co_return refused;
    } else {
        options.insert(options.begin(), {"pubsub#max_items", number});
    }
    StanzaPtr request = pubsub::make_publish({by, account.jid()}, ns::bookmarks, items, options);
    co_return co_await carry_out(account, std::move(request));
}

Task<Refused> Node::retract(core::Account& account, const Jid& by,
                            const std::vector<std::string>& ids) const {
    if (ids.empty()) co_return std::nullopt;
    StanzaPtr request = pubsub::make_retract({by, account.jid()}, ns::bookmarks, ids, true);
    co_return co_await carry_out(account, std::move(request));
}

Task<Refused> Node::create(core::Account& account) const {
    StanzaPtr request = make_create(account.jid());
    co_return co_await carry_out(account, std::move(request));
}

}  // namespace clarion::bookmarks
