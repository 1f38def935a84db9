#include "modules/administration/standing_messages.h"

#include <algorithm>

#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/actors/host_owner.h"
#include "server/core/address/domains.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::administration {

using core::Account;
using core::Context;
using core::Session;

namespace {

constexpr Logger logger{"administration"};
/// As in the row of the module: messages are written where no module's state is at hand.
constexpr std::string_view module_name = "administration";
/// The marks of an account take less.
constexpr std::size_t most_marks_bytes = 512;

std::string_view key_of(Standing which) { return which == Standing::motd ? motd_key : welcome_key; }

void show(Session& session, std::string_view subject, const StandingMessage& message) {
    auto stanza = Stanza::make(StanzaKind::message, StanzaType::normal,
                               Jid::trusted(std::string(session.account().host())), session.jid());
    stanza->root().add_text_child("subject", subject);
    stanza->root().add_text_child("body", message.text);
    session.send(std::move(stanza));
}

constexpr std::string_view motd_subject = "Message of the day";
constexpr std::string_view welcome_subject = "Welcome";

Task<Result<>> write(Context& home, std::string host, std::string_view key,
                     std::optional<StandingMessage> message) {
    const auto owner = co_await core::owner_of_host(home, std::move(host));
    if (!owner) co_return owner.error();
    auto& batch = home.shard().batch();
    const storage::DataSpace space{*owner, module_name, storage::DataKind::stored};
    if (message)
        home.storage().module_data().put(batch, space, key, encode(*message));
    else
        home.storage().module_data().remove(batch, space, key);
    co_return co_await home.shard().committed();
}

}  // namespace

StandingMessages::StandingMessages(core::ModuleSetup& setup)
    : context_(setup.context()), shown_(setup.resident_data(most_marks_bytes)) {}

const StandingMessage* StandingMessages::find(std::string_view host, Standing which) const {
    const Messages& messages = which == Standing::motd ? motd_ : welcome_;
    const auto at = messages.find(host);
    return at == messages.end() ? nullptr : &at->second;
}

Task<Result<>> StandingMessages::set(Context& here, std::string host, Standing which,
                                     std::optional<StandingMessage> message) {
    const Result<> written = co_await core::ask_at_home<void>(
        here, host, [&](Context& home) { return write(home, host, key_of(which), message); });
    if (!written) co_return written;
    std::function<Task<>(Context&)> tell = [&](Context& there) -> Task<> {
        there.bus().fire(StandingMessageChanged{host, which, message});
        co_return;
    };
    co_await core::run_on_all(here, std::move(tell));
    co_return written;
}

Task<Result<std::optional<StandingMessage>>> StandingMessages::read(Context& here, std::string host,
                                                                    Standing which) {
    const auto owner = co_await here.storage().owners().find(storage::OwnerKind::actor, host);
    if (!owner) co_return owner.error();
    if (!*owner) co_return std::nullopt;
    const storage::DataSpace space{**owner, module_name, storage::DataKind::stored};
    std::string key(key_of(which));
    const auto stored = co_await here.storage().module_data().get(space, std::move(key));
    if (!stored) co_return stored.error();
    if (!*stored) co_return std::nullopt;
    auto message = decode_message(**stored);
    if (!message) co_return message.error();
    co_return std::optional<StandingMessage>(std::move(*message));
}

// ---- Loading -----------------------------------------------------------------------------------

void StandingMessages::on_started(const events::ServerStarted& event) {
    event.context.scope().spawn("standing-messages", load(event.context));
}

Task<> StandingMessages::load(Context& context) {
    for (const std::string& host : context.domains().hosts()) {
        for (const Standing which : {Standing::motd, Standing::welcome}) {
            auto message = co_await read(context, host, which);
            if (!message)
                logger.error("unreadable", {{"host", host}, {"error", message.error().text}});
            else if (*message)
                of(which)[host] = std::move(**message);
        }
    }
}

// ---- Showing -----------------------------------------------------------------------------------

bool StandingMessages::was_shown(Account& account, Standing which, const StandingMessage& message) {
    const std::string_view key = key_of(which);
    const auto mark = shown_.get(account.owner(), key);
    const auto shown = mark ? decode_mark(*mark) : Result<WallTime>(WallTime{});
    // Who was welcomed is not welcomed again, whatever is said now.
    if (mark && shown && (which == Standing::welcome || *shown == message.since)) return true;
    const Result<> marked = shown_.put(account.owner(), key, encode_mark(message.since));
    if (!marked) logger.warning("not-marked", {{"account", account.jid().full()}});
    return false;
}

void StandingMessages::on_available(const events::AvailabilityChanged& event) {
    if (!event.initial || !event.available) return;
    Account& account = event.session.account();
    const StandingMessage* welcome = find(account.host(), Standing::welcome);
    if (welcome && account.created() >= welcome->since &&
        !was_shown(account, Standing::welcome, *welcome))
        show(event.session, welcome_subject, *welcome);
    const StandingMessage* motd = find(account.host(), Standing::motd);
    if (!motd) {
        if (shown_.get(account.owner(), motd_key)) shown_.remove(account.owner(), motd_key);
        return;
    }
    if (!was_shown(account, Standing::motd, *motd)) show(event.session, motd_subject, *motd);
}

void StandingMessages::on_changed(const StandingMessageChanged& event) {
    Messages& messages = of(event.which);
    if (!event.message) {
        const auto at = messages.find(event.host);
        if (at != messages.end()) messages.erase(at);
        return;
    }
    const std::string host(event.host);
    messages[host] = *event.message;
    if (event.which == Standing::motd) show_to_online(host, *event.message);
}

void StandingMessages::show_to_online(const std::string& host, const StandingMessage& message) {
    context_.accounts().for_each([&](Account& account) {
        if (account.host() != host || !account.has_live_session()) return;
        const auto sees = [](const auto& session) {
            return session->is_live() && session->available();
        };
        const auto& sessions = account.sessions();
        if (std::none_of(sessions.begin(), sessions.end(), sees)) return;
        if (was_shown(account, Standing::motd, message)) return;
        for (const auto& session : sessions)
            if (sees(session)) show(*session, motd_subject, message);
    });
}

}  // namespace clarion::administration
