#include "server/core/streams/c2s_stream.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/address/domains.h"
#include "server/core/address/homes.h"
#include "server/core/address/partitions.h"
#include "server/core/context.h"
#include "server/core/events/stream_events.h"
#include "server/core/internals.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/trace.h"
#include "server/core/streams/bind_resource.h"
#include "server/core/streams/decoy_iterations.h"
#include "server/core/streams/pending_logins.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"
#include "storage/storage.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"c2s"};

/// What tells these credentials from those after a change of the password.
std::string key_of(const sasl::Credentials& credentials) {
    const auto& scram = credentials.sha256 ? credentials.sha256 : credentials.sha1;
    return scram ? scram->stored_key : std::string();
}

void log_failure(Context& context, const Jid& account, const ConnectionInfo& peer,
                 const c2s::LoginFailed& failed) {
    const Logger::Fields fields{{"account", account.full()},
                                {"address", peer.address},
                                {"condition", sasl::name(failed.condition)},
                                {"text", failed.text}};
    if (context.refusals().admit(peer.network, "login-failed"))
        logger.info("login-failed", fields);
    else
        logger.debug("login-failed", fields);
}

LoginThrottle::Pauses pauses(const Context& context, std::string_view host) {
    const auto& options = context.options<AuthOptions>(host);
    return {options.failure_delay, options.max_failure_delay};
}

}  // namespace

/// What the negotiation may know of the server; lives as long as one call.
class C2sStream::Surroundings final : public c2s::Server {
public:
    Surroundings(Context& context, const SessionPort& port) : context_(context), port_(port) {}

    bool is_host(std::string_view domain) const override {
        return context_.domains().is_host(domain);
    }
    std::string_view usual_host() const override {
        const auto& hosts = context_.domains().hosts();
        return hosts.empty() ? std::string_view() : hosts.front();
    }
    c2s::Policy policy(std::string_view host) const override {
        const auto& c2s = context_.options<C2sOptions>(host);
        const auto& auth = context_.options<AuthOptions>(host);
        return {.can_encrypt = !context_.options<TlsOptions>(host).certificate.empty(),
                .require_encryption = c2s.require_encryption,
                .allow_plain_without_encryption = c2s.allow_plain_without_encryption,
                .max_failures = auth.max_failures,
                .iterations = static_cast<std::uint32_t>(auth.scram_iterations)};
    }
    const Framing& framing() const override { return port_.framing(); }
    std::string_view decoy_secret() const override { return context_.secrets().scram; }
    std::string make_stream_id() const override { return random_token(16); }
    std::string make_nonce() const override { return sasl::make_nonce(); }
    void add_features(const c2s::StreamFacts& stream, c2s::Offer offer,
                      xml::Element& features) const override {
        if (offer == c2s::Offer::session)
            context_.bus().fire(events::StreamFeatures{context_, stream, features});
        else
            context_.bus().fire(events::LoginFeatures{context_, stream, features});
    }

private:
    Context& context_;
    const SessionPort& port_;
};

C2sStream::C2sStream(SessionPort& port, c2s::Encryption encryption, bool may_start_tls)
    : port_(port), negotiation_(encryption, may_start_tls) {}
C2sStream::~C2sStream() { leave_pending(); }

C2sStream::Login& C2sStream::login() {
    if (!login_) login_ = std::make_unique<Login>();
    return *login_;
}

void C2sStream::leave_pending() {
    if (!login_) return;
    login_->attempt.reset();
    if (PendingLogins* const pending = std::exchange(login_->pending, nullptr))
        pending->remove(*this);
}

void C2sStream::adopt(std::shared_ptr<Session> session) {
    session_ = std::move(session);
    negotiation_.on_session();
    leave_pending();
    login_ = nullptr;
}

void C2sStream::revoke(SessionEnd why) {
    revoked_ = true;
    leave_pending();
    negotiation_.revoke();
    const Farewell said = farewell(why);
    port_.close(said.error.value_or(StreamErrorCondition::not_authorized), said.text);
}

