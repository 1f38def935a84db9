#include "modules/administration/last_login.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "proto/ns.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/delivery/other_modules.h"

namespace clarion::administration {

namespace {

/// Of who is connected now: "online"; of one that sleeps, since when; else empty.
std::string by_sessions(const core::Account& account) {
    if (account.has_live_session()) return "online";
    std::optional<LastingTime> since;
    for (const auto& session : account.sessions())
        if (session->is_hibernating())
            since = std::max(since.value_or(LastingTime{}), session->hibernation().since());
    return since ? format_datetime(account.context().clock().on_calendar(*since)) : "";
}

/// As the account is told of itself (XEP-0012).
std::string read_departure(const core::IqAnswer& answer, WallTime now) {
    if (const auto* error = std::get_if<StanzaError>(&answer))
        return error->condition == StanzaErrorCondition::item_not_found ? "never" : "unknown";
    const Stanza& result = *std::get<std::shared_ptr<Stanza>>(answer);
    const xml::Element* query = result.root().child(ns::last_activity, "query");
    if (!query) return "unknown";
    const auto seconds = parse_int(query->attr("seconds"));
    return seconds ? format_datetime(now - std::chrono::seconds(*seconds)) : "unknown";
}

}  // namespace

Task<std::string> find_last_login(core::Context& home, Jid account) {
    auto pin = co_await home.accounts().load(std::string(account.bare()));
    if (!pin) co_return "unknown";
    std::string now = by_sessions(**pin);
    if (!now.empty()) co_return now;
    auto request = Stanza::make(StanzaKind::iq, StanzaType::get, account, account, random_token(9));
    request->root().add("query", ns::last_activity);
    const core::OtherModules others(home, "administration");
    const core::IqAnswer answer = co_await others.ask(std::move(*pin), std::move(request));
    co_return read_departure(answer, home.clock().wall());
}

}  // namespace clarion::administration
