// Partitions that move and are lost while people talk (docs/design/003-homes.md).
//
// A random walk: people write to each other, lose their connections and come back, while the
// partitions of some of them move between three shards, and commits are held at times. Whatever
// happens, everybody gets every message of everybody else once, in order, and nobody gets an error.
// In some walks people leave and log in again too, and some have no stream management; then only
// the order is not looked at: who is cut off while offline messages are sent to them gets the rest
// behind newer ones, whether anybody moves or not.
//
// CLARION_MODEL_STEPS: how many steps each seed does (default 4,000).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>

#include "modules/carbons.h"
#include "modules/mam/mam.h"
#include "modules/offline.h"
#include "modules/stream_management.h"
#include "proto/ns.h"
#include "server/core/accounts/hibernation_recovery.h"
#include "server/core/setup/partition_moves.h"
#include "server/core/streams/bind_resource.h"
#include "tests/support/world.h"

namespace clarion {
namespace {

using namespace std::chrono_literals;
using core::Core;
using test::FakePort;
using test::World;

constexpr unsigned shards = 3;

core::ModuleRow row(std::string_view name, void (*install)(core::ModuleSetup&),
                    void (*declare)(OptionRegistry&) = nullptr) {
    return {name, install, declare, "", ""};
}

std::vector<core::ModuleRow> rows(bool archive) {
    std::vector<core::ModuleRow> all{
        row("stream_management", stream_management::install, stream_management::declare_options)};
    if (archive) all.push_back(row("mam", mam::install, mam::declare_options));
    all.push_back(row("carbons", carbons::install));
    all.push_back(row("offline", offline::install, offline::declare_options));
    return all;
}

PartitionSet partition_set(std::string_view address) {
    PartitionSet set;
    set.add(partition_of(address));
    return set;
}

/// Somebody with one device, and what it knows.
struct Person {
    std::string jid;  // bare
    bool acks = false;
    FakePort* port = nullptr;  // nullptr: it has no connection
    std::weak_ptr<core::Session> session;
    bool coming = false;  // it is binding or resuming

    // Stream management.
    std::string sm_id;                // empty: no session to resume
    std::uint32_t received = 0;       // stanzas, since it was enabled
    std::uint32_t acked = 0;          // of those it sent
    std::deque<std::string> unacked;  // sent, or to be sent again

    std::map<std::string, int> said;              // to whom: the last number
    std::map<std::string, std::vector<int>> got;  // from whom: the numbers
    int errors = 0;
    int resumed = 0;

    bool connected() const { return port && !port->cut() && !port->closed(); }
};

xml::Document parse(const std::string& text) { return xml::parse_element(text, ns::client); }

std::string message(const Person& to, int number) {
    return "<message to='" + to.jid + "' type='chat' id='n" + std::to_string(number) + "'><body>" +
           std::to_string(number) + "</body></message>";
}

/// Where the numbers are not those from 1 to `last`; empty: nowhere.
std::string difference(const std::vector<int>& numbers, int last) {
    for (std::size_t i = 0; i < numbers.size(); ++i)
        if (numbers[i] != static_cast<int>(i) + 1)
            return std::to_string(numbers[i]) + " in place " + std::to_string(i + 1);
    const auto count = static_cast<int>(numbers.size());
    return count == last ? "" : std::to_string(count) + " of " + std::to_string(last);
}

class Walk {
public:
    Walk(unsigned seed, bool archive, bool leaving)
        : random_(seed), leaving_(leaving), world_({.modules = rows(archive), .shards = shards}) {
        for (int i = 0; i < 7; ++i) {
            Person& person = people_.emplace_back();
            person.jid = "p" + std::to_string(i) + "@example.org";
            person.acks = !leaving || i % 3 != 2;
            world_.add_account(person.jid);
        }
        for (Person& person : people_) come(person);
        world_.settle();
    }

    void step() {
        Person& one = somebody();
        switch (chance(24)) {
            case 0:
            case 1: move(); break;
            case 2: cut(one); break;
            case 3: leave(one); break;
            case 4: toggle_commits(); break;
            case 5: evict(); break;
            case 6:
            case 7:
            case 8: come(one); break;
            case 9:
            case 10: acknowledge(one); break;
            default: say(one, somebody()); break;
        }
        switch (chance(4)) {
            case 0: break;
            case 1: world_.run_shards(); break;
            default: pass(1ms);
        }
        for (Person& person : people_) notice(person);
    }

