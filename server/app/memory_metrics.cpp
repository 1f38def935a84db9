#include "server/app/memory_metrics.h"

#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "server/app/app.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/memory_use.h"
#include "server/core/accounts/session.h"
#include "server/core/setup/remote_call.h"
#include "server/net/shard_net.h"
#include "server/net/transport/tls_memory.h"

namespace clarion::app {

namespace {

struct Use {
    std::size_t accounts = 0, sessions = 0, connections = 0;
};

Task<> add_use(core::Context& context, const net::ShardNet& net, Use& use) {
    context.accounts().for_each([&use](core::Account& account) {
        use.accounts += memory_of(account);
        for (const auto& session : account.sessions()) use.sessions += memory_of(*session);
    });
    use.connections += net.memory();
    co_return;
}

void set(std::string_view what, std::size_t bytes) {
    metrics()
        .gauge("clarion_memory_bytes",
               "What is held in memory, by what it is for; allocated: all of it, with what is not "
               "told apart.",
               "what=\"" + std::string(what) + '"')
        .set(static_cast<std::int64_t>(bytes));
}

}  // namespace

Task<> measure_memory(App& app) {
    Use use;
    co_await core::run_on_all(app.context(), [&](core::Context& context) {
        return add_use(context, app.net(context.shard().index()), use);
    });
    const auto heap = ::mallinfo2();
    set("accounts", use.accounts);
    set("sessions", use.sessions);
    set("connections", use.connections);
    set("tls", net::tls_memory());
    set("writer", app.context().storage().backlog_bytes());
    set("allocated", heap.uordblks + heap.hblkhd);
}

}  // namespace clarion::app
