#include "server/core/c2s_stream.h"

#include <algorithm>

#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "proto/framing.h"
#include "proto/ns.h"
#include "server/core/bind_resource.h"
#include "server/core/core.h"
#include "server/core/options.h"
#include "server/core/session.h"
#include "server/events/stream_events.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"c2s"};

bool has_certificate(Core& core, std::string_view host) {
    return !core.options<TlsOptions>(host).certificate.empty();
}

std::string text_element(std::string_view name, std::string_view ns, std::string_view bytes) {
    std::string out;
    out.append("<").append(name).append(" xmlns='").append(ns).append("'>");
    out.append(base64_encode(bytes)).append("</").append(name).append(">");
    return out;
}

}  // namespace

C2sStream::C2sStream(SessionPort& port, bool direct_tls) : port_(port), encrypted_(direct_tls) {}
C2sStream::~C2sStream() { leave_pending(); }

void C2sStream::leave_pending() {
    if (PendingLogins* const pending = std::exchange(pending_, nullptr)) pending->remove(*this);
}

void C2sStream::adopt(std::shared_ptr<Session> session) {
    session_ = std::move(session);
    leave_pending();
}

void C2sStream::revoke(SessionEnd why) {
    revoked_ = true;
    leave_pending();
    const Farewell said = farewell(why);
    fail(said.error.value_or(StreamErrorCondition::not_authorized), said.text);
}

void C2sStream::on_encrypted(sasl::ChannelBindings bindings) {
    encrypted_ = true;
    bindings_ =
        bindings.any() ? std::make_unique<sasl::ChannelBindings>(std::move(bindings)) : nullptr;
}

C2sStream::Next C2sStream::fail(StreamErrorCondition condition, std::string_view text) {
    port_.close(condition, text);
    return Next::close;
}

// ---- Header and features (RFC 6120, 4.7 and 4.3) -----------------------------------------------

C2sStream::Next C2sStream::on_open(Core& core, const xml::StreamHeader& header) {
    const auto to = prepare_domain(header.to);
    const bool ours = to && core.hosts().is_host(*to);
    const bool changed = ours && !host_.empty() && host_ != *to;
    if (ours && !changed) host_ = *to;
    write_header(core, Jid::parse(header.from).value_or({}).bare());
    if (header.content_ns != ns::client)
        return fail(StreamErrorCondition::invalid_namespace,
                    "the content namespace must be jabber:client");
    if (!ours)
        return fail(StreamErrorCondition::host_unknown, "this server does not serve that domain");
    if (changed)
        return fail(StreamErrorCondition::host_unknown, "the domain changed within the connection");
    if (header.version.empty() || parse_int(split(header.version, '.').front()).value_or(0) < 1)
        return fail(StreamErrorCondition::unsupported_version, "version 1.0 is needed");
    if (state_ == State::fresh) state_ = State::negotiating;
    write_features(core);
    return Next::read;
}

void C2sStream::write_header(Core& core, std::string_view to) {
    const std::string id = random_token(16);
    const auto& hosts = core.hosts().hosts();
    const std::string_view usual = hosts.empty() ? std::string_view() : hosts.front();
    std::string out;
    port_.framing().append_header(out, {.content_ns = ns::client,
                                        .from = host_.empty() ? usual : host_,
                                        .to = to,
                                        .id = id,
                                        .lang = our_language});
    port_.write_xml(out);
}

bool C2sStream::may_log_in(Core& core) const {
    return encrypted_ || !core.options<C2sOptions>(host_).require_encryption;
}

std::vector<sasl::Mechanism> C2sStream::offered(Core& core) const {
    const auto& options = core.options<C2sOptions>(host_);
    std::vector<sasl::Mechanism> result;
    if (!may_log_in(core)) return result;
    for (const auto mechanism : sasl::all_mechanisms()) {
        if (sasl::is_plus(mechanism) && !bindings_) continue;
        if (mechanism == sasl::Mechanism::plain && !encrypted_ &&
            !options.allow_plain_without_encryption)
            continue;
        result.push_back(mechanism);
    }
    return result;
}

