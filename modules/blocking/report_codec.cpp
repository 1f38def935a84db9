#include "modules/blocking/report_codec.h"

#include <algorithm>

#include "proto/ns.h"
#include "proto/unicode_text.h"
#include "storage/record_codec.h"

namespace clarion::blocking {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t key_digits = 14;
constexpr std::string_view digits = "0123456789abcdef";

ReportReason read_reason(std::string_view reason) {
    if (reason == "urn:xmpp:reporting:spam") return ReportReason::spam;
    if (reason == "urn:xmpp:reporting:abuse") return ReportReason::abuse;
    return ReportReason::other;
}

std::vector<std::string> read_messages(const xml::Element& report) {
    std::vector<std::string> ids;
    for (const xml::Element& child : report.children()) {
        if (ids.size() == most_report_messages) break;
        if (!child.is(ns::stanza_id, "stanza-id") || child.attr("id").empty()) continue;
        ids.emplace_back(utf8_truncate(child.attr("id"), most_message_id));
    }
    return ids;
}

}  // namespace

std::string_view name(ReportReason reason) {
    switch (reason) {
        case ReportReason::spam: return "spam";
        case ReportReason::abuse: return "abuse";
        case ReportReason::other: return "other";
    }
    return "";
}

Report read_report(WallTime now, const Jid& reporter, const Jid& reported,
                   const xml::Element& report) {
    Report read{.time = now,
                .reporter = std::string(reporter.bare()),
                .reported = std::string(reported.full()),
                .reason = read_reason(report.attr("reason")),
                .text = {},
                .messages = read_messages(report)};
    if (const xml::Element* text = report.child(ns::reporting, "text"))
        read.text = utf8_truncate(text->text(), most_report_text);
    return read;
}

std::string report_key(WallTime time) {
    auto left = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
    std::string key(key_digits, '0');
    for (auto digit = key.rbegin(); digit != key.rend(); ++digit, left /= 16)
        *digit = digits[left % 16];
    return key;
}

bool is_report_key(std::string_view key) {
    return key.size() == key_digits && key.find_first_not_of(digits) == std::string_view::npos;
}

std::string encode(const Report& report) {
    return storage::Encoder(version)
        .time(report.time)
        .string(report.reporter)
        .string(report.reported)
        .u8(static_cast<std::uint8_t>(report.reason))
        .string(report.text)
        .strings(report.messages)
        .take();
}

Result<Report> decode_report(std::string_view bytes) {
    storage::Decoder in(bytes, version);
    Report report;
    report.time = in.time();
    report.reporter = in.string();
    report.reported = in.string();
    report.reason =
        static_cast<ReportReason>(in.enumerator(static_cast<std::uint8_t>(ReportReason::other)));
    report.text = in.string();
    report.messages = in.strings();
    if (auto fits = in.finish("report"); !fits) return fits.error();
    return report;
}

}  // namespace clarion::blocking
