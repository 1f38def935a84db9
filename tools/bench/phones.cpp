#include "tools/bench/phones.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>

#include "base/text.h"

namespace clarion::bench {

namespace {

constexpr std::string_view node_prefix = "node";

}  // namespace

Result<void> Phones::evict() {
    crowd_.on_ready([this](Client& client) {
        client.acknowledge();
        if (settings_.push.state == PhoneState::asleep)
            client.cut();
        else
            crowd_.close(client);
    });
    const auto wishes = [](std::size_t i) {
        return Client::Wishes{std::string(node_prefix) + std::to_string(i)};
    };
    const auto done = crowd_.log_in(count(), wishes);
    crowd_.on_ready({});
    if (done) loop_.run_for(settings_.crowd.settle);
    return done;
}

std::optional<std::size_t> Phones::of_node(std::string_view node) const {
    if (!node.starts_with(node_prefix)) return std::nullopt;
    const auto number = parse_int(node.substr(node_prefix.size()));
    if (!number || *number < 0 || static_cast<std::size_t>(*number) >= count()) return std::nullopt;
    return static_cast<std::size_t>(*number);
}

std::vector<std::uint32_t> Phones::shuffled() const {
    std::vector<std::uint32_t> order(count());
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), std::mt19937(0));
    return order;
}

}  // namespace clarion::bench
