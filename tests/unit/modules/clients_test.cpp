// Signing a client out: its sessions, asleep or not, and its push registrations.
#include "server/core/setup/clients.h"

#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

struct Clients : Scene {
    /// "phone: asleep push; " and so on, in order of their ids.
    std::string told() {
        std::string text;
        for (const auto& client : core::list_clients(world.account(juliet))) {
            text += client.id + ":";
            for (const auto& session : client.sessions)
                text += session.asleep ? " asleep" : " connected";
            for (const auto& kept : client.kept) text += " " + std::string(kept.what);
            text += "; ";
        }
        return text;
    }
    /// "1 1": sessions and registrations; or the code of the error. Asked on another shard too.
    std::string sign_out(const std::string& id, unsigned shard = 0) {
        std::string text;
        world.run_on(shard, [&](core::Core& core) -> Task<> {
            const auto done = co_await core::sign_out(core, Jid::trusted(juliet), id, "the test");
            text = done ? std::to_string(done->sessions) + " " + std::to_string(done->kept)
                        : done.error().code;
        });
        return text;
    }
};

TEST_CASE_FIXTURE(Clients, "a client is its sessions and what is kept for it") {
    CHECK(told().empty());
    phone().cut();
    world.log_in(std::string(juliet) + "/laptop");
    phone("tablet").close();
    CHECK(told() == "laptop: connected; phone: asleep push; tablet: push; ");
    const auto clients = core::list_clients(world.account(juliet));
    CHECK(clients[1].kept[0].name == service);
    CHECK(clients[1].sessions[0].expires > clients[1].sessions[0].asleep_since);
}

TEST_CASE_FIXTURE(Clients, "who is signed out has no session to resume and is not notified") {
    Client& sleeping = phone();
    sleeping.cut();
    Client& laptop = world.log_in(std::string(juliet) + "/laptop");
    REQUIRE(sleeper());
    gateway->drop_all();  // it was notified of the laptop's presence
    CHECK(sign_out("phone", 0) == "1 1");
    CHECK(told() == "laptop: connected; ");
    CHECK(sleeper() == nullptr);
    laptop.close();
    say("Where art thou?");
    CHECK(published() == "");
    CHECK(sign_out("phone", 1) == "item-not-found");
    world.crash_and_restart();
    started();
    CHECK(told().empty());
}

TEST_CASE_FIXTURE(Clients, "a connected client is told why, others stay") {
    Client& first = phone();
    Client& other = phone("tablet");
    CHECK(sign_out("phone", 1) == "1 1");
    CHECK(first.ended());
    CHECK_FALSE(other.ended());
    CHECK(told() == "tablet: connected push; ");
}

TEST_CASE_FIXTURE(Clients, "of a SASL2 user agent all resources are one client") {
    world.connect(std::string(juliet) + "/a", "agent-1");
    world.connect(std::string(juliet) + "/b", "agent-1");
    CHECK(told() == "agent-1: connected connected; ");
    CHECK(sign_out("a") == "item-not-found");
    CHECK(sign_out("agent-1") == "2 0");
    CHECK(told().empty());
}

TEST_CASE_FIXTURE(Clients, "nobody's clients are an error") {
    std::string code;
    world.run_on(0, [&](core::Core& core) -> Task<> {
        const auto clients = co_await core::clients_of(core, Jid::trusted("nobody@example.org"));
        code = clients ? "" : clients.error().code;
    });
    CHECK(code == "item-not-found");
}

}  // namespace
}  // namespace clarion::push
