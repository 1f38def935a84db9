// Report: one report of spam or abuse (XEP-0377) as it is kept for the operators of the reporter's
// host, without what was reported: no messages, only their ids. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "proto/jid.h"
#include "proto/xml.h"

namespace clarion::blocking {

/// Stored: never renumber.
enum class ReportReason : std::uint8_t { spam = 0, abuse = 1, other = 2 };
std::string_view name(ReportReason reason);

/// Of what the reporter says, and of the messages' ids, no more is kept.
inline constexpr std::size_t most_report_text = 1024;
inline constexpr std::size_t most_report_messages = 20;
inline constexpr std::size_t most_message_id = 128;

struct Report {
    WallTime time{};
    std::string reporter;  // bare addresses, prepared; the reported one may be full, or a domain
    std::string reported;
    ReportReason reason = ReportReason::other;
    std::string text;                   // the reporter's own words
    std::vector<std::string> messages;  // ids in the reporter's archive
};

/// What a <report/> says.
Report read_report(WallTime now, const Jid& reporter, const Jid& reported,
                   const xml::Element& report);

/// Its key, which is its id too: the microseconds since 1970 as 14 hexadecimal digits, so keys are in
/// order of time.
std::string report_key(WallTime time);
bool is_report_key(std::string_view key);

std::string encode(const Report& report);
/// Error "bad-record".
Result<Report> decode_report(std::string_view bytes);

}  // namespace clarion::blocking