void C2sStream::write_features(Core& core) {
    xml::Document document("features", ns::streams);
    xml::Element& features = document.root();
    if (state_ >= State::authenticated) {
        features.add("bind", ns::bind);
        features.add("session", ns::session).add("optional");
        events::StreamFeatures event{core, host_, features};
        core.bus().fire(event);
    } else {
        if (!encrypted_ && has_certificate(core, host_)) {
            auto& starttls = features.add("starttls", ns::tls);
            if (core.options<C2sOptions>(host_).require_encryption) starttls.add("required");
        }
        add_mechanisms(core, features);
        if (may_log_in(core)) core.bus().fire(events::LoginFeatures{core, host_, features});
    }
    std::string out;
    port_.framing().append_features(out, features);
    port_.write_xml(out);
}

void C2sStream::add_mechanisms(Core& core, xml::Element& features) {
    const auto list = offered(core);
    if (list.empty()) return;
    auto& mechanisms = features.add("mechanisms", ns::sasl);
    for (const auto mechanism : list) mechanisms.add_text_child("mechanism", sasl::name(mechanism));
    if (!bindings_) return;
    auto& types = features.add("sasl-channel-binding", ns::sasl_cb);  // XEP-0440
    for (const std::string_view type : {"tls-exporter", "tls-server-end-point", "tls-unique"})
        if (bindings_->announces(type)) types.add("channel-binding").set_attr("type", type);
}

// ---- Elements before a session -----------------------------------------------------------------

Task<C2sStream::Next> C2sStream::on_element(Core& core, xml::Document element) {
    const xml::Element& root = element.root();
    if (root.is(ns::tls, "starttls")) co_return on_starttls(core);
    if (root.ns() == ns::sasl) co_return co_await on_sasl(core, root);
    const bool logged_in = state_ >= State::authenticated;
    if (logged_in && root.is(ns::client, "iq") && root.child(ns::bind, "bind"))
        co_return co_await on_bind(core, std::move(element));
    if (const StreamHandlerEntry* entry = find_handler(core, root))
        co_return co_await entry->handler(*this, core, root);
    co_return refuse(core, root, logged_in ? "bind a resource first" : "log in first");
}

/// Who serves the element in this phase, or else in any. Of an iq before the login the payload
/// counts.
const StreamHandlerEntry* C2sStream::find_handler(Core& core, const xml::Element& root) const {
    const bool logged_in = state_ >= State::authenticated;
    const bool logs_in = state_ == State::negotiating && may_log_in(core);
    const xml::Element* payload =
        logs_in && root.is(ns::client, "iq") ? root.first_child() : nullptr;
    const xml::Element& what = payload ? *payload : root;
    const StreamHandlerEntry* any = nullptr;
    for (const auto& entry : core.stream_handlers()) {
        if (!what.is(entry.ns, entry.name) || is_off(entry.off, host_)) continue;
        if (entry.phase == StreamPhase::any)
            any = &entry;
        else if (entry.phase == StreamPhase::bind ? logged_in : logs_in)
            return &entry;
    }
    return any;
}

bool C2sStream::is_for_us(const xml::Element& stanza) const {
    const std::string_view to = stanza.attr("to");
    if (to.empty()) return true;
    const auto jid = Jid::parse(to);
    return jid && (jid->full() == host_ || (authenticated() && *jid == account_));
}

C2sStream::Next C2sStream::refuse(Core& core, const xml::Element& element, std::string_view text) {
    constexpr auto condition = StanzaErrorCondition::not_authorized;
    StanzaPtr refusal;
    if (is_for_us(element))
        refusal = make_refusal(element, {std::string(name(condition)), std::string(text)});
    if (!refusal) return fail(StreamErrorCondition::not_authorized, text);
    const std::string who = account_.empty() ? port_.info().address : std::string(account_.bare());
    core.refusals().on_element(who, element, {condition, std::string(text)});
    port_.write(*refusal);
    return count_failure(core);
}

C2sStream::Next C2sStream::count_failure(Core& core) {
    if (++failures_ < core.options<AuthOptions>(host_).max_failures) return Next::read;
    return fail(StreamErrorCondition::policy_violation, "too many failures before a session");
}

