// Requests to a pubsub service: any element is either refused, or read to a request whose names are
// within bounds; what a form makes of a configuration is written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proto/ns.h"
#include "proto/pubsub_config.h"

namespace {

using namespace clarion;

constexpr std::uint32_t most_items = 1000;

void check_config(const DataForm& form) {
    pubsub::NodeConfig config;
    (void)pubsub::check_preconditions(config, form, most_items);
    if (pubsub::apply_form(config, form, most_items)) return;
    pubsub::NodeConfig again;
    if (pubsub::apply_form(again, pubsub::config_form(config, "form"), most_items)) std::abort();
    if (!(again == config)) std::abort();
}

void check_options(const DataForm& form) {
    pubsub::SubscribeOptions options;
    if (pubsub::apply_options(options, form)) return;
    pubsub::SubscribeOptions again;
    if (pubsub::apply_options(again, pubsub::options_form(options, "form"))) std::abort();
    if (!(again == options)) std::abort();
}

void check(const Stanza& stanza) {
    const auto read = pubsub::read_request(stanza);
    const auto* request = std::get_if<pubsub::Request>(&read);
    if (!request) return (void)pubsub::make_refusal(stanza, std::get<pubsub::Refusal>(read));
    if (const auto* create = std::get_if<pubsub::Create>(request); create && create->config)
        check_config(*create->config);
    if (const auto* publish = std::get_if<pubsub::Publish>(request); publish && publish->options)
        check_config(*publish->options);
    if (const auto* set = std::get_if<pubsub::SetConfig>(request)) check_config(set->form);
    if (const auto* wish = std::get_if<pubsub::Subscribe>(request); wish && wish->options)
        check_options(*wish->options);
    if (const auto* set = std::get_if<pubsub::SetOptions>(request)) check_options(set->form);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto document = xml::parse_element(text, ns::client);
    if (document.empty()) return 0;
    const auto stanza = Stanza::from_document(std::move(document));
    if (stanza && (*stanza)->is_message()) (void)pubsub::read_authorization(**stanza);
    if (stanza && (*stanza)->is_iq() && (*stanza)->is_request()) check(**stanza);
    return 0;
}
