#include "tools/bench/crowd.h"
#include "tools/bench/modes.h"
#include "tools/bench/proc.h"

namespace clarion::bench {

namespace {

constexpr double kilobyte = 1024;
constexpr double megabyte = 1024 * 1024;
constexpr double idle_seconds = 5;

class IdleRun {
public:
    IdleRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings), loop_(loop), report_(report), crowd_(settings, loop) {}

    Result<void> run();

private:
    Memory measure();
    void tell_memory(const Memory& before, const Memory& half, const Memory& full);
    void stay_idle();

    pid_t server() const { return settings_.target.server_pid; }
    double sessions() const { return static_cast<double>(settings_.crowd.sessions); }

    const Settings& settings_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
};

Memory IdleRun::measure() {
    loop_.run_for(settings_.crowd.settle);
    return server() ? memory_of(server()).value_or({}) : Memory{};
}

void IdleRun::tell_memory(const Memory& before, const Memory& half, const Memory& full) {
    const auto later = sessions() - static_cast<double>(settings_.crowd.sessions / 2);
    const auto anonymous = full.anonymous - before.anonymous;
    report_.add("anonymous_kb_per_session", anonymous / sessions() / kilobyte, 2);
    report_.add("anonymous_kb_per_session_of_second_half",
                (full.anonymous - half.anonymous) / later / kilobyte, 2);
    report_.add("resident_kb_per_session",
                (full.resident - before.resident) / sessions() / kilobyte, 2);
    report_.add("anonymous_mb_before", before.anonymous / megabyte, 2);
    report_.add("anonymous_mb", full.anonymous / megabyte, 2);
    report_.add("mapped_files_mb_before", before.file / megabyte, 2);
    report_.add("mapped_files_mb", full.file / megabyte, 2);
    report_.add("shared_mb", full.shared / megabyte, 2);
    report_.add("resident_mb", full.resident / megabyte, 2);
}

void IdleRun::stay_idle() {
    const CpuClock cpu(server());
    loop_.run_for(idle_seconds);
    report_.add("idle_cpu_percent", cpu.seconds() / idle_seconds * 100, 2);
}

Result<void> IdleRun::run() {
    if (server()) {
        if (const auto readable = memory_of(server()); !readable) return readable.error();
    }
    const auto before = measure();
    const CpuClock cpu(server());
    if (const auto done = crowd_.log_in(settings_.crowd.sessions / 2); !done) return done;
    const auto half = measure();
    const auto rest = settings_.crowd.sessions - settings_.crowd.sessions / 2;
    if (const auto done = crowd_.log_in(rest); !done) return done;
    const auto login_cpu = cpu.seconds();
    const auto full = measure();
    if (server()) {
        tell_memory(before, half, full);
        report_.add("login_cpu_ms_per_session", login_cpu * 1000 / sessions(), 3);
        stay_idle();
    }
    crowd_.tell(report_);
    crowd_.log_out();
    const auto after = measure();
    if (server()) report_.add("anonymous_mb_after_logout", after.anonymous / megabyte, 2);
    return {};
}

}  // namespace

Result<void> run_idle(const Settings& settings, Loop& loop, Report& report) {
    return IdleRun(settings, loop, report).run();
}

}  // namespace clarion::bench
