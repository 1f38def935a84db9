#include "server/core/actors/directory.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.h"
#include "base/log.h"
#include "server/core/address/homes.h"
#include "server/core/context.h"
#include "server/core/internals.h"
#include "server/core/options.h"
#include "server/core/routing/delivery_queue.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"

namespace clarion::core {

namespace asio = boost::asio;

namespace {

constexpr Logger logger{"directory"};

/// Addresses known to have nobody: two generations of bounded size, the older forgotten when the
/// newer is full.
class UnknownAddresses {
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

struct ActorTable::Impl {
    enum class State : std::uint8_t { loading, opening, open, removing };
    struct Entry {
        std::unique_ptr<Actor> actor;
        std::vector<Ready> inbox;  // in order of asking, while busy
        State state = State::loading;
        bool busy() const { return state != State::open; }
    };

    Impl(Context& c, std::string_view k, ActorTable& t) : context(c), kind(k), table(t) {}

    Task<> load(std::string address);
    void open(const std::string& address, const ActorPin<Actor>& pin);
    void finish(const std::string& address, const Result<Actor*>& result);
    std::vector<Ready> take_inbox(const std::string& address);
    bool may_go(const Entry& entry, SteadyTime before) const;
    void evict_all(std::vector<std::string> addresses, SteadyTime before);
    void retire(std::unique_ptr<Actor> actor);
    void drop_retired();
    template <class Function>
    void for_each_in(const PartitionSet& partitions, Function fn);