    /// Everybody comes back and reads everything.
    void come_to_rest() {
        if (held_) toggle_commits();
        for (int i = 0; i < 40; ++i) {
            pass(50ms);
            for (Person& person : people_) {
                notice(person);
                come(person);
                acknowledge(person);
            }
        }
        pass(6s);
        for (Person& person : people_) read(person);
    }

    void check() {
        CHECK(!moving_);
        CHECK(moves_failed_ == 0);
        for (const Person& to : people_) {
            CAPTURE(to.jid);
            CHECK(to.errors == 0);
            CHECK(to.connected());
            for (const Person& from : people_) {
                if (!from.said.contains(to.jid)) continue;
                CAPTURE(from.jid);
                std::vector<int> numbers;
                if (const auto found = to.got.find(from.jid); found != to.got.end())
                    numbers = found->second;
                if (leaving_) std::sort(numbers.begin(), numbers.end());
                CHECK(difference(numbers, from.said.at(to.jid)) == "");
            }
        }
        for (const auto& port : ports_) CHECK(port->written_after_cut() == 0);
    }

    int moves() const { return moves_; }
    int resumed() const {
        int all = 0;
        for (const Person& person : people_) all += person.resumed;
        return all;
    }

private:
    unsigned chance(unsigned of) { return static_cast<unsigned>(random_() % of); }
    Person& somebody() { return people_[chance(static_cast<unsigned>(people_.size()))]; }

    /// Also if commits are held.
    void pass(std::chrono::microseconds time) {
        world_.clock().advance(time);
        if (held_)
            world_.run_shards();
        else
            world_.settle();
    }

    // ---- What the server does ------------------------------------------------------------------

    void move() {
        if (moving_) return;
        PartitionSet set;
        for (unsigned i = chance(3) + 1; i > 0; --i) set.add(partition_of(somebody().jid));
        for (unsigned i = chance(40); i > 0; --i)
            set.add(Partition{static_cast<std::uint16_t>(chance(partition_count))});
        moving_ = true;
        ++moves_;
        Core& core = world_.core(chance(shards));
        core.shards().post(core.shard().index(), [this, &core, set, to = chance(shards)] {
            core.scope().spawn("move", run_move(core, set, to));
        });
    }

    Task<> run_move(Core& core, PartitionSet set, unsigned to) {
        const auto moved = co_await core::move_partitions(core, set, to);
        if (!moved) ++moves_failed_;
        moving_ = false;
    }

    void toggle_commits() {
        held_ = !held_;
        if (held_)
            world_.storage().hold_commits();
        else
            world_.storage().release_commits();
    }

    /// Those who were not used just now.
    void evict() {
        world_.clock().advance(2ms);
        for (unsigned i = 0; i < shards; ++i) {
            Core& core = world_.core(i);
            core.shards().post(i, [&core] { core.accounts().evict_idle(1ms); });
        }
    }

    // ---- What people do ------------------------------------------------------------------------

    /// At its home, as its client.
    void with(Person& person, std::function<void(core::Session&)> fn) {
        world_.post(person.jid, [&person, port = person.port, fn = std::move(fn)](Core&) {
            const auto session = person.session.lock();
            if (session && port == person.port && person.connected() && session->port() == port)
                fn(*session);
        });
    }

    void say(Person& from, Person& to) {
        if (&from == &to) return;
        if (from.acks) {
            if (from.sm_id.empty()) return;
            const std::string text = message(to, ++from.said[to.jid]);
            from.unacked.push_back(text);
            return with(from, [text](core::Session& session) { session.on_element(parse(text)); });
        }
        with(from, [&from, &to](core::Session& session) {
            session.on_element(parse(message(to, ++from.said[to.jid])));
        });
    }

    void acknowledge(Person& person) {
        with(person, [this, &person](core::Session& session) {
            read(person);
            if (person.acks) session.on_element(parse(ack(person)));
        });
    }

