#include "modules/pubsub/domain/services.h"

#include "modules/pubsub/domain/service_disco.h"
#include "modules/pubsub/features.h"
#include "modules/pubsub/pending_command.h"
#include "proto/ns.h"
#include "server/core/context.h"
#include "server/core/routing/router.h"
#include "server/runtime/shard.h"

namespace clarion::pubsub {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;

namespace {

/// What the configurations of all nodes of a service may take, with who is something to them.
constexpr std::size_t most_resident_bytes = 16u << 20;

IqAnswer no_answer() { return std::shared_ptr<Stanza>(); }

}  // namespace

Services::Services(core::ModuleSetup& setup)
    : context_(setup.context()), engine_(setup, most_resident_bytes) {
    for (const std::string& domain : setup.services()) {
        const auto made = directories_.try_emplace(domain, context_, domain, engine_).first;
        setup.serve_domain(domain, made->second);
    }
}

DomainDirectory* Services::find(std::string_view domain) {
    const auto at = directories_.find(domain);
    return at == directories_.end() ? nullptr : &at->second;
}

IqAnswer Services::pass_on(const IqRequest& request, const Error& why) const {
    if (!why.is(error_code::moved)) return to_stanza_error(why);
    context_.router().route(request.stanza);
    return no_answer();
}

// ---- Requests about nodes ----------------------------------------------------------------------

Task<IqAnswer> Services::answer(IqRequest request) {
    std::string asker = request.from.full();
    const auto turn = co_await turns_.take(context_.shard(), std::move(asker));
    const auto domain = co_await find(request.host)->load_nodes();
    if (!domain) co_return pass_on(request, domain.error());
    auto answer = co_await answer_in_turn(**domain, std::move(request));
    if (!domain->alive()) co_return no_answer();
    co_return answer;
}

/// Nothing is changed while too many have not been told of the changes before.
Task<IqAnswer> Services::answer_in_turn(PubsubDomain& domain, IqRequest request) {
    const auto most = static_cast<std::size_t>(domain.options().max_waiting_notices);
    if (request.stanza->type() == StanzaType::set && domain.fan_out().waiting() > most)
        co_return StanzaError(StanzaErrorCondition::resource_constraint, StanzaErrorType::wait,
                              "too many notifications are under way");
    Jid asker = request.from;
    const DomainService service =
        co_await find(request.host)->service_for(domain, std::move(asker));
    if (domain.deleted()) co_return no_answer();
    co_return co_await engine_.answer(service, std::move(request));
}

// ---- What reads the nodes only ------------------------------------------------------------------

Task<IqAnswer> Services::ask(IqRequest request, Reader reader) {
    const auto domain = co_await find(request.host)->load_nodes();
    if (!domain) co_return pass_on(request, domain.error());
    Jid asker = request.from;
    const DomainService service =
        co_await find(request.host)->service_for(**domain, std::move(asker));
    auto answer = co_await (this->*reader)(service, std::move(request));
    if (!domain->alive()) co_return no_answer();
    co_return answer;
}

Task<IqAnswer> Services::answer_node_info(const DomainService& service, IqRequest request) {
    const std::string name(request.payload().attr("node"));
    const Node* const node = service.nodes().find(name);
    if (!node || !may_know(standing_of(service, *node, request.from)))
        co_return no_such_node().error;
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_info).set_attr("node", name);
    describe_node(*node, query);
    co_return result;
}

Task<IqAnswer> Services::answer_items(const DomainService& service, IqRequest request) {
    const auto rsm = read_rsm(request.payload());
    if (!rsm) co_return to_stanza_error(rsm.error());
    if (!request.payload().attr("node").empty()) {
        auto answer = co_await engine_.discover_items(service, std::move(request));
        if (!answer) co_return no_such_node().error;
        co_return std::move(*answer);
    }
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    if (const auto refused = list_nodes(service, request.from, *rsm, query))
        co_return refused->error;
    co_return result;
}

Task<IqAnswer> Services::answer_get_pending(const DomainService& service, IqRequest request) {
    co_return co_await engine_.answer_get_pending(service, std::move(request));
}

Task<IqAnswer> Services::list_commands(const DomainService& service, IqRequest request) {
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    query.set_attr("node", ns::commands);
    if (owns_some(service, request.from)) list_get_pending(query, service.owner().jid());
    co_return result;
}

// ---- The module --------------------------------------------------------------------------------

void declare_service_options(OptionRegistry& registry) { registry.add<ServiceOptions>(); }

std::vector<core::ServiceDomain> service_domains(const Config& config,
                                                 std::span<const std::string>) {
    std::vector<core::ServiceDomain> all;
    for (const auto& [name, options] : config.named<ServiceOptions>()) {
        auto domain = prepare_domain(name);
        all.push_back({.domain = domain ? std::move(*domain) : name, .home = core::HomeBy::domain});
    }
    return all;
}

void install_services(core::ModuleSetup& setup) {
    // What a module without services serves it serves at all services.
    if (setup.services().empty()) return;
    Services& self = setup.state<Services>(setup);
    announce(setup, IqTarget::service, {});
    for (const std::string_view space : {ns::pubsub, ns::pubsub_owner})
        for (const StanzaType type : {StanzaType::get, StanzaType::set})
            setup.serve_async(
                IqTarget::service, type, space, "pubsub",
                [&self](IqRequest request) { return self.answer(std::move(request)); },
                core::Relation::stranger);
    const auto read_by = [&self](Services::Reader reader) {
        return [&self, reader](IqRequest request) { return self.ask(std::move(request), reader); };
    };
    setup.serve_about(
        IqTarget::service, StanzaType::get, ns::disco_info, "query",
        [](const xml::Element& query) {
            return !query.attr("node").empty() && !is_get_pending(query);
        },
        read_by(&Services::answer_node_info), core::Relation::stranger);
    setup.serve_async(IqTarget::service, StanzaType::get, ns::disco_items, "query",
                      read_by(&Services::answer_items), core::Relation::stranger);
    setup.feature(IqTarget::service, ns::commands);
    setup.serve_about(IqTarget::service, StanzaType::set, ns::commands, "command", is_get_pending,
                      read_by(&Services::answer_get_pending), core::Relation::stranger);
    setup.serve_about(IqTarget::service, StanzaType::get, ns::disco_info, "query", is_get_pending,
                      describe_get_pending, core::Relation::stranger);
    setup.serve_about(
        IqTarget::service, StanzaType::get, ns::disco_items, "query",
        [](const xml::Element& query) { return query.attr("node") == ns::commands; },
        read_by(&Services::list_commands), core::Relation::stranger);
    setup.on<ServicesSought>(ServicesSought::Stage::find,
                             [&self](ServicesSought& event) { event.found = &self; });
}

}  // namespace clarion::pubsub
