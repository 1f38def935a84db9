#include <algorithm>
#include <fstream>
#include <vector>

#include "base/text.h"
#include "tools/bench/crowd.h"
#include "tools/bench/modes.h"
#include "tools/bench/proc.h"

namespace clarion::bench {

namespace {

constexpr double patience_seconds = 30;  // without progress
constexpr std::string_view file_header = "clarion-bench sleepers 1";

/// One session that hibernates.
struct HibernatingClient {
    std::uint32_t sent = 0;     // stanzas, and the server has handled all of them
    std::uint32_t handled = 0;  // stanzas
    std::string sm_id;
};

/// What hibernation tells resume. HibernatingClient i is account i; messages are PREFIX "0", PREFIX
/// "1", …
struct Bedroom {
    std::string prefix;
    std::size_t messages = 0;  // to each
    std::vector<HibernatingClient> sleepers;
};

/// The keys too, as clients keep theirs: a phone that wakes computes no PBKDF2.
Result<void> write(const Bedroom& bedroom, const ScramKeys& keys, const std::string& path) {
    std::ofstream file(path);
    file << file_header << '\n'
         << bedroom.prefix << ' ' << bedroom.messages << ' ' << bedroom.sleepers.size() << '\n';
    for (const auto& sleeper : bedroom.sleepers)
        file << sleeper.sent << ' ' << sleeper.handled << ' ' << sleeper.sm_id << '\n';
    keys.save(file);
    file.flush();
    if (!file) return fail("state-file", "cannot write " + path);
    return {};
}

Result<Bedroom> read(const std::string& path, ScramKeys& keys) {
    std::ifstream file(path);
    std::string header;
    Bedroom bedroom;
    std::size_t count = 0;
    if (!std::getline(file, header) || header != file_header ||
        !(file >> bedroom.prefix >> bedroom.messages >> count))
        return fail("state-file", path + " is not what clarion-bench sleep writes");
    for (HibernatingClient sleeper; bedroom.sleepers.size() < count;) {
        if (!(file >> sleeper.sent >> sleeper.handled >> sleeper.sm_id))
            return fail("state-file", path + " is not complete");
        bedroom.sleepers.push_back(sleeper);
    }
    keys.load(file);
    return bedroom;
}

/// Calls `done` between rounds of the loop until it is true; false if `progress` stood still.
template <class Done, class Progress>
bool serve_until(Loop& loop, Done done, Progress progress) {
    auto last = progress();
    auto last_ns = now_ns();
    while (!done()) {
        loop.run_once(std::chrono::milliseconds(20));
        if (const auto now = progress(); now != last) {
            last = now;
            last_ns = now_ns();
        } else if (static_cast<double>(now_ns() - last_ns) > patience_seconds * 1e9) {
            return false;
        }
    }
    return true;
}

// ---- hibernation
// --------------------------------------------------------------------------------------

class SleepRun {
public:
    SleepRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings),
          hibernating_(settings.sleeping),
          loop_(loop),
          report_(report),
          crowd_(settings, loop) {
        bedroom_.prefix = "s" + std::to_string(now_ns()) + ".";
        bedroom_.messages = hibernating_.messages;
    }

    Result<void> run();

private:
    void note(const Client& client);
    void put_to_sleep(Client& client);
    Result<void> log_in();
    void cut_all();
    Result<void> write_down();
    Result<void> wait_for_stop();
    Result<void> send_messages();

