#include "modules/vcard/nodes.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/log.h"
#include "modules/vcard/vcard.h"
#include "proto/ns.h"
#include "server/core/context.h"

namespace clarion::vcard {

namespace {

constexpr Logger logger{"vcard"};

/// Of several forms of the same image that metadata names so many are looked for.
constexpr std::size_t most_infos = 4;
/// What the element around an image may take.
constexpr std::size_t around_image = 256;

bool is_result(const core::IqAnswer& answer) {
    return std::holds_alternative<std::shared_ptr<Stanza>>(answer);
}
Held::State state_after(StanzaErrorCondition refusal) {
    switch (refusal) {
        case StanzaErrorCondition::item_not_found:
        case StanzaErrorCondition::feature_not_implemented:  // the node keeps no items
            return Held::State::nothing;
        case StanzaErrorCondition::service_unavailable: return Held::State::not_served;
        default: return Held::State::failed;
    }
}

/// REQUIRES: it is one.
const Stanza& result_of(const core::IqAnswer& answer) {
    return *std::get<std::shared_ptr<Stanza>>(answer);
}

}  // namespace

Task<core::IqAnswer> Nodes::ask(core::Account& account, StanzaPtr request) const {
    core::AccountPin pin(account);
    core::IqAnswer answer = co_await others_.ask(std::move(pin), request);
    const auto* const result = std::get_if<std::shared_ptr<Stanza>>(&answer);
    if (!result) co_return answer;
    if (!*result) co_return StanzaError(StanzaErrorCondition::internal_server_error);
    if ((*result)->is_error()) co_return read_error((*result)->root());
    co_return answer;
}

Task<Held> Nodes::newest(core::Account& account, const Jid& asker, std::string_view node) const {
    StanzaPtr request = pubsub::make_get_last_item({asker, account.jid()}, node);
    const core::IqAnswer answer = co_await ask(account, std::move(request));
    Held held;
    if (const auto* refused = std::get_if<StanzaError>(&answer)) {
        held.state = state_after(refused->condition);
        co_return held;
    }
    held.state = Held::State::readable;
    auto items = pubsub::read_items(result_of(answer));
    if (!items.empty()) held.item = std::move(items.back());
    co_return held;
}

Task<std::optional<Photo>> Nodes::image(core::Account& account, const Jid& asker,
                                        std::string_view metadata) const {
    const xml::Document parsed = xml::parse_element(metadata);
    if (parsed.empty()) co_return std::nullopt;
    const auto most =
        static_cast<std::size_t>(context_.options<VcardOptions>(account.host()).max_size);
    std::vector<AvatarInfo> infos = read_metadata(parsed.root());
    std::erase_if(infos, [&](const AvatarInfo& info) { return info.bytes > most; });
    infos.resize(std::min(infos.size(), most_infos));
    for (const AvatarInfo& info : infos) {
        std::vector<std::string> ids{info.item};
        StanzaPtr request =
            pubsub::make_get_items({asker, account.jid()}, ns::avatar_data, std::move(ids));
        const core::IqAnswer answer = co_await ask(account, std::move(request));
        if (!is_result(answer)) co_return std::nullopt;
        for (const pubsub::ItemText& item : pubsub::read_items(result_of(answer))) {
            if (item.payload.size() > most + around_image) continue;
            const xml::Document data = xml::parse_element(item.payload);
            auto photo = data.empty() ? std::nullopt : read_data(data.root(), info);
            if (photo) co_return photo;
        }
    }
    co_return std::nullopt;
}

Task<std::optional<Photo>> Nodes::avatar(core::Account& account, const Jid& asker) const {
    const Held held = co_await newest(account, asker, ns::avatar_metadata);
    if (held.item.payload.empty()) co_return std::nullopt;
    co_return co_await image(account, asker, held.item.payload);
}

Task<std::optional<Audience>> Nodes::audience_of(core::Account& account,
                                                 std::string_view node) const {
    StanzaPtr request = pubsub::make_get_config({account.jid(), account.jid()}, node);
    const core::IqAnswer answer = co_await ask(account, std::move(request));
    if (!is_result(answer)) co_return std::nullopt;
    const std::string model = pubsub::read_config_field(result_of(answer), "pubsub#access_model");
    if (model == "open") co_return Audience::everybody;
    co_return model == "presence" ? Audience::contacts : Audience::nobody;
}

Task<Audience> Nodes::audience(core::Account& account) const {
    const auto metadata = co_await audience_of(account, ns::avatar_metadata);
    const auto data = co_await audience_of(account, ns::avatar_data);
    co_return std::min(metadata.value_or(Audience::nobody), data.value_or(Audience::nobody));
}

Task<std::optional<StanzaError>> Nodes::publish(core::Account& account, const Jid& publisher,
                                                std::string_view node,
                                                pubsub::ItemText item) const {
    const auto there = co_await audience_of(account, node);
    std::vector<pubsub::PublishOption> options;
    if (!there) options = {{"pubsub#access_model", "open"}, {"pubsub#persist_items", "true"}};
    std::vector<pubsub::ItemText> items;
    items.push_back(std::move(item));
    StanzaPtr request = pubsub::make_publish({publisher, account.jid()}, node, items, options);
    const core::IqAnswer answer = co_await ask(account, std::move(request));
    if (is_result(answer)) co_return std::nullopt;
    logger.debug("not-published", {{"account", account.jid().full()}, {"node", node}});
    co_return std::get<StanzaError>(answer);
}

Task<bool> Nodes::retract(core::Account& account, std::string_view node, std::string id) const {
    std::vector<std::string> ids{std::move(id)};
    StanzaPtr request = pubsub::make_retract({account.jid(), account.jid()}, node, ids, true);
    const core::IqAnswer answer = co_await ask(account, std::move(request));
    co_return is_result(answer);
}

}  // namespace clarion::vcard
