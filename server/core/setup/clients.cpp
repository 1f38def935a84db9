#include "server/core/setup/clients.h"

#include <map>
#include <memory>
#include <utility>

#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"accounts"};

ClientSession describe(Session& session) {
    ClientSession view;
    view.resource = session.resource();
    view.available = session.available();
    view.asleep = session.is_hibernating();
    if (view.asleep) {
        const Clock& clock = session.context().clock();
        view.asleep_since = clock.on_calendar(session.hibernation().since());
        view.expires = clock.on_calendar(session.hibernation().expires_at());
    } else if (session.port()) {
        view.address = session.port()->info().address;
    }
    return view;
}

Task<Result<std::vector<ClientView>>> list_at_home(Context& home, std::string jid) {
    auto pin = co_await home.accounts().load(std::move(jid));
    if (!pin) co_return pin.error();
    co_return list_clients(**pin);
}

Task<Result<SignedOut>> sign_out_at_home(Context& home, std::string jid, std::string id) {
    auto pin = co_await home.accounts().load(std::move(jid));
    if (!pin) co_return pin.error();
    const SignedOut done = sign_out_client(**pin, id);
    if (done.sessions + done.kept == 0)
        co_return fail(error_code::item_not_found, "the account has no such client");
    const Result<> committed = co_await home.shard().committed();
    if (!committed) co_return committed.error();
    co_return done;
}

}  // namespace

std::vector<ClientView> list_clients(Account& account) {
    std::map<std::string, ClientView> by_id;
    for (const auto& session : account.sessions())
        by_id[session->device()].sessions.push_back(describe(*session));
    std::vector<events::KeptForClient> kept;
    account.context().bus().fire(events::ClientsSought{account, kept});
    for (auto& each : kept) by_id[each.client].kept.push_back(std::move(each));
    std::vector<ClientView> clients;
    for (auto& [id, client] : by_id) {
        client.id = id;
        clients.push_back(std::move(client));
    }
    return clients;
}

SignedOut sign_out_client(Account& account, std::string_view id) {
    events::ClientSigningOut event{account, id};
    account.context().bus().fire(event);
    SignedOut done{0, event.removed};
    for (const auto& session : std::vector<std::shared_ptr<Session>>(account.sessions())) {
        if (session->device() != id || session->state() == SessionState::ended) continue;
        ++done.sessions;
        session->end(SessionEnd::signed_out);
    }
    return done;
}

Task<Result<std::vector<ClientView>>> clients_of(Context& here, Jid account) {
    const std::string name(account.bare());
    const std::function<Task<Result<std::vector<ClientView>>>(Context&)> work = [&](Context& home) {
        return list_at_home(home, name);
    };
    co_return co_await ask_at_home<std::vector<ClientView>>(here, name, work);
}

Task<Result<SignedOut>> sign_out(Context& here, Jid account, std::string id, std::string by) {
    const std::string name(account.bare());
    const std::function<Task<Result<SignedOut>>(Context&)> work = [&](Context& home) {
        return sign_out_at_home(home, name, id);
    };
    const auto done = co_await ask_at_home<SignedOut>(here, name, work);
    if (done)
        logger.info("client-signed-out",
                    {{"account", name}, {"client", id}, {"by", by}, {"sessions", done->sessions}});
    co_return done;
}

}  // namespace clarion::core
