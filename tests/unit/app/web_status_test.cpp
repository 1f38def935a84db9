// Who may read metrics over HTTP.
#include "server/app/web_status.h"

#include <doctest/doctest.h>

#include "base/config.h"

namespace clarion::app {
namespace {

core::HttpRequest from(std::string address) {
    core::HttpRequest request;
    request.peer.address = std::move(address);
    return request;
}

core::HttpRequest with(std::string address, std::string name, std::string value) {
    auto request = from(std::move(address));
    request.fields.emplace_back(std::move(name), std::move(value));
    return request;
}

TEST_CASE("metrics are for this machine, unless options say more") {
    const MetricsOptions usual;
    for (const char* address : {"127.0.0.1", "::1", "::ffff:127.0.0.1"})
        CHECK(may_read_metrics(from(address), usual));
    for (const char* address : {"192.0.2.1", "127.0.0.2", "2001:db8::1", ""})
        CHECK_FALSE(may_read_metrics(from(address), usual));
    const MetricsOptions wide{.allow = {"192.0.2.0/24"}};
    CHECK(may_read_metrics(from("192.0.2.77"), wide));
    CHECK_FALSE(may_read_metrics(from("127.0.0.1"), wide));
}

TEST_CASE("what an unknown proxy passes on is not this machine's") {
    const MetricsOptions usual;
    for (const char* name : {"X-Forwarded-For", "Forwarded", "X-Real-IP", "via"})
        CHECK_FALSE(may_read_metrics(with("127.0.0.1", name, "127.0.0.1"), usual));
    auto trusted = with("127.0.0.1", "X-Forwarded-For", "127.0.0.1");
    trusted.peer.proxied = true;
    CHECK(may_read_metrics(trusted, usual));
}

TEST_CASE("a token opens from everywhere, if there is one") {
    const MetricsOptions options{.allow = {}, .token = "s3cret"};
    CHECK(may_read_metrics(with("192.0.2.1", "Authorization", "Bearer s3cret"), options));
    CHECK(may_read_metrics(with("192.0.2.1", "authorization", "bearer s3cret "), options));
    for (const char* wrong : {"Bearer s3cre", "Bearer", "Bearer ", "Basic s3cret", "s3cret", ""})
        CHECK_FALSE(may_read_metrics(with("192.0.2.1", "Authorization", wrong), options));
    CHECK_FALSE(may_read_metrics(with("192.0.2.1", "Authorization", "Bearer "), {.allow = {}}));
}

TEST_CASE("networks that are none are refused") {
    OptionRegistry registry;
    registry.add<MetricsOptions>();
    CHECK(parse_config(registry, "[metrics]\nallow = [\"10.0.0.0/8\", \"::1\"]\n", "t.toml").ok());
    CHECK_FALSE(parse_config(registry, "[metrics]\nallow = [\"10.0.0.0/99\"]\n", "t.toml").ok());
    CHECK_FALSE(parse_config(registry, "[metrics]\nallow = [\"example.org\"]\n", "t.toml").ok());
}

}  // namespace
}  // namespace clarion::app
