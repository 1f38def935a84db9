#include "server/net/http/bosh_request.h"

#include "server/core/context.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {

/// `content_type`: a constant.
core::HttpResponse make_response(bosh::Reply reply, std::string_view content_type) {
    core::HttpResponse response;
    response.status = reply.status;
    response.fields.emplace_back("Content-Type", content_type);
    response.fields.emplace_back("Access-Control-Allow-Origin", "*");
    response.body = std::move(reply.body);
    return response;
}

}  // namespace

BoshReply::BoshReply(core::Context& here, std::shared_ptr<HttpExchange> exchange)
    : shards_(&here.shards()), shard_(here.shard().index()), exchange_(std::move(exchange)) {}

BoshReply::~BoshReply() {
    if (exchange_) give({503, {}});
}

void BoshReply::give(bosh::Reply reply, std::string_view content_type) {
    core::HttpResponse response = make_response(std::move(reply), content_type);
    const core::Shard* const here = core::Shard::current();
    auto exchange = std::exchange(exchange_, nullptr);
    if (here && here->index() == shard_) return exchange->respond(std::move(response));
    // It is let go of there, too.
    shards_->post(shard_, [exchange = std::move(exchange), answer = std::move(response)]() mutable {
        exchange->respond(std::move(answer));
    });
}

}  // namespace clarion::net
