// BoshRequest: a request on its way to its session, which may be on another shard; and its answer,
// which comes back.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proto/bosh.h"
#include "proto/bosh_conversation.h"
#include "server/core/http/http_message.h"
#include "server/net/http/http_exchange.h"

namespace clarion::core {
class Context;
class ShardSet;
}  // namespace clarion::core

namespace clarion::net {

/// Answers an exchange, from any shard. One that goes without having answered says that it could
/// not (HTTP 503).
class BoshReply {
public:
    /// On the exchange's shard.
    BoshReply(core::Context& here, std::shared_ptr<HttpExchange> exchange);
    BoshReply(BoshReply&& other) noexcept = default;
    BoshReply& operator=(BoshReply&&) = delete;
    ~BoshReply();

    /// Once.
    void give(bosh::Reply reply, std::string_view content_type = bosh::content_type({}));

private:
    core::ShardSet* shards_;
    unsigned shard_;
    std::shared_ptr<HttpExchange> exchange_;  // of that shard; nullptr: answered
};

struct BoshRequest {
    bosh::Head head;
    std::string text;  // its whole body
    core::HttpPeer peer;
    bosh::Ticket ticket;
    BoshReply reply;
};

}  // namespace clarion::net
