#include "tools/clarionctl/trace_command.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>

namespace clarion::ctl {

namespace json = boost::json;

namespace {

/// How many bytes at the start of `text` are a character that would do something to a terminal, or
/// disguise what follows: line ends, C1 controls (U+0080 to U+009F), marks of direction.
std::size_t harmful(std::string_view text) {
    const auto byte = [&text](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
    if (byte(0) == 0xc2 && byte(1) < 0xa0) return 2;
    if (byte(0) != 0xe2) return 0;
    const bool marks = byte(1) == 0x80 && ((byte(2) >= 0x8e && byte(2) <= 0x8f) ||
                                           (byte(2) >= 0xa8 && byte(2) <= 0xae));
    const bool isolates = byte(1) == 0x81 && byte(2) >= 0xa0 && byte(2) <= 0xaf;
    return marks || isolates ? 3 : 0;
}

std::string printable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t bad = harmful(text);
        result.append(bad > 0 ? std::string_view(" ") : text.substr(0, 1));
        text.remove_prefix(std::max<std::size_t>(bad, 1));
    }
    return result;
}

std::string_view member(const json::object& line, std::string_view name) {
    const json::value* value = line.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::string_view arrow(std::string_view event) {
    if (event == "received") return " <- ";
    if (event == "sent") return " -> ";
    return event == "queued" ? " zz " : " -- ";
}

/// "TIME <- c2s romeo@example.org/orchard  <iq …/>": "<-" is what the server received, "->" what it
/// sent, "zz" what waits for a hibernating session, "--" what happened.
std::string readable(const json::object& line) {
    const std::string_view event = member(line, "event"), domain = member(line, "domain");
    std::string result(member(line, "time"));
    if (event == "lost")
        return result + " !! " + json::serialize(line.at("lines")) +
               " lines were lost: they came faster than they were read";
    result.append(arrow(event));
    result.append(member(line, "stream")).append(" ");
    if (!domain.empty() && domain != member(line, "peer")) result.append(domain).append(" with ");
    const std::string_view account = member(line, "account"), peer = member(line, "peer");
    if (!peer.starts_with(account)) result.append(account).append(" at ");
    result.append(peer).append("  ");
    return result.append(member(line, event == "note" ? "text" : "xml"));
}

}  // namespace

Result<> trace(const AdminClient& client, const TraceOrder& order) {
    const auto on_line = [&order](std::string_view text) {
        boost::system::error_code error;
        const json::value line = json::parse(text, error);
        if (order.as_json || error || !line.is_object())
            std::cout << text << '\n';
        else
            std::cout << printable(readable(line.get_object())) << '\n';
        return static_cast<bool>(std::cout.flush());
    };
    auto done = client.follow(
        "trace", {{"jid", order.jid}, {"s2s", order.s2s}, {"with_bodies", order.with_bodies}},
        on_line);
    if (!done) return done;
    return std::cout ? Result<>(fail("unreachable", "the server has ended the trace")) : Result<>();
}

}  // namespace clarion::ctl
