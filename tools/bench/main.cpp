// clarion-bench: measures an XMPP server from the outside. What it can do: clarion-bench --help.

#include <signal.h>
#include <sys/resource.h>

#include <cstdlib>
#include <iostream>

#include "tools/bench/command_line.h"
#include "tools/bench/modes.h"

namespace {

using namespace clarion;
using namespace clarion::bench;

/// As many descriptors as the system lets us have.
void allow_many_connections() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string_view name(Mode mode) {
    constexpr std::string_view names[] = {"accounts", "idle", "chat",   "mam",   "pep",   "items",
                                          "room",     "push", "outage", "sleep", "resume"};
    return names[static_cast<std::size_t>(mode)];
}

std::string_view name(TlsMode mode) {
    return mode == TlsMode::none ? "none" : mode == TlsMode::direct ? "direct" : "starttls";
}

bool is_push(Mode mode) { return mode == Mode::push || mode == Mode::outage; }

void describe(const Settings& settings, Report& report) {
    report.add("mode", name(settings.mode));
    if (settings.mode != Mode::resume)  // which takes them from a file
        report.add("sessions", static_cast<double>(settings.crowd.sessions));
    report.add("tls", name(settings.target.tls));
    report.add("stream_management", settings.crowd.stream_management ? "on" : "off");
    report.add("carbons", settings.crowd.carbons ? "on" : "off");
    if (settings.mode == Mode::chat) {
        report.add("in_flight", static_cast<double>(settings.chat.in_flight));
        report.add("body_bytes", static_cast<double>(settings.chat.body_bytes));
    }
    if (is_push(settings.mode))
        report.add("phones", settings.push.state == PhoneState::asleep ? "asleep" : "offline");
    if (settings.mode == Mode::push) {
        report.add("rate", settings.push.rate);
        if (settings.push.rate == 0)
            report.add("in_flight", static_cast<double>(settings.push.in_flight));
    }
    if (settings.mode == Mode::pep) {
        report.add("publishers", static_cast<double>(settings.pep.publishers));
        report.add("rate", settings.pep.rate);
        if (settings.pep.rate == 0)
            report.add("in_flight", static_cast<double>(settings.pep.in_flight));
    }
    if (settings.mode == Mode::room) report.add("rate", settings.room.rate);
    if (settings.mode == Mode::items)
        report.add("page_size", static_cast<double>(settings.paging.page));
    if (settings.mode == Mode::mam) {
        report.add("page_size", static_cast<double>(settings.paging.page));
        report.add("in_flight", static_cast<double>(settings.paging.in_flight));
    }
}

Result<void> run(const Settings& settings, Report& report) {
    Loop loop;
    switch (settings.mode) {
        case Mode::accounts: return write_accounts(settings);
        case Mode::idle: return run_idle(settings, loop, report);
        case Mode::chat: return run_chat(settings, loop, report);
        case Mode::mam: return run_mam(settings, loop, report);
        case Mode::pep: return run_pep(settings, loop, report);
        case Mode::items: return run_items(settings, loop, report);
        case Mode::room: return run_room(settings, loop, report);
        case Mode::sleep: return run_sleep(settings, loop, report);
        case Mode::resume: return run_resume(settings, loop, report);
        case Mode::outage: return run_outage(settings, loop, report);
        default: return run_push(settings, loop, report);
    }
}

}  // namespace

int main(int argc, char** argv) {
    auto settings = parse_command_line(argc, argv);
    if (!settings) return std::atoi(settings.error().text.c_str());
    if (is_push(settings->mode) || settings->mode == Mode::sleep)
        settings->crowd.stream_management = true;
    ::signal(SIGPIPE, SIG_IGN);
    allow_many_connections();
    Report report;
    describe(*settings, report);
    if (const auto done = run(*settings, report); !done) {
        std::cerr << "clarion-bench: " << done.error().code << ": " << done.error().text << '\n';
        return EXIT_FAILURE;
    }
    if (settings->mode != Mode::accounts) report.print(std::cout, settings->json);
    return EXIT_SUCCESS;
}
