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

/// All sessions are in one room, and some of them speak.
class RoomRun {
public:
    RoomRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings),
          talk_(settings.room),
          loop_(loop),
          report_(report),
          crowd_(settings, loop),
          room_(settings.room.name + "@" + settings.room.service) {}

    Result<void> run();

private:
    Result<void> until(const std::function<bool()>& done, std::string_view what);
    Result<void> enter();
    void enter(std::size_t index);
    void open();
    void speak(std::int64_t due_ns);
    void speak_when_due(double seconds);
    void measure();
    void drain();
    void tell(double seconds, double server_cpu, double own_cpu);

    void on_stanza(std::string_view stanza);
    void on_presence(std::string_view presence);
    void on_message(std::string_view message);
    /// Anonymous memory of the server; 0 if nothing of it is measured.
    double memory() const;
    bool is_complete() const { return heard_ >= said_ * crowd_.size(); }

    const Settings& settings_;
    const Talking& talk_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    std::string room_;
    std::string prefix_ = "b" + std::to_string(now_ns()) + ".";  // of ids of this run
    std::string body_;
    std::uint64_t entered_ = 0;
    bool is_open_ = false;
    std::uint64_t progress_ = 0;  // anything that came
    std::uint64_t said_ = 0;
    std::uint64_t heard_ = 0;  // by all together
    std::uint64_t errors_ = 0;
    std::string first_error_;
    Histogram deliveries_;
    std::uint64_t counted_ = 0;
    bool measuring_ = false;
    std::int64_t rate_began_ns_ = 0;
};

Result<void> RoomRun::until(const std::function<bool()>& done, std::string_view what) {
    auto seen = progress_;
    auto seen_ns = now_ns();
    while (!done()) {
        loop_.run_once(std::chrono::milliseconds(20));
        if (progress_ != seen) {
            seen = progress_;
            seen_ns = now_ns();
        } else if (static_cast<double>(now_ns() - seen_ns) > patience_seconds * 1e9) {
            return fail("room", std::string(what) + ": nothing comes any more; " + first_error_);
        }
    }
    return {};
}

void RoomRun::enter(std::size_t index) {
    crowd_.client(index).send("<presence to='" + room_ + "/n" + std::to_string(index) +
                              "'><x xmlns='http://jabber.org/protocol/muc'><history "
                              "maxstanzas='0'/></x></presence>");
}

/// Some servers keep a new room locked until its owner says that it is fine.
void RoomRun::open() {
    crowd_.client(0).send("<iq type='set' id='open' to='" + room_ +
                          "'><query xmlns='http://jabber.org/protocol/muc#owner'><x "
                          "xmlns='jabber:x:data' type='submit'/></query></iq>");
}

/// The first makes the room; then some at a time, since each hears of all others.
Result<void> RoomRun::enter() {
    enter(0);
    if (auto done = until([&] { return entered_ == 1; }, "making the room"); !done) return done;
    open();
    if (auto done = until([&] { return is_open_; }, "configuring the room"); !done) return done;
    constexpr std::uint64_t at_a_time = 20;
    const CpuClock server_cpu(settings_.target.server_pid);
    const auto begin = now_ns();
    for (std::size_t i = 1; i < crowd_.size(); ++i) {
        enter(i);
        const auto enough = [&] { return entered_ + at_a_time > i; };
        if (auto done = until(enough, "entering"); !done) return done;
    }
    if (auto done = until([&] { return entered_ >= crowd_.size(); }, "entering"); !done)
        return done;
    report_.add("enter_seconds", static_cast<double>(now_ns() - begin) / 1e9, 2);
    if (settings_.target.server_pid)
        report_.add("enter_server_cpu_seconds", server_cpu.seconds(), 2);
    loop_.run_for(settings_.crowd.settle);
    return {};
}

void RoomRun::speak(std::int64_t due_ns) {
    const std::string id = prefix_ + std::to_string(due_ns) + "." + std::to_string(said_);
    Client& speaker = crowd_.client(said_ % std::max<std::size_t>(1, talk_.speakers));
    ++said_;
    speaker.send("<message type='groupchat' id='" + id + "' to='" + room_ + "'><body>");
    speaker.send(body_);
    speaker.send("</body></message>");
}

