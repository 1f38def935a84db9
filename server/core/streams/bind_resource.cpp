#include "server/core/streams/bind_resource.h"

#include "base/id.h"
#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/address/partitions.h"
#include "server/core/context.h"
#include "server/core/events/session_events.h"
#include "server/core/options.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {

namespace {

/// People type it behind a command (client sign-out): it is not to be taken for an option.
std::string random_resource() {
    std::string name = random_token(9);
    while (name.starts_with('-')) name = random_token(9);
    return name;
}

constexpr Logger logger{"c2s"};

bool is_abandoned(const BindRequest& request) { return request.abandoned && *request.abandoned; }

Bound refuse(StanzaErrorCondition condition, std::string text) {
    return {nullptr, StanzaError(condition, std::move(text))};
}

}  // namespace

Task<Bound> bind_resource(Context& context, SessionPort& port, BindRequest request) {
    auto jid = request.account.with_resource(request.resource.empty() ? random_resource()
                                                                      : request.resource);
    if (!jid) co_return refuse(StanzaErrorCondition::bad_request, jid.error().text);
    auto pin = co_await context.accounts().load(std::string(request.account.bare()));
    if (is_abandoned(request) || !pin) co_return Bound{};
    Account& account = **pin;
    // Before the new session is there: what the old one held must reach it, in order.
    while (Session* old = account.find_session(jid->resource())) co_await old->replace();
    if (is_abandoned(request) || account.deleted()) co_return Bound{};
    if (!context.partition_table().is_here(storage::partition_of(account.id()))) co_return Bound{};
    const auto limit = context.options<C2sOptions>(account.host()).max_sessions;
    if (account.sessions().size() >= static_cast<std::size_t>(limit))
        co_return refuse(StanzaErrorCondition::resource_constraint, "too many sessions");
    std::string device =
        request.device.empty() ? std::string(jid->resource()) : std::move(request.device);
    auto session = std::make_shared<Session>(account, account.next_session_number(), *jid,
                                             std::move(device), &port);
    account.add_session(session);
    session->hibernation().write_online_record();
    if (logger.enabled(LogLevel::debug))
        logger.debug("bound", {{"session", jid->full()}, {"address", port.info().address}});
    co_return Bound{std::move(session), std::nullopt};
}

void begin_session(Session& session) {
    session.context().bus().fire(events::SessionBound{session});
}

}  // namespace clarion::core
