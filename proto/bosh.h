// BOSH: what the <body/> of a request says, and how sessions are refused (XEP-0124, XEP-0206).
//
// Pure. A request's head is read where it arrives, for its session may live elsewhere; what it
// contains is read there (bosh_body.h). The order of requests and their answers is Conversation's
// (bosh_conversation.h).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::bosh {

/// Doubles can count no further (XEP-0124, 14.1).
inline constexpr std::uint64_t max_rid = (std::uint64_t{1} << 53) - 1;

struct Version {
    std::uint32_t major = 0, minor = 0;
    auto operator<=>(const Version&) const = default;
};
inline constexpr Version our_version{1, 11};
/// Older clients know errors of HTTP, and not all conditions.
inline constexpr Version version_with_conditions{1, 6};

/// Why a session ends, or does not begin (17.2).
enum class Condition : std::uint8_t {
    bad_request,
    host_unknown,
    improper_addressing,
    internal_server_error,
    item_not_found,
    other_request,
    policy_violation,
    remote_connection_failed,
    remote_stream_error,
    system_shutdown,
    undefined_condition,
};
std::string_view name(Condition condition);

/// The start tag of a request's <body/>. What is absent is empty.
struct Head {
    std::uint64_t rid = 0;
    std::string sid;  // empty: a session is to be created
    std::string to, from, lang, content, key, new_key;
    std::string stream_version;  // xmpp:version
    std::optional<Version> version;
    std::optional<std::uint32_t> wait, hold, pause;  // seconds, requests, seconds
    std::optional<std::uint64_t> ack;
    bool terminates = false;
    bool restarts = false;  // xmpp:restart
    bool is_empty = false;  // nothing follows the start tag
    bool is_legacy() const { return !version || *version < version_with_conditions; }
    /// It asks for nothing but what there is for the client.
    bool only_polls() const { return is_empty && !pause && !terminates && !restarts; }
};

/// Reads no further than the start tag. Errors: "bad-request".
Result<Head> read_head(std::string_view body);

/// What a request is answered.
struct Reply {
    unsigned status = 200;
    std::string body;
};

/// The session has ended, or there is none. `content`: elements with their own namespaces.
/// `legacy`: the client expects errors of HTTP, where those are older than the condition (17.1).
Reply refusal(Condition condition, bool legacy, std::string_view content = {});
/// The client ended the session, or we did without a reason to give.
Reply farewell(std::string_view content = {});
/// This request is not answered, but the session goes on: another one took its place (17.3).
Reply recoverable_error();

/// A <body/> of ours: `attributes` as they are written, each behind a space.
std::string write_body(std::string_view attributes, std::string_view content);
void append_attribute(std::string& out, std::string_view name, std::string_view value);
void append_attribute(std::string& out, std::string_view name, std::uint64_t value);

/// The Content-Type of answers: what the client asked for ('content'), if browsers do not take it
/// for a page: what others wrote would be a part of it.
std::string_view content_type(std::string_view wanted);

}  // namespace clarion::bosh
