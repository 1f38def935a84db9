// LookUps: how many servers that we have no connection with somebody may have us look for: an
// account by what it sends, a server, as long as it has proved nothing, by the dialback keys it
// shows. Each costs several questions to name servers, and a connection if they answer.
//
// One for all shards (RemoteDomains share it), for a domain's home is anywhere. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "base/option.h"
#include "base/time.h"
#include "proto/stanza.h"
#include "server/core/address/domains.h"
#include "server/net/allowances.h"

namespace clarion::net {

/// The part of [limits] that is about them.
struct LookUpLimits {
    std::int64_t new_domains_per_second = 20;
    std::int64_t strangers_domains_per_second = 200;
    static void declare(OptionTable<LookUpLimits>& table);
};

class LookUps {
public:
    /// Whom a stanza's look-up counts as: its account. Empty: a component, a room or the server
    /// itself, which may have as many as they like.
    static std::string_view cause_of(const Stanza& stanza, const core::Domains& domains);

    /// Whether one more server may be looked for now because of `cause`; then it counts.
    bool take(std::string_view cause, SteadyTime now, const LookUpLimits& limits);
    /// Likewise because of a key that somebody in `network` showed. Networks cost nothing, so there
    /// is a limit for all of them as well.
    bool take_for_stranger(std::string_view network, SteadyTime now, const LookUpLimits& limits);

private:
    std::mutex mutex_;
    Allowances allowances_;
};

}  // namespace clarion::net
