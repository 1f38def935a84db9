// A random walk through a room, compared with a model of what each occupant sees, awake or when it
// has slept. CLARION_MODEL_STEPS: how many steps (default 10,000).
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <string>

#include "proto/muc.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t users = 4;
constexpr std::array<std::string_view, users> bare{"romeo@example.org", "juliet@example.net",
                                                   "tybalt@example.org", "nurse@example.net"};
constexpr std::array<std::string_view, users> resources{
    "romeo@example.org/orchard", "juliet@example.net/balcony", "tybalt@example.org/street",
    "nurse@example.net/chamber"};
constexpr std::array<std::string_view, 6> nicks{"A", "B", "C", "D", "E", "a"};

std::string folded(std::string_view nick) {
    std::string key(nick);
    for (char& c : key) c = static_cast<char>(std::tolower(c));
    return key;
}

/// What is so, as the rules of XEP-0045 have it.
struct Model {
    struct User {
        Affiliation affiliation = Affiliation::none;
        Role role = Role::none;  // none: it is not there
        std::string nick{};
        bool is_there() const { return role != Role::none; }
    };
    std::array<User, users> all{};
    bool members_only = false, moderated = false;

    Role usual(Affiliation affiliation) const {
        if (affiliation >= Affiliation::admin) return Role::moderator;
        if (affiliation == Affiliation::member) return Role::participant;
        return moderated ? Role::visitor : Role::participant;
    }
    bool may_be_there(Affiliation affiliation) const {
        return affiliation != Affiliation::outcast &&
               (!members_only || affiliation >= Affiliation::member);
    }
    User* called(std::string_view nick) {
        for (User& each : all)
            if (each.is_there() && folded(each.nick) == folded(nick)) return &each;
        return nullptr;
    }
    std::map<std::string, std::string> view() const {
        std::map<std::string, std::string> seen;
        for (const User& each : all)
            if (each.is_there())
                seen[each.nick] =
                    std::string(name(each.affiliation)) + "/" + std::string(name(each.role));
        return seen;
    }
    void enter(User& user, std::string_view nick) {
        if (user.is_there()) return rename(user, nick);
        if (!may_be_there(user.affiliation) || called(nick)) return;
        user.nick = nick;
        user.role = usual(user.affiliation);
    }
    void rename(User& user, std::string_view nick) {
        User* const there = called(nick);
        if (!there || there == &user) user.nick = nick;
    }
    void set_role(const User& actor, User& target, Role wanted) {
        if (!target.is_there()) return;
        const bool runs = actor.affiliation >= Affiliation::admin;
        if (actor.role != Role::moderator && !runs) return;
        if (wanted == target.role) return;
        if (wanted == Role::none) {
            if (target.affiliation <= actor.affiliation) target.role = Role::none;
            return;
        }
        if ((wanted == Role::moderator || target.role == Role::moderator) && !runs) return;
        if (target.affiliation < Affiliation::admin) target.role = wanted;
    }
    void affiliate(const User& actor, User& target, Affiliation wanted) {
        if (actor.affiliation < Affiliation::admin) return;
        const Affiliation before = target.affiliation;
        std::size_t owners = 0;
        for (const User& each : all) owners += each.affiliation == Affiliation::owner;
        if (before == Affiliation::owner && wanted != Affiliation::owner && owners == 1) return;
        if (&actor == &target && wanted == Affiliation::outcast) return;
        if (actor.affiliation == Affiliation::admin) {
            if (wanted >= Affiliation::admin) return;
            if (before >= Affiliation::admin && &actor != &target) return;
        }
        target.affiliation = wanted;
        if (!target.is_there() || before == wanted) return;
        if (!may_be_there(wanted)) {
            target.role = Role::none;
            return;
        }
        const Role now = usual(wanted);
        if (now > target.role || target.role == Role::moderator) target.role = now;
    }
    void configure(const User& actor, bool only_members, bool is_moderated) {
        if (actor.affiliation != Affiliation::owner) return;
        if (only_members && !members_only)
            for (User& each : all)
                if (each.affiliation < Affiliation::member) each.role = Role::none;
        members_only = only_members;
        moderated = is_moderated;
    }
};

