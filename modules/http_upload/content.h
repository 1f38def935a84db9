// How what somebody uploaded is shown to others: nothing of it may run as a page of this server, or
// change the head of an answer. Pure. Sources: RFC 9110 (8.3), RFC 6266, RFC 8187.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "server/core/http/http_message.h"

namespace clarion::http_upload {

/// "image/png" of "Image/PNG; q=1": in lower case, without parameters. nullopt: it is no type.
std::optional<std::string> media_type(std::string_view text);
/// Whether it is, or falls under, one of these ("image/png", "image/*", "*/*").
bool is_one_of(std::string_view type, const std::vector<std::string>& ranges);

/// What browsers show and play, and run nothing of.
bool is_shown(std::string_view type);
/// The type that a file is answered with, of that it was uploaded as.
std::string_view answered_type(std::string_view type);

/// Content-Disposition: whether it is shown or saved, and under which name.
std::string disposition(std::string_view type, std::string_view name);

/// All that is said of a file beside its content. `left`: how long it may be kept by others;
/// nullopt: for good.
std::vector<core::HttpField> fields_of(std::string_view type, std::string_view name,
                                       std::optional<Duration> left);

}  // namespace clarion::http_upload
