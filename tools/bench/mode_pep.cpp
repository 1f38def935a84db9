#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

#include "tools/bench/crowd.h"
#include "tools/bench/modes.h"
#include "tools/bench/proc.h"

namespace clarion::bench {

namespace {

constexpr double patience_seconds = 60;  // without any progress: the server is stuck
constexpr double drain_seconds = 10;     // what has not come then counts as missing
constexpr std::string_view node = "urn:example:bench";
constexpr std::string_view caps_node = "urn:example:clarion-bench";
/// SHA-1 (XEP-0115, 5.1) of what on_request() answers.
constexpr std::string_view caps_hash = "ie0kN7oHv0OXrE4LN48MYKJdW1U=";

/// Publishers and contacts of theirs: each contact sees the presence of each publisher, the other
/// way round, and wants to hear of their node.
class PepRun {
public:
    PepRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings),
          pep_(settings.pep),
          loop_(loop),
          report_(report),
          crowd_(settings, loop) {}

    Result<void> run();

private:
    /// One that publishes: its item's number is that of the publish under way or next.
    struct Publisher {
        std::uint64_t published = 0;
        std::uint64_t answered = 0;
        std::uint64_t heard = 0;  // by all contacts together
    };

    std::size_t contacts() const { return crowd_.size() - publishers_.size(); }
    Result<void> until(const std::function<bool()>& done, std::string_view what);
    Result<void> befriend();
    Result<void> come_online();
    Result<void> first_publish();
    void publish(std::size_t index, std::int64_t due_ns);
    void refill(std::size_t index);
    void publish_what_is_due();
    void go_on(double seconds);
    void measure();
    void drain();
    void tell(double seconds, double server_cpu, double own_cpu);

    void on_stanza(Client& client, std::string_view stanza);
    void on_presence(Client& client, std::string_view presence);
    void on_request(Client& client, std::string_view iq);
    void on_answer(Client& client, std::string_view iq);
    void on_event(const Client& client, std::string_view message);
    std::int64_t mark_in(std::string_view text, std::size_t& publisher) const;
    bool is_complete() const;

