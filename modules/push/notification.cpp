#include "modules/push/notification.h"

#include "base/text.h"
#include "proto/crypto.h"
#include "proto/ns.h"

namespace clarion::push {

namespace {

void add_field(xml::Element& form, std::string_view var, std::string_view value) {
    form.add("field").set_attr("var", var).add_text_child("value", value);
}

}  // namespace

xml::Document make_notification(const Summary& summary) {
    xml::Document document("notification", ns::push);
    xml::Element& form = document.root().add("x", ns::data_forms).set_attr("type", "submit");
    add_field(form, "FORM_TYPE", ns::push_summary);
    add_field(form, "message-count", std::to_string(summary.message_count));
    if (!summary.last_message_sender.empty())
        add_field(form, "last-message-sender", summary.last_message_sender);
    if (!summary.last_message_body.empty())
        add_field(form, "last-message-body", summary.last_message_body);
    return document;
}

std::shared_ptr<Stanza> make_publish(std::string_view host, const Jid& service,
                                     const events::PushRegistration& registration,
                                     const xml::Element& notification) {
    auto stanza = Stanza::make(StanzaKind::iq, StanzaType::set, Jid::trusted(host), service);
    xml::Element& pubsub = stanza->root().add("pubsub", ns::pubsub);
    xml::Element& publish = pubsub.add("publish");
    if (registration.has_node) publish.set_attr("node", registration.node);
    publish.add("item").add_copy(notification);
    if (!registration.publish_options.empty())
        pubsub.add("publish-options").add_raw(registration.publish_options);
    return stanza;
}

std::string node_tag(const events::PushRegistration& registration) {
    if (!registration.has_node) return "none";
    return hex_encode(crypto::sha256(registration.node)).substr(0, 8);
}

}  // namespace clarion::push
