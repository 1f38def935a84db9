#include "server/core/accounts/account_registry.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/actors/owner_maker.h"
#include "server/core/context.h"
#include "server/core/events/account_events.h"
#include "server/core/options.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

namespace {
constexpr Logger logger{"accounts"};
}

Task<Result<>> AccountRegistry::create(Jid jid, std::string password) {
    const auto iterations =
        static_cast<std::uint32_t>(context_.options<AuthOptions>(jid.domain()).scram_iterations);
    Result<sasl::Credentials> credentials = fail("internal-server-error");
    // Whoever makes accounts, it is each time another one.
    co_await context_.shard().offload(
        [&] { credentials = sasl::make_credentials(password, iterations); }, "new accounts");
    if (!credentials) co_return credentials.error();
    std::vector<NewAccount> one;
    one.push_back({std::move(jid), std::move(*credentials)});
    auto left_out = co_await create_all(std::move(one));
    if (!left_out) co_return left_out.error();
    if (!left_out->moved.empty()) co_return fail(error_code::moved, "it lives elsewhere");
    if (!left_out->existing.empty())
        co_return fail(error_code::conflict, "the account exists already");
    co_return Result<>{};
}

Task<Result<AccountRegistry::LeftOut>> AccountRegistry::create_all(
    std::vector<NewAccount> accounts) {
    auto& repository = context_.storage().accounts();
    LeftOut left_out;
    std::vector<NewAccount> unknown;
    std::vector<OwnerMaker::Claim> claims;
    for (auto& account : accounts) {
        std::string name(account.jid.bare());
        auto claim = owner_maker(context_).try_claim(storage::OwnerKind::account, name);
        const auto found = co_await repository.find(std::move(name));
        if (!found) co_return found.error();
        if (!claim || found->has_value()) {
            left_out.existing.push_back(std::move(account.jid));
            continue;
        }
        unknown.push_back(std::move(account));
        claims.push_back(std::move(*claim));
    }
    std::vector<std::string> created;
    for (auto& account : unknown) {
        std::string name(account.jid.bare());
        if (!context_.is_home(name)) {
            left_out.moved.push_back(std::move(account));
            continue;
        }
        repository.put(context_.shard().batch(), {.id = context_.storage().owners().next_id(name),
                                                  .jid = name,
                                                  .credentials = std::move(account.credentials),
                                                  .created = context_.clock().wall()});
        created.push_back(std::move(name));
    }
    const auto committed = co_await context_.shard().committed();
    if (!committed) co_return committed.error();
    for (const auto& name : created) {
        context_.accounts().note_created(name);
        logger.info("created", {{"account", name}});
    }
    co_return left_out;
}

Task<Result<>> AccountRegistry::change_record(Account& account, Change change) {
    const std::string name(account.jid().bare());
    while (!changing_.insert(name).second) co_await changed_.wait(context_.shard());
    struct InProgress {
        AccountRegistry& registry;
        const std::string& name;
        ~InProgress() {
            registry.changing_.erase(name);
            registry.changed_.notify();
        }
    } const in_progress{*this, name};
    auto record = co_await context_.storage().accounts().find(name);
    if (!record) co_return record.error();
    if (account.gone()) co_return fail(error_code::moved, "it lives elsewhere");
    if (account.deleted() || !*record || (*record)->id != account.id())
        co_return fail(error_code::item_not_found, "the account was deleted");
    change(**record);
    context_.storage().accounts().replace(context_.shard().batch(), **record);
    const auto committed = co_await context_.shard().committed();
    if (committed && account.deleted())
        co_return fail(error_code::item_not_found, "the account was deleted");
    co_return committed;
}

void AccountRegistry::revoke_logins(Account& account, SessionEnd why, std::uint64_t except) {
    Session* const stays = except == 0 ? nullptr : account.find_session_by_number(except);
    context_.bus().fire(events::LoginsRevoked{account, stays, why});
    account.end_sessions(why, stays);
}

Task<Result<>> AccountRegistry::set_password(Jid jid, std::string password,
                                             std::uint64_t changed_by) {
    auto pin = co_await context_.accounts().load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    const auto iterations =
        static_cast<std::uint32_t>(context_.options<AuthOptions>(jid.domain()).scram_iterations);
    Result<sasl::Credentials> credentials = fail("internal-server-error");
    co_await context_.shard().offload(
        [&] { credentials = sasl::make_credentials(password, iterations); },
        std::string(jid.bare()));
    if (!credentials) co_return credentials.error();
    auto changed = co_await change_record(**pin, [&](storage::AccountRecord& record) {
        record.credentials = std::move(*credentials);
    });
    if (changed) revoke_logins(**pin, SessionEnd::password_changed, changed_by);
    co_return changed;
}

Task<Result<>> AccountRegistry::set_disabled(Jid jid, bool disabled) {
    auto pin = co_await context_.accounts().load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    auto changed = co_await change_record(
        **pin, [disabled](storage::AccountRecord& record) { record.disabled = disabled; });
    if (!changed) co_return changed;
    (*pin)->set_disabled(disabled);
    if (disabled) revoke_logins(**pin, SessionEnd::disabled);
    logger.info(disabled ? "disabled" : "enabled", {{"account", jid.bare()}});
    co_return changed;
}

Task<Result<>> AccountRegistry::set_administrator(Jid jid, bool administrator) {
    auto pin = co_await context_.accounts().load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    auto changed = co_await change_record(**pin, [administrator](storage::AccountRecord& record) {
        record.administrator = administrator;
    });
    if (changed)
        logger.info(administrator ? "administrator" : "no-administrator",
                    {{"account", jid.bare()}});
    co_return changed;
}

Task<Result<>> AccountRegistry::remove(Jid jid) {
    const std::string name(jid.bare());
    {
        auto pin = co_await context_.accounts().load(name);
        if (!pin) co_return pin.error();
        Account& account = **pin;
        account.set_deleted();
        account.end_sessions(SessionEnd::deleted);
        context_.bus().fire(events::AccountDeleted{account});
        context_.storage().accounts().remove(context_.shard().batch(), account.record());
        context_.accounts().begin_removal(name);
    }
    const auto committed = co_await context_.shard().committed();
    context_.accounts().end_removal(name, committed.ok());
    if (committed) logger.info("deleted", {{"account", name}});
    co_return committed;
}

}  // namespace clarion::core