C2sStream::Next C2sStream::on_starttls(Core& core) {
    if (encrypted_ || state_ != State::negotiating || !has_certificate(core, host_)) {
        core.refusals().on_request(port_.info().address, ns::tls, "failure",
                                   encrypted_ ? "TLS is there already" : "TLS is not offered");
        port_.write_xml("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        port_.close(std::nullopt);
        return Next::close;
    }
    port_.write_xml("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    return Next::start_tls;
}

// ---- SASL (RFC 6120, section 6) ----------------------------------------------------------------

Task<C2sStream::Next> C2sStream::on_sasl(Core& core, const xml::Element& element) {
    if (state_ >= State::authenticated)
        co_return fail(StreamErrorCondition::policy_violation,
                       "this stream is authenticated already");
    if (element.name() == "auth") co_return co_await on_auth(core, element);
    if (element.name() == "response" && exchange_) co_return co_await on_response(core, element);
    if (element.name() == "abort")
        co_return co_await auth_failed(core, sasl::Condition::aborted, "aborted by the client");
    co_return co_await auth_failed(core, sasl::Condition::malformed_request, "unexpected element");
}

Task<C2sStream::Next> C2sStream::on_auth(Core& core, const xml::Element& auth) {
    leave_pending();  // an attempt that was not finished
    const auto mechanism = sasl::parse_mechanism(auth.attr("mechanism"));
    const auto list = offered(core);
    if (list.empty())
        co_return co_await auth_failed(core, sasl::Condition::encryption_required,
                                       "TLS is required");
    if (!mechanism || std::find(list.begin(), list.end(), *mechanism) == list.end())
        co_return co_await auth_failed(core, sasl::Condition::invalid_mechanism, "not offered");
    std::optional<std::string> initial;
    if (const auto text = auth.text(); text == "=")
        initial = "";
    else if (!text.empty()) {
        auto decoded = base64_decode(text);
        if (!decoded)
            co_return co_await auth_failed(core, sasl::Condition::incorrect_encoding, "not base64");
        initial = std::move(*decoded);
    }
    sasl::ExchangeOptions options;
    options.mechanism = *mechanism;
    if (bindings_) options.bindings = *bindings_;
    options.plus_offered = sasl::is_plus(list.front());
    options.server_nonce = sasl::make_nonce();
    options.decoy_secret = core.shared().scram_secret;
    options.iterations =
        static_cast<std::uint32_t>(core.options<AuthOptions>(host_).scram_iterations);
    exchange_ = std::make_unique<sasl::ServerExchange>(std::move(options));
    state_ = State::authenticating;
    sasl::Step step =
        exchange_->start(initial ? std::optional<std::string_view>(*initial) : std::nullopt);
    co_return co_await take(core, std::move(step));
}

Task<C2sStream::Next> C2sStream::on_response(Core& core, const xml::Element& response) {
    const auto text = response.text();
    auto decoded = text == "=" ? Result<std::string>(std::string()) : base64_decode(text);
    if (!decoded)
        co_return co_await auth_failed(core, sasl::Condition::incorrect_encoding, "not base64");
    sasl::Step step = exchange_->response(*decoded);
    co_return co_await take(core, std::move(step));
}

Task<C2sStream::Next> C2sStream::take(Core& core, sasl::Step step) {
    if (auto* need = std::get_if<sasl::NeedCredentials>(&step)) {
        auto jid = Jid::make(need->username, host_);
        if (!jid || !jid->has_local())
            co_return co_await auth_failed(core, sasl::Condition::not_authorized,
                                           "not a possible user name");
        account_ = std::move(*jid);
        home_ = core.shared().shards.owner_of(account_.bare());
        if (home_ != core.shard().index()) co_return Next::move;
        co_return co_await on_arrived(core);
    }
    if (auto* challenge = std::get_if<sasl::Challenge>(&step)) {
        port_.write_xml(text_element("challenge", ns::sasl, challenge->bytes));
        co_return Next::read;
    }
    if (auto* failure = std::get_if<sasl::Failure>(&step))
        co_return co_await auth_failed(core, failure->condition, failure->text);
    co_return co_await succeed(core, std::get<sasl::Success>(std::move(step)));
}

/// Who traces the account sees the stream from here on, first what named the account.
void C2sStream::trace_login(Core& core) const {
    Trace* const trace = core.trace();
    if (!trace) return;
    const std::string address = port_.info().address;
    xml::Document auth("auth", ns::sasl);
    auth.root().set_attr("mechanism", sasl::name(exchange_->mechanism())).add_text("-");
    trace->on_element({"c2s", account_.bare(), {}, address}, TraceEvent::received, auth.root());
}

Task<C2sStream::Next> C2sStream::on_arrived(Core& core) {
    trace_login(core);
    std::optional<sasl::Credentials> stored;
    disabled_ = false;
    pending_ = &core.pending_logins();
    pending_->add(*this);
    const auto record = co_await core.storage().accounts().find(std::string(account_.bare()));
    if (!record) {
        co_return co_await auth_failed(core, sasl::Condition::temporary_auth_failure,
                                       "the account cannot be read");
    }
    if (*record) {
        disabled_ = (*record)->disabled;
        stored = (*record)->credentials;
    }
    std::optional<sasl::Step> step;
    if (exchange_->mechanism() == sasl::Mechanism::plain)  // a PBKDF2: not on this thread
        co_await core.shard().offload(
            [&] { step = exchange_->credentials(account_.bare(), stored); });
    else
        step = exchange_->credentials(account_.bare(), stored);
    if (!step)
        co_return co_await auth_failed(core, sasl::Condition::temporary_auth_failure, "no worker");
    co_return co_await take(core, std::move(*step));
}

Task<C2sStream::Next> C2sStream::succeed(Core& core, sasl::Success success) {
    if (revoked_) co_return Next::close;
    if (!success.authzid.empty()) {
        auto wanted = Jid::parse(success.authzid);
        if (!wanted || *wanted != account_)
            co_return co_await auth_failed(core, sasl::Condition::invalid_authzid,
                                           "only oneself can be authorised");
    }
    if (disabled_)  // said to its owner only: others learn nothing of what accounts there are
        co_return co_await auth_failed(core, sasl::Condition::account_disabled,
                                       "the account is disabled");
    core.login_throttle().on_success(account_.bare());
    static Counter& logins = metrics().counter("clarion_logins_total", "Successful client logins");
    logins.add();
    logger.info("authenticated", {{"account", account_.full()},
                                  {"mechanism", sasl::name(exchange_->mechanism())},
                                  {"address", port_.info().address},
                                  {"tls", encrypted_}});
    port_.write_xml(success.additional_data.empty()
                        ? std::string("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
                        : text_element("success", ns::sasl, success.additional_data));
    exchange_.reset();
    bindings_.reset();
    state_ = State::authenticated;
    co_return Next::restart;
}

Task<C2sStream::Next> C2sStream::auth_failed(Core& core, sasl::Condition condition,
                                             std::string_view text) {
    exchange_.reset();
    leave_pending();
    state_ = State::negotiating;
    const auto& options = core.options<AuthOptions>(host_);
    static Counter& failures =
        metrics().counter("clarion_login_failures_total", "Client logins that failed");
    failures.add();
    const std::string address = port_.info().address;
    logger.info("login-failed", {{"account", account_.full()},
                                 {"address", address},
                                 {"condition", sasl::name(condition)},
                                 {"text", text}});
    if (condition == sasl::Condition::not_authorized)
        co_await core.shard().sleep(
            core.login_throttle().on_failure(core.clock().steady(), address, account_.bare(),
                                             options.failure_delay, options.max_failure_delay));
    port_.write_xml("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" +
                    std::string(sasl::name(condition)) + "/></failure>");
    co_return count_failure(core);
}

// ---- Binding (RFC 6120, section 7) -------------------------------------------------------------

Task<C2sStream::Next> C2sStream::on_bind(Core& core, xml::Document element) {
    const std::string id(element.root().attr("id"));
    const std::string wanted(
        element.root().child(ns::bind, "bind")->child_text(ns::bind, "resource"));
    if (element.root().attr("type") != "set")
        co_return bind_failed(core, id, {StanzaErrorCondition::bad_request, "binding is a set"});
    BindRequest request{.account = account_, .resource = wanted, .abandoned = &revoked_};
    Bound bound = co_await bind_resource(core, port_, std::move(request));
    if (bound.refused) co_return bind_failed(core, id, *bound.refused);
    if (revoked_) co_return Next::close;
    if (!bound.session) co_return fail(StreamErrorCondition::not_authorized, "the account is gone");
    adopt(std::move(bound.session));
    account_ = {};  // the session knows whose it is
    state_ = State::bound;
    auto result = Stanza::make(StanzaKind::iq, StanzaType::result, {}, {}, id);
    result->root().add("bind", ns::bind).add_text_child("jid", session_->jid().full());
    port_.write(*result);
    begin_session(*session_);
    co_return Next::read;
}

C2sStream::Next C2sStream::bind_failed(Core& core, std::string_view id, const StanzaError& error) {
    core.refusals().on_request(account_.bare(), ns::bind, name(error.condition), error.text);
    auto answer = Stanza::make(StanzaKind::iq, StanzaType::error, {}, {}, id);
    add_error(answer->root(), error);
    port_.write(*answer);
    return Next::read;
}

}  // namespace clarion::core
