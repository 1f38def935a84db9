#include "server/core/account_directory.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/log.h"
#include "proto/sasl.h"
#include "server/core/core.h"
#include "server/core/hibernation_recovery.h"
#include "server/core/options.h"
#include "server/core/session.h"
#include "server/events/account_events.h"
#include "server/runtime/signal.h"

namespace clarion::core {

namespace asio = boost::asio;

namespace {

constexpr Logger logger{"accounts"};

struct Entry {
    std::unique_ptr<Account> account;
    std::vector<AccountDirectory::Ready> inbox;  // in order of asking, while busy
    bool busy = false;                           // being loaded, created or removed
};

/// Names known not to exist: two generations of bounded size, the older forgotten when the newer is
/// full.
class UnknownNames {
public:
    bool contains(std::string_view name) const {
        return young_.contains(name) || old_.contains(name);
    }
    void add(std::string_view name, std::size_t limit) {
        if (limit == 0) return;
        if (young_.size() >= limit / 2 + 1) old_ = std::exchange(young_, {});
        young_.emplace(name);
    }
    void remove(std::string_view name) {
        if (auto at = young_.find(name); at != young_.end()) young_.erase(at);
        if (auto at = old_.find(name); at != old_.end()) old_.erase(at);
    }

private:
    using Names = std::unordered_set<std::string, TextHash, std::equal_to<>>;
    Names young_, old_;
};

}  // namespace

struct AccountDirectory::Impl {
    explicit Impl(Core& c) : core(c) {}

    Core& core;
    std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries;
    UnknownNames unknown;
    std::size_t loading = 0;
    /// Hashes, in one piece of memory: 100,000 hibernating phones must not cost memory, and a node
    /// of its own for each would keep the page on which its account was.
    boost::unordered_flat_set<std::size_t> sleepers;
    std::uint64_t evict = 0;
    std::size_t next_bucket = 0;  // of entries: where the next slice begins
    std::vector<std::string> evict_soon;
    bool hibernating_known = false;

