#include "server/app/session_count.h"

#include <charconv>
#include <fstream>
#include <string>

#include "base/metrics.h"
#include "base/text.h"
#include "server/app/app.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/setup/remote_call.h"

namespace clarion::app {

namespace {

Task<> count_here(core::Context& context, SessionCount& all) {
    const core::AccountDirectory& accounts = context.accounts();
    std::uint64_t noted = accounts.noted_hibernating();
    context.accounts().for_each([&](core::Account& account) {
        ++all.accounts;
        for (const auto& session : account.sessions())
            ++(session->is_hibernating() ? all.asleep : all.connected);
        if (noted > 0 && accounts.has_noted(account.jid().bare())) --noted;
    });
    all.accounts_asleep += noted;
    co_return;
}

Gauge& sessions(const std::string& state) {
    return metrics().gauge("clarion_sessions",
                           "Sessions of clients. An account that is on disk alone counts as one "
                           "that is asleep.",
                           "state=\"" + state + '"');
}

/// RssAnon of /proc/self/status (proc(5)), which is in kB; 0 if it cannot be read.
std::int64_t anonymous_memory() {
    constexpr std::string_view name = "RssAnon:";
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with(name)) continue;
        const std::string_view number = trim(std::string_view(line).substr(name.size()));
        std::int64_t kilobytes = 0;
        std::from_chars(number.data(), number.data() + number.size(), kilobytes);
        return kilobytes * 1024;
    }
    return 0;
}

}  // namespace

Task<SessionCount> count_sessions(App& app) {
    SessionCount all;
    co_await core::run_on_all(app.context(),
                              [&all](core::Context& context) { return count_here(context, all); });
    co_return all;
}

Task<> measure_sessions(App& app) {
    static Gauge& connected = sessions("connected");
    static Gauge& asleep = sessions("asleep");
    static Gauge& anonymous = metrics().gauge(
        "clarion_memory_bytes",
        "What is held in memory, by what it is for; allocated: all of it, with what is not "
        "told apart.",
        "what=\"anonymous\"");
    const SessionCount all = co_await count_sessions(app);
    connected.set(static_cast<std::int64_t>(all.connected));
    asleep.set(static_cast<std::int64_t>(all.asleep + all.accounts_asleep));
    anonymous.set(anonymous_memory());
}

}  // namespace clarion::app