    static std::string ack(const Person& person) {
        return "<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(person.received) + "'/>";
    }

    void cut(Person& person) {
        const bool loses = chance(2) == 0;
        with(person, [this, &person, loses](core::Session& session) {
            lose_connection(person, loses);
            session.on_detached();
        });
    }

    void leave(Person& person) {
        if (!leaving_ || !person.unacked.empty()) return;
        with(person, [this, &person](core::Session& session) {
            if (!person.unacked.empty()) return;
            read(person);
            if (person.acks) session.on_element(parse(ack(person)));
            read(person);
            person.port = nullptr;
            person.sm_id.clear();
            session.on_stream_closed();
        });
    }

    /// `loses`: of what was on the way to it. Without stream management it cannot know what that
    /// was.
    void lose_connection(Person& person, bool loses) {
        if (!loses || !person.acks) read(person);
        person.port = nullptr;
    }

    void notice(Person& person) {
        if (!person.port || person.connected()) {
            if (person.port && chance(3) == 0) read(person);
            return;
        }
        if (person.port->closed()) {
            CHECK(!person.acks);
            CHECK(person.port->error() == StreamErrorCondition::reset);
        }
        lose_connection(person, chance(2) == 0);
    }

    void read(Person& person) {
        if (!person.port) return;
        while (person.port->pending() > 0) take(person, person.port->pop());
    }

    void take(Person& person, const xml::Document& element) {
        const xml::Element& root = element.root();
        if (root.ns() == ns::sm) return take_nonza(person, root);
        if (!person.sm_id.empty()) ++person.received;
        if (root.attr("type") == "error") ++person.errors;
        const xml::Element* const body = root.child(ns::client, "body");
        if (root.name() != "message" || !body || root.attr("type") == "error") return;
        const std::string from(root.attr("from"));
        person.got[from.substr(0, from.find('/'))].push_back(std::stoi(std::string(body->text())));
    }

    void take_nonza(Person& person, const xml::Element& element) {
        if (element.name() == "enabled") {
            person.sm_id = element.attr("id");
            person.received = person.acked = 0;
        } else if (element.name() == "a" || element.name() == "resumed") {
            const auto h = static_cast<std::uint32_t>(std::stoul(std::string(element.attr("h"))));
            REQUIRE(h - person.acked <= person.unacked.size());
            for (; person.acked != h; ++person.acked) person.unacked.pop_front();
        }
    }

    // ---- Connecting ----------------------------------------------------------------------------

    void come(Person& person) {
        if (person.port || std::exchange(person.coming, true)) return;
        world_.post(person.jid, [this, &person](Core& core) {
            ports_.push_back(std::make_unique<FakePort>());
            core.scope().spawn("come", connect(core, person, *ports_.back()));
        });
    }

    /// Tries once: who finds its account moving tries again.
    Task<> connect(Core& core, Person& person, FakePort& port) {
        struct Coming {
            Person& person;
            ~Coming() { person.coming = false; }
        } const coming{person};
        if (!core.partition_table().is_here(partition_of(person.jid))) co_return;
        if (person.sm_id.empty())
            co_await bind(core, person, port);
        else
            co_await resume(core, person, port);
    }

    Task<> bind(Core& core, Person& person, FakePort& port) {
        core::BindRequest request{.account = *Jid::parse(person.jid), .resource = "phone"};
        core::Bound bound = co_await core::bind_resource(core, port, std::move(request));
        if (!bound.session) co_return;
        person.port = &port;
        person.session = bound.session;
        core::begin_session(*bound.session);
        if (person.acks) {
            bound.session->on_element(parse("<enable xmlns='urn:xmpp:sm:3' resume='true'/>"));
            read(person);
        }
        person.unacked.push_front("<presence/>");
        const std::deque<std::string> first = person.unacked;  // what it wanted to say meanwhile
        if (!person.acks) person.unacked.clear();
        for (const std::string& text : first) bound.session->on_element(parse(text));
    }

