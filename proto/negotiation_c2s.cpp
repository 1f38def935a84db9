#include "proto/negotiation_c2s.h"

#include <algorithm>

#include "base/text.h"
#include "proto/ns.h"
#include "proto/stanza.h"

namespace clarion::c2s {

namespace {

/// "1.0" and all later ones; RFC 6120, 4.7.5 compares numbers.
bool understands(std::string_view version) {
    return !version.empty() && parse_int(split(version, '.').front()).value_or(0) >= 1;
}

void append_stanza(const Server& server, const Stanza& stanza, Output& out) {
    server.framing().append_stanza(out.messages.emplace_back(), stanza.root(), ns::client);
}

// ---- What SASL says (RFC 6120, section 6.4) ----------------------------------------------------

/// "=" stands for bytes of which there are none.
Result<std::string> read_bytes(std::string_view text) {
    return text == "=" ? Result<std::string>(std::string()) : base64_decode(text);
}

std::string bytes_element(std::string_view name, std::string_view bytes) {
    const std::string encoded = base64_encode(bytes);
    std::string out;
    out.reserve(encoded.size() + 2 * name.size() + ns::sasl.size() + 20);
    out.append("<").append(name).append(" xmlns='").append(ns::sasl).append("'>");
    out.append(encoded).append("</").append(name).append(">");
    return out;
}

/// Bytes of each, so that it need not grow step by step.
constexpr std::size_t usual_header = 255;
constexpr std::size_t usual_features = 1023;

std::string& new_message(Output& out, std::size_t size) {
    std::string& message = out.messages.emplace_back();
    message.reserve(size);
    return message;
}

std::string success_xml(std::string_view additional_data) {
    if (additional_data.empty()) return "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
    return bytes_element("success", additional_data);
}

std::string failure_xml(sasl::Condition condition) {
    return "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" + std::string(name(condition)) +
           "/></failure>";
}

}  // namespace

// ---- Headers and features (RFC 6120, 4.7 and 4.3) ----------------------------------------------

void Negotiation::on_encrypted(sasl::ChannelBindings bindings) {
    if (encryption_ == Encryption::none) encryption_ = Encryption::starttls;
    bindings_ =
        bindings.any() ? std::make_unique<sasl::ChannelBindings>(std::move(bindings)) : nullptr;
    header_due_ = true;
}

Step Negotiation::close(StreamErrorCondition condition, std::string_view text) {
    if (state_ == State::closed) return Close{};
    state_ = State::closed;
    return Close{condition, text};
}

Step Negotiation::on_open(const Server& server, const xml::StreamHeader& header, Output& out) {
    if (state_ == State::closed) return Close{};
    const auto to = prepare_domain(header.to);
    const bool ours = to && server.is_host(*to);
    const bool changed = ours && !host_.empty() && host_ != *to;
    if (ours && !changed) host_ = *to;
    write_header(server, Jid::parse(header.from).value_or({}).bare(), out);
    if (const auto wrong = check_header(server, header, ours, changed)) {
        state_ = State::closed;
        return *wrong;
    }
    header_due_ = false;
    write_features(server, out);
    return Read{};
}

std::optional<Close> Negotiation::check_header(const Server& server,
                                               const xml::StreamHeader& header, bool ours,
                                               bool changed) {
    using Condition = StreamErrorCondition;
    if (header.content_ns != ns::client)
        return Close{Condition::invalid_namespace, "the content namespace must be jabber:client"};
    if (!ours) return Close{Condition::host_unknown, "this server does not serve that domain"};
    if (changed) return Close{Condition::host_unknown, "the domain changed within the connection"};
    if (!understands(header.version))
        return Close{Condition::unsupported_version, "version 1.0 is needed"};
    if (!may_start_tls_ && !may_log_in(server.policy(host_)))
        return Close{Condition::policy_violation, "the connection must be encrypted (https)"};
    return std::nullopt;
}

void Negotiation::write_header(const Server& server, std::string_view to, Output& out) const {
    const std::string id = server.make_stream_id();
    server.framing().append_header(new_message(out, usual_header),
                                   {.content_ns = ns::client,
                                    .from = host_.empty() ? server.usual_host() : host_,
                                    .to = to,
                                    .id = id,
                                    .lang = our_language});
}

bool Negotiation::may_log_in(const Policy& policy) const {
    return encrypted() || !policy.require_encryption;
}

bool Negotiation::offers_tls(const Policy& policy) const {
    return !encrypted() && may_start_tls_ && policy.can_encrypt;
}

std::vector<sasl::Mechanism> Negotiation::offered(const Policy& policy) const {
    std::vector<sasl::Mechanism> result;
    if (!may_log_in(policy)) return result;
    result.reserve(sasl::all_mechanisms().size());
    for (const auto mechanism : sasl::all_mechanisms()) {
        if (sasl::is_plus(mechanism) && !bindings_) continue;
        if (mechanism == sasl::Mechanism::plain && !encrypted() &&
            !policy.allow_plain_without_encryption)
            continue;
        result.push_back(mechanism);
    }
    return result;
}

void Negotiation::write_features(const Server& server, Output& out) const {
    xml::Document document("features", ns::streams);
    xml::Element& features = document.root();
    if (authenticated()) {
        features.add("bind", ns::bind);
        features.add("session", ns::session).add("optional");
        server.add_features(facts(), Offer::session, features);
    } else {
        const Policy policy = server.policy(host_);
        if (offers_tls(policy)) {
            auto& starttls = features.add("starttls", ns::tls);
            if (policy.require_encryption) starttls.add("required");
        }
        add_mechanisms(policy, features);
        if (may_log_in(policy)) server.add_features(facts(), Offer::login, features);
    }
    server.framing().append_features(new_message(out, usual_features), features);
}

void Negotiation::add_mechanisms(const Policy& policy, xml::Element& features) const {
    const auto list = offered(policy);
    if (list.empty()) return;
    auto& mechanisms = features.add("mechanisms", ns::sasl);
    for (const auto mechanism : list) mechanisms.add_text_child("mechanism", sasl::name(mechanism));
    if (!bindings_) return;
    auto& types = features.add("sasl-channel-binding", ns::sasl_cb);  // XEP-0440
    for (const std::string_view type : announced_bindings())
        types.add("channel-binding").set_attr("type", type);
}

std::vector<std::string_view> Negotiation::announced_bindings() const {
    std::vector<std::string_view> types;
    for (const std::string_view type : {"tls-exporter", "tls-server-end-point", "tls-unique"})
        if (bindings_ && bindings_->announces(type)) types.push_back(type);
    return types;
}

/// What add_mechanisms() wrote, as the client can compare it with what reached it (XEP-0474).
std::string Negotiation::advertised(std::span<const sasl::Mechanism> list) const {
    std::vector<std::string_view> mechanisms;
    for (const auto mechanism : list) mechanisms.push_back(sasl::name(mechanism));
    if (!bindings_) return sasl::advertised_list(mechanisms, std::nullopt);
    const auto types = announced_bindings();
    return sasl::advertised_list(mechanisms, std::span<const std::string_view>(types));
}

// ---- Elements ----------------------------------------------------------------------------------

bool Negotiation::authenticated() const {
    return state_ == State::authenticated || state_ == State::binding || state_ == State::bound;
}

bool Negotiation::awaits_login(const Server& server) const {
    return state_ == State::login && !header_due_ && may_log_in(server.policy(host_));
}

bool Negotiation::holds_credentials() const {
    return state_ == State::checking || state_ == State::challenged ||
           state_ == State::authenticated || state_ == State::binding;
}

Step Negotiation::on_element(const Server& server, const xml::Element& element, Output& out) {
    if (header_due_) return close(StreamErrorCondition::not_authorized, "a header comes first");
    switch (state_) {
        case State::login:
        case State::exchange:
        case State::challenged:
            if (element.is(ns::tls, "starttls")) return on_starttls(server, out);
            if (element.ns() == ns::sasl) return on_sasl(server, element, out);
            return Other{};
        case State::authenticated:
            if (element.is(ns::tls, "starttls")) return on_starttls(server, out);
            if (element.ns() == ns::sasl)
                return close(StreamErrorCondition::policy_violation,
                             "this stream is authenticated already");
            if (element.is(ns::client, "iq") && element.child(ns::bind, "bind"))
                return on_bind(server, element, out);
            return Other{};
        case State::checking:
        case State::failing:
        case State::binding:
        case State::bound:
        case State::closed: break;
    }
    return close(StreamErrorCondition::not_authorized, "an answer must be waited for");
}

bool Negotiation::is_for_us(const xml::Element& stanza) const {
    const std::string_view to = stanza.attr("to");
    if (to.empty()) return true;
    const auto jid = Jid::parse(to);
    return jid && (jid->full() == host_ || (authenticated() && *jid == account_));
}

Step Negotiation::refuse(const Server& server, const xml::Element& element, Output& out) {
    constexpr auto condition = StanzaErrorCondition::not_authorized;
    const std::string_view text = authenticated() ? "bind a resource first" : "log in first";
    std::shared_ptr<Stanza> refusal;
    if (is_for_us(element))
        refusal = make_refusal(element, {std::string(name(condition)), std::string(text)});
    if (!refusal) return close(StreamErrorCondition::not_authorized, text);
    append_stanza(server, *refusal, out);
    return count_failure(server);
}

Step Negotiation::count_failure(const Server& server) {
    if (++failures_ < server.policy(host_).max_failures) return Read{};
    return close(StreamErrorCondition::policy_violation, "too many failures before a session");
}

Step Negotiation::on_starttls(const Server& server, Output& out) {
    if (state_ != State::login || !offers_tls(server.policy(host_))) {
        out.refusal = {ns::tls, "failure",
                       encrypted() ? "TLS is there already" : "TLS is not offered"};
        out.messages.emplace_back("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        state_ = State::closed;
        return Close{};
    }
    out.messages.emplace_back("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    return StartTls{};
}

// ---- SASL (RFC 6120, section 6) ----------------------------------------------------------------

Step Negotiation::on_sasl(const Server& server, const xml::Element& element, Output& out) {
    if (element.name() == "auth") return on_auth(server, element, out);
    if (element.name() == "abort") return fail(sasl::Condition::aborted, "aborted by the client");
    if (element.name() != "response" || !exchange_)
        return fail(sasl::Condition::malformed_request, "unexpected element");
    const auto bytes = read_bytes(element.text());
    if (!bytes) return fail(sasl::Condition::incorrect_encoding, "not base64");
    return take(exchange_->response(*bytes), out);
}

Step Negotiation::on_auth(const Server& server, const xml::Element& auth, Output& out) {
    const auto mechanism = sasl::parse_mechanism(auth.attr("mechanism"));
    const auto list = offered(server.policy(host_));
    if (list.empty()) return fail(sasl::Condition::encryption_required, "TLS is required");
    if (!mechanism || std::find(list.begin(), list.end(), *mechanism) == list.end())
        return fail(sasl::Condition::invalid_mechanism, "not offered");
    std::optional<std::string> initial;
    if (const auto text = auth.text(); !text.empty()) {
        auto bytes = read_bytes(text);
        if (!bytes) return fail(sasl::Condition::incorrect_encoding, "not base64");
        initial = std::move(*bytes);
    }
    exchange_ = std::make_unique<sasl::ServerExchange>(exchange_options(server, *mechanism, list));
    state_ = State::exchange;
    return take(
        exchange_->start(initial ? std::optional<std::string_view>(*initial) : std::nullopt), out);
}

sasl::ExchangeOptions Negotiation::exchange_options(const Server& server, sasl::Mechanism mechanism,
                                                    std::span<const sasl::Mechanism> list) const {
    sasl::ExchangeOptions options;
    options.mechanism = mechanism;
    if (bindings_) options.bindings = *bindings_;
    options.plus_offered = sasl::is_plus(list.front());
    options.advertised = advertised(list);
    options.server_nonce = server.make_nonce();
    options.decoy_secret = server.decoy_secret();
    options.iterations = server.policy(host_).iterations;
    return options;
}

Step Negotiation::take(sasl::Step step, Output& out) {
    if (const auto* need = std::get_if<sasl::NeedCredentials>(&step)) {
        auto jid = Jid::make(need->username, host_);
        if (!jid || !jid->has_local())
            return fail(sasl::Condition::not_authorized, "not a possible user name");
        account_ = std::move(*jid);
        state_ = State::checking;
        return FindCredentials{};
    }
    if (const auto* challenge = std::get_if<sasl::Challenge>(&step)) {
        out.messages.push_back(bytes_element("challenge", challenge->bytes));
        if (state_ == State::checking) state_ = State::challenged;
        return Read{};
    }
    if (const auto* failure = std::get_if<sasl::Failure>(&step))
        return fail(failure->condition, failure->text);
    return succeed(std::get<sasl::Success>(step), out);
}

sasl::Step Negotiation::check(const std::optional<sasl::Credentials>& stored) {
    return exchange_->credentials(account_.bare(), stored);
}

Step Negotiation::on_checked(sasl::Step result, bool disabled, Output& out) {
    if (state_ != State::checking) return Close{};
    disabled_ = disabled;
    return take(std::move(result), out);
}

Step Negotiation::on_unreadable(std::string_view text) {
    if (state_ != State::checking) return Close{};
    return fail(sasl::Condition::temporary_auth_failure, text);
}

Step Negotiation::succeed(const sasl::Success& success, Output& out) {
    if (!success.authzid.empty()) {
        const auto wanted = Jid::parse(success.authzid);
        if (!wanted || *wanted != account_)
            return fail(sasl::Condition::invalid_authzid, "only oneself can be authorised");
    }
    if (disabled_)  // said to its owner only: others learn nothing of what accounts there are
        return fail(sasl::Condition::account_disabled, "the account is disabled");
    const Restart restart{exchange_->mechanism()};
    out.messages.push_back(success_xml(success.additional_data));
    exchange_.reset();
    bindings_.reset();
    state_ = State::authenticated;
    header_due_ = true;
    return restart;
}

Step Negotiation::fail(sasl::Condition condition, std::string_view text) {
    exchange_.reset();
    state_ = State::failing;
    return LoginFailed{condition, text};
}

Step Negotiation::on_paused(const Server& server, sasl::Condition condition, Output& out) {
    if (state_ != State::failing) return Close{};
    state_ = State::login;
    out.messages.push_back(failure_xml(condition));
    return count_failure(server);
}

// ---- Binding (RFC 6120, section 7) -------------------------------------------------------------

Step Negotiation::on_bind(const Server& server, const xml::Element& iq, Output& out) {
    std::string id(iq.attr("id"));
    state_ = State::binding;
    if (iq.attr("type") != "set")
        return on_bind_refused(server, id, {StanzaErrorCondition::bad_request, "binding is a set"},
                               out);
    return BindResource{std::move(id),
                        std::string(iq.child(ns::bind, "bind")->child_text(ns::bind, "resource"))};
}

Step Negotiation::on_bound(const Server& server, std::string_view id, const Jid& jid, Output& out) {
    if (state_ != State::binding) return Close{};
    const auto result = Stanza::make(StanzaKind::iq, StanzaType::result, {}, {}, id);
    result->root().add("bind", ns::bind).add_text_child("jid", jid.full());
    append_stanza(server, *result, out);
    on_session();
    return Read{};
}

Step Negotiation::on_bind_refused(const Server& server, std::string_view id,
                                  const StanzaError& error, Output& out) {
    if (state_ != State::binding) return Close{};
    state_ = State::authenticated;
    out.refusal = {ns::bind, name(error.condition), error.text};
    const auto answer = Stanza::make(StanzaKind::iq, StanzaType::error, {}, {}, id);
    add_error(answer->root(), error);
    append_stanza(server, *answer, out);
    return Read{};
}

void Negotiation::on_session() {
    account_ = {};  // the session knows whose it is
    if (authenticated()) state_ = State::bound;
}

}  // namespace clarion::c2s