    const Settings& settings_;
    const Sleeping& hibernating_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    Bedroom bedroom_;
    std::uint64_t errors_ = 0;
};

void SleepRun::note(const Client& client) {
    bedroom_.sleepers[client.index()] = {client.sent_at_login(), client.handled(), client.sm_id()};
}

void SleepRun::put_to_sleep(Client& client) {
    client.acknowledge();
    note(client);
    client.cut();
}

Result<void> SleepRun::log_in() {
    bedroom_.sleepers.resize(settings_.crowd.sessions);
    if (hibernating_.rolling) crowd_.on_ready([this](Client& client) { put_to_sleep(client); });
    if (auto done = crowd_.log_in(settings_.crowd.sessions); !done) return done;
    crowd_.on_ready({});
    loop_.run_for(settings_.crowd.settle);
    return {};
}

void SleepRun::cut_all() {
    for (std::size_t i = 0; i < crowd_.size(); ++i) {
        if (crowd_.client(i).is_ready()) put_to_sleep(crowd_.client(i));
    }
    loop_.run_for(settings_.crowd.settle);
}

Result<void> SleepRun::write_down() {
    const auto refused = std::find_if(bedroom_.sleepers.begin(), bedroom_.sleepers.end(),
                                      [](const auto& sleeper) { return sleeper.sm_id.empty(); });
    if (refused != bedroom_.sleepers.end())
        return fail("sleep", "the server offers no resumable stream management");
    return write(bedroom_, crowd_.scram_keys(), hibernating_.state_file);
}

/// The state file is there from the start: it says that the server may be stopped.
Result<void> SleepRun::wait_for_stop() {
    const auto note_all = [this] {
        for (std::size_t i = 0; i < crowd_.size(); ++i) note(crowd_.client(i));
        return write_down();
    };
    if (auto done = note_all(); !done) return done;
    while (crowd_.lost() == 0) loop_.run_once(std::chrono::milliseconds(20));
    const auto lost = [this] { return crowd_.lost(); };
    if (!serve_until(
            loop_, [&] { return lost() == crowd_.size(); }, lost))
        return fail("sleep", "the server left some connections open");
    return note_all();
}

/// One more account sends them, and the server has acknowledged them all when this returns.
Result<void> SleepRun::send_messages() {
    if (hibernating_.messages == 0) return {};
    const auto sleepers = crowd_.size();
    if (auto done = crowd_.log_in(1); !done) return done;
    crowd_.on_stanzas([this](Client&, std::string_view stanza) {
        if (attribute(stanza, "type") == "error") ++errors_;
    });
    Client& sender = crowd_.client(sleepers);
    const std::string body =
        "'><body>" + std::string(hibernating_.body_bytes, 'x') + "</body></message>";
    const auto total = sleepers * hibernating_.messages;
    std::size_t sent = 0;
    const auto begin = now_ns();
    const auto acknowledged = [&] {
        return std::max(sender.acknowledged(), sender.sent_at_login()) - sender.sent_at_login();
    };
    const auto all_acknowledged = [&] {
        // A window of its own, so that the sender does not become what is measured.
        for (; sent < total && sent < acknowledged() + 1000; ++sent) {
            sender.send("<message type='chat' to='" + account_jid(settings_, sent % sleepers) +
                        "' id='" + bedroom_.prefix + std::to_string(sent / sleepers) + body);
        }
        sender.request_ack();
        return acknowledged() >= total;
    };
    if (!serve_until(loop_, all_acknowledged, acknowledged))
        return fail("sleep", "the server acknowledged no more than " +
                                 std::to_string(acknowledged()) + " messages");
    const auto seconds = static_cast<double>(now_ns() - begin) / 1e9;
    report_.add("messages_per_second", static_cast<double>(total) / seconds);
    if (errors_ > 0) report_.add("errors", static_cast<double>(errors_));
    return {};
}

Result<void> SleepRun::run() {
    if (auto done = log_in(); !done) return done;
    if (hibernating_.until_stopped) {
        bedroom_.messages = 0;
        if (auto done = wait_for_stop(); !done) return done;
        crowd_.tell(report_);
        return {};
    }
    cut_all();
    if (auto done = send_messages(); !done) return done;
    crowd_.tell(report_);
    crowd_.log_out();
    return write_down();
}

// ---- resume -------------------------------------------------------------------------------------

class ResumeRun {
public:
    ResumeRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings), loop_(loop), report_(report), crowd_(settings, loop) {}

    Result<void> run();

private:
    Result<void> prepare();
    void on_ready(Client& client);
    void on_stanza(Client& client, std::string_view stanza);
    void evict_soon(Client& client);
    void tell(double seconds, double server_cpu);

    const Settings& settings_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    Bedroom bedroom_;
    std::vector<bool> came_;            // by message: hibernating session * messages + number
    std::vector<std::size_t> missing_;  // by hibernating session
    Histogram resumes_;
    std::size_t arrived_ = 0;
    std::size_t repeated_ = 0;
    std::size_t wrong_counts_ = 0;
};

