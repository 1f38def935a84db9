// AccountNames: the accounts of a host, in storage, one slice after the other: for who looks at all
// of them and must not keep others from their turn.
//
//     AccountNames accounts(context, host);
//     while (true) {
//         const auto slice = co_await accounts.next();
//         if (!slice) co_return slice.error();
//         if (slice->empty()) break;
//         for (const std::string& name : *slice) …
//     }
//
// In the order of their names. What is made or deleted meanwhile may be among them or not. Any
// shard; the context outlives it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace clarion::core {

class Context;

class AccountNames {
public:
    AccountNames(Context& context, std::string host) : context_(context), host_(std::move(host)) {}

    /// The next ones; empty: there are no more. Lets others have their turn first, but for the
    /// first slice. Storage errors.
    Task<Result<std::vector<std::string>>> next();

private:
    Context& context_;
    const std::string host_;
    std::string after_;
    bool ended_ = false;
};

}  // namespace clarion::core
