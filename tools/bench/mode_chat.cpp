#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "tools/bench/crowd.h"
#include "tools/bench/modes.h"
#include "tools/bench/proc.h"

namespace clarion::bench {

namespace {

constexpr double drain_seconds = 10;  // what has not arrived then counts as undelivered

/// What a message's id says: which of its sender's messages it is and when it was sent (or due).
struct Mark {
    std::uint64_t number = 0;
    std::int64_t sent_ns = 0;
};

/// PREFIX "NUMBER.NANOSECONDS"; false if the id is something else.
bool read_mark(std::string_view id, std::string_view prefix, Mark& mark) {
    if (!id.starts_with(prefix)) return false;
    const char* end = id.data() + id.size();
    const auto number = std::from_chars(id.data() + prefix.size(), end, mark.number);
    if (number.ec != std::errc() || number.ptr == end) return false;
    return std::from_chars(number.ptr + 1, end, mark.sent_ns).ec == std::errc();
}

class ChatRun {
public:
    ChatRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings),
          chat_(settings.chat),
          loop_(loop),
          report_(report),
          crowd_(settings, loop) {}

    Result<void> run();

private:
    struct Speaker {
        std::string opening;  // the message up to its id
        std::uint64_t sent = 0;
        std::uint64_t received = 0;  // of the partner's
    };

    void prepare();
    void say(std::size_t index, std::int64_t sent_ns);
    void refill(std::size_t index);
    void on_stanza(Client& client, std::string_view stanza);
    void converse(double seconds);
    void say_what_is_due();
    void measure();
    void measure_rounds();
    void drain();
    bool all_arrived() const;
    void tell(double seconds, double server_cpu, double own_cpu);

