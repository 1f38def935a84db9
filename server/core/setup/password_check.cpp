#include "server/core/setup/password_check.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "proto/crypto.h"
#include "proto/sasl.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/setup/remote_call.h"
#include "server/core/streams/decoy_iterations.h"
#include "server/core/streams/login_throttle.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"accounts"};

Error refused() { return fail("not-authorized", "the address or the password is wrong"); }

std::string mark_of(const sasl::Credentials& credentials) {
    const auto& scram = credentials.sha256 ? credentials.sha256 : credentials.sha1;
    return scram ? crypto::sha256(scram->salt + scram->stored_key) : std::string();
}

/// What takes as long to compare with as an account that is there.
sasl::Credentials nobodys(std::uint32_t iterations) {
    sasl::Credentials credentials;
    credentials.sha256 = sasl::ScramCredentials{
        crypto::random_bytes(sasl::salt_size), iterations, crypto::random_bytes(32), {}};
    return credentials;
}

Task<Result<std::string>> check_at_home(Context& home, const Jid& account,
                                        const std::string& password, const std::string& network) {
    const auto& options = home.options<AuthOptions>(account.domain());
    const LoginThrottle::Pauses pauses{options.failure_delay, options.max_failure_delay};
    const auto attempt =
        home.login_throttle().begin(home.clock().steady(), network, account.bare(), pauses);
    if (!attempt) co_return fail(error_code::resource_constraint, "too many attempts; try later");
    if (attempt->wait() > Duration{}) co_await home.shard().sleep(attempt->wait());
    const auto record = co_await home.storage().accounts().find(std::string(account.bare()));
    if (!record) co_return record.error();
    const bool usable = *record && !(*record)->disabled;
    const auto decoy = co_await home.decoy_iterations().of(home, account);
    const auto usual = static_cast<std::uint32_t>(options.scram_iterations);
    const sasl::Credentials stored =
        usable ? (*record)->credentials : nobodys(decoy.value_or(usual));
    bool right = false;
    co_await home.shard().offload([&] { right = sasl::verify_password(stored, password); },
                                  network);
    if (usable && right) {
        home.login_throttle().on_success(home.clock().steady(), network, account.bare());
        co_return mark_of(stored);
    }
    static Counter& failures =
        metrics().counter("clarion_login_failures_total", "Client logins that failed");
    failures.add();
    if (home.refusals().admit(network, "password-refused"))
        logger.info("password-refused", {{"account", account.full()}, {"network", network}});
    co_await home.shard().sleep(
        home.login_throttle().on_failure(home.clock().steady(), network, account.bare(), pauses));
    co_return refused();
}

}  // namespace

Task<Result<std::string>> check_password(Context& here, Jid account, std::string password,
                                         std::string network) {
    co_return co_await ask_at_home<std::string>(
        here, std::string(account.bare()),
        [&](Context& home) { return check_at_home(home, account, password, network); });
}

Task<Result<std::string>> credentials_mark(Context& here, Jid account) {
    const auto record = co_await here.storage().accounts().find(std::string(account.bare()));
    if (!record) co_return record.error();
    if (!*record || (*record)->disabled) co_return refused();
    co_return mark_of((*record)->credentials);
}

}  // namespace clarion::core