    Task<> load(std::string jid);
    void install(const std::string& jid, storage::AccountSnapshot snapshot);
    void finish(const std::string& jid, const Result<Account*>& result);
    std::vector<Ready> take_inbox(const std::string& jid);
    bool may_go(const Entry& entry, SteadyTime before) const;
    void evict_all(std::vector<std::string> names, SteadyTime before);
    std::unordered_set<std::string> creating;  // names that are taken, but not yet in storage
    /// The one place that changes the record of an account that exists; one change at a time.
    using Change = std::function<void(storage::AccountRecord&)>;
    Task<Result<>> change_record(Account& account, Change change);
    std::unordered_set<std::string> changing;  // names whose record is being changed
    Signal changed;                            // that one of them is not any more
    /// Whoever logged in before must do so again.
    void revoke_logins(Account& account, SessionEnd why, std::uint64_t except = 0);
    /// Keeps a deleted account while a coroutine still holds it.
    void retire(std::unique_ptr<Account> account);
    std::vector<std::unique_ptr<Account>> retired;
};

AccountDirectory::AccountDirectory(Core& core) : impl_(std::make_unique<Impl>(core)) {}
AccountDirectory::~AccountDirectory() = default;

Account* AccountDirectory::find(std::string_view bare_jid) {
    const auto at = impl_->entries.find(bare_jid);
    if (at == impl_->entries.end() || at->second.busy) return nullptr;
    return at->second.account.get();
}

void AccountDirectory::with(std::string_view bare_jid, Ready ready) {
    auto at = impl_->entries.find(bare_jid);
    if (at != impl_->entries.end() && !at->second.busy) {
        at->second.account->touch();
        return ready(at->second.account.get());
    }
    if (at == impl_->entries.end()) {
        if (impl_->unknown.contains(bare_jid))
            return ready(fail("item-not-found", "no such account"));
        Entry& entry = impl_->entries[std::string(bare_jid)];
        entry.busy = true;
        entry.inbox.push_back(std::move(ready));
        ++impl_->loading;
        // May be done, and the entry gone, before this returns: storage that answers at once is not
        // waited for.
        impl_->core.scope().spawn("load-account", impl_->load(std::string(bare_jid)));
        return;
    }
    auto& inbox = at->second.inbox;
    if (inbox.size() >=
        static_cast<std::size_t>(impl_->core.options<ServerOptions>().account_inbox_limit))
        return ready(fail("resource-constraint", "too much waits for this account"));
    inbox.push_back(std::move(ready));
}

Task<> AccountDirectory::Impl::load(std::string jid) {
    auto loaded = co_await core.storage().accounts().load(jid);
    --loading;
    if (!loaded) {
        logger.error("load-failed", {{"account", jid}, {"error", loaded.error().text}});
        finish(jid, fail("internal-server-error", "the account could not be read"));
    } else if (!loaded->has_value()) {
        unknown.add(jid,
                    static_cast<std::size_t>(core.options<ServerOptions>().unknown_account_cache));
        finish(jid, fail("item-not-found", "no such account"));
    } else {
        install(jid, std::move(**loaded));
        finish(jid, entries.at(jid).account.get());
    }
}

void AccountDirectory::Impl::install(const std::string& jid, storage::AccountSnapshot snapshot) {
    Entry& entry = entries[jid];
    entry.account = std::make_unique<Account>(core, snapshot);
    Account& account = *entry.account;
    core.bus().fire(events::AccountLoaded{account, snapshot});
    restore_sessions(account, snapshot);
}

std::vector<AccountDirectory::Ready> AccountDirectory::Impl::take_inbox(const std::string& jid) {
    const auto at = entries.find(jid);
    if (at == entries.end()) return {};
    auto inbox = std::exchange(at->second.inbox, {});
    at->second.busy = false;
    if (!at->second.account) entries.erase(at);
    return inbox;
}

void AccountDirectory::Impl::finish(const std::string& jid, const Result<Account*>& result) {
    if (result) result.value()->pin();
    for (auto& ready : take_inbox(jid)) ready(result);
    if (result) result.value()->unpin();
}

Task<Result<AccountPin>> AccountDirectory::load(std::string bare_jid) {
    auto start = [this, &bare_jid](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        with(bare_jid, [this, shared](Result<Account*> found) {
            if (found) (*found)->pin();  // held until the coroutine runs
            asio::post(impl_->core.shard().executor(), [shared, found] { (*shared)(found); });
        });
    };
    Result<Account*> found =
        co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<Account*>)>(
            start, asio::use_awaitable);
    if (!found) co_return found.error();
    AccountPin pin(**found);
    (*found)->unpin();
    if (!pin.alive()) co_return fail("item-not-found", "the account is being deleted");
    co_return std::move(pin);
}

Task<Result<>> AccountDirectory::create(Jid jid, std::string password) {
    const auto iterations =
        static_cast<std::uint32_t>(impl_->core.options<AuthOptions>(jid.domain()).scram_iterations);
    Result<sasl::Credentials> credentials = fail("internal-server-error");
    co_await impl_->core.shard().offload(
        [&] { credentials = sasl::make_credentials(password, iterations); });
    if (!credentials) co_return credentials.error();
    std::vector<NewAccount> one;
    one.push_back({std::move(jid), std::move(*credentials)});
    auto existing = co_await create_all(std::move(one));
    if (!existing) co_return existing.error();
    if (!existing->empty()) co_return fail("conflict", "the account exists already");
    co_return Result<>{};
}

Task<Result<std::vector<Jid>>> AccountDirectory::create_all(std::vector<NewAccount> accounts) {
    Core& core = impl_->core;
    auto& repository = core.storage().accounts();
    std::vector<Jid> existing;
    std::vector<storage::AccountRecord> records;
    struct Reserved {
        Impl& impl;
        std::vector<std::string> names{};
        ~Reserved() {
            for (const auto& name : names) impl.creating.erase(name);
        }
    } created{*impl_};
    for (auto& account : accounts) {
        std::string name(account.jid.bare());
        const auto found = co_await repository.find(name);
        if (!found) co_return found.error();
        if (found->has_value() || !impl_->creating.insert(name).second) {
            existing.push_back(std::move(account.jid));
            continue;
        }
        records.push_back({.id = core.storage().owners().next_id(name),
                           .jid = name,
                           .credentials = std::move(account.credentials),
                           .created = core.clock().wall()});
        created.names.push_back(std::move(name));
    }
    for (const auto& record : records) repository.put(core.shard().batch(), record);
    const auto committed = co_await core.shard().committed();
    if (!committed) co_return committed.error();
    for (const auto& name : created.names) {
        impl_->unknown.remove(name);
        logger.info("created", {{"account", name}});
    }
    co_return existing;
}

