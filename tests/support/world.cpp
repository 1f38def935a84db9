#include "tests/support/world.h"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/log.h"
#include "proto/ns.h"
#include "server/core/delivery/crossing.h"
#include "server/core/options.h"
#include "server/core/setup/module_order.h"
#include "server/core/setup/partition_moves.h"
#include "server/core/streams/bind_resource.h"

namespace clarion::test {

namespace {

xml::Document parse(std::string_view text) {
    auto element = xml::parse_element(text, ns::client);
    if (element.empty()) throw std::runtime_error("not XML: " + std::string(text));
    return element;
}

Jid parse_jid(std::string_view text) {
    auto jid = Jid::parse(text);
    if (!jid.ok()) throw std::runtime_error(jid.error().text);
    return std::move(jid).value();
}

bool is_answer(const xml::Element& element, std::string_view id) {
    const std::string_view type = element.attr("type");
    return element.name() == "iq" && element.attr("id") == id &&
           (type == "result" || type == "error");
}

/// Of a stanza as text; without reading it, for it is read when it is sent.
std::string id_of(std::string_view stanza) {
    const std::string_view start = stanza.substr(0, stanza.find('>'));
    for (const char quote : {'\'', '"'}) {
        const std::string before = std::string(" id=") + quote;
        const auto at = start.find(before);
        if (at == start.npos) continue;
        const auto from = at + before.size();
        return std::string(start.substr(from, start.find(quote, from) - from));
    }
    throw std::runtime_error("no id: " + std::string(stanza));
}

xml::Document take(std::deque<xml::Document>& from, std::deque<xml::Document>::iterator at) {
    if (at == from.end()) return xml::Document("nothing", "");
    xml::Document found = std::move(*at);
    from.erase(at);
    return found;
}

/// Keeps `fn`, and what it captured, until its coroutine has ended.
Task<> run_to_end(std::function<Task<>(core::Core&)> fn, core::Core& core, bool& ended,
                  std::exception_ptr& failure) {
    try {
        co_await fn(core);
    } catch (...) {
        failure = std::current_exception();
    }
    ended = true;
}

/// Binds, and what the client says `at_once` is read before anything else happens.
Task<std::shared_ptr<core::Session>> bind(core::Context& core, core::BindRequest request,
                                          FakePort& port, std::vector<std::string> at_once) {
    core::Bound bound = co_await core::bind_resource(core, port, std::move(request));
    if (!bound.session) throw std::runtime_error("the resource cannot be bound");
    core::begin_session(*bound.session);
    for (const auto& element : at_once) bound.session->on_element(parse(element));
    co_return std::move(bound.session);
}

}  // namespace

// --- Client and FakeLink ------------------------------------------------------------------------

core::Session& Client::session() {
    const auto session = session_.lock();
    if (!session) throw std::runtime_error("the session of " + jid_.full() + " has ended");
    return *session;
}

void Client::send_soon(std::string_view xml) {
    auto element = std::make_shared<xml::Document>(parse(xml));
    world_.post(jid_.bare(), [this, element](core::Context&) {
        if (const auto session = session_.lock()) session->on_element(std::move(*element));
    });
}

void Client::send(std::string_view xml) {
    send_soon(xml);
    world_.settle();
}

xml::Document Client::ask(std::string_view iq) {
    const std::string id = id_of(iq);
    const auto find = [this, &id] {
        return std::find_if(port_.elements().begin(), port_.elements().end(),
                            [&id](const auto& e) { return is_answer(e.root(), id); });
    };
    send(iq);
    if (find() == port_.elements().end())
        world_.settle_until([&] { return find() != port_.elements().end(); });
    return take(port_.elements(), find());
}

xml::Document Client::pop(std::string_view name) {
    auto& all = port_.elements();
    return take(all, std::find_if(all.begin(), all.end(),
                                  [name](const auto& e) { return e.root().name() == name; }));
}

void Client::close() {
    world_.at(jid_.bare(), [this](core::Context&) { session().on_stream_closed(); });
}

void Client::cut() {
    world_.at(jid_.bare(), [this](core::Context&) { session().on_detached(); });
}

Task<Result<>> resume_session(core::Session& session, FakePort& port, std::uint32_t handled) {
    const auto resumed = co_await session.hibernation().resume(port, handled);
    if (!resumed) co_return resumed.error();
    port.write_xml("<resumed xmlns='urn:xmpp:sm:3' previd='" + std::string(resumed->id) + "' h='" +
                   std::to_string(resumed->handled) + "'/>");
    session.send_unacknowledged();
    co_return Result<>{};
}

StanzaPtr FakeLink::pop() {
    if (stanzas_.empty()) return nullptr;
    StanzaPtr oldest = std::move(stanzas_.front());
    stanzas_.pop_front();
    return oldest;
}

// --- World --------------------------------------------------------------------------------------

World::World(Setup setup)
    : setup_(std::move(setup)), storage_(storage::make_memory_test_storage()) {
    set_log_level(LogLevel::error);
    OptionRegistry registry;
    core::declare_options(registry);
    for (const auto& row : setup_.modules) {
        if (row.declare_options) row.declare_options(registry);
    }
    const std::string text =
        "[server]\ndomains = [\"example.org\", \"example.net\"]\n" + setup_.config;
    auto config = parse_config(registry, text, "world.toml");
    if (!config.ok()) throw std::runtime_error(config.error().text);
    config_ = std::move(config).value();
    for (const auto& domain : config_->get<core::ServerOptions>().domains)
        domains_.add_host(domain);
    for (const auto& [domain, options] : config_->named<core::ComponentOptions>()) {
        domains_.add_component(domain);
    }
    const auto served = core::declare_services(setup_.modules, *config_, domains_);
    if (!served) throw std::runtime_error(served.error().text);
    start();
    for (const auto& core : shared_->cores)
        core->accounts().set_hibernating_known(PartitionSet::all());
}

World::~World() {
    storage_->stop();
    stop();
}

void World::start() {
    shards_ = std::make_unique<core::ShardSet>(setup_.shards, clock_, *storage_);
    shared_ = std::make_unique<core::Shared>(
        core::Shared{*shards_,
                     clock_,
                     *storage_,
                     domains_,
                     {"scram-secret", "dialback-secret", "archive-secret"}});
    for (unsigned i = 0; i < setup_.shards; ++i) {
        shared_->cores.push_back(std::make_unique<core::Core>(*shared_, i, config_));
        core::Core& made = *shared_->cores.back();
        made.links().set_remote(&remote_);
        const auto order = core::install_order(setup_.modules);
        if (!order) throw std::runtime_error(order.error().text);
        for (const auto* row : *order) core::install_module(made, *row);
    }
}

void World::stop() {
    shards_->stop();
    shards_->discard();
    shared_.reset();
    shards_.reset();
}

void World::crash_and_restart() {
    settle();
    stop();
    start();
}

void World::crash_while_held() {
    run_shards();
    for (unsigned i = 0; i < shards_->count(); ++i)
        storage_->set_commit_listener(i, [](const storage::CommitReport&) {});
    stop();
    storage_->release_commits();
    storage_->wait_until_idle();
    start();
}

core::Core& World::home_of(std::string_view key) {
    return *shared_->cores[shared_->homes.shard_of(key)];
}

// --- time ---------------------------------------------------------------------------------------

bool World::run_ready() {
    bool ran = false;
    for (unsigned i = 0; i < shards_->count(); ++i) ran |= shards_->at(i).run_ready();
    return ran;
}

bool World::quiet() {
    return std::all_of(shared_->cores.begin(), shared_->cores.end(), [](const auto& core) {
        return core->shard().quiet() &&
               std::none_of(core->directories().begin(), core->directories().end(),
                            [](const auto* each) { return each->loading() != 0; });
    });
}

void World::settle_until(const std::function<bool()>& done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (true) {
        const bool ran = run_ready();
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
        if (!ran && done()) return;
        if (std::chrono::steady_clock::now() > limit) {
            throw std::runtime_error("the World does not settle");
        }
        if (!ran) std::this_thread::yield();
    }
}

void World::run_shards() {
    settle_until([] { return true; });
}

void World::settle() {
    settle_until([this] { return quiet(); });
}

void World::advance(std::chrono::microseconds by) {
    clock_.advance(by);
    settle();
}

void World::post(std::string_view key, std::function<void(core::Core&)> fn) {
    core::Core& home = home_of(key);
    auto guarded = [this, fn = std::move(fn)](core::Context& there) {
        try {
            fn(static_cast<core::Core&>(there));
        } catch (...) {
            failure_ = std::current_exception();
        }
    };
    shards_->post(home.shard().index(),
                  [&home, key = std::string(key), guarded = std::move(guarded)]() mutable {
                      home.on_home_shard(key, std::move(guarded));
                  });
}

bool World::move(const PartitionSet& partitions, unsigned to) {
    Result<> moved;
    run_on(0, [&](core::Context& core) -> Task<> {
        moved = co_await core::move_partitions(core, partitions, to);
    });
    return moved.ok();
}

void World::lose(const PartitionSet& partitions) {
    run_on(0, [&](core::Context& core) { return core::lose_partitions(core, partitions); });
}

void World::at(std::string_view key, std::function<void(core::Core&)> fn) {
    post(key, std::move(fn));
    settle();
}

void World::run(std::string_view key, std::function<Task<>(core::Core&)> fn) {
    bool ended = false;
    std::exception_ptr failure;
    post(key, [&](core::Core& core) {
        core.scope().spawn("world", run_to_end(fn, core, ended, failure));
    });
    finish(ended, failure);
}

void World::run_on(unsigned shard, std::function<Task<>(core::Core&)> fn) {
    bool ended = false;
    std::exception_ptr failure;
    shards_->post(shard, [&] {
        core(shard).scope().spawn("world", run_to_end(fn, core(shard), ended, failure));
    });
    finish(ended, failure);
}

void World::finish(const bool& ended, const std::exception_ptr& failure) {
    settle_until([&ended] { return ended; });
    settle();
    if (failure) std::rethrow_exception(failure);
}

// --- accounts and clients -----------------------------------------------------------------------

void World::add_account(std::string_view bare_jid, std::string_view password) {
    const Jid jid = parse_jid(bare_jid);
    if (!password.empty()) {
        return run(jid.bare(), [&](core::Context& core) -> Task<> {
            const auto made = co_await core.account_registry().create(jid, std::string(password));
            if (!made.ok()) throw std::runtime_error(made.error().text);
        });
    }
    at(jid.bare(), [&](core::Context& core) {
        storage::AccountRecord record;
        record.id = storage_->owners().next_id(jid.bare());
        record.jid = std::string(jid.bare());
        record.created = clock_.wall();
        storage_->accounts().put(core.shard().batch(), record);
    });
}

core::Account& World::account(std::string_view bare_jid) {
    core::Account* found = nullptr;
    at(bare_jid, [&found, name = std::string(bare_jid)](core::Context& core) {
        core.accounts().with(name, [&found](Result<core::Account*> account) {
            if (account.ok()) found = *account;
        });
    });
    if (!found) throw std::runtime_error("no account " + std::string(bare_jid));
    return *found;
}

Client& World::connect(std::string_view full_jid, std::string_view device,
                       std::vector<std::string> at_once) {
    Client& client = clients_.emplace_back(*this, parse_jid(full_jid));
    const Jid& jid = client.jid();
    run(jid.bare(), [&](core::Context& core) -> Task<> {
        core::BindRequest request{.account = jid.to_bare(),
                                  .resource = std::string(jid.resource()),
                                  .device = std::string(device)};
        client.session_ = co_await bind(core, std::move(request), client.port(), at_once);
    });
    return client;
}

Client& World::log_in(std::string_view full_jid) {
    Client& client = connect(full_jid);
    client.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    client.send("<presence/>");
    client.drop_all();
    return client;
}

void World::befriend(std::string_view bare_jid, std::string_view contact,
                     core::Subscription subscription) {
    core::Account& owner = account(bare_jid);
    at(bare_jid, [&](core::Context& core) {
        core::RosterItem item;
        item.jid = std::string(contact);
        item.subscription = subscription;
        owner.roster().put(core.shard(), owner.id(), std::move(item));
    });
}

// --- the edges ----------------------------------------------------------------------------------

FakeLink& World::attach_component(std::string_view domain) {
    FakeLink& link = components_[std::string(domain)];
    at(domain,
       [&](core::Context& core) { core.links().attach_component(std::string(domain), &link); });
    return link;
}

void World::arrive(std::string_view stanza) {
    auto parsed = Stanza::from_document(parse(stanza));
    if (!parsed.ok()) throw std::runtime_error(parsed.error().text);
    const StanzaPtr arrived = std::move(parsed).value();
    at(arrived->from().domain(), [&](core::Context& core) {
        core::route_from_outside(core, core.router().envelope_for(arrived));
    });
}

}  // namespace clarion::test
