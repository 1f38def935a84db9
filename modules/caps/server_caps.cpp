#include "modules/caps/server_caps.h"

#include "proto/entity_caps.h"
#include "proto/ns.h"
#include "server/runtime/event_bus.h"

namespace clarion::caps {

namespace {

/// Names the software, and need lead nowhere.
constexpr std::string_view node = "urn:clarion:server";
constexpr std::string_view hash = "sha-1";

}  // namespace

const std::string& ServerCaps::ver_of(std::string_view host) {
    const auto found = vers_.find(host);
    if (found != vers_.end()) return found->second;
    DiscoInfo info;
    context_.bus().fire(events::HostDescribing{context_, host, info});
    return vers_.emplace(host, *caps_ver(hash, caps_text(info))).first->second;
}

void ServerCaps::on_features(events::StreamFeatures& event) {
    event.features.add("c", ns::caps)
        .set_attr("hash", hash)
        .set_attr("node", node)
        .set_attr("ver", ver_of(event.stream.host));
}

void ServerCaps::on_node_sought(events::HostNodeSought& event) {
    const std::string_view asked = event.node;
    if (!asked.starts_with(node) || asked.substr(node.size(), 1) != "#") return;
    event.is_host = asked.substr(node.size() + 1) == ver_of(event.host);
}

}  // namespace clarion::caps
