// A phone's life as a random walk, against a model of a few lines: it is sent messages, reads some,
// acknowledges some, loses its connection, comes back (twice at once, or miscounting), and the
// server is stopped or killed in between. Whatever happens, the phone is sent every message in
// order, and none that it acknowledged again.
//
// CLARION_MODEL_STEPS: how many steps (default 20,000; the long suite does 1,000,000).
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "modules/offline.h"
#include "modules/stream_management.h"
#include "server/core/accounts/hibernation_recovery.h"
#include "tests/support/world.h"

namespace clarion {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view account_jid = "juliet@example.org";
constexpr std::string_view phone_jid = "juliet@example.org/phone";
constexpr std::uint32_t first_number = 0xfffffff0;  // so that every session's counters wrap

/// What the phone and the server must agree on.
struct Model {
    enum class State { none, live, hibernating } state = State::none;
    std::vector<std::string> sent;  // ids in order of their numbers; empty: no message
    std::size_t read = 0;           // of those, by the phone
    std::size_t acked = 0;          // of those, as the server knows
    std::uint32_t said = 0;         // stanzas that the phone sent
    std::vector<std::string> offline;

    std::uint32_t h() const { return first_number + static_cast<std::uint32_t>(read); }
    /// The session is over: what it did not acknowledge waits for the next.
    void lose_session() {
        state = State::none;
        for (std::size_t i = acked; i < sent.size(); ++i)
            if (!sent[i].empty()) offline.push_back(sent[i]);
    }
};

class Walk {
public:
    explicit Walk(unsigned seed) : random_(seed) { world_.add_account(account_jid); }

    void step() {
        switch (chance(64)) {
            case 0: return restart(false);
            case 1: return restart(true);
            case 2: return expire();
            case 3: return evict();
            case 4: return miscount();
            case 5: return race();
            case 6: return die_waking();
            case 7: return die_falling_asleep();
            case 8: return die_before_waking();
            case 9: return break_stream();
            case 10: return bind_again();
            default: break;
        }
        switch (chance(8)) {
            case 0: return cut();
            case 1: return come_back();
            case 2: return speak();
            case 3: return read();
            case 4: return acknowledge();
            default: return arrive();
        }
    }

private:
    using State = Model::State;

    unsigned chance(unsigned of) { return static_cast<unsigned>(random_() % of); }

    void on_account(std::function<void(core::Session&)> fn) {
        world_.at(account_jid, [&](core::Context& core) {
            core.accounts().with(account_jid, [&](Result<core::Account*> account) {
                REQUIRE(account);
                core::Session* session = (*account)->find_session("phone");
                REQUIRE(session);
                fn(*session);
            });
        });
    }

    // ---- What the server does ------------------------------------------------------------------

    void arrive() {
        const std::string id = std::to_string(++last_id_);
        world_.arrive("<message from='romeo@example.com/m' to='" + std::string(account_jid) +
                      "' type='chat' id='" + id + "'><body>x</body></message>");
        if (model_.state == State::none)
            model_.offline.push_back(id);
        else
            model_.sent.push_back(id);
        if (model_.state == State::live) expect_tail(1);
        if (model_.sent.size() - model_.acked > 200) acknowledge_all();
    }

    void restart(bool planned) {
        if (planned && model_.state == State::live) {
            world_.run(account_jid, [](core::Context& core) { return hibernate_everybody(core); });
            model_.state = State::hibernating;
        }
        const bool lost = model_.state == State::live;
        if (lost) model_.lose_session();
        port_ = nullptr;
        world_.crash_and_restart();
        if (lost && chance(2) == 0) clean_up();
        if (model_.state == State::none && !model_.sent.empty() && chance(2) == 0) come_too_late();
    }

    /// The mark is stored that it was woken, but the phone never heard so.
    void die_waking() {
        if (model_.state != State::hibernating) return;
        (void)world_.account(account_jid);  // loading it may write, and be waited for
        world_.storage().hold_commits();
        std::string outcome;
        test::FakePort& port = new_port();
        world_.post(account_jid, [&](core::Context& core) {
            core.scope().spawn("resume", try_resume(core, port, model_.h(), outcome));
        });
        world_.crash_while_held();
        CHECK(port.pending() == 0);
        port_ = nullptr;
        REQUIRE(outcome.empty());
        model_.lose_session();
        if (chance(2) == 0) clean_up();
        if (chance(2) == 0) come_too_late();
    }

    /// It was being read while more arrived, all of which was stored.
    void die_before_waking() {
        if (model_.state != State::hibernating) return;
        (void)world_.account(account_jid);
        world_.storage().hold_commits();
        arrive_held();
        std::string outcome;
        world_.post(account_jid, [&](core::Context& core) {
            core.scope().spawn("resume", try_resume(core, new_port(), model_.h(), outcome));
        });
        world_.run_shards();
        arrive_held();
        world_.crash_while_held();
        port_ = nullptr;
    }

