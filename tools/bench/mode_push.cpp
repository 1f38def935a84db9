#include <algorithm>
#include <vector>

#include "server/base/text.h"
#include "tools/bench/component.h"
#include "tools/bench/crowd.h"
#include "tools/bench/modes.h"
#include "tools/bench/proc.h"

namespace clarion::bench {

namespace {

constexpr double wait_for_publish = 10;  // seconds after a round's last message

class PushRun {
public:
    PushRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings),
          push_(settings.push),
          loop_(loop),
          report_(report),
          crowd_(settings, loop),
          gateway_(loop, push_.component_domain, push_.component_secret,
                   [this](std::string_view node) { on_publish(node); }) {}

    Result<void> run();

private:
    Result<void> attach();
    Result<void> put_phones_to_sleep();
    void round(std::size_t number);
    void send_to(std::size_t phone, std::size_t number, std::int64_t due_ns);
    void on_publish(std::string_view node);
    void tell(double server_cpu);

    std::size_t phones() const { return settings_.crowd.sessions; }

    const Settings& settings_;
    const Pushing& push_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    Component gateway_;
    std::vector<std::int64_t> waiting_since_;  // by phone; 0: no message without its publish
    Histogram latency_;
    std::size_t waiting_ = 0;
    std::size_t published_ = 0;
    std::size_t unexpected_ = 0;
    double busiest_rate_ = 0;
    bool awake_ = true;
};

Result<void> PushRun::attach() {
    const auto endpoint = resolve(settings_.target.host, push_.component_port);
    if (!endpoint) return endpoint.error();
    return gateway_.attach(*endpoint);
}

/// Settles first, so that nothing unacknowledged is left that a server would notify at once.
Result<void> PushRun::put_phones_to_sleep() {
    const auto wishes = [](std::size_t i) { return Client::Wishes{"node" + std::to_string(i)}; };
    if (auto done = crowd_.log_in(phones(), wishes); !done) return done;
    loop_.run_for(settings_.crowd.settle);
    for (std::size_t i = 0; i < phones(); ++i) crowd_.client(i).cut();
    loop_.run_for(settings_.crowd.settle);
    awake_ = false;
    return {};
}

void PushRun::on_publish(std::string_view node) {
    const auto phone = parse_int(node.substr(std::min<std::size_t>(node.size(), 4)));
    const bool is_ours = phone && *phone >= 0 && static_cast<std::size_t>(*phone) < phones();
    if (!is_ours || awake_ || waiting_since_[static_cast<std::size_t>(*phone)] == 0) {
        ++unexpected_;
        return;
    }
    auto& since = waiting_since_[static_cast<std::size_t>(*phone)];
    latency_.add(now_ns() - since);
    since = 0;
    --waiting_;
    ++published_;
}

void PushRun::send_to(std::size_t phone, std::size_t number, std::int64_t due_ns) {
    if (waiting_since_[phone] == 0) ++waiting_;
    waiting_since_[phone] = due_ns;
    crowd_.client(phones()).send("<message type='chat' to='" + account_jid(settings_, phone) +
                                 "' id='p." + std::to_string(number) + "'><body>Hello, number " +
                                 std::to_string(number) + "</body></message>");
}

void PushRun::round(std::size_t number) {
    const auto begin = now_ns();
    const auto before = published_;
    const double nanoseconds_each = push_.rate > 0 ? 1e9 / push_.rate : 0;
    std::size_t sent = 0;
    auto end = begin;
    while (sent < phones() || (waiting_ > 0 && now_ns() < end)) {
        for (; sent < phones(); ++sent) {
            const auto due =
                begin + static_cast<std::int64_t>(static_cast<double>(sent) * nanoseconds_each);
            if (due > now_ns()) break;
            send_to(sent, number, nanoseconds_each > 0 ? due : now_ns());
            end = now_ns() + static_cast<std::int64_t>(wait_for_publish * 1e9);
        }
        loop_.run_once(std::chrono::milliseconds(1));
    }
    const auto seconds = static_cast<double>(now_ns() - begin) / 1e9;
    busiest_rate_ = std::max(busiest_rate_, static_cast<double>(published_ - before) / seconds);
}

void PushRun::tell(double server_cpu) {
    const auto messages = static_cast<double>(phones() * push_.rounds);
    report_.add("messages", messages);
    report_.add("published", static_cast<double>(published_));
    report_.add("missing", messages - static_cast<double>(published_));
    report_.add("unexpected_publishes", static_cast<double>(unexpected_));
    report_.add("publishes_per_second", busiest_rate_);
    report_.add("latency", latency_);
    if (settings_.target.server_pid) {
        report_.add("server_cpu_us_per_message", server_cpu * 1e6 / messages, 1);
    }
    if (!gateway_.lost().empty()) report_.add("gateway_lost", gateway_.lost());
}

Result<void> PushRun::run() {
    waiting_since_.resize(phones());
    if (auto done = attach(); !done) return done;
    if (auto done = put_phones_to_sleep(); !done) return done;
    if (auto done = crowd_.log_in(1); !done) return done;
    const CpuClock cpu(settings_.target.server_pid);
    for (std::size_t i = 0; i < push_.rounds; ++i) {
        if (i > 0) loop_.run_for(push_.round_pause);
        round(i);
    }
    tell(cpu.seconds());
    crowd_.tell(report_);
    crowd_.log_out();
    return {};
}

}  // namespace

Result<void> run_push(const Settings& settings, Loop& loop, Report& report) {
    return PushRun(settings, loop, report).run();
}

}  // namespace clarion::bench
