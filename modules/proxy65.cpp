#include "modules/proxy65.h"

#include <functional>
#include <memory>

#include "base/text.h"
#include "proto/ns.h"
#include "proto/socks5.h"
#include "server/core/delivery/service.h"
#include "server/core/routing/bytestream_port.h"
#include "server/core/setup/remote_call.h"

namespace clarion::proxy65 {

namespace {

using core::Context;
using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using core::Relation;
using Condition = StanzaErrorCondition;

/// The domain alone: it has nobody in it.
class Proxies final : public core::Service {
public:
    explicit Proxies(Context& context) : Service(context, "proxy") {}

    void describe(xml::Element& query, core::Actor*) override {
        query.add("identity")
            .set_attr("category", "proxy")
            .set_attr("type", "bytestreams")
            .set_attr("name", "File transfer proxy");
    }

private:
    Task<Result<std::unique_ptr<core::Actor>>> read(std::string) override {
        co_return std::unique_ptr<core::Actor>();
    }
    void on_message(core::Actor&, core::Envelope) override {}
    void on_presence(core::Actor&, core::Envelope) override {}
};

/// nullptr: the domain is not configured any more.
const ProxyOptions* options_of(const Context& context, std::string_view domain) {
    for (const auto& [name, options] : context.config().named<ProxyOptions>())
        if (const auto prepared = prepare_domain(name); prepared && *prepared == domain)
            return &options;
    return nullptr;
}

bool may_use(const Context& context, const ProxyOptions& options, const Jid& who) {
    return options.access == "anyone" || context.domains().is_ours(who.domain());
}

/// Whose streams are counted together. Other servers invent as many accounts as they like.
std::string account_of(const Context& context, const Jid& who) {
    return std::string(context.domains().is_ours(who.domain()) ? who.bare() : who.domain());
}

/// What keeps the sender from using the proxy at all (XEP-0065, 4).
std::optional<StanzaError> refusal(const Context& context, const IqRequest& request) {
    const ProxyOptions* const options = options_of(context, request.host);
    const core::BytestreamPort* const port = context.links().bytestreams();
    if (!options || !port || port->port() == 0)
        return StanzaError(Condition::not_allowed, "the proxy is out of service");
    if (!may_use(context, *options, request.from)) return StanzaError(Condition::forbidden);
    return std::nullopt;
}

IqAnswer tell_address(const Context& context, const IqRequest& request) {
    if (auto refused = refusal(context, request)) return *refused;
    const ProxyOptions& options = *options_of(context, request.host);
    const std::int64_t port =
        options.port != 0 ? options.port : context.links().bytestreams()->port();
    auto result = make_result(*request.stanza);
    result->root()
        .add("query", ns::bytestreams)
        .add("streamhost")
        .set_attr("jid", request.host)
        .set_attr("host", options.host.empty() ? request.host : options.host)
        .set_attr("port", std::to_string(port));
    return result;
}

/// The address of the stream that its requester, who asks, wants to be active (6.3.5).
Result<std::string> address_in(const IqRequest& request) {
    const std::string_view sid = request.payload().attr("sid");
    const xml::Element* const activate = request.payload().child(ns::bytestreams, "activate");
    if (sid.empty() || !activate) return fail("bad-request", "which stream?");
    const auto target = Jid::parse(trim(activate->text()));
    if (!target) return target.error();
    return socks5::stream_address(sid, request.from, *target);
}

Task<IqAnswer> activate(Context& context, IqRequest request) {
    if (auto refused = refusal(context, request)) co_return *refused;
    const Result<std::string> address = address_in(request);
    if (!address) co_return to_stanza_error(address.error());
    const std::string account = account_of(context, request.from);
    Result<> activated = fail("internal-server-error", "the server is stopping");
    const std::function<Task<>(Context&)> work = [&](Context& there) -> Task<> {
        activated = there.links().bytestreams()->activate(*address, account);
        co_return;
    };
    co_await core::call_on_shard(context, context.links().bytestreams()->meeting_shard(*address),
                                 work);
    if (!activated) co_return to_stanza_error(activated.error());
    co_return make_result(*request.stanza);
}

}  // namespace

void ProxyOptions::declare(OptionTable<ProxyOptions>& t) {
    t.named("proxy65",
            "A proxy for SOCKS5 bytestreams (XEP-0065) under a domain of its own, through which "
            "clients send each other files: [proxy65.\"proxy.example.org\"]. It needs a [[listen]] "
            "type = \"proxy65\"; [bytestreams] says what it may cost.")
        .live();
    t.add("access", &ProxyOptions::access)
        .choices({"local", "anyone"})
        .doc(
            "Who may have streams activated: \"local\", users and components of this server; "
            "\"anyone\", users of other servers too. To whom they send is not restricted.");
    t.add("host", &ProxyOptions::host)
        .doc(
            "The name or IP address to which clients are told to connect; empty: the domain of the "
            "proxy, which then needs an address record in DNS.");
    t.add("port", &ProxyOptions::port)
        .min(0)
        .max(65535)
        .doc("The port that they are told; 0: that of the listener.");
}

void declare_options(OptionRegistry& registry) { registry.add<ProxyOptions>(); }

/// A name that is no domain is reported when the configuration is checked.
std::vector<core::ServiceDomain> domains(const Config& config, std::span<const std::string>) {
    std::vector<core::ServiceDomain> all;
    for (const auto& [name, options] : config.named<ProxyOptions>())
        if (auto domain = prepare_domain(name)) all.push_back({.domain = std::move(*domain)});
    return all;
}

void install(core::ModuleSetup& setup) {
    Context& context = setup.context();
    const std::vector<std::string> served = setup.services();
    if (served.empty()) return;
    Proxies& proxies = setup.state<Proxies>(context);
    for (const std::string& domain : served) setup.serve_domain(domain, proxies);
    setup.feature(IqTarget::service, ns::bytestreams);
    setup.serve(
        IqTarget::service, StanzaType::get, ns::bytestreams, "query",
        [&context](IqRequest& request) { return tell_address(context, request); },
        Relation::stranger);
    setup.serve_async(
        IqTarget::service, StanzaType::set, ns::bytestreams, "query",
        [&context](IqRequest request) { return activate(context, std::move(request)); },
        Relation::stranger);
}

}  // namespace clarion::proxy65