Task<Result<>> AccountDirectory::Impl::change_record(Account& account, Change change) {
    const std::string name(account.jid().bare());
    while (!changing.insert(name).second) co_await changed.wait(core.shard());
    struct InProgress {
        Impl& impl;
        const std::string& name;
        ~InProgress() {
            impl.changing.erase(name);
            impl.changed.notify();
        }
    } const in_progress{*this, name};
    auto record = co_await core.storage().accounts().find(name);
    if (!record) co_return record.error();
    if (account.deleted() || !*record || (*record)->id != account.id())
        co_return fail("item-not-found", "the account was deleted");
    change(**record);
    core.storage().accounts().replace(core.shard().batch(), **record);
    const auto committed = co_await core.shard().committed();
    if (committed && account.deleted()) co_return fail("item-not-found", "the account was deleted");
    co_return committed;
}

void AccountDirectory::Impl::revoke_logins(Account& account, SessionEnd why, std::uint64_t except) {
    Session* const stays = except == 0 ? nullptr : account.find_session_by_number(except);
    core.bus().fire(events::LoginsRevoked{account, stays});
    account.end_sessions(why, stays);
    core.pending_logins().revoke(account.jid().bare(), why);
}

Task<Result<>> AccountDirectory::set_password(Jid jid, std::string password,
                                              std::uint64_t changed_by) {
    Core& core = impl_->core;
    auto pin = co_await load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    const auto iterations =
        static_cast<std::uint32_t>(core.options<AuthOptions>(jid.domain()).scram_iterations);
    Result<sasl::Credentials> credentials = fail("internal-server-error");
    co_await core.shard().offload(
        [&] { credentials = sasl::make_credentials(password, iterations); });
    if (!credentials) co_return credentials.error();
    auto changed = co_await impl_->change_record(**pin, [&](storage::AccountRecord& record) {
        record.credentials = std::move(*credentials);
    });
    if (changed) impl_->revoke_logins(**pin, SessionEnd::password_changed, changed_by);
    co_return changed;
}

Task<Result<>> AccountDirectory::set_disabled(Jid jid, bool disabled) {
    auto pin = co_await load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    auto changed = co_await impl_->change_record(
        **pin, [disabled](storage::AccountRecord& record) { record.disabled = disabled; });
    if (!changed) co_return changed;
    (*pin)->set_disabled(disabled);
    if (disabled) impl_->revoke_logins(**pin, SessionEnd::disabled);
    logger.info(disabled ? "disabled" : "enabled", {{"account", jid.bare()}});
    co_return changed;
}

Task<Result<>> AccountDirectory::remove(Jid jid) {
    Core& core = impl_->core;
    const std::string name(jid.bare());
    {
        auto pin = co_await load(name);
        if (!pin) co_return pin.error();
        Account& account = **pin;
        account.set_deleted();
        account.end_sessions(SessionEnd::deleted);
        core.pending_logins().revoke(name, SessionEnd::deleted);
        core.bus().fire(events::AccountDeleted{account});
        core.storage().accounts().remove(core.shard().batch(), account.record());
        impl_->entries.at(name).busy = true;  // who asks from now on waits for the outcome
    }
    const auto committed = co_await core.shard().committed();
    // Coroutines that still hold the account end with it gone from storage; the object goes when
    // they have.
    Entry& entry = impl_->entries.at(name);
    impl_->retire(std::move(entry.account));
    if (committed) impl_->unknown.remove(name);
    impl_->finish(name, fail("item-not-found", "the account was deleted"));
    if (committed) logger.info("deleted", {{"account", name}});
    co_return committed;
}

