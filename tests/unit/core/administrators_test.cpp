// Who administers which host: by the configuration, and by an account's record.
#include "server/core/accounts/administrators.h"

#include <doctest/doctest.h>

#include "server/core/accounts/account_registry.h"
#include "server/core/events/account_events.h"
#include "tests/support/world.h"

namespace clarion::core {
namespace {

using test::World;

struct Realm {
    explicit Realm(std::string config = {}) : world({.config = std::move(config)}) {
        for (const auto* name : {"romeo@example.org", "juliet@example.org", "paris@example.net"})
            world.add_account(name);
    }
    bool may(const std::string& who, const std::string& host) {
        bool result = false;
        world.run(host, [&](Context& core) -> Task<> {
            result = co_await administers(core, Jid::trusted(who), host);
        });
        return result;
    }
    bool may_act(const std::string& who, const std::string& account) {
        bool result = false;
        world.run(who, [&](Context& core) -> Task<> {
            const auto done = co_await check_rank(core, Jid::trusted(who), Jid::trusted(account));
            result = done.ok();
        });
        return result;
    }
    std::string change(const std::string& who, bool administrator) {
        Result<> done;
        world.run(who, [&](Context& core) -> Task<> {
            done = co_await core.account_registry().set_administrator(Jid::trusted(who),
                                                                      administrator);
        });
        return done ? "done" : done.error().code;
    }
    std::vector<std::string> recorded(const std::string& host) {
        std::vector<std::string> result;
        world.run(host, [&](Context& core) -> Task<> {
            result = (co_await recorded_administrators(core, host)).value();
        });
        return result;
    }
    World world;
};

TEST_CASE("[server] names administrators of every host, [administration] of one") {
    Realm realm(
        "admins = [\"Romeo@example.org\", \"nobody\", \"spy@example.com\", \"example.org\"]\n"
        "[host.\"example.org\".administration]\nadmins = [\"paris@example.net\"]\n");
    CHECK(realm.may("romeo@example.org/orchard", "example.org"));
    CHECK(realm.may("romeo@example.org", "example.net"));
    CHECK_FALSE(realm.may("romeo@example.org", "example.com"));
    CHECK(realm.may("paris@example.net/x", "example.org"));
    CHECK_FALSE(realm.may("paris@example.net/x", "example.net"));
    CHECK_FALSE(realm.may("juliet@example.org/x", "example.org"));
    CHECK_FALSE(realm.may("spy@example.com/x", "example.org"));  // whoever says so elsewhere
    CHECK_FALSE(realm.may("example.org", "example.org"));
}

TEST_CASE("a list of a host's own stands in the place of the common one") {
    Realm realm(
        "[administration]\nadmins = [\"romeo@example.org\"]\n"
        "[host.\"example.net\".administration]\nadmins = [\"paris@example.net\"]\n");
    CHECK(realm.may("romeo@example.org", "example.org"));
    CHECK_FALSE(realm.may("romeo@example.org", "example.net"));
    CHECK(realm.may("paris@example.net", "example.net"));
}

TEST_CASE("an account's record makes it an administrator of its host, until it does not") {
    Realm realm;
    CHECK_FALSE(realm.may("juliet@example.org/x", "example.org"));
    CHECK(realm.change("juliet@example.org", true) == "done");
    CHECK(realm.may("juliet@example.org/x", "example.org"));
    CHECK_FALSE(realm.may("juliet@example.org/x", "example.net"));
    CHECK(realm.recorded("example.org") == std::vector<std::string>{"juliet@example.org"});
    CHECK(realm.recorded("example.net").empty());

    SUBCASE("a restart") {
        realm.world.crash_and_restart();
        CHECK(realm.may("juliet@example.org/x", "example.org"));
    }
    SUBCASE("another change of the record keeps it") {
        realm.world.run("juliet@example.org", [&](Context& core) -> Task<> {
            const auto done = co_await core.account_registry().set_password(
                Jid::trusted("juliet@example.org"), "new");
            CHECK(done.ok());
        });
        CHECK(realm.may("juliet@example.org/x", "example.org"));
    }
    SUBCASE("who is disabled administers nothing") {
        realm.world.run("juliet@example.org", [&](Context& core) -> Task<> {
            const auto done = co_await core.account_registry().set_disabled(
                Jid::trusted("juliet@example.org"), true);
            CHECK(done.ok());
        });
        CHECK_FALSE(realm.may("juliet@example.org/x", "example.org"));
    }
    SUBCASE("off") {
        CHECK(realm.change("juliet@example.org", false) == "done");
        CHECK_FALSE(realm.may("juliet@example.org/x", "example.org"));
        CHECK(realm.recorded("example.org").empty());
    }
    CHECK(realm.change("nobody@example.org", true) == "item-not-found");
}

}  // namespace

TEST_CASE("nobody acts on an account that administers more than they do") {
    Realm realm(
        "admins = [\"juliet@example.org\"]\n"
        "[host.\"example.net\".administration]\nadmins = [\"romeo@example.org\"]\n");
    realm.world.add_account("nurse@example.org");
    CHECK(realm.change("nurse@example.org", true) == "done");
    CHECK(realm.may_act("nurse@example.org", "someone@example.org"));
    CHECK_FALSE(realm.may_act("nurse@example.org", "juliet@example.org"));
    CHECK_FALSE(realm.may_act("nurse@example.org/r", "romeo@example.org"));
    CHECK(realm.may_act("romeo@example.org", "romeo@example.org"));
    CHECK_FALSE(realm.may_act("romeo@example.org", "juliet@example.org"));
    CHECK(realm.may_act("juliet@example.org", "romeo@example.org"));
    CHECK(realm.may_act("juliet@example.org", "juliet@example.org"));
}

}  // namespace clarion::core