    void arrive_held() {
        const std::string id = std::to_string(++last_id_);
        world_.post(account_jid, [id](core::Context& core) {
            core.router().route(*Stanza::from_document(xml::parse_element(
                "<message xmlns='jabber:client' from='romeo@example.com/m' to='" +
                std::string(account_jid) + "' type='chat' id='" + id +
                "'><body>x</body></message>")));
        });
        world_.run_shards();
        model_.sent.push_back(id);
    }

    /// Its record is stored, but nobody heard so.
    void die_falling_asleep() {
        if (model_.state != State::live) return;
        world_.storage().hold_commits();
        world_.post(account_jid, [this](core::Context& core) {
            core.accounts().find(account_jid)->find_session("phone")->on_detached();
        });
        world_.crash_while_held();
        port_ = nullptr;
        model_.state = State::hibernating;
    }

    /// Contacts are told of what did not come back.
    void clean_up() {
        world_.at(account_jid, [](core::Context& core) {
            core.scope().spawn("clean_up", clean_up_crashed_sessions(core, core.partitions()));
        });
        world_.advance(30s);
    }

    void expire() {
        if (model_.state != State::hibernating) return;
        world_.post(account_jid, [](core::Context& core) {
            core.scope().spawn("deadlines", watch_deadlines(core));
        });
        world_.advance(601s);
        world_.advance(1s);
        model_.lose_session();
        world_.crash_and_restart();  // ends the task above
        if (chance(2) == 0) come_too_late();
    }

    void evict() {
        world_.at(account_jid, [](core::Context& core) { core.accounts().evict_idle(-1s); });
    }

    // ---- What the phone does -------------------------------------------------------------------

    void come_back() {
        if (model_.state == State::none) return log_in();
        test::FakePort& port = new_port();
        REQUIRE(resume(port, model_.h()) == "ok");
        resumed_on(port);
    }

    /// It forgot its session, or does not resume: the same resource anew, also while the old one is
    /// live or hibernates. What that one held comes first, in order.
    void bind_again() {
        if (model_.state == State::none) return;
        const std::string old = sm_id_;
        model_.lose_session();
        log_in();
        CHECK(world_.account(account_jid).ended_handled(old).has_value());
    }

    void log_in() {
        const std::string enable = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
        test::Client& client = world_.connect(phone_jid, {}, {enable});
        sm_id_ = client.pop("enabled").root().attr("id");
        on_account([](core::Session& session) { session.sm()->restore(first_number); });
        client.drop_all();
        if (chance(4) == 0) arrive_before_presence();
        client.send("<presence/>");
        port_ = &client.port();
        model_.sent = {""};  // its own presence
        model_.sent.insert(model_.sent.end(), model_.offline.begin(), model_.offline.end());
        model_.offline.clear();
        model_.read = model_.acked = 0;
        model_.said = 1;
        model_.state = State::live;
        expect_tail(model_.sent.size());
    }

    void arrive_before_presence() {
        model_.state = State::none;
        for (unsigned more = 1 + chance(3); more > 0; --more) arrive();
    }

    void cut() {
        if (model_.state != State::live) return;
        on_account([](core::Session& session) { session.on_detached(); });
        port_ = nullptr;
        model_.state = State::hibernating;
    }

    /// Two connections resume at once: the second has it in the end.
    void race() {
        if (model_.state != State::hibernating) return;
        test::FakePort& first = new_port();
        test::FakePort& second = new_port();
        std::string one, two;
        world_.at(account_jid, [&](core::Context& core) {
            core.scope().spawn("one", try_resume(core, first, model_.h(), one));
            core.scope().spawn("two", try_resume(core, second, model_.h(), two));
        });
        while (one.empty() || two.empty()) world_.advance(2ms);
        REQUIRE(one == "ok");
        REQUIRE(two == "ok");
        REQUIRE(first.closed());
        resumed_on(second);
    }

    void miscount() {
        if (model_.state != State::hibernating) return;
        const auto number = first_number + static_cast<std::uint32_t>(model_.sent.size());
        CHECK(resume(new_port(), number + 1 + chance(1000)) == "handled-count-too-high");
    }

    void come_too_late() { CHECK(resume(new_port(), model_.h()) == "item-not-found"); }
    /// The client is told how many of its stanzas were handled.
    void come_too_late(std::uint32_t handled) {
        come_too_late();
        CHECK(world_.account(account_jid).ended_handled(sm_id_) == handled);
    }

    void speak() {
        if (model_.state != State::live) return;
        on_account([](core::Session& session) {
            session.on_element(xml::parse_element(
                "<message xmlns='jabber:client' to='romeo@example.com'><body>x</body></message>"));
        });
        ++model_.said;
    }

