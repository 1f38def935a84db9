#include "modules/pubsub/pep.h"

#include "modules/pubsub/access.h"
#include "modules/pubsub/account_service.h"
#include "modules/pubsub/engine.h"
#include "modules/pubsub/features.h"
#include "modules/pubsub/last_items.h"
#include "modules/pubsub/pending_command.h"
#include "modules/pubsub/pep_export.h"
#include "proto/ns.h"
#include "server/core/accounts/account.h"
#include "server/core/events/disco_events.h"
#include "server/core/events/message_events.h"
#include "server/core/events/pep_events.h"
#include "server/core/events/presence_events.h"
#include "server/runtime/scope.h"

namespace clarion::pubsub {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;

namespace {

/// What the configurations of one account's nodes may take.
constexpr std::size_t most_resident_bytes = 1u << 20;

void add_identity(xml::Element& query, std::string_view type) {
    query.add("identity").set_attr("category", "pubsub").set_attr("type", type);
}

/// To somebody who may not know whether there is such an account: as one without nodes answers.
IqAnswer answer_hidden(IqRequest& request) {
    const auto read = read_request(*request.stanza);
    if (const auto* refused = std::get_if<Refusal>(&read))
        return make_refusal(*request.stanza, *refused);
    return no_such_node().error;
}

/// The same of a command.
Task<IqAnswer> hide_command(IqRequest) { co_return no_such_node().error; }

/// The module on one shard.
class Pep {
public:
    explicit Pep(core::ModuleSetup& setup)
        : engine_(setup, most_resident_bytes),
          others_(setup.other_modules()),
          nodes_(setup.account_slot<OwnerNodes>()),
          last_items_(setup, engine_.store(), nodes_) {}

    const LastItems& last_items() const { return last_items_; }

    Task<IqAnswer> answer(IqRequest request) const {
        core::Account& account = *request.account;
        // Most accounts that are asked have no nodes, and keep nothing in memory for that.
        OwnerNodes none;
        const bool has_none = request.stanza->type() == StanzaType::get && !has_nodes(account);
        const AccountService service(account, has_none ? none : nodes_.of(account));
        co_return co_await engine_.answer(service, std::move(request));
    }

    void on_sought(events::PepNodesSought& event) const {
        if (has_nodes(event.account)) event.found = true;
    }

    void on_exporting(events::AccountExporting& event) const {
        const auto read = [this](core::Account& account, std::string after) {
            return write(account, std::move(after));
        };
        event.parts.push_back({"pubsub", read});
    }

    Task<IqAnswer> answer_get_pending(IqRequest request) const {
        const AccountService service(*request.account, nodes_.of(*request.account));
        co_return co_await engine_.answer_get_pending(service, std::move(request));
    }

    /// What is asked of a node's items, or of something else that has a name.
    Task<IqAnswer> discover_items(IqRequest request) const {
        core::AccountPin account(*request.account);
        StanzaPtr stanza = request.stanza;
        if (engine_.store().has_nodes(*account)) {
            const AccountService service(*account, nodes_.of(*account));
            auto answer = co_await engine_.discover_items(service, std::move(request));
            if (answer) co_return std::move(*answer);
        }
        co_return co_await others_.ask(std::move(account), std::move(stanza));
    }

    /// Behind those that screen messages: who is blocked decides nothing.
    core::Flow on_message(events::MessageReceiving& event) const {
        const Stanza& message = *event.envelope.stanza;
        if (!message.to().is_bare() || !engine_.store().has_nodes(event.account))
            return core::Flow::next;
        const AccountService service(event.account, nodes_.of(event.account));
        auto outcome = engine_.answer_authorization(service, message);
        if (!outcome) return core::Flow::next;
        complete_soon(event.account, std::move(*outcome));
        return core::Flow::stop;
    }

    /// Whom it shows its presence, or has in a group, may read other nodes than before.
    void on_roster(const events::RosterChanged& event) const {
        if (!engine_.store().has_nodes(event.account)) return;
        OwnerNodes& nodes = nodes_.of(event.account);
        engine_.store().load(event.account, nodes);
        Jid contact = Jid::trusted(event.item.jid);
        if (!nodes.in_doubt) return review(event.account, contact);
        core::Scope& scope = event.account.context().scope_of(event.account.id());
        scope.spawn("pubsub", review_later(core::AccountPin(event.account), std::move(contact)));
    }

    void on_discovered(events::AccountDiscovered& event) const {
        using What = events::AccountDiscovered::What;
        if (event.node.empty() && event.what == What::info) add_identity(event.query, "pep");
        if (!engine_.store().has_nodes(event.account)) return;
        OwnerNodes& nodes = nodes_.of(event.account);
        engine_.store().load(event.account, nodes);
        const AccountService service(event.account, nodes);
        if (event.node.empty() && event.what == What::items) return list(service, event);
        const Node* const node = nodes.find(event.node);
        if (!node || !may_know(standing_of(service, *node, event.by))) return;
        event.known = true;
        if (event.what == What::info) describe(*node, event.query);
    }

private:
    /// A page of an export.
    Task<Result<events::ExportPage>> write(core::Account& account, std::string after) const {
        const OwnerNodes none;
        if (!has_nodes(account)) co_return co_await export_nodes(account, none, std::move(after));
        OwnerNodes& nodes = nodes_.of(account);
        const auto read = co_await engine_.store().load_items(account, nodes, {});
        if (!read) co_return read.error();
        co_return co_await export_nodes(account, nodes, std::move(after));
    }

