// A random walk: an owner, a contact and a stranger do what they may and may not with a few nodes,
// while time passes, over restarts and evictions, and a model says what must come of it, and what
// the others hear.
// CLARION_MODEL_STEPS: how many steps (default 100,000; 40,000 with sanitizers).
#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

#include "proto/pubsub.h"
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::pubsub {
namespace {

struct ModelItem {
    std::string id, text, publisher;
    std::int64_t published = 0;  // in seconds
};

struct ModelSubscription {
    std::string jid;
    bool pending = false;
    bool deliver = true;
    std::string user() const { return jid.substr(0, jid.find('/')); }
};

struct ModelNode {
    std::string access = "presence", full = "discard-oldest";
    std::size_t max_items = 1;
    std::int64_t expire = 0;  // 0: never
    bool names_publishers = false;
    std::map<std::string, std::string> affiliations;  // by bare address
    std::vector<ModelItem> items;                     // oldest first
    std::vector<ModelSubscription> subscriptions;

    ModelItem* find(const std::string& id) {
        for (ModelItem& each : items)
            if (each.id == id) return &each;
        return nullptr;
    }
    ModelSubscription* find_subscription(const std::string& jid) {
        for (ModelSubscription& each : subscriptions)
            if (each.jid == jid) return &each;
        return nullptr;
    }
    bool is_subscribed(const std::string& user) const {
        return std::any_of(subscriptions.begin(), subscriptions.end(),
                           [&](const auto& each) { return !each.pending && each.user() == user; });
    }
    void remove(const std::string& id) {
        std::erase_if(items, [&](const auto& each) { return each.id == id; });
    }
    void remove_expired(std::int64_t now) {
        std::erase_if(
            items, [&](const auto& each) { return expire != 0 && each.published + expire <= now; });
    }
    /// The ids that went.
    std::vector<std::string> trim() {
        std::vector<std::string> gone;
        while (items.size() > max_items) {
            gone.push_back(items.front().id);
            items.erase(items.begin());
        }
        return gone;
    }
    std::string list() const {
        std::string text;
        for (const ModelItem& each : items) text += each.id + '=' + each.text + ' ';
        return text;
    }
};

class Walk : Scene {
public:
    explicit Walk(unsigned seed) : random_(seed) {}

    void step(int number) {
        number_ = number;
        who_ = pick({romeos_, romeos_, juliets_, tybalts_});
        node_ = pick({"a", "b", "c"});
        if (model()) model()->remove_expired(now());
        act();
        compare();
    }

private:
    using Reply = std::string;

    void act() {
        switch (random_() % 20) {
            case 0:
            case 1:
            case 2:
            case 3: return publish_one();
            case 4:
            case 5: return read();
            case 6: return retract();
            case 7: return create();
            case 8:
            case 9: return set_config();
            case 10: return set_affiliation();
            case 11: return random_() % 3 == 0 ? purge() : remove();
            case 12:
            case 13: return begin_subscription();
            case 14: return end_subscription();
            case 15: return set_options();
            case 16: return decide_one();
            case 17: return answer_form();
            case 18: return pass_time();
            default: return rarely();
        }
    }

    std::string pick(std::initializer_list<std::string_view> choices) {
        return std::string(choices.begin()[random_() % choices.size()]);
    }
    std::int64_t now() {
        return std::chrono::duration_cast<std::chrono::seconds>(
                   world.clock().wall().time_since_epoch())
            .count();
    }
    Client& client() {
        if (who_ == romeos_) return *romeo;
        return who_ == juliets_ ? *juliet : *tybalt;
    }
    ModelNode* model() {
        const auto found = nodes_.find(node_);
        return found == nodes_.end() ? nullptr : &found->second;
    }
    bool is_owner() const { return who_ == romeos_; }

    // ---- Who may --------------------------------------------------------------------------------

    std::string affiliation_of(const std::string& user) {
        return user == romeos_ ? "owner" : model()->affiliations[user];
    }
    bool reads(const std::string& user) {
        if (!model()) return false;
        const std::string mine = affiliation_of(user);
        if (mine == "owner" || mine == "publisher" || mine == "member") return true;
        if (mine == "outcast" || mine == "publish-only") return false;
        const std::string& access = model()->access;
        if (access == "authorize") return model()->is_subscribed(user);
        return access == "open" || (access == "presence" && user == juliets_);
    }
    bool knows(const std::string& user) {
        if (reads(user)) return true;
        if (!model() || model()->access != "authorize") return false;
        const std::string mine = affiliation_of(user);
        return mine.empty() || mine == "none";
    }
    bool publishes() {
        const std::string mine = affiliation_of(who_);
        return mine == "owner" || mine == "publisher" || mine == "publish-only";
    }
    /// What an owner's request comes to.
    std::string as_owner() {
        if (model() && is_owner()) return "ok";
        return knows(who_) ? "forbidden" : "item-not-found";
    }
    std::string as_reader() {
        if (reads(who_)) return "ok";
        return knows(who_) ? "not-authorized/not-subscribed" : "item-not-found";
    }

    // ---- What is heard --------------------------------------------------------------------------

    struct Heard {
        std::string expected, late;  // late comes after
    };
    Heard& heard_by(const std::string& user) {
        return user == juliets_ ? juliet_hears_ : tybalt_hears_;
    }

    std::string prefix() const { return romeos_ + ' ' + node_ + ' '; }
    /// All who are subscribed, each client once.
    void tell_all(const std::string& what) {
        for (const std::string& user : others_) {
            bool hears = false;
            for (const ModelSubscription& each : model()->subscriptions)
                hears = hears || (each.user() == user && !each.pending && each.deliver);
            if (hears && reads(user)) heard_by(user).expected += prefix() + what + '\n';
        }
    }
    void tell_state(const ModelSubscription& subscription, const std::string& state) {
        heard_by(subscription.user()).expected += prefix() + subscription.jid + ' ' + state + '\n';
    }
    void tell_last_item(const ModelSubscription& subscription) {
        if (!subscription.deliver || model()->items.empty()) return;
        const ModelItem& last = model()->items.back();
        heard_by(subscription.user()).late += prefix() + last.id + '=' + last.text + " late\n";
    }
    void end(const std::string& jid) {
        tell_state(*model()->find_subscription(jid), "none");
        std::erase_if(model()->subscriptions, [&](const auto& each) { return each.jid == jid; });
    }
    void approve(const std::string& jid) {
        ModelSubscription& subscription = *model()->find_subscription(jid);
        subscription.pending = false;
        tell_state(subscription, "subscribed");
        tell_last_item(subscription);
        for (const ModelSubscription& other : model()->subscriptions)
            if (other.pending && other.user() == subscription.user()) return approve(other.jid);
    }
    void review() {
        const auto all = model()->subscriptions;
        for (const ModelSubscription& each : all) {
            const ModelSubscription& now = *model()->find_subscription(each.jid);
            if (!knows(each.user()))
                end(each.jid);
            else if (now.pending && reads(each.user()))
                approve(each.jid);
        }
    }
    void compare() {
        for (const std::string& user : others_) {
            const std::string got = heard(user == juliets_ ? *juliet : *tybalt);
            Heard& wanted = heard_by(user);
            const std::string all = wanted.expected + wanted.late;
            if (got != all) expect(sorted(got), sorted(all));
            wanted = {};
        }
        romeo->drop_all();  // is asked, and asked again
    }
    /// In which order subscriptions are looked at is nobody's business.
    static std::string sorted(const std::string& text) {
        std::vector<std::string> lines;
        for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
            end = std::min(text.find('\n', at), text.size());
            lines.push_back(text.substr(at, end - at));
        }
        std::sort(lines.begin(), lines.end());
        std::string all;
        for (const std::string& line : lines) all += line + '\n';
        return all;
    }
    void expect(const Reply& got, const Reply& wanted) {
        if (got == wanted) return;
        CAPTURE(number_);
        CAPTURE(who_);
        CAPTURE(node_);
        REQUIRE(got == wanted);
    }

    // ---- Items ----------------------------------------------------------------------------------

    void publish_one() {
        const std::string id = pick({"1", "2", "3", "4"});
        const std::string text = std::to_string(number_);
        expect(publish(client(), node_, item(id, text)), publish_in_model(id, text));
    }
    Reply publish_in_model(const std::string& id, const std::string& text) {
        if (!model() && !is_owner()) return "item-not-found";
        if (!model()) nodes_[node_] = {};
        if (!publishes()) return knows(who_) ? "forbidden" : "item-not-found";
        ModelItem* const there = model()->find(id);
        if (there && !is_owner() && there->publisher != who_) return "forbidden";
        const bool is_more = !there && model()->items.size() >= model()->max_items;
        if (is_more && model()->full == "reject") return "conflict/node-full";
        model()->remove(id);
        model()->items.push_back({id, text, who_, now()});
        const auto gone = model()->trim();
        tell_all(id + '=' + text);
        std::string retracted;
        for (const std::string& each : gone) retracted += (retracted.empty() ? "-" : " -") + each;
        if (!gone.empty() && model()->full == "retract-oldest") tell_all(retracted);
        return "ok";
    }
    void read() {
        const auto answer = get(client(), "<items node='" + node_ + "'/>");
        expect(outcome(answer), as_reader());
        if (!reads(who_)) return;
        std::string publishers, wanted;
        const xml::Element& all = *answer.root().child(ns::pubsub, "pubsub")->first_child();
        for (const auto& each : all.children()) publishers += std::string(each.attr("publisher"));
        for (const ModelItem& each : model()->items)
            wanted += model()->names_publishers ? each.publisher : "";
        expect(list(all), model()->list());
        expect(publishers, wanted);
    }
    void retract() {
        const std::string id = pick({"1", "2", "3", "4"});
        Reply wanted = "ok";
        const bool finds = model() && (knows(who_) || affiliation_of(who_) == "publish-only");
        ModelItem* const there = finds ? model()->find(id) : nullptr;
        if (!there)
            wanted = "item-not-found";
        else if (!is_owner() && there->publisher != who_)
            wanted = "forbidden";
        expect(outcome(set(client(),
                           "<retract node='" + node_ + "'><item id='" + id + "'/></retract>")),
               wanted);
        if (wanted != "ok") return;
        model()->remove(id);
        tell_all('-' + id);
    }

    // ---- Nodes ----------------------------------------------------------------------------------

    void create() {
        Reply wanted = model() ? "conflict" : "ok";
        if (!is_owner()) wanted = who_ == juliets_ ? "forbidden" : "item-not-found";
        expect(outcome(set(client(), "<create node='" + node_ + "'/>")), wanted);
        if (wanted == "ok") nodes_[node_] = {};
    }
    void set_config() {
        const std::string var = pick({"access_model", "access_model", "max_items", "item_expire",
                                      "itemreply", "publish_node_full"});
        const std::string value = pick_value(var);
        const Reply wanted = as_owner();
        expect(configure(client(), node_, var, value), wanted);
        if (wanted != "ok") return;
        if (var == "access_model") model()->access = value;
        if (var == "max_items") model()->max_items = std::stoul(value);
        if (var == "item_expire") model()->expire = value == "max" ? 0 : std::stol(value);
        if (var == "itemreply") model()->names_publishers = value == "publisher";
        if (var == "publish_node_full") model()->full = value;
        model()->trim();
        review();
    }
    std::string pick_value(const std::string& var) {
        if (var == "access_model")
            return pick({"open", "presence", "whitelist", "authorize", "authorize"});
        if (var == "max_items") return pick({"1", "3", "9"});
        if (var == "item_expire") return pick({"max", "100", "1000"});
        if (var == "itemreply") return pick({"none", "publisher"});
        return pick({"discard-oldest", "retract-oldest", "reject"});
    }
    void set_affiliation() {
        const std::string jid = pick({juliets_, tybalts_});
        const std::string value =
            pick({"none", "none", "member", "publisher", "publish-only", "outcast"});
        const Reply wanted = as_owner();
        expect(affiliate(client(), node_, jid, value), wanted);
        if (wanted != "ok") return;
        model()->affiliations[jid] = value;
        review();
    }
    void purge() {
        const Reply wanted = as_owner();
        expect(outcome(own(client(), "set", "<purge node='" + node_ + "'/>")), wanted);
        if (wanted != "ok") return;
        model()->items.clear();
        tell_all("purge");
    }
    void remove() {
        const Reply wanted = as_owner();
        expect(outcome(own(client(), "set", "<delete node='" + node_ + "'/>")), wanted);
        if (wanted != "ok") return;
        tell_all("delete");
        nodes_.erase(node_);
    }

    // ---- Subscriptions --------------------------------------------------------------------------

    /// One that the asker may name as its own.
    std::string own_address() {
        return random_() % 3 == 0 ? client().jid().full() : std::string(client().jid().bare());
    }
    void begin_subscription() {
        if (is_owner()) return;
        const std::string jid = own_address();
        ModelSubscription* const there = model() ? model()->find_subscription(jid) : nullptr;
        Reply wanted = "ok";
        if (!knows(who_))
            wanted = "item-not-found";
        else if (there && there->pending)
            wanted = "not-authorized/pending-subscription";
        expect(subscribe(client(), jid, "subscribe", node_), wanted);
        if (wanted != "ok" || there) return;
        model()->subscriptions.push_back({jid, !reads(who_)});
        if (reads(who_)) tell_last_item(model()->subscriptions.back());
    }
    void end_subscription() {
        if (is_owner()) return;
        const std::string jid = own_address();
        const Reply wanted = as_subscriber(jid);
        expect(unsubscribe(client(), jid, node_), wanted);
        if (wanted == "ok")
            std::erase_if(model()->subscriptions,
                          [&](const auto& each) { return each.jid == jid; });
    }
    Reply as_subscriber(const std::string& jid) {
        if (model() && model()->find_subscription(jid)) return "ok";
        return knows(who_) ? "unexpected-request/not-subscribed" : "item-not-found";
    }
    void set_options() {
        if (is_owner()) return;
        const std::string jid = own_address();
        const bool deliver = random_() % 2 == 0;
        const Reply wanted = as_subscriber(jid);
        expect(
            outcome(set(client(), "<options node='" + node_ + "' jid='" + jid + "'>" +
                                      options("subscribe_options", "deliver", deliver ? "1" : "0") +
                                      "</options>")),
            wanted);
        if (wanted == "ok") model()->find_subscription(jid)->deliver = deliver;
    }
    /// Of somebody; of nobody sometimes.
    std::string some_address() {
        return pick({"juliet@example.net", "juliet@example.net/balcony", "tybalt@example.org",
                     "tybalt@example.org/street"});
    }
    void decide_one() {
        const std::string jid = some_address();
        const std::string state = pick({"none", "subscribed"});
        ModelSubscription* const there = model() ? model()->find_subscription(jid) : nullptr;
        Reply wanted = as_owner();
        if (wanted == "ok" && !there && state == "subscribed") wanted = "not-acceptable";
        expect(decide(client(), node_, jid, state), wanted);
        if (wanted != "ok" || !there) return;
        if (state == "none")
            end(jid);
        else if (there->pending)
            approve(jid);
    }
    void answer_form() {
        const std::string jid = some_address();
        const bool allowed = random_() % 3 != 0;
        if (!is_owner()) return;
        DataForm form = authorization_form(node_, *Jid::parse(jid));
        form.type = "submit";
        for (DataFormField& field : form.fields)
            if (field.var == "pubsub#allow") field.values = {allowed ? "1" : "0"};
        auto message = Stanza::make(StanzaKind::message, StanzaType::normal, Jid(),
                                    Jid::trusted(romeos_), "answer");
        form.append_to(message->root());
        client().send(xml::to_string(message->root()));
        ModelSubscription* const there = model() ? model()->find_subscription(jid) : nullptr;
        if (!there || !there->pending) return;
        if (allowed)
            approve(jid);
        else
            end(jid);
    }

    // ---- The world ------------------------------------------------------------------------------

    void pass_time() { world.advance(std::chrono::seconds(random_() % 60)); }
    /// The server dies, or all are away so long that accounts leave memory.
    void rarely() {
        if (random_() % 50 != 0) return;
        if (random_() % 2 == 0) {
            world.crash_and_restart();
        } else {
            leave_memory();
        }
        romeo = &world.log_in(romeos_ + "/orchard");
        juliet = &world.log_in(juliets_ + "/balcony");
        tybalt = &world.log_in(tybalts_ + "/street");
        forget();
    }

    const std::string romeos_ = "romeo@example.org", juliets_ = "juliet@example.net",
                      tybalts_ = "tybalt@example.org";
    const std::array<std::string, 2> others_{juliets_, tybalts_};
    std::mt19937 random_;
    std::map<std::string, ModelNode> nodes_;
    Heard juliet_hears_, tybalt_hears_;
    int number_ = 0;
    std::string who_, node_;
};

// Each costs several times as much there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int default_steps = 40000;
#else
constexpr int default_steps = 100000;
#endif

int steps() {
    const char* const asked = std::getenv("CLARION_MODEL_STEPS");
    return asked ? std::atoi(asked) : default_steps;
}

TEST_CASE("pubsub walk: what the model says comes of everything") {
    Walk walk(1);
    for (int i = 0; i < steps(); ++i) walk.step(i);
}

}  // namespace
}  // namespace clarion::pubsub