    const Settings& settings_;
    const Chatting& chat_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    std::vector<Speaker> speakers_;
    std::string id_prefix_ = "b" + std::to_string(now_ns()) + ".";  // not those of earlier runs
    std::string closing_;                                           // the message from after its id
    Histogram latency_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t delivered_ = 0;  // while measuring
    std::uint64_t out_of_order_ = 0;
    std::uint64_t errors_ = 0;
    std::int64_t rate_began_ns_ = 0;
    std::uint64_t due_said_ = 0;
    bool speaking_ = false;
    bool measuring_ = false;
};

void ChatRun::prepare() {
    speakers_.resize(settings_.crowd.sessions);
    for (std::size_t i = 0; i < speakers_.size(); ++i) {
        speakers_[i].opening =
            "<message type='chat' to='" + account_jid(settings_, i ^ 1U) + "' id='" + id_prefix_;
    }
    closing_ = "'><body>" + std::string(chat_.body_bytes, 'x') + "</body></message>";
    crowd_.on_stanzas(
        [this](Client& client, std::string_view stanza) { on_stanza(client, stanza); });
}

void ChatRun::say(std::size_t index, std::int64_t sent_ns) {
    Speaker& speaker = speakers_[index];
    char id[48];
    auto at = std::to_chars(id, id + sizeof id, speaker.sent++).ptr;
    *at++ = '.';
    at = std::to_chars(at, id + sizeof id, sent_ns).ptr;
    Client& client = crowd_.client(index);
    client.send(speaker.opening);
    client.send({id, static_cast<std::size_t>(at - id)});
    client.send(closing_);
    ++sent_;
    if (chat_.ack_every != 0 && speaker.sent % chat_.ack_every == 0) client.request_ack();
}

void ChatRun::refill(std::size_t index) {
    const Speaker& speaker = speakers_[index];
    while (speaking_ && speaker.sent - speakers_[index ^ 1U].received < chat_.in_flight &&
           (chat_.count == 0 || speaker.sent < chat_.count)) {
        say(index, now_ns());
    }
}

void ChatRun::on_stanza(Client& client, std::string_view stanza) {
    Mark mark;
    if (!stanza.starts_with("<message")) return;
    if (!read_mark(attribute(stanza, "id"), id_prefix_, mark)) return;
    if (attribute(stanza, "type") == "error") {
        ++errors_;
        return;
    }
    Speaker& listener = speakers_[client.index()];
    if (mark.number != listener.received) ++out_of_order_;
    ++listener.received;
    ++received_;
    if (measuring_) {
        ++delivered_;
        latency_.add(now_ns() - mark.sent_ns);
    }
    if (chat_.rate == 0) refill(client.index() ^ 1U);
}

void ChatRun::converse(double seconds) {
    if (chat_.rate == 0) return loop_.run_for(seconds);
    const auto end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    while (now_ns() < end) {
        say_what_is_due();
        loop_.run_once(std::chrono::milliseconds(1));
    }
}

void ChatRun::say_what_is_due() {
    const auto nanoseconds_each = 1e9 / chat_.rate;
    const auto passed = static_cast<double>(now_ns() - rate_began_ns_);
    while (static_cast<double>(due_said_) * nanoseconds_each <= passed) {
        const auto due =
            static_cast<std::int64_t>(static_cast<double>(due_said_) * nanoseconds_each);
        say(due_said_++ % speakers_.size(), rate_began_ns_ + due);
    }
}

bool ChatRun::all_arrived() const { return received_ + errors_ >= sent_; }

void ChatRun::drain() {
    const auto end = now_ns() + static_cast<std::int64_t>(drain_seconds * 1e9);
    while (!all_arrived() && now_ns() < end) loop_.run_once(std::chrono::milliseconds(20));
}

/// Until `count` of each session have arrived, or nothing has for a while.
void ChatRun::measure_rounds() {
    auto progress = received_;
    auto progress_ns = now_ns();
    while (received_ + errors_ < chat_.count * speakers_.size()) {
        loop_.run_once(std::chrono::milliseconds(20));
        if (received_ != progress) {
            progress = received_;
            progress_ns = now_ns();
        } else if (static_cast<double>(now_ns() - progress_ns) > drain_seconds * 1e9) {
            return;
        }
    }
}

void ChatRun::measure() {
    speaking_ = true;
    rate_began_ns_ = now_ns();
    measuring_ = chat_.count != 0;
    const auto start_all = [this] {
        for (std::size_t i = 0; chat_.rate == 0 && i < speakers_.size(); ++i) refill(i);
    };
    if (!measuring_) {
        start_all();
        converse(chat_.warm_up);
    }
    crowd_.acks() = {};
    const CpuClock server_cpu(settings_.target.server_pid);
    const CpuClock own_cpu(::getpid());
    const auto begin = now_ns();
    if (measuring_) {
        start_all();
        measure_rounds();
    } else {
        measuring_ = true;
        converse(chat_.duration);
    }
    measuring_ = speaking_ = false;
    const auto seconds = static_cast<double>(now_ns() - begin) / 1e9;
    const auto server_seconds = server_cpu.seconds();
    const auto own_seconds = own_cpu.seconds();
    drain();
    tell(seconds, server_seconds, own_seconds);
}

void ChatRun::tell(double seconds, double server_cpu, double own_cpu) {
    const auto delivered = static_cast<double>(delivered_);
    report_.add("messages_per_second", delivered / seconds);
    report_.add("messages", delivered);
    report_.add("seconds", seconds, 2);
    report_.add("latency", latency_);
    report_.add("ack", crowd_.acks());
    if (settings_.target.server_pid && delivered_ > 0) {
        report_.add("server_cpu_seconds_per_1000_messages", server_cpu * 1000 / delivered, 5);
        report_.add("server_cpu_us_per_message", server_cpu * 1e6 / delivered, 1);
        report_.add("server_cpu_percent", server_cpu / seconds * 100);
    }
    report_.add("own_cpu_percent", own_cpu / seconds * 100);
    report_.add("undelivered", static_cast<double>(sent_ - std::min(sent_, received_ + errors_)));
    report_.add("out_of_order_or_repeated", static_cast<double>(out_of_order_));
    if (errors_ > 0) report_.add("errors", static_cast<double>(errors_));
}

Result<void> ChatRun::run() {
    if (settings_.crowd.sessions % 2 != 0) return fail("usage", "chat needs an even --sessions");
    if (settings_.target.server_pid) {
        if (const auto readable = memory_of(settings_.target.server_pid); !readable)
            return readable.error();
    }
    prepare();
    if (const auto done = crowd_.log_in(settings_.crowd.sessions); !done) return done;
    loop_.run_for(std::min(settings_.crowd.settle, 1.0));
    measure();
    crowd_.tell(report_);
    crowd_.log_out();
    return {};
}

}  // namespace

Result<void> run_chat(const Settings& settings, Loop& loop, Report& report) {
    return ChatRun(settings, loop, report).run();
}

}  // namespace clarion::bench