void C2sStream::on_encrypted(sasl::ChannelBindings bindings) {
    negotiation_.on_encrypted(std::move(bindings));
}

void C2sStream::write(Context& context, const c2s::Output& out) {
    for (const std::string& message : out.messages) port_.write_xml(message);
    if (!out.refusal) return;
    const ConnectionInfo peer = port_.info();
    const std::string_view account = authenticated() ? this->account().bare() : std::string_view();
    context.refusals().on_request(account.empty() ? peer.address : account, out.refusal->ns,
                                  out.refusal->condition, out.refusal->text,
                                  account.empty() ? peer.network : account);
}

C2sStream::Next C2sStream::end(const c2s::Close& close) {
    if (!revoked_) port_.close(close.error, close.text);
    return Next::close;
}

// ---- Headers and elements ----------------------------------------------------------------------

C2sStream::Next C2sStream::on_open(Context& context, const xml::StreamHeader& header) {
    c2s::Output out;
    const c2s::Step step = negotiation_.on_open(Surroundings(context, port_), header, out);
    write(context, out);
    const auto* close = std::get_if<c2s::Close>(&step);
    return close ? end(*close) : Next::read;
}

void C2sStream::write_header(Context& context) {
    c2s::Output out;
    negotiation_.write_header(Surroundings(context, port_), {}, out);
    write(context, out);
}

Task<C2sStream::Next> C2sStream::on_element(Context& context, xml::Document element) {
    if (authenticated()) {
        const bool here = co_await comes_home(context);
        if (revoked_) co_return Next::close;
        if (!here) {
            leave_pending();
            login().element = std::move(element);
            co_return Next::move;
        }
    }
    const xml::Element& root = element.root();
    c2s::Output out;
    c2s::Step step = negotiation_.on_element(Surroundings(context, port_), root, out);
    write(context, out);
    if (std::holds_alternative<c2s::Other>(step)) {
        const StreamHandlerEntry* entry = find_handler(context, root);
        if (!entry) co_return refuse(context, root);
        const Next next = co_await entry->handler(*this, context, root);
        if (next == Next::move) {
            leave_pending();
            login().element = std::move(element);
        }
        co_return next;
    }
    co_return co_await act(context, std::move(step));
}

/// Who serves the element in this phase, or else in any. Of an iq before the login the payload
/// counts.
const StreamHandlerEntry* C2sStream::find_handler(Context& context,
                                                  const xml::Element& root) const {
    const bool logs_in = negotiation_.awaits_login(Surroundings(context, port_));
    const xml::Element* payload =
        logs_in && root.is(ns::client, "iq") ? root.first_child() : nullptr;
    const xml::Element& what = payload ? *payload : root;
    const StreamHandlerEntry* any = nullptr;
    for (const auto& entry : context.internals().stream_handlers) {
        if (!what.is(entry.ns, entry.name) || is_off(entry.off, host())) continue;
        if (entry.phase == StreamPhase::any)
            any = &entry;
        else if (entry.phase == StreamPhase::bind ? authenticated() : logs_in)
            return &entry;
    }
    return any;
}

C2sStream::Next C2sStream::refuse(Context& context, const xml::Element& element) {
    c2s::Output out;
    const c2s::Step step = negotiation_.refuse(Surroundings(context, port_), element, out);
    write(context, out);
    if (!out.messages.empty()) {
        const std::string who =
            account().empty() ? port_.info().address : std::string(account().bare());
        const auto text = authenticated() ? "bind a resource first" : "log in first";
        context.refusals().on_element(who, element, {StanzaErrorCondition::not_authorized, text});
    }
    const auto* close = std::get_if<c2s::Close>(&step);
    return close ? end(*close) : Next::read;
}

// ---- Steps -------------------------------------------------------------------------------------

