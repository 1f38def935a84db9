// A random walk of a phone that hibernates, wakes, leaves and returns, beside a laptop that comes
// and goes: each message is notified to the phone when it must be (docs/push-rules.md R1 to R4),
// and never again (R9); also over planned stops, and over a crash while it hibernates or is gone.
// With an archive every message is kept, so that the model is a few lines: `pending` are those the
// phone was sent while it was there, has not acknowledged, and was not notified of.
#include <map>
#include <random>

#include "server/core/accounts/hibernation_recovery.h"
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

struct Walk : Scene {
    std::mt19937 random;
    Client* laptop_ = nullptr;
    bool awake = false;
    std::vector<std::string> pending;
    std::map<std::string, int> times;  // how often a body was told
    std::string story;
    int said = 0;
    std::deque<test::FakePort> ports;

    const bool archives;

    Walk(unsigned seed, bool archive)
        : Scene("[push]\ncoalesce_time = 0\nnotification_with_body = true\n", archive),
          random(seed),
          archives(archive) {
        come();
    }

    unsigned pick(unsigned below) { return random() % below; }
    void note(const std::string& what) { story += what + ' '; }

    static std::string joined(const std::vector<std::string>& bodies) {
        std::string all;
        for (const auto& body : bodies) all += body + ' ';
        return all;
    }
    /// Bodies told since the last time.
    std::vector<std::string> told() {
        std::vector<std::string> bodies;
        while (gateway->pending() > 0) {
            const Published one = pop();
            answer(*one.stanza);
            if (!one.important()) continue;  // presence of the laptop
            bodies.push_back(one.body);
            ++times[one.body];
        }
        return bodies;
    }
    void expect(const std::vector<std::string>& bodies) {
        CAPTURE(story);
        const auto was = told();
        CAPTURE(joined(was));
        CAPTURE(joined(bodies));
        CHECK(was == bodies);
    }
    /// The phone is out of reach: the newest that it was not told of, for all of them.
    void lose() {
        awake = false;
        std::vector<std::string> bodies;
        if (!pending.empty()) bodies.push_back(pending.back());
        pending.clear();
        expect(bodies);
    }

    /// The phone's session; nullptr: it has none.
    core::Session* mine() {
        for (const auto& session : world.account(juliet).sessions())
            if (session->resource() == "phone") return session.get();
        return nullptr;
    }
    void come() {
        note("come");
        phone();
        awake = true;
        expect({});
    }
    void resume() {
        note("resume");
        auto& port = ports.emplace_back();
        world.run(juliet, [&](core::Context&) -> Task<> {
            const auto done = co_await test::resume_session(*mine(), port, mine()->sm()->acked());
            CHECK(done.ok());
        });
        awake = true;
        expect({});
    }
    void speak() {
        const std::string text = "m" + std::to_string(++said);
        const bool direct = pick(2) == 0 && mine();
        note((direct ? "direct:" : "say:") + text);
        say(text, direct ? "juliet@example.org/phone" : juliet);
        if (awake) pending.push_back(text);
        const bool laptop_alone =
            laptop_ && !mine() && !archives;  // it has it, and nobody keeps it
        if (!awake && !laptop_alone) return expect({text});
        expect({});
    }
    void read() {
        note("ack");
        world.at(juliet,
                 [&](core::Context&) { CHECK(mine()->sm()->on_ack(mine()->sm()->sent()).ok()); });
        pending.clear();
        expect({});
    }
    void sleep() {
        note("cut");
        world.at(juliet, [&](core::Context&) { mine()->on_detached(); });
        lose();
    }
    void leave() {
        note("close");
        world.at(juliet, [&](core::Context&) { mine()->end(core::SessionEnd::closed); });
        lose();
    }
    void expire() {
        note("expire");
        world.at(juliet, [&](core::Context&) { mine()->end(core::SessionEnd::expired); });
        expect({});
    }
    void slow() {
        note("slow");
        world.advance(40s);
        std::vector<std::string> bodies;
        if (!pending.empty()) bodies.push_back(pending.back());
        pending.clear();
        expect(bodies);
    }
    void evict() {
        note("put-away");
        world.advance(5s);
        world.at(juliet, [](core::Context& core) { core.accounts().evict_idle(1s); });
        expect({});
    }
    void toggle_laptop() {
        note("laptop");
        if (laptop_) {
            laptop_->close();
            laptop_ = nullptr;
        } else {
            laptop_ = &world.log_in("juliet@example.org/laptop");
        }
        expect({});
    }

    void stop() {
        note("stop");
        world.advance(1s);
        world.run(juliet, [](core::Core& core) -> Task<> {
            core.set_stopping();
            co_await core::hibernate_everybody(core);
        });
        expect({});
        restart();
        if (awake && pick(2) == 0) return resume();
        world.advance(11s);
        lose();
    }
    void crash() {
        note("crash");
        world.advance(1s);  // what was answered is noted
        restart();
        world.advance(11s);
        expect({});
    }
    void restart() {
        world.crash_and_restart();
        started();
        laptop_ = nullptr;
    }

    void step() {
        const unsigned dice = pick(12);
        if (dice == 10) return stop();
        if (dice == 11) return awake ? stop() : crash();
        if (dice < 4) return speak();
        if (dice == 4) return toggle_laptop();
        if (awake) {
            if (dice == 5) return read();
            if (dice == 6) return slow();
            if (dice == 7 && (archives || pending.empty() || !laptop_)) return leave();
            return sleep();
        }
        if (!mine()) return dice == 5 ? evict() : come();
        if (dice == 5) return expire();
        resume();
    }
};

TEST_CASE("a random walk: each message is told when it must be, and once") {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        const bool archive = seed % 2 == 0;
        CAPTURE(seed);
        Walk walk(seed, archive);
        for (int i = 0; i < 60; ++i) walk.step();
        for (const auto& [body, count] : walk.times) {
            CAPTURE(body);
            CHECK(count == 1);
        }
    }
}

}  // namespace
}  // namespace clarion::push
