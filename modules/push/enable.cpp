#include "modules/push/enable.h"

#include "base/log.h"
#include "modules/push/notification.h"
#include "modules/push/push.h"
#include "modules/push/registrations.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/session.h"
#include "server/core/address/domains.h"
#include "server/core/events/push_events.h"
#include "server/core/routing/refusal_log.h"
#include "server/runtime/event_bus.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
using Condition = StanzaErrorCondition;
constexpr std::string_view publish_options_form =
    "http://jabber.org/protocol/pubsub#publish-options";

StanzaError modify(Condition condition, std::string text) {
    return {condition, StanzaErrorType::modify, std::move(text)};
}

/// The service of an <enable/> or <disable/>.
std::variant<Jid, StanzaError> read_service(const xml::Element& element, std::string_view account) {
    const auto text = element.find_attr("jid");
    if (!text) return modify(Condition::bad_request, "the attribute 'jid' is missing");
    auto jid = Jid::parse(*text);
    if (!jid || jid->empty())
        return modify(Condition::jid_malformed, "the attribute 'jid' is no address");
    if (jid->bare() == account)
        return modify(Condition::bad_request, "'jid' must be a push service");
    return std::move(*jid);
}

/// Whether it can only be somebody's account here, who did not ask for notifications.
bool is_account(const core::Context& context, const Jid& service) {
    return service.has_local() && context.domains().is_host(service.domain());
}

/// Attributes this specification does not name, as those of an element, for extensions.
std::string other_attributes(const xml::Element& enable) {
    xml::Document kept("enable", "");
    bool any = false;
    for (const auto* attribute = enable.first_attribute(); attribute; attribute = attribute->next) {
        if (attribute->ns == ns::xml || attribute->ns == ns::xmlns) continue;
        if (attribute->ns.empty() && (attribute->name == "jid" || attribute->name == "node"))
            continue;
        kept.root().set_attr(attribute->name, attribute->value, attribute->ns);
        any = true;
    }
    return any ? xml::to_string(kept.root()) : std::string{};
}

/// The form that goes to the service with each publish: XEP-0357, section 5. One without FORM_TYPE
/// is taken for it, another one is an element we do not know.
bool is_publish_options(const xml::Element& child) {
    if (!child.is(ns::data_forms, "x")) return false;
    for (const xml::Element& field : child.children())
        if (field.attr("var") == "FORM_TYPE")
            return field.child_text(ns::data_forms, "value") == publish_options_form;
    return true;
}

/// Whether a pubsub message of a service says that the account may not publish any more.
bool takes_back(const xml::Element& pubsub, std::string_view account) {
    for (const xml::Element& child : pubsub.children())
        if (child.is(ns::pubsub, "affiliation") && child.attr("affiliation") == "none" &&
            child.attr("jid") == account)
            return true;
    return false;
}

}  // namespace

std::variant<events::PushRegistration, StanzaError> read_enable(const xml::Element& enable,
                                                                std::string_view account,
                                                                EnableLimits limits) {
    auto service = read_service(enable, account);
    if (auto* error = std::get_if<StanzaError>(&service)) return std::move(*error);
    if (xml::to_string(enable).size() > limits.element || enable.attr("node").size() > limits.node)
        return modify(Condition::not_acceptable, "too large");
    events::PushRegistration record;
    record.service = std::get<Jid>(service).full();
    record.has_node = enable.has_attr("node");
    record.node = enable.attr("node");
    record.attributes = other_attributes(enable);
    for (const xml::Element& child : enable.children()) {
        if (record.publish_options.empty() && is_publish_options(child))
            record.publish_options = xml::to_string(child);
        else
            record.extensions += xml::to_string(child);
    }
    if (record.publish_options.size() > limits.publish_options)
        return modify(Condition::not_acceptable, "the publish-options are too large");
    return record;
}

core::IqAnswer Enabling::on_enable(core::IqRequest& request) {
    if (!request.session) return StanzaError(Condition::service_unavailable);
    core::Account& account = *request.account;
    const PushOptions& options = context_.options<PushOptions>(account.host());
    auto read = read_enable(request.payload(), account.jid().bare(),
                            {static_cast<std::size_t>(options.max_node_size),
                             static_cast<std::size_t>(options.max_enable_size),
                             static_cast<std::size_t>(options.max_publish_options_size)});
    if (auto* error = std::get_if<StanzaError>(&read)) return std::move(*error);
    auto& record = std::get<events::PushRegistration>(read);
    if (is_account(context_, Jid::trusted(record.service)))
        return modify(Condition::bad_request, "'jid' must be a push service");
    record.device = request.session->device();
    record.lang = request.stanza->lang();
    if (const auto lang = request.payload().find_attr("lang", ns::xml)) record.lang = *lang;
    events::PushRegistering event{account, *request.session, request.payload(), record};
    if (context_.bus().fire(event) == core::Flow::stop)
        return event.error.value_or(StanzaError(Condition::not_allowed));
    const std::string service = record.service, node = node_tag(record), device = record.device;
    if (const auto kept = registrations_.put(account, std::move(record)); !kept)
        return StanzaError(Condition::resource_constraint, kept.error().text);
    context_.refusals().tell(logger, account.jid().bare(), "enabled",
                             {{"account", account.jid().bare()},
                              {"service", service},
                              {"node", node},
                              {"device", device}});
    return make_result(*request.stanza);
}

core::IqAnswer Enabling::on_disable(core::IqRequest& request) {
    if (!request.session) return StanzaError(Condition::service_unavailable);
    core::Account& account = *request.account;
    auto service = read_service(request.payload(), account.jid().bare());
    if (auto* error = std::get_if<StanzaError>(&service)) return std::move(*error);
    const auto node = request.payload().find_attr("node");
    const std::string& jid = std::get<Jid>(service).full();
    const std::size_t removed = registrations_.remove(account, jid, node ? &*node : nullptr);
    context_.refusals().tell(
        logger, account.jid().bare(), "disabled-by-client",
        {{"account", account.jid().bare()}, {"service", jid}, {"removed", removed}});
    return make_result(*request.stanza);
}

void Enabling::on_receiving(const events::MessageReceiving& event) {
    const Stanza& stanza = *event.envelope.stanza;
    const xml::Element* pubsub =
        stanza.is_error() ? nullptr : stanza.root().child(ns::pubsub, "pubsub");
    if (!pubsub || !takes_back(*pubsub, event.account.jid().bare())) return;
    const auto node = pubsub->find_attr("node");
    for (const auto seq : registrations_.all(event.account)) {
        const Registration* registration = accounts_.of(event.account).find(seq);
        if (!registration) continue;
        const auto& record = registration->record;
        if (record.service == stanza.from().full() && record.has_node == node.has_value() &&
            record.node == node.value_or(""))
            registrations_.disable(event.account, seq, "the service ended it");
    }
}

}  // namespace clarion::push