Result<void> ResumeRun::prepare() {
    auto bedroom = read(settings_.sleeping.state_file, crowd_.scram_keys());
    if (!bedroom) return bedroom.error();
    bedroom_ = std::move(*bedroom);
    came_.resize(bedroom_.sleepers.size() * bedroom_.messages);
    missing_.resize(bedroom_.sleepers.size(), bedroom_.messages);
    crowd_.on_ready([this](Client& client) { on_ready(client); });
    crowd_.on_stanzas(
        [this](Client& client, std::string_view stanza) { on_stanza(client, stanza); });
    return {};
}

void ResumeRun::on_ready(Client& client) {
    resumes_.add(client.resume_ns());
    if (client.acknowledged() != bedroom_.sleepers[client.index()].sent) ++wrong_counts_;
    evict_soon(client);
}

void ResumeRun::evict_soon(Client& client) {
    if (!settings_.sleeping.rolling || missing_[client.index()] > 0 || !client.is_ready()) return;
    client.acknowledge();
    crowd_.close(client);
}

void ResumeRun::on_stanza(Client& client, std::string_view stanza) {
    if (!stanza.starts_with("<message")) return;
    const auto id = attribute(stanza, "id");
    if (!id.starts_with(bedroom_.prefix)) return;
    const auto number = parse_int(id.substr(bedroom_.prefix.size()));
    if (!number || *number < 0 || static_cast<std::size_t>(*number) >= bedroom_.messages) return;
    auto came = came_[client.index() * bedroom_.messages + static_cast<std::size_t>(*number)];
    if (came) {
        ++repeated_;
        return;
    }
    came = true;
    ++arrived_;
    --missing_[client.index()];
    evict_soon(client);
}

void ResumeRun::tell(double seconds, double server_cpu) {
    const auto sleepers = static_cast<double>(bedroom_.sleepers.size());
    const auto resumed = static_cast<double>(resumes_.count());
    report_.add("sessions", sleepers);
    report_.add("resumed", resumed);
    report_.add("failed", static_cast<double>(crowd_.failed()));
    if (crowd_.failed() > 0) report_.add("first_failure", crowd_.first_failure());
    report_.add("wrong_counts", static_cast<double>(wrong_counts_));
    report_.add("messages_expected", static_cast<double>(came_.size()));
    report_.add("messages_missing", static_cast<double>(came_.size() - arrived_));
    report_.add("messages_repeated", static_cast<double>(repeated_));
    report_.add("resume_seconds", seconds, 3);
    report_.add("resumes_per_second", resumed / seconds);
    report_.add("resume", resumes_);
    if (settings_.target.server_pid && resumed > 0)
        report_.add("server_cpu_ms_per_resume", server_cpu * 1000 / resumed, 3);
}

Result<void> ResumeRun::run() {
    if (auto done = prepare(); !done) return done;
    const CpuClock server_cpu(settings_.target.server_pid);
    const auto begin = now_ns();
    const auto wishes = [this](std::size_t i) {
        const auto& sleeper = bedroom_.sleepers[i];
        return Client::Wishes{
            .push_node = {}, .resume_id = sleeper.sm_id, .handled = sleeper.handled};
    };
    if (auto done = crowd_.resume(bedroom_.sleepers.size(), wishes); !done) return done;
    const auto expected = resumes_.count() * bedroom_.messages;
    serve_until(
        loop_, [&] { return arrived_ >= expected; }, [&] { return arrived_; });
    const auto seconds = static_cast<double>(now_ns() - begin) / 1e9;
    const auto server_seconds = server_cpu.seconds();
    loop_.run_for(settings_.crowd.settle);  // what comes twice may come late
    tell(seconds, server_seconds);
    crowd_.tell(report_);
    crowd_.log_out();
    return {};
}

}  // namespace

Result<void> run_sleep(const Settings& settings, Loop& loop, Report& report) {
    return SleepRun(settings, loop, report).run();
}

Result<void> run_resume(const Settings& settings, Loop& loop, Report& report) {
    return ResumeRun(settings, loop, report).run();
}

}  // namespace clarion::bench
