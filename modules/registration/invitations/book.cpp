#include "modules/registration/invitations/book.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "modules/registration/invitations/options.h"
#include "server/core/accounts/account.h"
#include "server/core/actors/host_owner.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::registration::invitations {

namespace {

constexpr Logger logger{"invitations"};
constexpr std::size_t cleared_at_once = 100;
constexpr Duration slice_pause = std::chrono::milliseconds(20);

}  // namespace

Book::Book(core::ModuleSetup& setup) : context_(setup.context()), stored_(setup.stored_data()) {}

// ---- What is in memory, and what is stored -----------------------------------------------------

Task<Result<Book::Host>> Book::read(std::string host) const {
    Host found;
    const auto owner = co_await context_.storage().owners().find(storage::OwnerKind::actor, host);
    if (!owner) co_return owner.error();
    if (!*owner) co_return found;
    found.owner = **owner;
    storage::DataQuery query;
    for (;;) {
        const auto page = co_await stored_.read(found.owner, query);
        if (!page) co_return page.error();
        for (const storage::DataEntry& entry : page->entries) {
            auto invitation = decode_invitation(entry.value);
            if (invitation)
                found.invitations.load(entry.key, std::move(*invitation));
            else
                logger.error("unreadable", {{"host", host}, {"error", invitation.error().text}});
        }
        if (page->complete) break;
        query.after = page->entries.back().key;
    }
    co_return found;
}

Task<Result<Book::Host*>> Book::open(std::string host, bool for_writing) {
    const auto ready = [&] {
        const auto at = hosts_.find(host);
        return at != hosts_.end() && (!for_writing || at->second.owner != storage::OwnerId::none);
    };
    while (!ready() && !opening_.insert(host).second) co_await opened_.wait(context_.shard());
    if (ready()) {
        if (!context_.is_home(host)) co_return fail(error_code::moved);
        co_return &hosts_.find(host)->second;
    }
    struct InProgress {
        Book& self;
        const std::string& host;
        ~InProgress() {
            self.opening_.erase(host);
            self.opened_.notify();
        }
    } const in_progress{*this, host};
    co_return co_await open_alone(host, for_writing);
}

Task<Result<Book::Host*>> Book::open_alone(std::string host, bool for_writing) {
    if (!hosts_.contains(host)) {
        auto found = co_await read(host);
        if (!found) co_return found.error();
        if (!context_.is_home(host)) co_return fail(error_code::moved);
        hosts_.try_emplace(host, std::move(*found));
    }
    if (for_writing && hosts_.find(host)->second.owner == storage::OwnerId::none) {
        const auto owner = co_await core::owner_of_host(context_, host);
        if (!owner) co_return owner.error();
        if (!context_.is_home(host)) co_return fail(error_code::moved);
        hosts_[host].owner = *owner;
    }
    co_return &hosts_.find(host)->second;
}

void Book::write(const Host& host, std::string_view key) const {
    const auto at = host.invitations.all().find(key);
    if (at == host.invitations.all().end())
        stored_.remove(host.owner, key);
    else
        stored_.put_uncounted(host.owner, key, encode(at->second.invitation));
}

void Book::remove(Host& host, const std::vector<std::string>& keys) const {
    for (const std::string& key : keys) {
        host.invitations.remove(key);
        stored_.remove(host.owner, key);
    }
}

Task<Result<>> Book::commit(std::string host) {
    const Result<> committed = co_await context_.shard().committed();
    if (!committed) hosts_.erase(host);
    co_return committed;
}

void Book::drop(const PartitionSet& partitions) {
    std::erase_if(
        hosts_, [&](const auto& entry) { return partitions.contains(partition_of(entry.first)); });
}

// ---- One invitation ----------------------------------------------------------------------------

Task<Result<>> Book::add(std::string host, std::string key, Invitation invitation) {
    const auto opened = co_await open(host, true);
    if (!opened) co_return opened.error();
    const auto& options = context_.options<InvitationOptions>(host);
    const Bounds bounds{static_cast<std::size_t>(options.max_per_user),
                        static_cast<std::size_t>(options.max_per_host)};
    const Result<> added =
        (*opened)->invitations.add(key, std::move(invitation), context_.clock().lasting(), bounds);
    if (!added) co_return added;
    write(**opened, key);
    co_return co_await commit(std::move(host));
}

Task<Result<Invitation>> Book::find(std::string host, std::string key) {
    const auto opened = co_await open(std::move(host));
    if (!opened) co_return opened.error();
    const Invitation* found = (*opened)->invitations.find(key, context_.clock().lasting());
    if (!found) co_return fail(error_code::item_not_found, "the invitation is invalid or expired");
    co_return *found;
}

Task<Result<Invitation>> Book::begin(std::string host, std::string key,
                                     OpenInvitations::Late late) {
    const auto opened = co_await open(std::move(host));
    if (!opened) co_return opened.error();
    co_return (*opened)->invitations.begin(key, context_.clock().lasting(), late);
}