    Task<> resume(Core& core, Person& person, FakePort& port) {
        auto pin = co_await core.accounts().load(person.jid);
        if (!pin || !core.partition_table().is_here(partition_of(person.jid))) co_return;
        std::shared_ptr<core::Session> session;
        for (const auto& each : (*pin)->sessions())
            if (each->sm() && each->sm()->id() == person.sm_id) session = each;
        REQUIRE(session);
        const auto resumed = co_await test::resume_session(*session, port, person.received);
        if (!resumed) {
            CHECK(!pin->alive());
            co_return;
        }
        ++person.resumed;
        person.port = &port;
        person.session = session;
        read(person);
        const std::deque<std::string> again = person.unacked;
        for (const std::string& text : again) session->on_element(parse(text));
    }

    std::mt19937 random_;
    const bool leaving_;
    std::deque<Person> people_;
    std::vector<std::unique_ptr<FakePort>> ports_;
    World world_;  // what is above outlives the sessions
    bool held_ = false;
    bool moving_ = false;
    int moves_ = 0;
    int moves_failed_ = 0;
};

int steps() {
    const char* given = std::getenv("CLARION_MODEL_STEPS");
    return given ? std::atoi(given) : 4'000;
}

// ---- Loss --------------------------------------------------------------------------------------

/// What storage has of an account that a session or a message could change.
struct Stored {
    std::uint64_t offline = 0, last_offline_seq = 0, queued = 0;
    std::size_t hibernating = 0, online = 0;
    bool operator==(const Stored&) const = default;
};

Task<> read_stored(Core& core, std::string jid, Stored& stored) {
    const auto found = co_await core.storage().accounts().load(std::move(jid));
    if (!found || !found->has_value()) co_return;
    const storage::AccountSnapshot& snapshot = **found;
    stored = {.offline = snapshot.offline.size(),
              .last_offline_seq = snapshot.last_offline_seq,
              .hibernating = snapshot.hibernating_sessions.size(),
              .online = snapshot.online_records.size()};
    for (const auto& session : snapshot.hibernating_sessions) stored.queued += session.queued;
}

/// Ana is connected, Ben hibernates, and both are lost; Cyd, who writes to them, is not.
struct Loss {
    World world{{.modules = rows(false), .shards = shards}};
    test::Client* ana = nullptr;
    test::Client* ben = nullptr;
    test::Client* cyd = nullptr;
    PartitionSet lost = partition_set("ana@example.org");

