// Feeds whole SASL exchanges to the server side.
//
// Input: one byte that picks the mechanism (modulo 5), one of flags (1: the account exists, 2:
// -PLUS was offered, 4: no initial response), then the client's messages, separated by line feeds.
// Beside memory errors it looks for the one thing that must never happen: success without an
// account.

#include "proto/sasl.h"

#include <cstdlib>

using namespace clarion::sasl;

namespace {

const Credentials& stored_credentials() {
    static const Credentials made{
        *derive_scram(Hash::sha1, "pencil", "0123456789abcdef", 1),
        *derive_scram(Hash::sha256, "pencil", "0123456789abcdef", 1),
    };
    return made;
}

ServerExchange exchange_for(unsigned char mechanism, unsigned char flags) {
    ExchangeOptions options;
    options.mechanism = all_mechanisms()[mechanism % 5];
    options.bindings = {"exported", "certificate", "finished"};
    options.plus_offered = (flags & 2) != 0;
    options.server_nonce = "server";
    options.decoy_secret = "decoy";
    options.iterations = 1;
    options.advertised = "PLAIN";
    return ServerExchange(std::move(options));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const unsigned char flags = data[1];
    ServerExchange exchange = exchange_for(data[0], flags);
    const bool known = (flags & 1) != 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
    bool started = (flags & 4) != 0;
    if (started) static_cast<void>(exchange.start(std::nullopt));
    for (int message = 0; message < 4; ++message) {
        const std::size_t end = rest.find('\n');
        const std::string_view bytes = rest.substr(0, end);
        Step step = started ? exchange.response(bytes) : exchange.start(bytes);
        started = true;
        if (std::holds_alternative<NeedCredentials>(step)) {
            step = exchange.credentials("user@example.org",
                                        known ? std::optional(stored_credentials()) : std::nullopt);
        }
        if (std::holds_alternative<Success>(step) && !known) std::abort();
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return 0;
}