Task<Result<>> Book::finish(std::string host, std::string key) {
    const auto opened = co_await open(host);
    if (!opened) co_return opened.error();
    if ((*opened)->invitations.finish(key).found) write(**opened, key);
    co_return co_await commit(std::move(host));
}

Task<Result<>> Book::give_back(std::string host, std::string key) {
    const auto at = hosts_.find(host);
    if (at != hosts_.end()) at->second.invitations.give_back(key);
    co_return Result<>{};
}

Task<Result<>> Book::admit_newcomer(std::string host, std::string inviter) {
    const auto most = context_.options<InvitationOptions>(host).max_accounts_per_user;
    if (newcomers_.take(context_.clock().steady(), inviter, most)) co_return Result<>{};
    co_return fail(error_code::resource_constraint,
                   "too many accounts were made with this user's invitations; try later");
}

Task<Result<>> Book::excuse_newcomer(std::string inviter) {
    newcomers_.give_back(inviter);
    co_return Result<>{};
}

Task<Result<bool>> Book::reserves(std::string host, std::string localpart) {
    const auto opened = co_await open(std::move(host));
    if (!opened) co_return opened.error();
    co_return (*opened)->invitations.reserves(localpart, context_.clock().lasting());
}

// ---- Many --------------------------------------------------------------------------------------

Task<Result<std::vector<Listed>>> Book::list(std::string host) {
    const auto opened = co_await open(std::move(host));
    if (!opened) co_return opened.error();
    std::vector<Listed> listed;
    for (const auto& [key, entry] : (*opened)->invitations.all())
        if (is_open(entry.invitation, context_.clock().lasting()))
            listed.push_back({id_of_key(key), entry.invitation});
    std::stable_sort(listed.begin(), listed.end(), [](const Listed& a, const Listed& b) {
        return a.invitation.created < b.invitation.created;
    });
    co_return listed;
}

Task<Result<Listed>> Book::revoke(std::string host, std::string id) {
    const auto opened = co_await open(host);
    if (!opened) co_return opened.error();
    const std::vector<std::string> keys = (*opened)->invitations.keys_like(id);
    if (keys.empty()) co_return fail(error_code::item_not_found, "there is no such invitation");
    if (keys.size() > 1)
        co_return fail(error_code::conflict, "several invitations begin so: say more digits");
    Listed gone{id_of_key(keys.front()),
                (*opened)->invitations.all().find(keys.front())->second.invitation};
    remove(**opened, keys);
    const Result<> committed = co_await commit(std::move(host));
    if (!committed) co_return committed.error();
    co_return gone;
}

Task<Result<>> Book::forget_account(std::string host, Jid account) {
    const auto opened = co_await open(host);
    if (!opened) co_return opened.error();
    const auto keys = (*opened)->invitations.of_account(account.bare(), account.local());
    if (keys.empty()) co_return Result<>{};
    remove(**opened, keys);
    for (const std::string& key : keys)
        logger.info("dropped", {{"id", id_of_key(key)}, {"account", account.full()}});
    co_return co_await commit(std::move(host));
}

namespace {

Task<> forget(core::Context& context, Jid account) {
    std::string host(account.domain());
    const std::function<Task<Result<>>(Book&)> work = [&](Book& book) {
        return book.forget_account(std::string(account.domain()), account);
    };
    const Result<> done = co_await at_book<void>(context, std::move(host), work);
    if (!done && !done.error().is(error_code::item_not_found))
        logger.error("not-dropped", {{"account", account.full()}, {"error", done.error().text}});
}

}  // namespace

void Book::on_account_deleted(const events::AccountDeleted& event) {
    context_.scope().spawn("invitations", forget(context_, event.account.jid().to_bare()));
}

// ---- Those that are over -----------------------------------------------------------------------

/// False: there are no more.
Task<Result<bool>> Book::clear_some(std::string host) {
    const auto opened = co_await open(host);
    if (!opened) co_return opened.error();
    const auto keys = (*opened)->invitations.over(context_.clock().lasting(), cleared_at_once);
    if (keys.empty()) co_return false;
    remove(**opened, keys);
    const Result<> committed = co_await commit(std::move(host));
    if (!committed) co_return committed.error();
    co_return keys.size() == cleared_at_once;
}

Task<> Book::clear_away() {
    co_await context_.shard().sleep(first_clearing);
    while (!context_.stopping()) {
        const std::vector<std::string> hosts = context_.domains().hosts();
        for (const std::string& host : hosts) {
            BookSought sought{host};
            context_.bus().fire(sought);
            bool more = sought.found != nullptr && context_.is_home(host);
            while (more && !context_.stopping()) {
                const auto done = co_await clear_some(host);
                if (!done && !done.error().is(error_code::moved))
                    logger.error("clearing-failed", {{"host", host}, {"error", done.error().text}});
                more = done && *done;
                if (more) co_await context_.shard().sleep(slice_pause);
            }
        }
        co_await context_.shard().sleep(clearing_interval);
    }
}

}  // namespace clarion::registration::invitations