void RoomRun::speak_when_due(double seconds) {
    const auto end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    const auto each_ns = static_cast<std::int64_t>(1e9 / talk_.rate);
    auto due = now_ns();
    while (now_ns() < end) {
        for (; due <= now_ns(); due += each_ns) speak(due);
        loop_.run_once(std::chrono::milliseconds(1));
    }
}

void RoomRun::measure() {
    speak_when_due(talk_.warm_up);
    measuring_ = true;
    const CpuClock server_cpu(settings_.target.server_pid);
    const CpuClock own_cpu(::getpid());
    const auto begin = now_ns();
    speak_when_due(talk_.duration);
    measuring_ = false;
    const auto seconds = static_cast<double>(now_ns() - begin) / 1e9;
    const auto server_seconds = server_cpu.seconds();
    const auto own_seconds = own_cpu.seconds();
    drain();
    tell(seconds, server_seconds, own_seconds);
}

void RoomRun::drain() {
    const auto end = now_ns() + static_cast<std::int64_t>(drain_seconds * 1e9);
    while (!is_complete() && now_ns() < end) loop_.run_once(std::chrono::milliseconds(20));
}

void RoomRun::tell(double seconds, double server_cpu, double own_cpu) {
    const auto delivered = static_cast<double>(counted_);
    report_.add("deliveries_per_second", delivered / seconds);
    report_.add("seconds", seconds, 2);
    report_.add("delivery", deliveries_);
    if (settings_.target.server_pid) {
        if (server_cpu > 0 && delivered > 0) {
            report_.add("deliveries_per_cpu_second", delivered / server_cpu);
            report_.add("server_cpu_us_per_delivery", server_cpu * 1e6 / delivered, 2);
        }
        report_.add("server_cpu_percent", server_cpu / seconds * 100);
    }
    report_.add("own_cpu_percent", own_cpu / seconds * 100);
    const auto wanted = said_ * crowd_.size();
    report_.add("missing_deliveries", static_cast<double>(wanted - std::min(heard_, wanted)));
    if (errors_ > 0) report_.add("errors", static_cast<double>(errors_));
}

// --- what comes -----------------------------------------------------------------------------

void RoomRun::on_stanza(std::string_view stanza) {
    ++progress_;
    if (attribute(stanza, "type") == "error") {
        ++errors_;
        if (first_error_.empty())
            first_error_ = stanza.substr(std::min(stanza.find("<error"), stanza.size()));
    }
    if (stanza.starts_with("<message")) return on_message(stanza);
    if (stanza.starts_with("<presence")) return on_presence(stanza);
    if (attribute(stanza, "id") == "open") is_open_ = true;
}

/// Its own is the last of what who enters is told of others.
void RoomRun::on_presence(std::string_view presence) {
    const bool is_own = presence.find("'110'") != std::string_view::npos ||
                        presence.find("\"110\"") != std::string_view::npos;
    if (is_own) ++entered_;
}

void RoomRun::on_message(std::string_view message) {
    const std::string_view id = attribute(message, "id");
    if (!id.starts_with(prefix_)) return;
    ++heard_;
    if (!measuring_) return;
    std::int64_t due_ns = 0;
    std::from_chars(id.data() + prefix_.size(), id.data() + id.size(), due_ns);
    ++counted_;
    deliveries_.add(now_ns() - due_ns);
}

double RoomRun::memory() const {
    const auto memory = memory_of(settings_.target.server_pid);
    return memory ? memory->anonymous : 0;
}

Result<void> RoomRun::run() {
    if (settings_.target.server_pid) {
        if (const auto readable = memory_of(settings_.target.server_pid); !readable)
            return readable.error();
    }
    body_ = std::string(talk_.body_bytes, 'x');
    crowd_.on_stanzas([this](Client&, std::string_view stanza) { on_stanza(stanza); });
    if (auto done = crowd_.log_in(settings_.crowd.sessions); !done) return done;
    loop_.run_for(settings_.crowd.settle);
    const double before = memory();
    if (auto done = enter(); !done) return done;
    if (settings_.target.server_pid)
        report_.add("memory_bytes_per_occupant",
                    (memory() - before) / static_cast<double>(crowd_.size()));
    measure();
    crowd_.tell(report_);
    crowd_.log_out();
    return errors_ == 0 ? Result<void>{} : fail("room", "the server refused: " + first_error_);
}

}  // namespace

Result<void> run_room(const Settings& settings, Loop& loop, Report& report) {
    return RoomRun(settings, loop, report).run();
}

}  // namespace clarion::bench
