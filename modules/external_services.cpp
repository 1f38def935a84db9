#include "modules/external_services.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/text.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "server/core/address/domains.h"

namespace clarion::external_services {

using core::Context;
using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using Condition = StanzaErrorCondition;

Credentials make_credentials(std::string_view secret, std::string_view account, WallTime now,
                             Duration lifetime) {
    const auto expires = std::chrono::floor<std::chrono::seconds>(now + lifetime);
    std::string username = std::to_string(expires.time_since_epoch().count());
    username += ':';
    username += account;
    std::string password = base64_encode(crypto::hmac_sha1(secret, username));
    return {std::move(username), std::move(password), expires};
}

void add_service(xml::Element& parent, const ServiceOptions& service, std::string_view account,
                 WallTime now) {
    xml::Element& added = parent.add("service");
    added.set_attr("type", service.type).set_attr("host", service.host);
    if (service.port != 0) added.set_attr("port", std::to_string(service.port));
    added.set_attr("transport", service.transport);
    if (!service.name.empty()) added.set_attr("name", service.name);
    if (!service.needs_credentials()) return;
    added.set_attr("restricted", "1");
    if (service.secret.empty()) {
        added.set_attr("username", service.username).set_attr("password", service.password);
        return;
    }
    const auto made = make_credentials(service.secret, account, now, service.lifetime);
    added.set_attr("username", made.username).set_attr("password", made.password);
    added.set_attr("expires", format_datetime(made.expires));
}

bool is_meant(const ServiceOptions& service, const xml::Element& wanted) {
    const auto port = wanted.find_attr("port");
    return wanted.attr("type") == service.type && wanted.attr("host") == service.host &&
           (!port || *port == std::to_string(service.port));
}

namespace {

const std::vector<ServiceOptions>& services(const Context& context) {
    return context.config().list<ServiceOptions>();
}

bool is_local_account(const Context& context, const Jid& who) {
    return who.has_local() && context.domains().is_host(who.domain());
}

/// All services, or those of a type.
IqAnswer list(const Context& context, IqRequest& request) {
    if (!is_local_account(context, request.from)) return StanzaError(Condition::forbidden);
    const std::string_view type = request.payload().attr("type");
    auto result = make_result(*request.stanza);
    xml::Element& answer = result->root().add("services", ns::extdisco);
    if (!type.empty()) answer.set_attr("type", type);
    for (const ServiceOptions& service : services(context))
        if (type.empty() || type == service.type)
            add_service(answer, service, request.from.bare(), context.clock().wall());
    return result;
}

/// What lets the account into the services that its <service/> means.
IqAnswer give_credentials(const Context& context, IqRequest& request) {
    if (!is_local_account(context, request.from)) return StanzaError(Condition::forbidden);
    const xml::Element* wanted = request.payload().child(ns::extdisco, "service");
    if (!wanted || wanted->attr("host").empty() || wanted->attr("type").empty())
        return StanzaError(Condition::bad_request, "which service?");
    auto result = make_result(*request.stanza);
    xml::Element& answer = result->root().add("credentials", ns::extdisco);
    for (const ServiceOptions& service : services(context))
        if (service.needs_credentials() && is_meant(service, *wanted))
            add_service(answer, service, request.from.bare(), context.clock().wall());
    if (!answer.has_children()) return StanzaError(Condition::item_not_found);
    return result;
}

Result<> check(const ServiceOptions& service) {
    if (service.username.empty() != service.password.empty())
        return fail(error_code::config, "username and password belong together");
    if (!service.secret.empty() && !service.username.empty())
        return fail(error_code::config, "it has a secret, or a username and password, not both");
    return {};
}

}  // namespace

void ServiceOptions::declare(OptionTable<ServiceOptions>& t) {
    using namespace std::chrono_literals;
    t.list(
        "external_service",
        "A server outside that users are told of (XEP-0215), such as STUN and TURN for calls; as "
        "many of these tables as needed.");
    t.add("type", &ServiceOptions::type)
        .required()
        .doc("What it is, as registered for XEP-0215: stun, stuns, turn, turns.");
    t.add("host", &ServiceOptions::host).required().doc("Its domain or IP address.");
    t.add("port", &ServiceOptions::port)
        .min(0)
        .max(65535)
        .doc("Its port; 0: none is told, which means the usual one.");
    t.add("transport", &ServiceOptions::transport)
        .choices({"udp", "tcp"})
        .doc("What it is reached by.");
    t.add("name", &ServiceOptions::name).doc("What people may call it.");
    t.add("username", &ServiceOptions::username)
        .doc("The user name that lets anybody in, if there is one for all.");
    t.add("password", &ServiceOptions::password).secret().doc("The password to that.");
    t.add("secret", &ServiceOptions::secret)
        .secret()
        .doc(
            "Shared with the service, which lets in whoever has a user name and password made with "
            "it: each account has its own, for a time. Of coturn it is static-auth-secret, with "
            "use-auth-secret; of eturnal, secret.");
    t.add("lifetime", &ServiceOptions::lifetime)
        .min(60s)
        .doc("How long what is made with the secret lets in.");
    t.check(check);
}

void declare_options(OptionRegistry& registry) { registry.add<ServiceOptions>(); }

void install(core::ModuleSetup& setup) {
    const Context& context = setup.context();
    if (services(context).empty()) return;
    setup.host_feature(ns::extdisco);
    setup.serve(IqTarget::host, StanzaType::get, ns::extdisco, "services",
                [&context](IqRequest& request) { return list(context, request); });
    setup.serve(IqTarget::host, StanzaType::get, ns::extdisco, "credentials",
                [&context](IqRequest& request) { return give_credentials(context, request); });
}

}  // namespace clarion::external_services
