// A random walk: an owner, a contact and a stranger do what they may and may not with a few nodes,
// over restarts and evictions, and a model says what must come of it.
// CLARION_MODEL_STEPS: how many steps (default 20,000).
#include <algorithm>
#include <cstdlib>
#include <random>

#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::pubsub {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;  // id and text, oldest first

struct ModelNode {
    std::string access = "presence";
    std::size_t max_items = 1;
    std::map<std::string, std::string> affiliations;  // by bare address
    std::map<std::string, std::string> publishers;    // by id; those of the items that are there
    Entries items;

    void publish(const std::string& id, const std::string& text, const std::string& who) {
        std::erase_if(items, [&](const auto& each) { return each.first == id; });
        items.emplace_back(id, text);
        publishers[id] = who;
        trim();
    }
    void trim() {
        while (items.size() > max_items) items.erase(items.begin());
    }
    bool has(const std::string& id) const {
        return std::any_of(items.begin(), items.end(),
                           [&](const auto& each) { return each.first == id; });
    }
    std::string list() const {
        std::string text;
        for (const auto& [id, payload] : items) text += id + '=' + payload + ' ';
        return text;
    }
};

class Walk : Scene {
public:
    explicit Walk(unsigned seed) : random_(seed) {}

    void step(int number) {
        number_ = number;
        who_ = pick<std::string>(
            {"romeo@example.org", "romeo@example.org", "juliet@example.net", "tybalt@example.org"});
        node_ = pick<std::string>({"a", "b", "c"});
        switch (pick<int>({0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8})) {
            case 0: return publish_one();
            case 1: return read();
            case 2: return retract();
            case 3: return create();
            case 4: return set_config();
            case 5: return set_affiliation();
            case 6: return purge();
            case 7: return remove();
            default: return rarely();
        }
    }

private:
    template <class T>
    T pick(std::vector<T> choices) {
        return choices[random_() % choices.size()];
    }
    Client& client() {
        if (who_[0] == 'r') return *romeo;
        return who_[0] == 'j' ? *juliet : *tybalt;
    }
    ModelNode* model() {
        const auto found = nodes_.find(node_);
        return found == nodes_.end() ? nullptr : &found->second;
    }
    bool is_owner() const { return who_[0] == 'r'; }
    std::string affiliation() { return is_owner() ? "owner" : model()->affiliations[who_]; }
    bool reads() {
        if (!model()) return false;
        const std::string mine = affiliation();
        if (mine == "owner" || mine == "publisher" || mine == "member") return true;
        if (mine == "outcast" || mine == "publish-only") return false;
        return model()->access == "open" || (model()->access == "presence" && who_[0] == 'j');
    }
    bool publishes() {
        const std::string mine = affiliation();
        return mine == "owner" || mine == "publisher" || mine == "publish-only";
    }
    /// What an owner's request comes to.
    std::string as_owner() {
        if (model() && is_owner()) return "ok";
        return reads() ? "forbidden" : "item-not-found";
    }
    void expect(const std::string& got, const std::string& wanted) {
        CAPTURE(number_);
        CAPTURE(who_);
        CAPTURE(node_);
        REQUIRE(got == wanted);
    }

    void publish_one() {
        const std::string id = pick<std::string>({"1", "2", "3", "4"});
        const std::string text = std::to_string(number_);
        std::string wanted = "ok";
        if (!model())
            wanted = is_owner() ? "ok" : "item-not-found";
        else if (!publishes())
            wanted = reads() ? "forbidden" : "item-not-found";
        else if (model()->has(id) && !is_owner() && model()->publishers[id] != who_)
            wanted = "forbidden";
        expect(publish(client(), node_, item(id, text)), wanted);
        if (wanted == "ok") nodes_[node_].publish(id, text, who_);
    }
    void read() { expect(items(client(), node_), reads() ? model()->list() : "item-not-found"); }
    void retract() {
        const std::string id = pick<std::string>({"1", "2", "3", "4"});
        std::string wanted = "ok";
        const bool knows = model() && (reads() || affiliation() == "publish-only");
        if (!knows || !model()->has(id))
            wanted = "item-not-found";
        else if (!is_owner() && model()->publishers[id] != who_)
            wanted = "forbidden";
        expect(outcome(set(client(),
                           "<retract node='" + node_ + "'><item id='" + id + "'/></retract>")),
               wanted);
        if (wanted == "ok")
            std::erase_if(model()->items, [&](const auto& each) { return each.first == id; });
    }
    void create() {
        std::string wanted = model() ? "conflict" : "ok";
        if (!is_owner()) wanted = who_[0] == 'j' ? "forbidden" : "item-not-found";
        expect(outcome(set(client(), "<create node='" + node_ + "'/>")), wanted);
        if (wanted == "ok") nodes_[node_] = {};
    }
    void set_config() {
        const bool access = pick<int>({0, 1}) == 0;
        const std::string value = access ? pick<std::string>({"open", "presence", "whitelist"})
                                         : pick<std::string>({"1", "3", "9"});
        const std::string wanted = as_owner();
        expect(configure(client(), node_, access ? "access_model" : "max_items", value), wanted);
        if (wanted != "ok") return;
        if (access) model()->access = value;
        if (!access) model()->max_items = std::stoul(value);
        model()->trim();
    }
    void set_affiliation() {
        const std::string jid = pick<std::string>({"juliet@example.net", "tybalt@example.org"});
        const std::string value =
            pick<std::string>({"none", "member", "publisher", "publish-only", "outcast"});
        const std::string wanted = as_owner();
        expect(affiliate(client(), node_, jid, value), wanted);
        if (wanted == "ok") model()->affiliations[jid] = value;
    }
    void purge() {
        const std::string wanted = as_owner();
        expect(outcome(own(client(), "set", "<purge node='" + node_ + "'/>")), wanted);
        if (wanted == "ok") model()->items.clear();
    }
    void remove() {
        const std::string wanted = as_owner();
        expect(outcome(own(client(), "set", "<delete node='" + node_ + "'/>")), wanted);
        if (wanted == "ok") nodes_.erase(node_);
    }
    /// The server dies, or all are away so long that accounts leave memory.
    void rarely() {
        if (random_() % 20 != 0) return;
        if (random_() % 2 == 0) {
            world.crash_and_restart();
        } else {
            for (Client* each : {romeo, juliet, tybalt}) each->close();
            world.advance(std::chrono::hours(1));
        }
        romeo = &world.log_in("romeo@example.org/orchard");
        juliet = &world.log_in("juliet@example.net/balcony");
        tybalt = &world.log_in("tybalt@example.org/street");
    }

    std::mt19937 random_;
    std::map<std::string, ModelNode> nodes_;
    int number_ = 0;
    std::string who_, node_;
};

int steps() {
    const char* const asked = std::getenv("CLARION_MODEL_STEPS");
    return asked ? std::atoi(asked) : 20000;
}

TEST_CASE("pubsub walk: what the model says comes of everything") {
    Walk walk(1);
    for (int i = 0; i < steps(); ++i) walk.step(i);
}

}  // namespace
}  // namespace clarion::pubsub
