// UnknownNames: how many messages of each other server were for accounts that do not exist.
//
// RFC 6121, 8.5.1, lets a server answer such a message or ignore it. An answer helps who mistyped an
// address, and tells who tries thousands of names which of them exist. So a domain gets so many
// answers a minute. One per shard. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "proto/jid.h"

namespace clarion::core {

class UnknownNames {
public:
    enum class Verdict : std::uint8_t { answer, ignore_first, ignore };

    /// Of one more message of that domain. `ignore_first`: of those of this minute the first that is
    /// ignored.
    Verdict count(SteadyTime now, std::string_view domain, std::int64_t most);

private:
    SteadyTime began_{};
    std::unordered_map<std::string, std::int64_t, TextHash, std::equal_to<>> domains_;
};

}  // namespace clarion::core