/// Does what the negotiation asks for, until that is the connection's.
Task<C2sStream::Next> C2sStream::act(Context& context, c2s::Step step) {
    for (;;) {
        if (!negotiation_.holds_credentials()) leave_pending();
        if (std::holds_alternative<c2s::FindCredentials>(step)) {
            leave_pending();  // of an attempt that was not finished, maybe on another shard
            const bool here = co_await comes_home(context);
            if (!here) co_return Next::move;
            step = co_await try_password(context);
        } else if (const auto* failed = std::get_if<c2s::LoginFailed>(&step)) {
            step = co_await delay_failure(context, *failed);
        } else if (auto* wanted = std::get_if<c2s::BindResource>(&step)) {
            c2s::BindResource request = std::move(*wanted);
            const bool here = co_await comes_home(context);
            if (revoked_) co_return Next::close;
            if (!here) {
                leave_pending();
                login().resource = std::move(request);
                co_return Next::move;
            }
            step = co_await bind(context, std::move(request));
        } else {
            break;
        }
    }
    if (const auto* restart = std::get_if<c2s::Restart>(&step)) {
        on_authenticated(context, restart->mechanism);
        co_return Next::restart;
    }
    if (const auto* close = std::get_if<c2s::Close>(&step)) co_return end(*close);
    co_return std::holds_alternative<c2s::StartTls>(step) ? Next::start_tls : Next::read;
}

Task<C2sStream::Next> C2sStream::on_arrived(Context& context) {
    const bool here = co_await comes_home(context);
    if (revoked_) co_return Next::close;
    if (!here) co_return Next::move;
    if (authenticated()) co_return co_await go_on(context);
    c2s::Step step = co_await try_password(context);
    co_return co_await act(context, std::move(step));
}

Task<bool> C2sStream::comes_home(Context& context) {
    const Partition partition = partition_of(account().bare());
    const unsigned shard = context.shard().index();
    while (true) {
        home_ = context.homes().shard_of(partition);
        if (home_ != shard || context.partition_table().is_here(partition)) break;
        co_await context.partitions_changed().wait(context.shard());
    }
    co_return home_ == shard;
}

/// It logged in at the last home of its account, and asked for a session there.
Task<C2sStream::Next> C2sStream::go_on(Context& context) {
    const bool valid = co_await is_still_valid(context);
    if (!valid && !revoked_) revoke(SessionEnd::password_changed);
    if (revoked_) co_return Next::close;
    if (auto wanted = std::exchange(login().resource, std::nullopt)) {
        c2s::Step step = std::move(*wanted);
        co_return co_await act(context, std::move(step));
    }
    xml::Document element = std::move(login().element);
    co_return co_await on_element(context, std::move(element));
}

/// Nobody could revoke it while it was between two shards.
Task<bool> C2sStream::is_still_valid(Context& context) {
    login().pending = &context.internals().pending_logins;
    login().pending->add(*this);
    const auto record = co_await context.storage().accounts().find(std::string(account().bare()));
    co_return record && record->has_value() && !(*record)->disabled && login_ &&
        key_of((*record)->credentials) == login_->stored_key;
}

/// Who traces the account sees the stream from here on, first what named the account.
void C2sStream::trace_login(Context& context) const {
    Trace* const trace = context.trace();
    if (!trace) return;
    const std::string address = port_.info().address;
    xml::Document auth("auth", ns::sasl);
    auth.root().set_attr("mechanism", sasl::name(negotiation_.mechanism())).add_text("-");
    trace->on_element({"c2s", account().bare(), {}, address}, TraceEvent::received, auth.root());
}