/// What a client has been told since it entered.
struct View {
    std::map<std::string, std::string> occupants{};
    std::size_t heard = 0;
    std::uint32_t handled = 0;  // stanzas since it enabled stream management

    void take_all(test::FakePort& port) {
        for (; port.pending() > 0;) {
            const xml::Document taken = port.pop();
            if (taken.root().ns() != ns::client) continue;
            ++handled;
            take(taken.root());
        }
    }
    void take(const xml::Element& stanza) {
        if (stanza.name() == "message") {
            const auto* late = stanza.child(ns::delay, "delay");
            const bool is_history = late && late->attr("from") == room_jid;
            const bool said = stanza.attr("type") == "groupchat" &&
                              stanza.child(ns::client, "body") && !is_history;
            heard += said ? 1 : 0;
            return;
        }
        if (stanza.name() != "presence" || stanza.attr("type") == "error") return;
        const auto* x = stanza.child(ns::muc_user, "x");
        if (!x) return;
        const std::string nick(Jid::trusted(stanza.attr("from")).resource());
        const auto* item = x->child(ns::muc_user, "item");
        const bool leaves = stanza.attr("type") == "unavailable";
        if (!leaves)
            occupants[nick] =
                std::string(item->attr("affiliation")) + "/" + std::string(item->attr("role"));
        else
            occupants.erase(nick);
        const std::string codes = seen_codes(*x);
        const bool is_own = codes.find("110") != std::string::npos;
        if (leaves && is_own && codes.find("303") == std::string::npos) occupants.clear();
    }
};

class Walk {
public:
    explicit Walk(unsigned seed)
        : scene_(
              "lock_new_rooms = false\npersistent_rooms = true\nmessages_per_second = 0\n"
              "presence_per_second = 0\njoins_per_second = 0\n"),
          random_(seed) {
        enable_all();
        begin();
    }

