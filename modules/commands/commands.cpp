#include "modules/commands/commands.h"

#include <algorithm>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "modules/commands/executions.h"
#include "proto/framing.h"
#include "proto/ns.h"
#include "proto/xml_stream_opening.h"
#include "server/core/accounts/administrators.h"
#include "server/core/address/domains.h"
#include "server/runtime/shard.h"

namespace clarion::commands {

using core::Command;
using core::CommandAsker;
using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;
using core::Context;
using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using Condition = StanzaErrorCondition;

namespace {

constexpr Logger logger{"commands"};

}  // namespace

// ---- Decisions ---------------------------------------------------------------------------------

std::optional<Action> parse_action(std::string_view text) {
    if (text.empty() || text == "execute") return Action::execute;
    if (text == "cancel") return Action::cancel;
    if (text == "prev") return Action::prev;
    if (text == "next") return Action::next;
    if (text == "complete") return Action::complete;
    return std::nullopt;
}

Step judge(Action action, std::size_t stage, std::size_t forms) {
    const bool last = stage + 1 >= forms;
    switch (action) {
        case Action::execute: return last ? Step::finish : Step::go_on;
        case Action::next: return last ? Step::refuse : Step::go_on;
        case Action::complete: return last ? Step::finish : Step::refuse;
        case Action::prev: return stage > 0 ? Step::go_back : Step::refuse;
        case Action::cancel: return Step::cancel;
    }
    return Step::refuse;
}

Result<> check_submitted(const DataForm& offered, const DataForm& submitted) {
    if (!submitted.form_type().empty() && submitted.form_type() != offered.form_type())
        return fail(core::bad_payload, "another form was asked for");
    for (const DataFormField& wanted : offered.fields) {
        if (!wanted.required) continue;
        const DataFormField* field = submitted.field(wanted.var);
        const bool filled = field && std::any_of(field->values.begin(), field->values.end(),
                                                 [](const auto& value) { return !value.empty(); });
        if (!filled) return fail(core::bad_payload, wanted.var + " is needed");
    }
    return {};
}

namespace {

// ---- What is written ---------------------------------------------------------------------------

/// Nobody learns from it whether there is such a command.
StanzaError no_such_command() { return StanzaErrorCondition::item_not_found; }

StanzaError refuse(Condition condition, std::string_view specific, std::string text = {}) {
    StanzaError error(condition, std::move(text));
    error.app_ns = ns::commands;
    error.app_name = specific;
    return error;
}

StanzaError refuse(const Error& error) {
    if (error.is(session_expired))
        return refuse(Condition::not_allowed, session_expired, error.text);
    if (error.is(bad_sessionid) || error.is(core::bad_payload))
        return refuse(Condition::bad_request, error.code, error.text);
    return to_stanza_error(error);
}

/// <command/> in an answer.
xml::Element& add_command(Stanza& result, const Execution& execution, std::string_view status) {
    xml::Element& command = result.root().add("command", ns::commands);
    command.set_attr("node", execution.command->node)
        .set_attr("sessionid", execution.id)
        .set_attr("status", status)
        .set_attr("lang", our_language, ns::xml);
    return command;
}

void add_actions(xml::Element& command, std::size_t stage, std::size_t forms) {
    const std::string_view onward = stage + 1 < forms ? "next" : "complete";
    xml::Element& actions = command.add("actions");
    actions.set_attr("execute", onward);
    if (stage > 0) actions.add("prev");
    actions.add(onward);
}

std::string_view name_of(CommandNote::Type type) {
    switch (type) {
        case CommandNote::Type::info: return "info";
        case CommandNote::Type::warn: return "warn";
        case CommandNote::Type::error: return "error";
    }
    return "info";
}

void add_outcome(xml::Element& command, const CommandOutcome& outcome) {
    for (const CommandNote& note : outcome.notes)
        command.add("note").set_attr("type", name_of(note.type)).add_text(note.text);
    if (!outcome.form) return;
    xml::Element& form = outcome.form->append_to(command);
    if (outcome.add_to_form) outcome.add_to_form(form);
}

/// XEP-0050, 4.8: what is no language at all is refused; the texts are English, whatever is wanted.
bool has_possible_language(const Stanza& stanza) {
    for (const xml::Element* element : {&stanza.root(), stanza.payload()}) {
        const auto wanted = element->find_attr("lang", ns::xml);
        if (wanted && !wanted->empty() && !xml::is_language(*wanted)) return false;
    }
    return true;
}

bool went_wrong(const CommandOutcome& outcome) {
    return std::any_of(outcome.notes.begin(), outcome.notes.end(), [](const CommandNote& note) {
        return note.type == CommandNote::Type::error;
    });
}

void log_run(const CommandCall& call, const Command& command, std::string_view outcome) {
    logger.info("admin-command", {{"account", call.from.full()},
                                  {"node", command.node},
                                  {"host", call.host},
                                  {"on", call.about},
                                  {"outcome", outcome}});
}

// ---- Who asks, and whom ------------------------------------------------------------------------

Execution begin(const IqRequest& request, const Command& command) {
    Execution fresh;
    fresh.id = random_token(16);
    fresh.command = &command;
    fresh.who = request.from.full();
    fresh.whom = request.stanza->to().full();
    return fresh;
}

ExecutionKey key_of(const IqRequest& request) {
    return {.id = request.payload().attr("sessionid"),
            .node = request.payload().attr("node"),
            .who = request.from.full(),
            .whom = request.stanza->to().full()};
}

class Commands {
public:
    Commands(Context& context, const core::CommandTable& table)
        : context_(context), table_(table) {}