    const Settings& settings_;
    const Publishing& pep_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    std::vector<Publisher> publishers_;
    std::string prefix_ = "b" + std::to_string(now_ns()) + ".";  // of ids of this run
    std::string payload_;
    std::uint64_t subscribed_ = 0;  // answers to requests for presence
    std::uint64_t progress_ = 0;    // anything that came
    std::uint64_t errors_ = 0;
    std::string first_error_;
    Histogram answers_;
    Histogram notifications_;
    std::uint64_t answers_counted_ = 0;
    std::uint64_t notifications_counted_ = 0;
    std::int64_t rate_began_ns_ = 0;
    std::uint64_t due_said_ = 0;
    bool publishing_ = false;
    bool measuring_ = false;
};

Result<void> PepRun::until(const std::function<bool()>& done, std::string_view what) {
    auto seen = progress_;
    auto seen_ns = now_ns();
    while (!done()) {
        loop_.run_once(std::chrono::milliseconds(20));
        if (progress_ != seen) {
            seen = progress_;
            seen_ns = now_ns();
        } else if (static_cast<double>(now_ns() - seen_ns) > patience_seconds * 1e9) {
            return fail("pep", std::string(what) + ": nothing comes any more; " + first_error_);
        }
    }
    return {};
}

/// Some at a time: servers answer each with several stanzas to both. Who has not asked for its
/// roster is not told of answers (RFC 6121, 2.1.6).
Result<void> PepRun::befriend() {
    for (std::size_t i = 0; contacts() > 0 && i < crowd_.size(); ++i) {
        crowd_.client(i).send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    }
    constexpr std::uint64_t at_a_time = 50;
    const std::uint64_t wanted = 2 * publishers_.size() * contacts();
    std::uint64_t asked = 0;
    for (std::size_t i = publishers_.size(); i < crowd_.size(); ++i) {
        for (std::size_t p = 0; p < publishers_.size(); ++p) {
            crowd_.client(i).send("<presence type='subscribe' to='" + account_jid(settings_, p) +
                                  "'/>");
            asked += 2;
            const auto enough = [&] { return subscribed_ + at_a_time >= asked; };
            if (auto done = until(enough, "subscriptions"); !done) return done;
        }
    }
    return until([&] { return subscribed_ >= wanted; }, "subscriptions");
}

/// Contacts say what they can do, and publishers that they are there.
Result<void> PepRun::come_online() {
    const std::string capable =
        "<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='" +
        std::string(caps_node) + "' ver='" + std::string(caps_hash) + "'/></presence>";
    for (std::size_t i = publishers_.size(); i < crowd_.size(); ++i) crowd_.client(i).send(capable);
    loop_.run_for(settings_.crowd.settle);
    return {};
}

/// Until all contacts hear: each of them has been asked by then what it can do.
Result<void> PepRun::first_publish() {
    for (std::size_t p = 0; p < publishers_.size(); ++p) {
        publish(p, now_ns());
        const auto heard = [&] {
            return publishers_[p].answered == 1 && publishers_[p].heard >= contacts();
        };
        if (auto done = until(heard, "the first notifications"); !done) {
            return fail("pep", std::to_string(publishers_[p].heard) + " of " +
                                   std::to_string(contacts()) + " contacts heard; " + first_error_);
        }
    }
    return {};
}

void PepRun::publish(std::size_t index, std::int64_t due_ns) {
    const std::string id = prefix_ + std::to_string(index) + "." + std::to_string(due_ns) + "." +
                           std::to_string(publishers_[index].published++);
    Client& client = crowd_.client(index);
    client.send("<iq type='set' id='" + id +
                "'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='");
    client.send(node);
    client.send("'><item id='" + id + "'>");
    client.send(payload_);
    client.send("</item></publish></pubsub></iq>");
}

/// A publish is over when it is answered and all contacts have heard of it.
void PepRun::refill(std::size_t index) {
    const Publisher& publisher = publishers_[index];
    const auto may_publish = [&] {
        return publisher.published - publisher.answered < pep_.in_flight &&
               publisher.published * contacts() <
                   publisher.heard + std::max<std::uint64_t>(1, pep_.in_flight * contacts());
    };
    while (publishing_ && may_publish()) publish(index, now_ns());
}

void PepRun::publish_what_is_due() {
    const auto each_ns = 1e9 / pep_.rate;
    const auto passed = static_cast<double>(now_ns() - rate_began_ns_);
    while (static_cast<double>(due_said_) * each_ns <= passed) {
        const auto due = static_cast<std::int64_t>(static_cast<double>(due_said_) * each_ns);
        publish(due_said_++ % publishers_.size(), rate_began_ns_ + due);
    }
}

void PepRun::go_on(double seconds) {
    if (pep_.rate == 0) return loop_.run_for(seconds);
    const auto end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    while (now_ns() < end) {
        publish_what_is_due();
        loop_.run_once(std::chrono::milliseconds(1));
    }
}

void PepRun::measure() {
    publishing_ = true;
    rate_began_ns_ = now_ns();
    for (std::size_t p = 0; pep_.rate == 0 && p < publishers_.size(); ++p) refill(p);
    go_on(pep_.warm_up);
    measuring_ = true;
    const CpuClock server_cpu(settings_.target.server_pid);
    const CpuClock own_cpu(::getpid());
    const auto begin = now_ns();
    go_on(pep_.duration);
    measuring_ = publishing_ = false;
    const auto seconds = static_cast<double>(now_ns() - begin) / 1e9;
    const auto server_seconds = server_cpu.seconds();
    const auto own_seconds = own_cpu.seconds();
    drain();
    tell(seconds, server_seconds, own_seconds);
}

bool PepRun::is_complete() const {
    return std::all_of(publishers_.begin(), publishers_.end(), [this](const Publisher& one) {
        return one.answered >= one.published && one.heard >= one.published * contacts();
    });
}

void PepRun::drain() {
    const auto end = now_ns() + static_cast<std::int64_t>(drain_seconds * 1e9);
    while (!is_complete() && now_ns() < end) loop_.run_once(std::chrono::milliseconds(20));
}

void PepRun::tell(double seconds, double server_cpu, double own_cpu) {
    const auto answers = static_cast<double>(answers_counted_);
    const auto notifications = static_cast<double>(notifications_counted_);
    report_.add("publishes_per_second", answers / seconds);
    report_.add("notifications_per_second", notifications / seconds);
    report_.add("seconds", seconds, 2);
    report_.add("publish", answers_);
    report_.add("notification", notifications_);
    if (settings_.target.server_pid) {
        if (server_cpu > 0 && notifications > 0)
            report_.add("notifications_per_cpu_second", notifications / server_cpu);
        if (answers > 0) report_.add("server_cpu_us_per_publish", server_cpu * 1e6 / answers, 1);
        report_.add("server_cpu_percent", server_cpu / seconds * 100);
    }
    report_.add("own_cpu_percent", own_cpu / seconds * 100);
    std::uint64_t unanswered = 0;
    std::uint64_t unheard = 0;
    for (const Publisher& one : publishers_) {
        unanswered += one.published - one.answered;
        unheard += one.published * contacts() - std::min(one.heard, one.published * contacts());
    }
    report_.add("publishes_without_answer", static_cast<double>(unanswered));
    report_.add("missing_notifications", static_cast<double>(unheard));
    if (errors_ > 0) report_.add("errors", static_cast<double>(errors_));
}

// --- what comes -----------------------------------------------------------------------------

void PepRun::on_stanza(Client& client, std::string_view stanza) {
    ++progress_;
    if (stanza.starts_with("<message")) return on_event(client, stanza);
    if (stanza.starts_with("<presence")) return on_presence(client, stanza);
    if (attribute(stanza, "type") == "get") return on_request(client, stanza);
    on_answer(client, stanza);
}

void PepRun::on_presence(Client& client, std::string_view presence) {
    const auto type = attribute(presence, "type");
    if (type == "subscribed") ++subscribed_;
    if (type != "subscribe") return;
    const std::string to = "' to='" + std::string(attribute(presence, "from")) + "'/>";
    client.send("<presence type='subscribed" + to);
    if (client.index() < publishers_.size()) client.send("<presence type='subscribe" + to);
}

void PepRun::on_request(Client& client, std::string_view iq) {
    const auto query = iq.find("<query");
    if (query == std::string_view::npos) return;
    const std::string asked(attribute(iq.substr(query), "node"));
    client.send("<iq type='result' to='" + std::string(attribute(iq, "from")) + "' id='" +
                std::string(attribute(iq, "id")) +
                "'><query xmlns='http://jabber.org/protocol/disco#info'" +
                (asked.empty() ? "" : " node='" + asked + "'") +
                "><identity category='client' type='bot' name='clarion-bench'/>"
                "<feature var='http://jabber.org/protocol/caps'/>"
                "<feature var='http://jabber.org/protocol/disco#info'/>"
                "<feature var='urn:example:bench+notify'/></query></iq>");
}

/// When it was due, and whose: of the first id of this run in the text; 0 if there is none.
std::int64_t PepRun::mark_in(std::string_view text, std::size_t& publisher) const {
    const auto at = text.find(prefix_);
    if (at == std::string_view::npos) return 0;
    const char* end = text.data() + text.size();
    const auto whose = std::from_chars(text.data() + at + prefix_.size(), end, publisher);
    std::int64_t due_ns = 0;
    if (whose.ec != std::errc() || whose.ptr == end || publisher >= publishers_.size()) return 0;
    std::from_chars(whose.ptr + 1, end, due_ns);
    return due_ns;
}

void PepRun::on_answer(Client& client, std::string_view iq) {
    std::size_t publisher = 0;
    const auto due_ns = mark_in(attribute(iq, "id"), publisher);
    if (due_ns == 0) return;
    if (attribute(iq, "type") == "error") {
        ++errors_;
        if (first_error_.empty()) first_error_ = iq.substr(std::min(iq.find("<error"), iq.size()));
    }
    ++publishers_[publisher].answered;
    if (measuring_) {
        ++answers_counted_;
        answers_.add(now_ns() - due_ns);
    }
    if (pep_.rate == 0) refill(client.index());
}

/// Some servers tell a publisher of what it published itself: contacts alone count.
void PepRun::on_event(const Client& client, std::string_view message) {
    if (client.index() < publishers_.size()) return;
    const auto item = message.find("<item ");
    if (item == std::string_view::npos) return;
    std::size_t publisher = 0;
    const auto due_ns = mark_in(attribute(message.substr(item), "id"), publisher);
    if (due_ns == 0) return;
    ++publishers_[publisher].heard;
    if (measuring_) {
        ++notifications_counted_;
        notifications_.add(now_ns() - due_ns);
    }
    if (pep_.rate == 0) refill(publisher);
}

Result<void> PepRun::run() {
    if (pep_.publishers > settings_.crowd.sessions)
        return fail("usage", "--publishers are some of --sessions");
    if (settings_.target.server_pid) {
        if (const auto readable = memory_of(settings_.target.server_pid); !readable)
            return readable.error();
    }
    publishers_.resize(pep_.publishers);
    payload_ =
        "<event xmlns='urn:example:bench'>" + std::string(pep_.payload_bytes, 'x') + "</event>";
    crowd_.on_stanzas(
        [this](Client& client, std::string_view stanza) { on_stanza(client, stanza); });
    if (auto done = crowd_.log_in(settings_.crowd.sessions); !done) return done;
    if (auto done = befriend(); !done) return done;
    if (auto done = come_online(); !done) return done;
    if (auto done = first_publish(); !done) return done;
    measure();
    crowd_.tell(report_);
    crowd_.log_out();
    return errors_ == 0 ? Result<void>{} : fail("pep", "the server refused: " + first_error_);
}

}  // namespace

Result<void> run_pep(const Settings& settings, Loop& loop, Report& report) {
    return PepRun(settings, loop, report).run();
}

}  // namespace clarion::bench