    void step() {
        const std::size_t actor = pick(users), target = pick(users);
        const std::size_t what = pick(108);
        CAPTURE(actor);
        CAPTURE(target);
        CAPTURE(what);
        if (people_[actor].sleeps) {
            if (what % 3 == 0) wake(actor);
            return;
        }
        Client& who = client(actor);
        Model::User& user = model_.all[actor];
        std::size_t said = 0;
        if (what < 25) {
            const std::string_view nick = nicks[pick(nicks.size())];
            scene_.enter(who, nick);
            model_.enter(user, nick);
        } else if (what < 35) {
            scene_.leave(who, user.nick.empty() ? "A" : user.nick);
            user.role = Role::none;
        } else if (what < 55) {
            scene_.say(who, "But soft!");
            said = user.role >= Role::participant ? 1 : 0;
        } else if (what < 75) {
            const Role role = static_cast<Role>(pick(4));
            const std::string nick = model_.all[target].nick;
            if (!model_.all[target].is_there()) return;
            scene_.set_role(who, nick, name(role));
            ++views_[actor].handled;  // the answer
            model_.set_role(user, model_.all[target], role);
        } else if (what < 90) {
            const Affiliation affiliation = static_cast<Affiliation>(pick(5));
            scene_.affiliate(who, bare[target], name(affiliation));
            ++views_[actor].handled;
            model_.affiliate(user, model_.all[target], affiliation);
        } else if (what < 95) {
            const bool only = pick(2) == 0, moderated = pick(2) == 0;
            scene_.configure(who, {only ? "membersonly=1" : "membersonly=0",
                                   moderated ? "moderatedroom=1" : "moderatedroom=0"});
            ++views_[actor].handled;
            model_.configure(user, only, moderated);
        } else if (what < 99) {
            evict_room();
        } else if (what < 100) {
            restart();
        } else {
            fall_asleep(actor);
        }
        compare(said);
    }

private:
    std::size_t pick(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
    }
    Client& client(std::size_t which) {
        return *std::array{scene_.romeo, scene_.juliet, scene_.tybalt, scene_.nurse}[which];
    }
    void begin() {
        scene_.enter(*scene_.romeo, "A");
        model_.all[0] = {Affiliation::owner, Role::moderator, "A"};
        compare(0);
    }
    void enable_all() {
        for (std::size_t i = 0; i < users; ++i) {
            client(i).send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
            client(i).drop_all();
        }
    }
    /// Not the accounts: who sleeps would have another session when it wakes.
    void evict_room() {
        scene_.world.at(room_jid, [](core::Core& core) {
            for (core::ActorTable* each : core.directories())
                if (each != &core.accounts()) each->evict_idle(-1s);
        });
    }
    void fall_asleep(std::size_t which) {
        views_[which].take_all(client(which).port());  // a request for an acknowledgement, perhaps
        client(which).cut();
        people_[which] = {.sleeps = true};
    }
    void wake(std::size_t which) {
        resume(which, client(which).port());
        people_[which] = {};
    }
    /// It has missed nothing, and nothing comes twice.
    void resume(std::size_t which, test::FakePort& port) {
        const Jid jid = Jid::trusted(resources[which]);
        bool is_back = false;
        scene_.world.run(jid.bare(), [&](core::Core& core) -> Task<> {
            std::string bare_jid(jid.bare());
            const auto account = co_await core.accounts().load(std::move(bare_jid));
            REQUIRE(account);
            core::Session* const session = (*account)->find_session(jid.resource());
            REQUIRE(session);
            const auto resumed =
                co_await test::resume_session(*session, port, views_[which].handled);
            is_back = resumed.ok();
        });
        REQUIRE(is_back);
        scene_.world.settle();  // the queue is read, and sent
        views_[which].take_all(port);
        check_view(which, people_[which].missed);
    }
    /// Who was connected has lost the session; who slept sleeps on, and wakes to the same room.
    void restart() {
        scene_.world.crash_and_restart();
        for (std::size_t i = 0; i < users; ++i)
            if (people_[i].sleeps) resume(i, ports_.emplace_back());
        for (std::size_t i = 0; i < users; ++i)
            if (people_[i].sleeps) end_session(i);
        scene_.log_in();
        for (std::size_t i = 0; i < users; ++i)
            if (model_.all[i].is_there() && !people_[i].sleeps)
                scene_.leave(client(i), model_.all[i].nick);
        for (Model::User& each : model_.all) each.role = Role::none;
        for (View& each : views_) each = View{};
        for (Person& each : people_) each = Person{};
        enable_all();
        scene_.forget();
    }
    void end_session(std::size_t which) {
        const Jid jid = Jid::trusted(resources[which]);
        scene_.world.account(jid.bare());
        scene_.world.at(jid.bare(), [&](core::Core& core) {
            core::Account* const account = core.accounts().find(jid.bare());
            REQUIRE(account);
            account->find_session(jid.resource())->on_stream_closed();
        });
    }
    void compare(std::size_t said) {
        for (std::size_t i = 0; i < users; ++i) {
            const std::size_t hears = model_.all[i].is_there() ? said : 0;
            if (people_[i].sleeps) {
                CHECK(client(i).pending() == 0);
                people_[i].missed += hears;
                continue;
            }
            views_[i].take_all(client(i).port());
            check_view(i, hears);
            client(i).send("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(views_[i].handled) +
                           "'/>");
        }
    }
    void check_view(std::size_t which, std::size_t heard) {
        const bool is_there = model_.all[which].is_there();
        CHECK(views_[which].occupants ==
              (is_there ? model_.view() : std::map<std::string, std::string>{}));
        CHECK(views_[which].heard == heard);
        views_[which].heard = 0;
    }

    struct Person {
        bool sleeps = false;
        std::size_t missed = 0;  // messages to all, meanwhile
    };

    Scene scene_;
    Model model_;
    std::array<View, users> views_{};
    std::array<Person, users> people_{};
    std::deque<test::FakePort> ports_;  // of those who woke after a restart
    std::mt19937 random_;
};

TEST_CASE("a random walk through a room: everybody sees what is so") {
    const char* const wanted = std::getenv("CLARION_MODEL_STEPS");
    const long steps = wanted ? std::atol(wanted) : 10000;
    constexpr long steps_of_walk = 1000;
    for (long done = 0, seed = 1; done < steps; done += steps_of_walk, ++seed) {
        CAPTURE(seed);
        Walk walk(static_cast<unsigned>(seed));
        for (long i = 0; i < steps_of_walk; ++i) {
            CAPTURE(i);
            walk.step();
        }
    }
}

}  // namespace
}  // namespace clarion::muc