    bool is_node(std::string_view node) const { return node == ns::commands || table_.has(node); }
    Task<IqAnswer> on_command(IqRequest request);
    Task<IqAnswer> on_info(IqRequest request);
    Task<IqAnswer> on_items(IqRequest request);

private:
    Task<CommandAsker> asker_of(const IqRequest& request);
    Task<IqAnswer> carry_out(const IqRequest& request, Execution execution, Step step);
    Task<IqAnswer> offer(const IqRequest& request, Execution execution);
    Task<IqAnswer> finish(const IqRequest& request, Execution execution);
    CommandCall call_of(const IqRequest& request, const Execution& execution) const;
    void keep(const IqRequest& request, Execution execution);

    Context& context_;
    const core::CommandTable& table_;
    Executions executions_;
};

Task<CommandAsker> Commands::asker_of(const IqRequest& request) {
    CommandAsker asker{request.from};
    // What comes from an address of a host comes from an account there: its edges see to that.
    asker.is_account = asker.who.has_local() && asker.who.domain() == request.host &&
                       context_.domains().is_host(request.host);
    // A service belongs to a host.
    std::string host(context_.domains().is_host(request.host)
                         ? request.host
                         : std::string_view(context_.domains().host_over(request.host)));
    asker.administers = co_await core::administers(context_, asker.who, std::move(host));
    co_return asker;
}

/// Of the list itself, or of one command.
Task<IqAnswer> Commands::on_info(IqRequest request) {
    const std::string_view node = request.payload().attr("node");
    const CommandAsker asker = co_await asker_of(request);
    const Command* command = table_.find(context_, node, asker, request.host);
    if (!command && node != ns::commands) co_return no_such_command();
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_info);
    query.set_attr("node", node);
    query.add("identity")
        .set_attr("category", "automation")
        .set_attr("type", command ? "command-node" : "command-list")
        .set_attr("name", command ? std::string_view(command->name) : "Commands");
    query.add("feature").set_attr("var", ns::commands);
    if (command) query.add("feature").set_attr("var", ns::data_forms);
    co_return result;
}

Task<IqAnswer> Commands::on_items(IqRequest request) {
    const std::string_view node = request.payload().attr("node");
    const CommandAsker asker = co_await asker_of(request);
    if (node != ns::commands && !table_.find(context_, node, asker, request.host))
        co_return no_such_command();
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    query.set_attr("node", node);
    if (node != ns::commands) co_return result;
    for (const Command* command : table_.of(context_, asker, request.host))
        query.add("item")
            .set_attr("jid", request.stanza->to().full())
            .set_attr("node", command->node)
            .set_attr("name", command->name);
    co_return result;
}

// ---- Execution ---------------------------------------------------------------------------------

Task<IqAnswer> Commands::on_command(IqRequest request) {
    const CommandAsker asker = co_await asker_of(request);
    const xml::Element& asked = request.payload();
    const Command* command = table_.find(context_, asked.attr("node"), asker, request.host);
    if (!command) co_return no_such_command();
    const auto action = parse_action(asked.attr("action"));
    if (!action) co_return refuse(Condition::bad_request, "malformed-action");
    if (!has_possible_language(*request.stanza))
        co_return refuse(Condition::bad_request, "bad-locale");
    if (!asked.has_attr("sessionid")) {
        if (*action != Action::execute)
            co_return refuse(Condition::bad_request, "bad-action", "nothing is being executed");
        Execution fresh = begin(request, *command);
        if (command->forms.empty()) co_return co_await finish(request, std::move(fresh));
        co_return co_await offer(request, std::move(fresh));
    }
    auto begun = executions_.take(context_.clock().steady(), key_of(request));
    if (!begun) co_return refuse(begun.error());
    const Step step = judge(*action, begun->submitted.size(), command->forms.size());
    Execution execution = std::move(*begun);
    co_return co_await carry_out(request, std::move(execution), step);
}

CommandCall Commands::call_of(const IqRequest& request, const Execution& execution) const {
    CommandCall call{context_, request.from, std::string(request.host)};
    call.submitted = execution.submitted;
    call.offered = execution.offered;
    return call;
}

void Commands::keep(const IqRequest& request, Execution execution) {
    const auto& options = context_.options<CommandsOptions>(request.host);
    const SteadyTime now = context_.clock().steady();
    execution.expires = now + options.session_time;
    executions_.keep(std::move(execution), now, static_cast<std::size_t>(options.max_sessions));
}

Task<IqAnswer> Commands::carry_out(const IqRequest& request, Execution execution, Step step) {
    if (step == Step::refuse) {
        keep(request, std::move(execution));
        co_return refuse(Condition::bad_request, "bad-action");
    }
    if (step == Step::cancel) {
        executions_.end(execution);
        auto result = make_result(*request.stanza);
        add_command(*result, execution, "canceled");
        co_return result;
    }
    if (step == Step::go_back) {
        execution.submitted.pop_back();
        co_return co_await offer(request, std::move(execution));
    }
    auto form = DataForm::find_in(request.payload());
    Result<> good = form ? check_submitted(execution.offered, *form)
                         : Result<>(fail(core::bad_payload, "a form is needed"));
    if (!good) {
        keep(request, std::move(execution));
        co_return refuse(good.error());
    }
    execution.submitted.push_back(std::move(*form));
    if (step == Step::go_on) co_return co_await offer(request, std::move(execution));
    co_return co_await finish(request, std::move(execution));
}

/// The next form.
Task<IqAnswer> Commands::offer(const IqRequest& request, Execution execution) {
    const Command& command = *execution.command;
    const std::size_t stage = execution.submitted.size();
    const CommandCall call = call_of(request, execution);
    auto form = co_await command.forms[stage](call);
    if (!form) {
        executions_.end(execution);
        co_return refuse(form.error());
    }
    execution.offered = std::move(*form);
    auto result = make_result(*request.stanza);
    xml::Element& answer = add_command(*result, execution, "executing");
    add_actions(answer, stage, command.forms.size());
    execution.offered.append_to(answer);
    keep(request, std::move(execution));
    co_return result;
}

/// Runs it. What failed may be tried again with another last form.
Task<IqAnswer> Commands::finish(const IqRequest& request, Execution execution) {
    const Command& command = *execution.command;
    CommandCall call = call_of(request, execution);
    const auto outcome = co_await command.run(call);
    if (!outcome) {
        log_run(call, command, outcome.error().code);
        if (!execution.submitted.empty()) {
            execution.submitted.pop_back();
            keep(request, std::move(execution));
        }
        co_return refuse(outcome.error());
    }
    log_run(call, command, went_wrong(*outcome) ? "failed" : "done");
    executions_.end(execution);
    auto result = make_result(*request.stanza);
    add_outcome(add_command(*result, execution, "completed"), *outcome);
    co_return result;
}

}  // namespace

