#include <unistd.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "tools/bench/component.h"
#include "tools/bench/crowd.h"
#include "tools/bench/modes.h"
#include "tools/bench/phones.h"
#include "tools/bench/proc.h"

namespace clarion::bench {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::size_t prime_in_flight = 500;

std::int64_t in_ns(double seconds) { return static_cast<std::int64_t>(seconds * 1e9); }

class PushRun {
public:
    PushRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings),
          push_(settings.push),
          loop_(loop),
          report_(report),
          crowd_(settings, loop),
          phones_(settings, loop, crowd_),
          gateway_(loop, push_.component_domain, push_.component_secret,
                   [this](std::string_view node) { on_publish(node); }) {}

    Result<void> run();

private:
    struct UnackedStanza {
        std::uint32_t phone;
        std::int64_t at_ns;
    };

    Result<void> prepare();
    void prime();
    void drive(double seconds);
    void send_due(std::int64_t now);
    bool send_one();
    std::optional<std::uint32_t> next_phone();
    void give_up_on_old();
    void on_publish(std::string_view node);
    void wait_for_the_rest();
    void tell(double seconds, double server_cpu, double own_cpu);

    bool is_paced() const { return push_.rate > 0; }
    bool is_measured(std::int64_t sent_ns) const {
        return begin_ns_ != 0 && sent_ns >= begin_ns_ && (end_ns_ == 0 || sent_ns < end_ns_);
    }

    const Settings& settings_;
    const Pushing& push_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    Phones phones_;
    Component gateway_;
    std::vector<std::uint32_t> order_;  // in which phones get messages, again and again
    std::size_t position_ = 0;
    std::vector<std::int64_t> sent_ns_;  // by phone; 0: no message without its publish
    std::vector<std::int64_t> last_ns_;  // by phone: its last message
    std::deque<UnackedStanza> flight_;   // those and some that have been answered, oldest first
    std::size_t waiting_ = 0;
    std::size_t number_ = 0;
    double next_due_ns_ = 0;
    std::int64_t begin_ns_ = 0, end_ns_ = 0;  // what was sent in between is measured
    Histogram latency_;
    Histogram lateness_;  // of this program: from when a message was due to when it left
    std::size_t messages_ = 0;
    std::size_t missing_ = 0;
    std::size_t unexpected_ = 0;
    std::size_t skipped_ = 0;  // due, but every phone had one under way
    std::size_t in_time_ = 0;  // publishes that came between begin and end
};

Result<void> PushRun::prepare() {
    order_ = phones_.shuffled();
    sent_ns_.resize(phones_.count());
    last_ns_.resize(phones_.count());
    const auto endpoint = resolve(settings_.target.host, push_.component_port);
    if (!endpoint) return endpoint.error();
    if (auto done = gateway_.attach(*endpoint); !done) return done;
    if (auto done = phones_.evict(); !done) return done;
    unexpected_ = 0;  // sessions that began to hibernate with something unacknowledged
    return crowd_.log_in(push_.senders);
}

void PushRun::on_publish(std::string_view node) {
    const auto now = now_ns();
    if (begin_ns_ != 0 && end_ns_ == 0) ++in_time_;
    const auto phone = phones_.of_node(node);
    if (!phone || sent_ns_[*phone] == 0) {
        ++unexpected_;
        return;
    }
    if (is_measured(sent_ns_[*phone])) latency_.add(now - sent_ns_[*phone]);
    sent_ns_[*phone] = 0;
    --waiting_;
}

/// The next in turn whose last message has its publish and is not too recent.
std::optional<std::uint32_t> PushRun::next_phone() {
    const auto spacing = push_.state == PhoneState::asleep ? in_ns(push_.spacing) : 0;
    if (last_ns_[order_[position_]] + spacing > now_ns()) return std::nullopt;
    for (std::size_t tries = 0; tries < order_.size(); ++tries) {
        const auto phone = order_[position_];
        position_ = (position_ + 1) % order_.size();
        if (sent_ns_[phone] == 0) return phone;
    }
    return std::nullopt;
}