/// When it is its turn: that costs nothing yet, whoever asks.
Task<c2s::Step> C2sStream::try_password(Context& context) {
    auto attempt = context.login_throttle().begin(context.clock().steady(), port_.info().network,
                                                  account().bare(), pauses(context, host()));
    if (!attempt) co_return negotiation_.on_unreadable("too many attempts");
    const bool waits = attempt->wait() > Duration{};
    if (waits) co_await context.shard().sleep(attempt->wait());
    // Its account may have gone to another shard meanwhile: there it is asked for once more.
    if (waits && !context.partition_table().is_here(partition_of(account().bare())))
        co_return c2s::FindCredentials{};
    login().attempt.emplace(std::move(*attempt));
    co_return co_await find_credentials(context);
}

Task<c2s::Step> C2sStream::find_credentials(Context& context) {
    trace_login(context);
    login().pending = &context.internals().pending_logins;
    login().pending->add(*this);
    const auto record = co_await context.storage().accounts().find(std::string(account().bare()));
    if (!record) co_return negotiation_.on_unreadable("the account cannot be read");
    if (const auto pretended = co_await context.decoy_iterations().of(context, account()))
        negotiation_.pretend(*pretended);
    std::optional<sasl::Credentials> stored;
    if (*record) stored = (*record)->credentials;
    if (stored) login().stored_key = key_of(*stored);
    std::optional<sasl::Step> result;
    if (negotiation_.checks_slowly())  // a PBKDF2: not on this thread
        co_await context.shard().offload([&] { result = negotiation_.check(stored); },
                                         port_.info().network);
    else
        result = negotiation_.check(stored);
    if (!result) co_return negotiation_.on_unreadable("no worker");
    c2s::Output out;
    const bool disabled = *record && (*record)->disabled;
    c2s::Step step = negotiation_.on_checked(std::move(*result), disabled, out);
    write(context, out);
    co_return step;
}

void C2sStream::on_authenticated(Context& context, sasl::Mechanism mechanism) {
    const ConnectionInfo peer = port_.info();
    context.login_throttle().on_success(context.clock().steady(), peer.network, account().bare());
    static Counter& logins = metrics().counter("clarion_logins_total", "Successful client logins");
    logins.add();
    logger.info("authenticated", {{"account", account().full()},
                                  {"mechanism", sasl::name(mechanism)},
                                  {"address", peer.address},
                                  {"tls", negotiation_.encrypted()}});
}

/// Guessing must be slow, so a password that is wrong is told so later and later.
Task<c2s::Step> C2sStream::delay_failure(Context& context, c2s::LoginFailed failed) {
    static Counter& failures =
        metrics().counter("clarion_login_failures_total", "Client logins that failed");
    failures.add();
    const ConnectionInfo peer = port_.info();
    log_failure(context, account(), peer, failed);
    if (failed.condition == sasl::Condition::not_authorized)
        co_await context.shard().sleep(context.login_throttle().on_failure(
            context.clock().steady(), peer.network, account().bare(), pauses(context, host())));
    c2s::Output out;
    c2s::Step step = negotiation_.on_paused(Surroundings(context, port_), failed.condition, out);
    write(context, out);
    co_return step;
}

Task<c2s::Step> C2sStream::bind(Context& context, c2s::BindResource wanted) {
    const Partition partition = partition_of(account().bare());
    BindRequest request{.account = account(), .resource = wanted.resource, .abandoned = &revoked_};
    Bound bound = co_await bind_resource(context, port_, std::move(request));
    if (!bound.session && !bound.refused && !context.partition_table().is_here(partition))
        co_return wanted;  // again, at its new home
    c2s::Output out;
    if (bound.refused) {
        c2s::Step step = negotiation_.on_bind_refused(Surroundings(context, port_), wanted.id,
                                                      *bound.refused, out);
        write(context, out);
        co_return step;
    }
    if (!bound.session)
        co_return c2s::Close{StreamErrorCondition::not_authorized, "the account is gone"};
    c2s::Step step =
        negotiation_.on_bound(Surroundings(context, port_), wanted.id, bound.session->jid(), out);
    adopt(std::move(bound.session));
    write(context, out);
    begin_session(*session_);
    co_return step;
}

}  // namespace clarion::core
