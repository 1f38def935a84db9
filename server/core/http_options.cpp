#include "server/core/http_options.h"

#include "base/network_list.h"

namespace clarion::core {

using namespace std::chrono_literals;

namespace {

Result<> check(const HttpOptions& options) {
    const std::string& url = options.external_url;
    if (!url.empty() && !url.starts_with("https://") && !url.starts_with("http://"))
        return fail(error_code::config, "external_url must begin with https:// or http://");
    const auto proxies = NetworkList::parse(options.trusted_proxies);
    if (!proxies) return fail(error_code::config, "trusted_proxies: " + proxies.error().text);
    return {};
}

}  // namespace

void HttpOptions::declare(OptionTable<HttpOptions>& t) {
    t.section("http", "The web side: how browsers find this server, and what they may cost.")
        .per_host()
        .live();
    t.add("external_url", &HttpOptions::external_url)
        .doc(
            "Where browsers reach the listeners of type https or http from outside, such as "
            "\"https://chat.example.org\"; what is announced begins with it. Empty: https, the "
            "domain "
            "and the port of the first of them.");
    t.add("trusted_proxies", &HttpOptions::trusted_proxies)
        .doc(
            "Addresses (\"127.0.0.1\") or networks (\"10.0.0.0/8\") of reverse proxies whose "
            "X-Forwarded-For and X-Forwarded-Proto are believed. Read for the server as a whole. A "
            "connection that comes by a proxy counts as encrypted only if the proxy says https.");
    t.add("max_header_size", &HttpOptions::max_header_size)
        .min(1024)
        .max(1 << 20)
        .unit("bytes")
        .doc("The longest head of a request; a longer one is answered 431.");
    t.add("header_timeout", &HttpOptions::header_timeout)
        .min(1s)
        .doc(
            "Who has connected, or begun a request, has sent its head after this time, or is cut.");
    t.add("idle_timeout", &HttpOptions::idle_timeout)
        .min(1s)
        .doc("A connection on which nothing is asked any more is closed after this time.");
    t.add("min_bytes_per_second", &HttpOptions::min_bytes_per_second)
        .min(1)
        .unit("bytes/s")
        .doc(
            "Who sends the body of a request, or reads an answer, more slowly than this for half a "
            "minute is cut.");
    t.add("connections_per_address", &HttpOptions::connections_per_address)
        .min(0)
        .unit("connections")
        .doc(
            "Connections for HTTP that one address (of IPv6: one /64) may have; 0 is no limit. "
            "Trusted proxies have none.");
    t.add("idle_connections", &HttpOptions::idle_connections)
        .min(1)
        .unit("connections")
        .doc(
            "Connections for HTTP that may be open; for one more that which has waited longest, of "
            "the address that has most, is closed.");
    t.check(check);
}

}  // namespace clarion::core
