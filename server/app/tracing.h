// Tracing: `clarionctl trace`: what the streams of an account or of another server say, live.
//
// A trace is one request on the admin socket; its answer is a line of JSON for each element, until
// the reader is gone:
//
//     {"time":"…Z","event":"received","stream":"c2s","peer":"romeo@example.org/orchard",
//      "account":"romeo@example.org","domain":"","xml":"<iq …/>"}
//
// "event" is received, sent, queued (for a hibernating session), note (words in "text" instead of
// "xml") or lost ("lines": as many were not taken because the reader is slow). On every shard that
// is concerned a Watcher makes the lines, out of what proto/redact.h leaves; they gather on shard
// 0. [server] trace_buffer limits what is on its way to one reader, max_traces the readers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "proto/jid.h"
#include "proto/redact.h"
#include "server/core/http/http_message.h"

namespace clarion::core {
struct Shared;
}

namespace clarion::app {

struct TraceOrder {
    Jid jid;             // of ours: all its sessions, or with a resource that one; empty: none
    std::string domain;  // of another server, or of a component: all its streams; empty: none
    Bodies bodies = Bodies::hidden;
    std::string asker;  // for the log
};

class Tracing {
public:
    /// `shared` outlives it, and the shards' threads do not.
    explicit Tracing(core::Shared& shared);
    ~Tracing();

    /// Begins a trace. On shard 0. Errors: "conflict" if there are as many as may be.
    Task<Result<std::unique_ptr<core::HttpFeed>>> begin(TraceOrder order);

private:
    class Feed;
    class Reader;
    class Watcher;
    void end(const std::shared_ptr<Feed>& feed);

    core::Shared& shared_;
    std::vector<std::unique_ptr<Watcher>> watchers_;  // by shard
    std::size_t running_ = 0;                         // shard 0's
};

}  // namespace clarion::app
