#include <algorithm>
#include <string>
#include <vector>

#include "tools/bench/component.h"
#include "tools/bench/crowd.h"
#include "tools/bench/modes.h"
#include "tools/bench/phones.h"
#include "tools/bench/proc.h"

namespace clarion::bench {

namespace {

constexpr std::size_t window = 1000;  // messages that the server has not acknowledged
constexpr double mega = 1e6;

class OutageRun {
public:
    OutageRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings),
          push_(settings.push),
          loop_(loop),
          report_(report),
          crowd_(settings, loop),
          phones_(settings, loop, crowd_),
          gateway_(loop, push_.component_domain, push_.component_secret,
                   [this](std::string_view node) { on_publish(node); }),
          came_(settings.crowd.sessions) {}

    Result<void> run();

private:
    Result<void> send_to_all();
    Result<void> return_of_the_gateway();
    void on_publish(std::string_view node);
    Result<void> note_memory(std::string_view key);

    const Settings& settings_;
    const Pushing& push_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    Phones phones_;
    Component gateway_;
    std::vector<bool> came_;  // by phone
    std::size_t published_ = 0;
    std::size_t repeated_ = 0;
};

void OutageRun::on_publish(std::string_view node) {
    const auto phone = phones_.of_node(node);
    if (!phone || came_[*phone]) {
        ++repeated_;
        return;
    }
    came_[*phone] = true;
    ++published_;
}

Result<void> OutageRun::note_memory(std::string_view key) {
    if (!settings_.target.server_pid) return {};
    const auto memory = memory_of(settings_.target.server_pid);
    if (!memory) return memory.error();
    report_.add(key, memory->anonymous / mega, 1);
    return {};
}

/// One message to each phone; the server has acknowledged all when this returns.
Result<void> OutageRun::send_to_all() {
    if (auto done = crowd_.log_in(1); !done) return done;
    Client& sender = crowd_.client(phones_.count());
    const CpuClock cpu(settings_.target.server_pid);
    const auto begin = now_ns();
    std::size_t sent = 0, acknowledged = 0;
    for (auto last_ns = begin; acknowledged < phones_.count();) {
        for (; sent < phones_.count() && sent < acknowledged + window; ++sent) {
            sender.send("<message type='chat' to='" + account_jid(settings_, sent) + "' id='o." +
                        std::to_string(sent) + "'><body>Hello</body></message>");
        }
        sender.request_ack();
        loop_.run_once(std::chrono::milliseconds(20));
        const auto now_acknowledged =
            std::max(sender.acknowledged(), sender.sent_at_login()) - sender.sent_at_login();
        if (now_acknowledged > acknowledged) last_ns = now_ns();
        acknowledged = now_acknowledged;
        if (static_cast<double>(now_ns() - last_ns) > push_.patience * 1e9)
            return fail("outage", "the server acknowledged no more than " +
                                      std::to_string(acknowledged) + " messages");
    }
    report_.add("messages_per_second",
                static_cast<double>(sent) * 1e9 / static_cast<double>(now_ns() - begin));
    report_.add("server_cpu_seconds_for_messages", cpu.seconds(), 2);
    return {};
}

Result<void> OutageRun::return_of_the_gateway() {
    const auto endpoint = resolve(settings_.target.host, push_.component_port);
    if (!endpoint) return endpoint.error();
    const CpuClock cpu(settings_.target.server_pid);
    const auto begin = now_ns();
    auto last_ns = begin;
    if (auto done = gateway_.attach(*endpoint); !done) return done;
    for (std::size_t before = 0; published_ < phones_.count();) {
        loop_.run_once(std::chrono::milliseconds(20));
        if (published_ > before) last_ns = now_ns();
        before = published_;
        if (static_cast<double>(now_ns() - last_ns) > push_.patience * 1e9) break;
    }
    const double seconds = static_cast<double>(last_ns - begin) / 1e9;
    report_.add("seconds_until_all_were_published", seconds, 2);
    report_.add("publishes_per_second", static_cast<double>(published_) / seconds);
    report_.add("server_cpu_seconds_for_publishes", cpu.seconds(), 2);
    loop_.run_for(settings_.crowd.settle);
    report_.add("missing", static_cast<double>(phones_.count() - published_));
    report_.add("repeated", static_cast<double>(repeated_));
    return {};
}

Result<void> OutageRun::run() {
    if (auto done = phones_.evict(); !done) return done;
    if (auto done = note_memory("memory_before_mb"); !done) return done;
    if (auto done = send_to_all(); !done) return done;
    if (auto done = note_memory("memory_after_messages_mb"); !done) return done;
    loop_.run_for(settings_.crowd.settle);
    const CpuClock waiting(settings_.target.server_pid);
    loop_.run_for(push_.outage);
    report_.add("server_cpu_percent_while_waiting", 100 * waiting.seconds() / push_.outage, 2);
    if (auto done = note_memory("memory_waiting_mb"); !done) return done;
    if (auto done = return_of_the_gateway(); !done) return done;
    if (auto done = note_memory("memory_after_publishes_mb"); !done) return done;
    crowd_.tell(report_);
    crowd_.log_out();
    return {};
}

}  // namespace

Result<void> run_outage(const Settings& settings, Loop& loop, Report& report) {
    return OutageRun(settings, loop, report).run();
}

}  // namespace clarion::bench