    /// It sends some, and then what is no XML: what was counted of it is not sent again.
    void break_stream() {
        if (model_.state != State::live) return;
        for (unsigned more = chance(4); more > 0; --more) speak_soon();
        on_account([](core::Session& session) {
            session.on_bad_xml(StreamErrorCondition::not_well_formed, "", true);
        });
        ++model_.said;
        CHECK(port_->error() == StreamErrorCondition::not_well_formed);
        port_ = nullptr;
        model_.lose_session();
        come_too_late(model_.said);
        model_.sent.clear();  // it never hibernated: after a restart nothing is known of it
        model_.read = model_.acked = 0;
    }

    void speak_soon() {
        world_.post(account_jid, [](core::Context& core) {
            core.accounts()
                .find(account_jid)
                ->find_session("phone")
                ->on_element(
                    xml::parse_element("<message xmlns='jabber:client' to='romeo@example.com'>"
                                       "<body>x</body></message>"));
        });
        ++model_.said;
    }

    void read() {
        const std::size_t left = model_.sent.size() - model_.read;
        if (model_.state == State::live) model_.read += chance(static_cast<unsigned>(left) + 1);
    }

    void acknowledge() {
        if (model_.state != State::live) return;
        const std::size_t more = model_.read - model_.acked;
        model_.acked += chance(static_cast<unsigned>(more) + 1);
        say_acked();
    }

    void acknowledge_all() {
        if (model_.state != State::live) return;
        model_.acked = model_.read = model_.sent.size();
        say_acked();
    }

    void say_acked() {
        on_account([this](core::Session& session) {
            CHECK(session.sm()->on_ack(first_number + static_cast<std::uint32_t>(model_.acked)));
        });
        expect_tail(0);
    }

    // ---- Looking -------------------------------------------------------------------------------

    test::FakePort& new_port() {
        if (ports_.size() > 8) ports_.pop_front();  // closed long ago
        return ports_.emplace_back();
    }

    std::string resume(test::FakePort& port, std::uint32_t h) {
        std::string outcome;
        world_.run(account_jid,
                   [&](core::Context& core) { return try_resume(core, port, h, outcome); });
        return outcome;
    }

    Task<> try_resume(core::Context& core, test::FakePort& port, std::uint32_t h,
                      std::string& outcome) {
        auto pin = co_await core.accounts().load(std::string(account_jid));
        REQUIRE(pin);
        core::Session* found = (*pin)->find_session("phone");
        if (!found || found->sm()->id() != sm_id_) {
            CHECK((*pin)->ended_handled(sm_id_).has_value());
            outcome = "item-not-found";
            co_return;
        }
        const auto session = found->shared_from_this();
        const auto resumed = co_await test::resume_session(*session, port, h);
        outcome = resumed ? "ok" : resumed.error().code;
    }

    void resumed_on(test::FakePort& port) {
        port_ = &port;
        model_.state = State::live;
        model_.acked = model_.read;
        const auto resumed = port.pop();
        CHECK(resumed.root().name() == "resumed");
        CHECK(resumed.root().attr("h") == std::to_string(model_.said));
        expect_tail(model_.sent.size() - model_.read);
    }

    /// The port was given the last `count` stanzas of the model, in order, and no others.
    void expect_tail(std::size_t count) {
        std::vector<std::string> got;
        for (const auto& element : port_->elements())
            if (element.root().name() == "message" || element.root().name() == "presence")
                got.emplace_back(element.root().attr("id"));
        port_->drop_all();
        const std::vector<std::string> expected(
            model_.sent.end() - static_cast<std::ptrdiff_t>(count), model_.sent.end());
        REQUIRE(join(got) == join(expected));
    }

    static std::string join(const std::vector<std::string>& ids) {
        std::string text;
        for (const auto& id : ids) text += id + ' ';
        return text;
    }

    std::mt19937 random_;
    test::World world_{{.modules = {{"stream_management", stream_management::install,
                                     stream_management::declare_options},
                                    {"offline", offline::install, offline::declare_options}}}};
    Model model_;
    std::string sm_id_;
    std::uint64_t last_id_ = 0;
    test::FakePort* port_ = nullptr;
    std::deque<test::FakePort> ports_;
};

TEST_CASE("resumption behaves like its model, whatever happens in which order") {
    const char* const wanted = std::getenv("CLARION_MODEL_STEPS");
    const int steps = wanted ? std::atoi(wanted) : 20000;
    constexpr int steps_per_walk = 5000;  // then with a fresh world
    for (int done = 0; done < steps; done += steps_per_walk) {
        const unsigned seed = 20261122u + static_cast<unsigned>(done / steps_per_walk);
        CAPTURE(seed);
        Walk walk(seed);
        for (int i = 0; i < std::min(steps_per_walk, steps - done); ++i) {
            CAPTURE(i);
            walk.step();
        }
    }
}

}  // namespace
}  // namespace clarion
