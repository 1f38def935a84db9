#include "server/core/setup/import_accounts.h"

#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "server/core/address/homes.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"

namespace clarion::core {

namespace {

using NewAccount = AccountRegistry::NewAccount;

struct Outcome {
    std::vector<Jid> existing{};
    std::vector<NewAccount> moved{};
    Result<> result{};
};

Task<> create_here(Context& context, std::vector<NewAccount> accounts, Outcome& outcome) {
    auto left_out = co_await context.account_registry().create_all(std::move(accounts));
    if (!left_out) {
        outcome.result = left_out.error();
        co_return;
    }
    std::move(left_out->existing.begin(), left_out->existing.end(),
              std::back_inserter(outcome.existing));
    std::move(left_out->moved.begin(), left_out->moved.end(), std::back_inserter(outcome.moved));
}

Task<Result<AccountRegistry::LeftOut>> create_one(Context& home, NewAccount account) {
    const std::string name(account.jid.bare());
    std::vector<NewAccount> one;
    one.push_back(std::move(account));
    auto left_out = co_await home.account_registry().create_all(std::move(one));
    if (left_out && !left_out->moved.empty())
        co_return fail(error_code::moved, name + " moves again and again");
    co_return left_out;
}

/// Each of its own: they wait until it has come home.
Task<> follow_moved(Context& here, Outcome& outcome) {
    for (const NewAccount& account : outcome.moved) {
        const auto left_out = co_await ask_at_home<AccountRegistry::LeftOut>(
            here, std::string(account.jid.bare()),
            [&account](Context& home) { return create_one(home, account); });
        if (!left_out)
            outcome.result = left_out.error();
        else if (!left_out->existing.empty())
            outcome.existing.push_back(account.jid);
    }
}

}  // namespace

Task<Result<std::vector<Jid>>> import_accounts(Context& here, std::vector<NewAccount> accounts) {
    std::map<unsigned, std::vector<NewAccount>> by_shard;
    for (auto& account : accounts)
        by_shard[here.homes().shard_of(account.jid.bare())].push_back(std::move(account));
    Outcome outcome;
    for (auto& [shard, some] : by_shard)
        co_await call_on_shard(here, shard, [&](Context& context) {
            return create_here(context, std::move(some), outcome);
        });
    co_await follow_moved(here, outcome);
    if (!outcome.result) co_return outcome.result.error();
    co_return std::move(outcome.existing);
}

}  // namespace clarion::core
