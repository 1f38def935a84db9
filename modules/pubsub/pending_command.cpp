#include "modules/pubsub/pending_command.h"

#include <algorithm>

#include "base/id.h"
#include "modules/pubsub/access.h"
#include "modules/pubsub/subscriptions.h"
#include "proto/ns.h"

namespace clarion::pubsub {

namespace {

using enum StanzaErrorCondition;

constexpr std::string_view command_name = "Requests for subscriptions that wait";
constexpr std::string_view form_type = "http://jabber.org/protocol/pubsub#subscribe_authorization";
constexpr std::string_view node_var = "pubsub#node";

Outcome refused(Refusal refusal) { return {.refusal = std::move(refusal)}; }

/// With a condition of XEP-0050, 4.4.
Outcome bad_command(std::string_view specific) {
    StanzaError error(bad_request);
    error.app_ns = ns::commands;
    error.app_name = specific;
    return refused({std::move(error)});
}

bool is_owner(const Service& service, const Node& node, const Jid& who) {
    return standing_of(service, node, who).affiliation == Affiliation::owner;
}

/// An answer with the <command/> in it, of the session that was asked, or of a new one.
Outcome answer(const Stanza& request, std::string_view status, xml::Element** command) {
    Outcome outcome{.answer = make_result(request)};
    const std::string_view session = request.payload()->attr("sessionid");
    *command = &outcome.answer->root().add("command", ns::commands);
    (*command)
        ->set_attr("node", get_pending_node)
        .set_attr("sessionid", session.empty() ? random_token(16) : std::string(session))
        .set_attr("status", status);
    return outcome;
}

/// The nodes of the asker at which somebody waits.
Outcome offer(const Service& service, const Stanza& request) {
    DataForm form = DataForm::make("form", form_type);
    DataFormField& nodes = form.add(node_var, std::vector<std::string>(), "list-single");
    nodes.label = "Node";
    nodes.required = true;
    for (const auto& node : service.nodes().nodes)
        if (node->subscriptions.pending() > 0 && is_owner(service, *node, request.from()))
            nodes.options.push_back({node->config.title, node->name});
    xml::Element* command = nullptr;
    if (nodes.options.empty()) {
        Outcome outcome = answer(request, "completed", &command);
        command->add("note").set_attr("type", "info").add_text("Nobody waits.");
        return outcome;
    }
    Outcome outcome = answer(request, "executing", &command);
    command->add("actions").set_attr("execute", "complete").add("complete");
    form.append_to(*command);
    return outcome;
}

Outcome send(const NodeStore& store, const Service& service, const Stanza& request,
             const DataForm& form) {
    const Node* const node = service.nodes().find(form.value(node_var));
    if (!node) return refused(no_such_node());
    if (!is_owner(service, *node, request.from())) {
        const bool knows = may_know(standing_of(service, *node, request.from()));
        return refused(knows ? Refusal{{forbidden}} : no_such_node());
    }
    xml::Element* command = nullptr;
    Outcome outcome = answer(request, "completed", &command);
    Subscriptions(store, service).ask_again(outcome, *node, request.from());
    return outcome;
}

}  // namespace

bool is_get_pending(const xml::Element& payload) {
    return payload.attr("node") == get_pending_node;
}

bool owns_some(const Service& service, const Jid& who) {
    const auto& nodes = service.nodes().nodes;
    return service.owns(who) || std::any_of(nodes.begin(), nodes.end(), [&](const auto& node) {
               return is_owner(service, *node, who);
           });
}

Outcome get_pending(const NodeStore& store, const Service& service, const Stanza& request) {
    const xml::Element& asked = *request.payload();
    const std::string_view action = asked.attr("action");
    if (!owns_some(service, request.from()))
        return refused(service.is_known_to(request.from()) ? Refusal{{forbidden}} : no_such_node());
    if (action == "cancel") {
        xml::Element* command = nullptr;
        return answer(request, "canceled", &command);
    }
    const bool goes_on = action.empty() || action == "execute" || action == "complete";
    if (!goes_on)
        return bad_command(action == "prev" || action == "next" ? "bad-action"
                                                                : "malformed-action");
    if (!asked.has_attr("sessionid"))
        return action == "complete" ? bad_command("bad-action") : offer(service, request);
    const auto form = DataForm::find_in(asked);
    if (!form || form->type != "submit") return bad_command("bad-payload");
    return send(store, service, request, *form);
}

Task<core::IqAnswer> describe_get_pending(core::IqRequest request) {
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_info);
    query.set_attr("node", get_pending_node);
    query.add("identity")
        .set_attr("category", "automation")
        .set_attr("type", "command-node")
        .set_attr("name", command_name);
    for (const std::string_view feature : {ns::commands, ns::data_forms})
        query.add("feature").set_attr("var", feature);
    co_return result;
}

void list_get_pending(xml::Element& query, const Jid& at) {
    query.add("item")
        .set_attr("jid", at.full())
        .set_attr("node", get_pending_node)
        .set_attr("name", command_name);
}

}  // namespace clarion::pubsub