    Context& context;
    const std::string kind;
    ActorTable& table;
    std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries;
    UnknownAddresses unknown;
    std::size_t loading = 0;
    std::uint64_t evicted = 0;
    std::size_t next_bucket = 0;  // of entries: where the next slice begins
    std::vector<std::string> evict_soon;
    std::vector<std::unique_ptr<Actor>> retired;  // deleted, while a coroutine still holds them
};

ActorTable::ActorTable(Context& context, std::string_view kind)
    : impl_(std::make_unique<Impl>(context, kind, *this)) {
    context.internals().directories.push_back(this);
}
ActorTable::~ActorTable() { std::erase(impl_->context.internals().directories, this); }

Context& ActorTable::context() const { return impl_->context; }

Error ActorTable::not_there() const {
    return fail(error_code::item_not_found, "no such " + impl_->kind);
}

// ---- Finding and loading -----------------------------------------------------------------------

Actor* ActorTable::find_actor(std::string_view address) {
    const auto at = impl_->entries.find(address);
    if (at == impl_->entries.end() || at->second.busy()) return nullptr;
    return at->second.actor.get();
}

void ActorTable::with_actor(std::string_view address, Ready ready) {
    auto at = impl_->entries.find(address);
    if (at != impl_->entries.end() && !at->second.busy()) {
        at->second.actor->touch();
        return ready(at->second.actor.get());
    }
    if (at == impl_->entries.end()) {
        if (!impl_->context.is_home(address))
            return ready(fail(error_code::moved, "it lives elsewhere"));
        if (impl_->unknown.contains(address)) return ready(not_there());
        Impl::Entry& entry = impl_->entries[std::string(address)];
        entry.inbox.push_back(std::move(ready));
        ++impl_->loading;
        // May be done, and the entry gone, before this returns: storage that answers at once is not
        // waited for.
        impl_->context.scope().spawn("load-actor", impl_->load(std::string(address)));
        return;
    }
    Impl::Entry& entry = at->second;
    const auto most =
        static_cast<std::size_t>(impl_->context.options<ServerOptions>().account_inbox_limit);
    // What comes while it opens was under way before, and waits for nothing else.
    if (entry.state != Impl::State::opening && entry.inbox.size() >= most)
        return ready(
            fail(error_code::resource_constraint, "too much waits for this " + impl_->kind));
    entry.inbox.push_back(std::move(ready));
}

Task<> ActorTable::Impl::load(std::string address) {
    const Partition partition = partition_of(address);
    const Home home = context.homes().of(partition);
    auto read = co_await table.read(address);
    --loading;
    const auto entry = entries.find(address);
    if (entry == entries.end() || context.homes().of(partition) != home)
        co_return;  // it was taken out meanwhile
    if (!read) {
        logger.error("load-failed", {{kind, address}, {"error", read.error().text}});
        finish(address, fail("internal-server-error", "the " + kind + " could not be read"));
    } else if (!*read) {
        unknown.add(address, static_cast<std::size_t>(
                                 context.options<ServerOptions>().unknown_account_cache));
        finish(address, table.not_there());
    } else {
        entry->second.actor = std::move(*read);
        entry->second.state = State::opening;
        ActorPin<Actor> pin(*entry->second.actor);
        context.deliveries().run_behind(
            [this, address, pin = std::move(pin)](Context&) { open(address, pin); });
    }
}

/// It has been read, and all that was under way to it by then waits in its inbox.
void ActorTable::Impl::open(const std::string& address, const ActorPin<Actor>& pin) {
    const auto entry = entries.find(address);
    const bool is_there = entry != entries.end() && entry->second.actor.get() == &*pin;
    if (is_there) finish(address, &*pin);  // else it was taken out meanwhile
}

std::vector<ActorTable::Ready> ActorTable::Impl::take_inbox(const std::string& address) {
    const auto at = entries.find(address);
    if (at == entries.end()) return {};
    auto inbox = std::exchange(at->second.inbox, {});
    at->second.state = State::open;
    if (!at->second.actor) entries.erase(at);
    return inbox;
}

void ActorTable::Impl::finish(const std::string& address, const Result<Actor*>& result) {
    if (result) result.value()->pin();
    for (auto& ready : take_inbox(address)) ready(result);
    if (result) result.value()->unpin();
    context.partitions_changed().notify();
}

Task<Result<Actor*>> ActorTable::load_pinned(std::string address) {
    auto start = [this, &address](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        with_actor(address, [this, shared](Result<Actor*> found) {
            if (found) (*found)->pin();  // held until the coroutine runs
            asio::post(impl_->context.shard().executor(), [shared, found] { (*shared)(found); });
        });
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<Actor*>)>(
        start, asio::use_awaitable);
}

void ActorTable::for_each_actor(const std::function<void(Actor&)>& fn) {
    std::vector<Actor*> actors;
    for (auto& [address, entry] : impl_->entries)
        if (entry.actor && !entry.busy()) actors.push_back(entry.actor.get());
    for (Actor* actor : actors) fn(*actor);
}

// ---- Deleting ----------------------------------------------------------------------------------

void ActorTable::note_created(std::string_view address) { impl_->unknown.remove(address); }

void ActorTable::begin_removal(const std::string& address) {
    impl_->entries.at(address).state = Impl::State::removing;
}

void ActorTable::end_removal(const std::string& address, bool gone) {
    const auto at = impl_->entries.find(address);
    if (at == impl_->entries.end()) return;  // it was taken out meanwhile
    impl_->retire(std::move(at->second.actor));
    if (gone) impl_->unknown.remove(address);
    impl_->finish(address, not_there());
}

void ActorTable::Impl::retire(std::unique_ptr<Actor> actor) {
    if (actor) retired.push_back(std::move(actor));
    drop_retired();
}

/// Coroutines that hold one that is deleted or gone end with it; the object goes when they have.
void ActorTable::Impl::drop_retired() {
    if (!context.deliveries().empty()) return;  // what is under way to its sessions refers to it
    std::erase_if(retired, [](const auto& a) { return !a->pinned(); });
}

// ---- Evicting ----------------------------------------------------------------------------------

void ActorTable::evict_idle(Duration idle) {
    const SteadyTime before = impl_->context.clock().steady() - idle;
    std::vector<std::string> candidates;
    for (const auto& [address, entry] : impl_->entries)
        if (impl_->may_go(entry, before)) candidates.push_back(address);
    impl_->evict_all(std::move(candidates), before);
}

void ActorTable::evict_slice(Duration idle, std::size_t slices) {
    const SteadyTime now = impl_->context.clock().steady();
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
    std::erase_if(impl_->evict_soon, [&](const std::string& address) {
        const auto at = impl_->entries.find(address);
        const bool goes = at != impl_->entries.end() && impl_->may_go(at->second, now);
        if (goes) candidates.push_back(address);
        return goes || at == impl_->entries.end();
    });
    impl_->evict_all(std::move(candidates), now);
    impl_->drop_retired();
}

void ActorTable::evict_soon(std::string address) {
    impl_->evict_soon.push_back(std::move(address));
}

void ActorTable::Impl::evict_all(std::vector<std::string> addresses, SteadyTime before) {
    if (addresses.empty()) return;
    // What they wrote last must be readable before they are loaded again.
    context.shard().after_commit(
        [this, before, addresses = std::move(addresses)](const Result<>&) mutable {
            // What is under way to their sessions refers to them: when that is delivered.
            if (!context.deliveries().empty())
                return context.deliveries().push(
                    [this, before, addresses = std::move(addresses)](Context&) mutable {
                        evict_all(std::move(addresses), before);
                    });
            for (const auto& address : addresses) {
                const auto at = entries.find(address);
                if (at == entries.end() || !may_go(at->second, before)) continue;
                table.on_evict(*at->second.actor);
                entries.erase(at);
                ++evicted;
            }
        });
}

bool ActorTable::Impl::may_go(const Entry& entry, SteadyTime before) const {
    if (entry.busy() || !entry.actor) return false;
    Actor& actor = *entry.actor;
    return actor.last_used() <= before && !actor.pinned() && table.may_evict(actor);
}

// ---- Partitions that leave ---------------------------------------------------------------------

/// Calls `fn(address, entry)`, which may change the entry but not the table.
template <class Function>
void ActorTable::Impl::for_each_in(const PartitionSet& partitions, Function fn) {
    for (auto& [address, entry] : entries)
        if (partitions.contains(partition_of(address))) fn(address, entry);
}

void ActorTable::drain(const PartitionSet& partitions) {
    std::vector<Actor*> actors;
    impl_->for_each_in(partitions, [&](const std::string&, Impl::Entry& entry) {
        if (entry.actor && !entry.busy()) actors.push_back(entry.actor.get());
    });
    for (Actor* actor : actors) drain(*actor);
}

bool ActorTable::drained(const PartitionSet& partitions) const {
    bool all = true;
    impl_->for_each_in(partitions, [&](const std::string&, Impl::Entry& entry) {
        all = all && !entry.busy() && impl_->table.drained(*entry.actor);
    });
    return all;
}

bool ActorTable::free_to_go(const PartitionSet& partitions) const {
    bool all = true;
    impl_->for_each_in(partitions, [&](const std::string&, Impl::Entry& entry) {
        const bool goes = impl_->may_go(entry, SteadyTime::max());  // all are asked
        all = all && goes;
    });
    return all;
}

void ActorTable::take_out(const PartitionSet& partitions) {
    std::vector<std::string> addresses;
    impl_->for_each_in(partitions, [&](const std::string& address, Impl::Entry& entry) {
        if (entry.actor) entry.actor->set_gone();
        addresses.push_back(address);
    });
    impl_->unknown = {};  // their next home may create some
    for (const auto& address : addresses) {
        const auto at = impl_->entries.find(address);
        if (at == impl_->entries.end()) continue;
        impl_->retire(std::move(at->second.actor));
        impl_->finish(address, fail(error_code::moved, "it lives elsewhere"));
    }
}

std::uint64_t ActorTable::evicted() const { return impl_->evicted; }
std::size_t ActorTable::loaded() const { return impl_->entries.size() - impl_->loading; }
std::size_t ActorTable::loading() const { return impl_->loading; }

}  // namespace clarion::core
