// Stanza errors: the defined conditions of RFC 6120, section 8.3.3, and what an <error/> carries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proto/xml.h"

namespace clarion {

enum class StanzaErrorType : std::uint8_t { auth, cancel, continue_, modify, wait };

enum class StanzaErrorCondition : std::uint8_t {
    bad_request,
    conflict,
    feature_not_implemented,
    forbidden,
    gone,
    internal_server_error,
    item_not_found,
    jid_malformed,
    not_acceptable,
    not_allowed,
    not_authorized,
    policy_violation,
    recipient_unavailable,
    redirect,
    registration_required,
    remote_server_not_found,
    remote_server_timeout,
    resource_constraint,
    service_unavailable,
    subscription_required,
    undefined_condition,
    unexpected_request,
};

/// An error to be sent, or one that was read. `app_ns`/`app_name` name an application-specific
/// condition (empty: none).
struct StanzaError {
    StanzaErrorCondition condition;
    StanzaErrorType type;
    std::string text;
    std::string app_ns;
    std::string app_name;

    /// With the type that the RFC associates with the condition.
    StanzaError(StanzaErrorCondition condition, std::string text = {});
    StanzaError(StanzaErrorCondition condition, StanzaErrorType type, std::string text = {});
};

std::string_view name(StanzaErrorCondition condition);
std::string_view name(StanzaErrorType type);
StanzaErrorType default_type(StanzaErrorCondition condition);
std::optional<StanzaErrorCondition> parse_stanza_error_condition(std::string_view name);

/// What answers a stanza because of `error`: the condition that its code names, with its text.
/// internal-server-error if that is no condition: then the failure is ours.
StanzaError to_stanza_error(const Error& error);

/// Reads the <error/> child of a stanza of type error; undefined-condition/cancel where it says
/// nothing usable.
StanzaError read_error(const xml::Element& stanza);
/// Appends <error type=…>…</error> to `stanza`.
void add_error(xml::Element& stanza, const StanzaError& error);

}  // namespace clarion