    Loss() {
        lost.add(partition_of("ben@example.org"));
        REQUIRE(!lost.contains(partition_of("cyd@example.org")));
        for (const auto jid : {"ana@example.org", "ben@example.org", "cyd@example.org"})
            world.add_account(jid);
        for (unsigned i = 0; i < shards; ++i)
            world.core(i).shards().post(i, [&core = world.core(i)] {
                core.scope().spawn("deadlines", core::watch_deadlines(core));
            });
        ana = &log_in("ana@example.org/phone");
        ben = &log_in("ben@example.org/phone");
        cyd = &log_in("cyd@example.org/phone");
    }
    test::Client& log_in(std::string_view jid) {
        test::Client& client = world.connect(jid);
        client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        client.send("<presence/>");
        client.send("<a xmlns='urn:xmpp:sm:3' h='1'/>");
        client.drop_all();
        return client;
    }
    /// One to each of the lost, without waiting for storage.
    void write(int number) {
        for (const auto to : {"ana@example.org", "ben@example.org"})
            cyd->send_soon("<message to='" + std::string(to) + "' type='chat' id='" +
                           std::to_string(number) + "'><body>x</body></message>");
        cyd->send_soon("<r xmlns='urn:xmpp:sm:3'/>");
        world.run_shards();
    }
    void lose() {
        Core& core = world.core(0);
        core.shards().post(
            0, [this, &core] { core.scope().spawn("lose", core::lose_partitions(core, lost)); });
        world.run_shards();
    }
    /// How many of its stanzas Cyd knows to be dealt with.
    std::string acknowledged() {
        std::string h;
        for (auto a = cyd->pop("a"); a.root().name() == "a"; a = cyd->pop("a"))
            h = a.root().attr("h");
        return h;
    }
    Stored stored(std::string_view jid) {
        Stored found;
        world.run("cyd@example.org",
                  [&](Core& core) { return read_stored(core, std::string(jid), found); });
        return found;
    }
    static std::string messages(FakePort& port) {
        std::string ids;
        for (auto element = port.pop(); element.root().name() != "nothing"; element = port.pop())
            if (element.root().name() == "message") ids += element.root().attr("id");
        return ids;
    }
};

Task<> resume_as(Core& core, std::string jid, std::string sm_id, FakePort& port,
                 std::string& said) {
    auto pin = co_await core.accounts().load(std::move(jid));
    REQUIRE(pin);
    for (const auto& session : (*pin)->sessions()) {
        if (!session->sm() || session->sm()->id() != sm_id) continue;
        const auto resumed = co_await test::resume_session(*session, port, 1);
        said = resumed ? "resumed" : resumed.error().code;
        co_return;
    }
    said = (*pin)->ended_handled(sm_id) ? "ended" : "unknown";
}

}  // namespace

TEST_CASE(
    "a set that is lost writes and sends nothing, and its next home recovers what was stored") {
    Loss loss;
    World& world = loss.world;
    const std::string ana_id = loss.ana->session().sm()->id();
    const std::string ben_id = loss.ben->session().sm()->id();
    loss.ben->cut();
    loss.write(1);
    world.settle();
    CHECK(loss.acknowledged() == "3");  // its presence is the first
    CHECK(Loss::messages(loss.ana->port()) == "1");
    std::optional<core::AccountPin> pin;
    world.at("ana@example.org",
             [&](Core& core) { pin.emplace(*core.accounts().find("ana@example.org")); });

    world.storage().hold_commits();
    loss.write(2);
    loss.lose();
    CHECK(pin->alive() == nullptr);
    CHECK(loss.ana->port().cut());
    loss.ana->drop_all();
    loss.write(3);
    CHECK(loss.acknowledged() == "");
    world.storage().release_commits();
    world.settle();
    world.advance(10s);                 // [smacks] ack_answer_limit
    CHECK(loss.acknowledged() == "5");  // what was written before

    const Stored ana = loss.stored("ana@example.org");
    const Stored ben = loss.stored("ben@example.org");
    CHECK(ana.offline == 2);
    CHECK(ana.online == 1);
    CHECK(ben.queued == 2);
    loss.write(4);
    world.advance(300s);
    CHECK(loss.stored("ana@example.org") == ana);
    CHECK(loss.stored("ben@example.org") == ben);
    CHECK(loss.acknowledged() == "5");
    CHECK(loss.ana->pending() == 0);
    CHECK(loss.ana->port().written_after_cut() == 0);
    world.at("cyd@example.org", [&](Core&) { pin.reset(); });

    // Somebody else acquires them, as after a crash.
    REQUIRE(world.move(loss.lost, world.home_of("cyd@example.org").shard().index()));
    CHECK(loss.acknowledged() == "9");
    CHECK(loss.cyd->pop("message").root().name() == "nothing");  // no error
    FakePort port;
    std::string said;
    world.run("ben@example.org",
              [&](Core& core) { return resume_as(core, "ben@example.org", ben_id, port, said); });
    CHECK(said == "resumed");
    CHECK(Loss::messages(port) == "1234");
    world.run("ana@example.org",
              [&](Core& core) { return resume_as(core, "ana@example.org", ana_id, port, said); });
    CHECK(said == "ended");
    test::Client& again = world.connect("ana@example.org/phone");
    again.send("<presence/>");
    CHECK(Loss::messages(again.port()) == "1234");
    world.advance(61s);
    CHECK(loss.stored("ana@example.org").online == 1);  // that of before was cleaned up
}

TEST_CASE("partitions move: nothing is lost, doubled, out of order or refused") {
    for (const bool archive : {false, true})
        for (const bool leaving : {false, true})
            for (const unsigned seed : {1u, 2u}) {
                CAPTURE(archive);
                CAPTURE(leaving);
                CAPTURE(seed);
                Walk walk(seed, archive, leaving);
                for (int i = 0; i < steps(); ++i) walk.step();
                walk.come_to_rest();
                walk.check();
                CHECK(walk.moves() > steps() / 50);
                CHECK(walk.resumed() > steps() / 50);
            }
}

}  // namespace clarion
