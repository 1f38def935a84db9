// A random walk through a room, compared with a model of what each occupant sees.
#include <array>
#include <cctype>
#include <cstdlib>
#include <map>
#include <random>

#include "proto/muc.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t users = 4;
constexpr std::array<std::string_view, users> bare{"romeo@example.org", "juliet@example.net",
                                                   "tybalt@example.org", "nurse@example.net"};
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

    void take(const xml::Element& stanza) {
        if (stanza.name() == "message") {
            const bool said = stanza.attr("type") == "groupchat" &&
                              stanza.child(ns::client, "body") && !stanza.child(ns::delay, "delay");
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
        begin();
    }

    void step() {
        const std::size_t actor = pick(users), target = pick(users);
        Client& who = client(actor);
        Model::User& user = model_.all[actor];
        const std::size_t what = pick(100);
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
            model_.set_role(user, model_.all[target], role);
        } else if (what < 90) {
            const Affiliation affiliation = static_cast<Affiliation>(pick(5));
            scene_.affiliate(who, bare[target], name(affiliation));
            model_.affiliate(user, model_.all[target], affiliation);
        } else if (what < 95) {
            const bool only = pick(2) == 0, moderated = pick(2) == 0;
            scene_.configure(who, {only ? "membersonly=1" : "membersonly=0",
                                   moderated ? "moderatedroom=1" : "moderatedroom=0"});
            model_.configure(user, only, moderated);
        } else if (what < 99) {
            scene_.evict();
        } else {
            restart();
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
    /// All are users of this server, whose sessions end with it.
    void restart() {
        scene_.world.crash_and_restart();
        scene_.log_in();
        for (std::size_t i = 0; i < users; ++i)
            if (model_.all[i].is_there()) scene_.leave(client(i), model_.all[i].nick);
        for (Model::User& each : model_.all) each.role = Role::none;
        for (View& each : views_) each = View{};
        scene_.forget();
    }
    void compare(std::size_t said) {
        const auto expected = model_.view();
        for (std::size_t i = 0; i < users; ++i) {
            Client& who = client(i);
            while (who.pending() > 0) views_[i].take(who.pop().root());
            const bool is_there = model_.all[i].is_there();
            CHECK(views_[i].occupants ==
                  (is_there ? expected : std::map<std::string, std::string>{}));
            CHECK(views_[i].heard == (is_there ? said : 0));
            views_[i].heard = 0;
        }
    }

    Scene scene_;
    Model model_;
    std::array<View, users> views_{};
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