bool PushRun::send_one() {
    const auto phone = next_phone();
    if (!phone) return false;
    const auto id = std::to_string(++number_);
    const auto now = now_ns();
    crowd_.client(phones_.count() + number_ % push_.senders)
        .send("<message type='chat' to='" + account_jid(settings_, *phone) + "' id='p." + id +
              "'><body>Hello, this is number " + id + "</body></message>");
    sent_ns_[*phone] = last_ns_[*phone] = now;
    flight_.push_back({*phone, now});
    ++waiting_;
    if (is_measured(now)) ++messages_;
    return true;
}

void PushRun::send_due(std::int64_t now) {
    for (; next_due_ns_ <= static_cast<double>(now); next_due_ns_ += 1e9 / push_.rate) {
        if (!send_one())
            ++skipped_;
        else if (is_measured(now))
            lateness_.add(now - static_cast<std::int64_t>(next_due_ns_));
    }
}

void PushRun::give_up_on_old() {
    const auto limit = now_ns() - in_ns(push_.patience);
    while (!flight_.empty()) {
        const auto [phone, at] = flight_.front();
        const bool is_waiting = sent_ns_[phone] == at;
        if (is_waiting && at > limit) return;
        flight_.pop_front();
        if (!is_waiting) continue;
        sent_ns_[phone] = 0;
        --waiting_;
        if (is_measured(at)) ++missing_;
    }
}

void PushRun::prime() {
    for (std::size_t sent = 0; sent < phones_.count();) {
        while (waiting_ < prime_in_flight && sent < phones_.count() && send_one()) ++sent;
        loop_.run_once(std::chrono::milliseconds(10));
        give_up_on_old();
    }
    wait_for_the_rest();
}

void PushRun::drive(double seconds) {
    const auto end = now_ns() + in_ns(seconds);
    next_due_ns_ = static_cast<double>(now_ns());
    for (auto now = now_ns(); now < end; now = now_ns()) {
        auto patience = second / 100;
        if (is_paced()) {
            send_due(now);
            patience = static_cast<std::int64_t>(next_due_ns_) - now_ns();
        } else {
            while (waiting_ < push_.in_flight && send_one()) {
            }
        }
        give_up_on_old();
        loop_.run_once(
            std::chrono::nanoseconds(std::clamp<std::int64_t>(patience, 0, second / 100)));
    }
}

void PushRun::wait_for_the_rest() {
    while (waiting_ > 0) {
        loop_.run_once(std::chrono::milliseconds(10));
        give_up_on_old();
    }
    loop_.run_for(1);  // for what comes twice
}

void PushRun::tell(double seconds, double server_cpu, double own_cpu) {
    const auto publishes = static_cast<double>(in_time_);
    report_.add("messages", static_cast<double>(messages_));
    report_.add("messages_per_second", static_cast<double>(messages_) / seconds);
    report_.add("publishes_per_second", publishes / seconds);
    report_.add("missing", static_cast<double>(missing_));
    report_.add("unexpected_publishes", static_cast<double>(unexpected_));
    if (skipped_ > 0)
        report_.add("not_sent_because_all_phones_waited", static_cast<double>(skipped_));
    report_.add("latency", latency_);
    report_.add("sent_late", lateness_);
    report_.add("bench_cpu_percent", 100 * own_cpu / seconds);
    if (!settings_.target.server_pid || publishes == 0) return;
    report_.add("server_cpu_percent", 100 * server_cpu / seconds);
    report_.add("server_cpu_seconds_per_1000_publishes", 1000 * server_cpu / publishes, 4);
    report_.add("publishes_per_cpu_second", publishes / server_cpu);
    if (!gateway_.lost().empty()) report_.add("gateway_lost", gateway_.lost());
}

Result<void> PushRun::run() {
    if (auto done = prepare(); !done) return done;
    if (push_.prime) prime();
    drive(push_.warm_up);
    const CpuClock server(settings_.target.server_pid);
    const CpuClock own(::getpid());
    begin_ns_ = now_ns();
    drive(push_.duration);
    end_ns_ = now_ns();
    const double server_cpu = server.seconds(), own_cpu = own.seconds();
    wait_for_the_rest();
    tell(static_cast<double>(end_ns_ - begin_ns_) / 1e9, server_cpu, own_cpu);
    crowd_.tell(report_);
    crowd_.log_out();
    return {};
}

}  // namespace

Result<void> run_push(const Settings& settings, Loop& loop, Report& report) {
    return PushRun(settings, loop, report).run();
}

}  // namespace clarion::bench