    /// Also if what is kept of them may not be what is in storage.
    bool has_nodes(core::Account& account) const {
        return nodes_.find(account) || engine_.store().has_nodes(account);
    }
    void review(core::Account& account, const Jid& contact) const {
        const AccountService service(account, nodes_.of(account));
        Outcome outcome;
        Subscriptions(engine_.store(), service).review(outcome, contact);
        complete_soon(account, std::move(outcome));
    }
    /// Of nodes that have to be read again.
    Task<> review_later(core::AccountPin account, Jid contact) const {
        const auto read = co_await engine_.store().load_items(*account, nodes_.of(*account), {});
        if (read && account.alive()) review(*account, contact);
    }

    /// `outcome` is of no request.
    void complete_soon(core::Account& account, Outcome outcome) const {
        if (!outcome.changed) return;
        core::Scope& scope = account.context().scope_of(account.id());
        scope.spawn("pubsub", complete(core::AccountPin(account), std::move(outcome)));
    }
    Task<> complete(core::AccountPin account, Outcome outcome) const {
        const AccountService service(*account, nodes_.of(*account));
        (void)co_await engine_.complete(service, std::move(outcome));
    }

    static void list(const AccountService& service, events::AccountDiscovered& event) {
        for (const auto& node : service.nodes().nodes) {
            if (!may_know(standing_of(service, *node, event.by))) continue;
            xml::Element& item = event.query.add("item");
            item.set_attr("jid", event.account.jid().full()).set_attr("node", node->name);
            if (!node->config.title.empty()) item.set_attr("name", node->config.title);
        }
    }

    static void describe(const Node& node, xml::Element& query) {
        add_identity(query, "leaf");
        query.add("feature").set_attr("var", ns::pubsub);
        meta_data_form(node.config).append_to(query);
    }

    Engine engine_;
    core::OtherModules others_;
    core::AccountSlot<OwnerNodes> nodes_;
    LastItems last_items_;
};

/// The one command that is for owners of nodes.
void serve_get_pending(core::ModuleSetup& setup, Pep& self) {
    setup.serve_about(
        IqTarget::account, StanzaType::set, ns::commands, "command", is_get_pending,
        [&self](IqRequest request) { return self.answer_get_pending(std::move(request)); },
        core::Relation::stranger);
    setup.serve_about(IqTarget::hidden, StanzaType::set, ns::commands, "command", is_get_pending,
                      hide_command);
    setup.serve_about(IqTarget::account, StanzaType::get, ns::disco_info, "query", is_get_pending,
                      describe_get_pending, core::Relation::contact);
}

}  // namespace

void declare_options(OptionRegistry& registry) { registry.add<PubsubOptions>(); }

void install(core::ModuleSetup& setup) {
    Pep& self = setup.state<Pep>(setup);
    announce(setup, IqTarget::account,
             {"access-presence", "access-roster", "auto-subscribe", "filtered-notifications",
              "presence-subscribe"});
    for (const std::string_view space : {ns::pubsub, ns::pubsub_owner}) {
        for (const StanzaType type : {StanzaType::get, StanzaType::set}) {
            setup.serve_async(
                IqTarget::account, type, space, "pubsub",
                [&self](IqRequest request) { return self.answer(std::move(request)); },
                core::Relation::stranger);
            setup.serve(IqTarget::hidden, type, space, "pubsub", answer_hidden);
        }
    }
    setup.serve_about(
        IqTarget::account, StanzaType::get, ns::disco_items, "query",
        [](const xml::Element& query) { return !query.attr("node").empty(); },
        [&self](IqRequest request) { return self.discover_items(std::move(request)); },
        core::Relation::stranger);
    serve_get_pending(setup, self);
    setup.on(events::AccountDiscovered::Stage::add, self, &Pep::on_discovered);
    setup.on(events::AccountExporting::Stage::add, self, &Pep::on_exporting);
    setup.on(events::PepNodesSought::Stage::find, self, &Pep::on_sought);
    setup.on(events::CapabilitiesKnown::Stage::react, self.last_items(),
             &LastItems::on_capabilities);
    setup.on(events::MessageReceiving::Stage::normalise, self, &Pep::on_message);
    setup.on(events::RosterChanged::Stage::note, self, &Pep::on_roster);
    setup.on(events::PresenceReceiving::Stage::note, self.last_items(), &LastItems::on_presence);
    setup.on(events::PresenceUnseen::Stage::note, self.last_items(), &LastItems::on_unseen);
    setup.on(LastItemsSought::Stage::send, self.last_items(), &LastItems::on_sought);
}

}  // namespace clarion::pubsub
