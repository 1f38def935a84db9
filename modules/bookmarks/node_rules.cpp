#include "modules/bookmarks/node_rules.h"

#include "base/id.h"
#include "proto/ns.h"

namespace clarion::bookmarks {

namespace {

/// What is kept, and who is sent it unasked: clients have several ideas of that.
bool is_of_keeping(std::string_view var) {
    return var == "pubsub#persist_items" || var == "pubsub#max_items" ||
           var == "pubsub#send_last_published_item";
}

void add_field(xml::Element& form, std::string_view var, std::string_view value) {
    form.add("field").set_attr("var", var).add_text_child("value", value);
}

/// The form in <publish-options/> or <configure/>, which is made if it is not there.
xml::Element& form_in(xml::Element& holder, std::string_view form_type) {
    xml::Element* form = holder.child(ns::data_forms, "x");
    if (!form) form = &holder.add("x", ns::data_forms).set_attr("type", "submit");
    if (!form->has_children()) add_field(*form, "FORM_TYPE", form_type);
    return *form;
}

/// The last field counts for a node that is made or configured; each must hold on one that is there.
void fix(xml::Element& holder, std::string_view form_type) {
    xml::Element& form = form_in(holder, form_type);
    for (xml::Element* field = form.first_child(); field; field = field->next_sibling())
        if (is_of_keeping(field->attr("var"))) form.remove(*field);
    for (const auto& [var, value] : node_options()) add_field(form, var, value);
}

/// The child of <pubsub/> that has the form, which is made if it is not there.
xml::Element& holder_in(Stanza& request, std::string_view space, std::string_view name) {
    xml::Element& pubsub = *request.root().child(space, "pubsub");
    xml::Element* const holder = pubsub.child(space, name);
    return holder ? *holder : pubsub.add(name);
}

StanzaPtr fixed(const Stanza& request, std::string_view space, std::string_view holder,
                std::string_view form_type) {
    auto copy = request.clone();
    fix(holder_in(*copy, space, holder), form_type);
    return copy;
}

std::shared_ptr<Stanza> make_request(const Jid& account, std::string_view space) {
    auto request = Stanza::make(StanzaKind::iq, StanzaType::set, account, account, random_token(9));
    request->root().add("pubsub", space);
    return request;
}

}  // namespace

const std::vector<pubsub::PublishOption>& node_options() {
    static const std::vector<pubsub::PublishOption> options{
        {"pubsub#access_model", "whitelist"},
        {"pubsub#publish_model", "publishers"},
        {"pubsub#persist_items", "true"},
        {"pubsub#max_items", "max"},
        {"pubsub#send_last_published_item", "never"}};
    return options;
}

std::variant<StanzaPtr, pubsub::Refusal> as_allowed(const StanzaPtr& request,
                                                    const pubsub::Request& read) {
    if (std::holds_alternative<pubsub::Publish>(read))
        return fixed(*request, ns::pubsub, "publish-options", ns::pubsub_publish_options);
    if (std::holds_alternative<pubsub::Create>(read))
        return fixed(*request, ns::pubsub, "configure", ns::pubsub_node_config);
    const auto* config = std::get_if<pubsub::SetConfig>(&read);
    if (config && config->form.type == "submit")
        return fixed(*request, ns::pubsub_owner, "configure", ns::pubsub_node_config);
    if (std::holds_alternative<pubsub::SetAffiliations>(read))
        return pubsub::Refusal{
            {StanzaErrorCondition::not_allowed, "bookmarks are their owner's alone"}};
    return request;
}

std::shared_ptr<Stanza> renamed(const Stanza& stanza, std::string_view node) {
    auto copy = stanza.clone();
    for (const std::string_view space : {ns::pubsub, ns::pubsub_owner}) {
        xml::Element* const pubsub = copy->root().child(space, "pubsub");
        for (xml::Element* child = pubsub ? pubsub->first_child() : nullptr; child;
             child = child->next_sibling())
            if (child->has_attr("node")) child->set_attr("node", node);
    }
    return copy;
}

std::shared_ptr<Stanza> make_create(const Jid& account) {
    auto request = make_request(account, ns::pubsub);
    request->root().first_child()->add("create").set_attr("node", ns::bookmarks);
    fix(holder_in(*request, ns::pubsub, "configure"), ns::pubsub_node_config);
    return request;
}

std::shared_ptr<Stanza> make_configure(const Jid& account, std::string_view items) {
    auto request = make_request(account, ns::pubsub_owner);
    xml::Element& configure = holder_in(*request, ns::pubsub_owner, "configure");
    configure.set_attr("node", ns::bookmarks);
    xml::Element& form = form_in(configure, ns::pubsub_node_config);
    if (!items.empty()) add_field(form, "pubsub#max_items", items);
    for (const auto& [var, value] : node_options()) add_field(form, var, value);
    return request;
}

}  // namespace clarion::bookmarks
