// How the kernel finds out that a peer is gone without a word: the same options in [c2s], [s2s] and
// for each component.
//
// Keepalive costs nobody anything but the one packet: no timer, no thread and no memory of ours,
// which matters with a hundred thousand connections that are silent for hours.
#pragma once

#include <cstdint>
#include <string>

#include "base/option.h"

namespace clarion::core {

struct KeepaliveOptions {
    Duration keepalive_idle;
    Duration keepalive_interval;
    std::int64_t keepalive_count;
    Duration user_timeout;
};

/// For each kind of connection; `who` is at the other end.
template <class T>
void declare_keepalive(OptionTable<T>& t, const std::string& who) {
    constexpr Duration longest = std::chrono::seconds(32767);  // what Linux takes
    t.template add<Duration>("keepalive_idle", &T::keepalive_idle)
        .min(Duration::zero())
        .max(longest)
        .live()
        .doc("After this time without a byte from " + who +
             " the kernel asks whether it is still there (TCP keepalive); 0: never. For "
             "connections made, or logged in, from now on.");
    t.template add<Duration>("keepalive_interval", &T::keepalive_interval)
        .min(std::chrono::seconds(1))
        .max(longest)
        .live()
        .doc("Pause before it asks again, if there is no answer.");
    t.template add<std::int64_t>("keepalive_count", &T::keepalive_count)
        .min(1)
        .max(127)
        .live()
        .doc("Questions without an answer after which the connection is lost.");
    t.template add<Duration>("user_timeout", &T::user_timeout)
        .min(Duration::zero())
        .max(std::chrono::hours(24))
        .live()
        .doc(
            "The connection is lost when what was sent stays unconfirmed by the peer's system for "
            "this long (TCP_USER_TIMEOUT); 0: the system's choice, a quarter of an hour or more. "
            "Linux lets it take the place of keepalive_count: below keepalive_idle + "
            "keepalive_interval * keepalive_count, fewer questions are asked.");
}

}  // namespace clarion::core
