// StandingMessage: what an administrator has said once for everybody, as it is stored with the host
// (the message of the day, the welcome message); and the mark in an account to which it was shown.
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "storage/module_data.h"

namespace clarion::administration {

/// Its key, in both places.
inline constexpr std::string_view motd_key = "motd";
inline constexpr std::string_view welcome_key = "welcome";

struct StandingMessage {
    WallTime since{};  // when it was set: which one it is
    std::string text;
};

/// Errors "bad-record".
std::string encode(const StandingMessage& message);
Result<StandingMessage> decode_message(std::string_view bytes);
/// Of a mark: the message's `since`.
std::string encode_mark(WallTime since);
Result<WallTime> decode_mark(std::string_view bytes);

/// Of any entry that the module keeps, those of address_list.h too.
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);

}  // namespace clarion::administration
