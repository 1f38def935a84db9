// Small, pure conversions between bytes, text, numbers and time. Nothing throws, nothing depends on
// the locale, and every parser is strict: what it does not fully understand is an Error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace clarion {

// --- bytes as text (RFC 4648) -------------------------------------------------------------------

std::string base64_encode(std::string_view bytes);
/// Padding is required; white space, foreign characters and non-zero trailing bits are errors.
Result<std::string> base64_decode(std::string_view text);

/// The alphabet of URLs and file names, without padding.
std::string base64url_encode(std::string_view bytes);
Result<std::string> base64url_decode(std::string_view text);

/// Lower case, two digits per byte; decoding takes either case.
std::string hex_encode(std::string_view bytes);
Result<std::string> hex_decode(std::string_view text);

// --- words and numbers --------------------------------------------------------------------------

/// ASCII letters only: other bytes stay as they are.
std::string to_lower_ascii(std::string_view text);
/// Whether they differ in the case of ASCII letters at most.
bool equal_ignoring_case(std::string_view a, std::string_view b);
/// "a,,b" at ',' is "a", "", "b"; "" is one empty piece. The views point into `text`.
std::vector<std::string_view> split(std::string_view text, char at);
/// Without ASCII white space at either end.
std::string_view trim(std::string_view text);
/// Decimal, with an optional '-'; the whole text must be the number.
Result<std::int64_t> parse_int(std::string_view text);
/// `text` in double quotes, escaped as JSON (RFC 8259) and TOML both read it.
std::string quote(std::string_view text);
/// How many characters must be typed, dropped, replaced or swapped with their neighbour to get from
/// one to the other: for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The word of `words` that `word` is most likely a slip of the pen for; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& words);

// --- time ---------------------------------------------------------------------------------------

/// XEP-0082 DateTime in UTC: "2026-01-01T12:00:00Z", with milli- or microseconds if there are any.
std::string format_datetime(WallTime time);
/// XEP-0082 DateTime: any offset, any number of decimals (cut to microseconds). Years 0001 to 9999.
Result<WallTime> parse_datetime(std::string_view text);

/// "250ms", "30s", "10min", "72h", "3d", "1.5h"; also "s" spelled "sec", "m" for minutes.
Result<Duration> parse_duration(std::string_view text);
/// In the largest unit that keeps it whole: "3d", "90s", "250ms", "0s".
std::string format_duration(Duration duration);

}  // namespace clarion