void CommandsOptions::declare(OptionTable<CommandsOptions>& t) {
    t.section("commands",
              "Commands that administrators, and some that all users, run from their clients "
              "(XEP-0050).")
        .per_host()
        .live();
    t.add("max_sessions", &CommandsOptions::max_sessions)
        .min(1)
        .max(1000)
        .doc(
            "Commands that one account may have begun with a host and not ended, and as many with "
            "its own address; one more ends the oldest (session-expired).");
    t.add("session_time", &CommandsOptions::session_time)
        .min(std::chrono::seconds(1))
        .doc("A command whose next form is not handed in within this time ends (session-expired).");
}

void declare_options(OptionRegistry& registry) { registry.add<CommandsOptions>(); }

void install(core::ModuleSetup& setup) {
    auto& self = setup.state<Commands>(setup.context(), setup.commands());
    const auto is_node = [&self](const xml::Element& query) {
        return self.is_node(query.attr("node"));
    };
    for (const auto target : {IqTarget::host, IqTarget::account, IqTarget::service}) {
        // A service says it itself, if it has any.
        if (target != IqTarget::service) setup.feature(target, ns::commands);
        setup.serve_async(
            target, StanzaType::set, ns::commands, "command",
            [&self](IqRequest request) { return self.on_command(std::move(request)); });
        setup.serve_about(target, StanzaType::get, ns::disco_info, "query", is_node,
                          [&self](IqRequest request) { return self.on_info(std::move(request)); });
        setup.serve_about(target, StanzaType::get, ns::disco_items, "query", is_node,
                          [&self](IqRequest request) { return self.on_items(std::move(request)); });
    }
}

}  // namespace clarion::commands