void AccountDirectory::evict_idle(Duration idle) {
    const SteadyTime before = impl_->core.clock().steady() - idle;
    std::vector<std::string> candidates;
    for (const auto& [jid, entry] : impl_->entries)
        if (impl_->may_go(entry, before)) candidates.push_back(jid);
    impl_->evict_all(std::move(candidates), before);
}

void AccountDirectory::evict_slice(Duration idle, std::size_t slices) {
    const SteadyTime now = impl_->core.clock().steady();
    const SteadyTime before = now - idle;
    const std::size_t buckets = impl_->entries.bucket_count();
    std::vector<std::string> candidates;
    for (std::size_t left = buckets / slices + 1; left > 0; --left) {
        if (impl_->next_bucket >= buckets) impl_->next_bucket = 0;
        const std::size_t bucket = impl_->next_bucket++;
        for (auto at = impl_->entries.begin(bucket); at != impl_->entries.end(bucket); ++at)
            if (impl_->may_go(at->second, before)) candidates.push_back(at->first);
    }
    impl_->evict_all(std::move(candidates), before);
    candidates.clear();
    std::erase_if(impl_->evict_soon, [&](const std::string& jid) {
        const auto at = impl_->entries.find(jid);
        const bool goes = at != impl_->entries.end() && impl_->may_go(at->second, now);
        if (goes) candidates.push_back(jid);
        return goes || at == impl_->entries.end();
    });
    impl_->evict_all(std::move(candidates), now);
}

void AccountDirectory::evict_soon(std::string bare_jid) {
    impl_->evict_soon.push_back(std::move(bare_jid));
}

void AccountDirectory::Impl::evict_all(std::vector<std::string> names, SteadyTime before) {
    if (names.empty()) return;
    // What they wrote last must be readable before they are loaded again.
    core.shard().after_commit([this, before, names = std::move(names)](const Result<>&) mutable {
        // What is under way to their sessions refers to them: when that is delivered.
        if (!core.deliveries().empty())
            return core.deliveries().push([this, before, names = std::move(names)]() mutable {
                evict_all(std::move(names), before);
            });
        for (const auto& jid : names) {
            const auto at = entries.find(jid);
            if (at == entries.end() || !may_go(at->second, before)) continue;
            if (at->second.account->sessions().empty()) sleepers.erase(TextHash{}(jid));
            entries.erase(at);
            ++evict;
        }
    });
}

bool AccountDirectory::Impl::may_go(const Entry& entry, SteadyTime before) const {
    if (entry.busy || !entry.account) return false;
    Account& account = *entry.account;
    if (account.last_used() > before || account.pinned() || account.has_live_session() ||
        account.has_settling_sessions())
        return false;
    for (const auto& session : account.sessions())  // its record has an `h` that will still grow
        if (!session->window().is_empty() || !session->hibernation().is_stored()) return false;
    return core.bus().fire(events::AccountPuttingAway{account}) == Flow::next;
}

void AccountDirectory::Impl::retire(std::unique_ptr<Account> account) {
    if (account) retired.push_back(std::move(account));
    if (!core.deliveries().empty()) return;  // what is under way to its sessions refers to it
    std::erase_if(retired, [](const auto& a) { return !a->pinned(); });
}

void AccountDirectory::for_each(const std::function<void(Account&)>& fn) {
    std::vector<Account*> accounts;
    for (auto& [jid, entry] : impl_->entries)
        if (entry.account && !entry.busy) accounts.push_back(entry.account.get());
    for (Account* account : accounts) fn(*account);
}

void AccountDirectory::note_hibernating(std::string_view bare_jid) {
    impl_->sleepers.insert(TextHash{}(bare_jid));
}

bool AccountDirectory::may_have_hibernating(std::string_view bare_jid) const {
    return !impl_->hibernating_known || impl_->sleepers.contains(TextHash{}(bare_jid));
}

void AccountDirectory::hibernating_are_known() { impl_->hibernating_known = true; }

std::uint64_t AccountDirectory::evict() const { return impl_->evict; }
std::size_t AccountDirectory::loaded() const { return impl_->entries.size() - impl_->loading; }
std::size_t AccountDirectory::loading() const { return impl_->loading; }

}  // namespace clarion::core
