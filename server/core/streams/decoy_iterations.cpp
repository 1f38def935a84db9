#include "server/core/streams/decoy_iterations.h"

#include <chrono>
#include <cstring>

#include "proto/partition.h"
#include "server/core/context.h"
#include "storage/storage.h"

namespace clarion::core {

namespace {

constexpr std::string_view first_letters = "0258adgiknprtvxz";
constexpr auto lifetime = std::chrono::hours(1);

/// Of the first account behind `name`, a bare JID, in their order, or of the first of all.
Task<std::optional<std::uint32_t>> iterations_behind(Context& context, std::string host,
                                                     std::string name) {
    constexpr auto kind = storage::OwnerKind::account;
    auto next = co_await context.storage().owners().list(kind, host, std::move(name), 1);
    if (next && next->empty())
        next = co_await context.storage().owners().list(kind, host, std::string(), 1);
    if (!next || next->empty()) co_return std::nullopt;
    const auto record = co_await context.storage().accounts().find(next->front());
    if (!record || !*record) co_return std::nullopt;
    const sasl::Credentials& credentials = (*record)->credentials;
    const auto& scram = credentials.sha256 ? credentials.sha256 : credentials.sha1;
    const bool usable = scram && scram->iterations > 0;
    co_return usable ? std::optional(scram->iterations) : std::nullopt;
}

Task<std::vector<std::uint32_t>> read_sample(Context& context, std::string host) {
    std::vector<std::uint32_t> counts;
    for (const char letter : first_letters) {
        std::string name = letter + ("@" + host);
        const auto count = co_await iterations_behind(context, host, std::move(name));
        if (count) counts.push_back(*count);
    }
    co_return counts;
}

/// Which of `size` is a name's own; nobody outside can tell.
std::size_t choice(std::string_view secret, std::string_view name, std::size_t size) {
    std::uint64_t key[2] = {};
    std::memcpy(key, secret.data(), std::min(secret.size(), sizeof key));
    return siphash(key[0], key[1], name) % size;
}

}  // namespace

Task<std::optional<std::uint32_t>> DecoyIterations::of(Context& context, const Jid& account) {
    std::string host(account.domain());
    Sample* sample = &by_host_[host];
    const SteadyTime now = context.clock().steady();
    if (now >= sample->until) {
        // Others that come meanwhile use the old ones, or look as well if there are none.
        if (!sample->counts.empty()) sample->until = now + lifetime;
        auto counts = co_await read_sample(context, std::move(host));
        sample->counts = std::move(counts);
        sample->until = now + lifetime;
    }
    if (sample->counts.empty()) co_return std::nullopt;
    co_return sample
        ->counts[choice(context.secrets().scram, account.bare(), sample->counts.size())];
}

}  // namespace clarion::core
