// ServerCaps: the server's own capabilities, which its clients need not ask for at each login: <c/>
// in stream features (XEP-0115, 6.3), and the node that it names.
//
// One per shard. The hash is that of what the host says of itself (events::HostDescribing), made
// when it is wanted, and again after the options have changed.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "server/core/context.h"
#include "server/core/events/host_events.h"
#include "server/core/events/server_events.h"
#include "server/core/events/stream_events.h"

namespace clarion::caps {

class ServerCaps {
public:
    explicit ServerCaps(core::Context& context) : context_(context) {}

    void on_features(events::StreamFeatures& event);
    void on_node_sought(events::HostNodeSought& event);
    void on_reloaded(const events::ConfigReloaded&) { vers_.clear(); }

private:
    const std::string& ver_of(std::string_view host);

    core::Context& context_;
    std::map<std::string, std::string, std::less<>> vers_;  // by host
};

}  // namespace clarion::caps
