// The part of text.h that is about time: XEP-0082 stamps and durations of the configuration.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace clarion {
namespace {

using namespace std::chrono;

void append_number(std::string& out, std::uint64_t value, std::size_t digits) {
    const std::string number = std::to_string(value);
    if (number.size() < digits) out.append(digits - number.size(), '0');
    out += number;
}

/// Takes fixed fields off the front of a text; after a misfit everything else misfits too.
class Fields {
public:
    explicit Fields(std::string_view text) : rest_(text) {}

    int digits(std::size_t count) {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const char c = next();
            if (c < '0' || c > '9') ok_ = false;
            value = value * 10 + (c - '0');
        }
        return ok_ ? value : 0;
    }
    void expect(char wanted) {
        if (next() != wanted) ok_ = false;
    }
    bool skip(char wanted) {
        if (!ok_ || !rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool at_digit() const { return ok_ && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
    bool ok() const { return ok_; }
    bool done() const { return ok_ && rest_.empty(); }

private:
    char next() {
        if (!ok_ || rest_.empty()) {
            ok_ = false;
            return '\0';
        }
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    std::string_view rest_;
    bool ok_ = true;
};

/// ".123456789" as microseconds, cut.
microseconds parse_fraction(Fields& fields) {
    if (!fields.skip('.')) return microseconds(0);
    microseconds::rep value = fields.digits(1);
    int count = 1;
    for (; fields.at_digit(); ++count) {
        const int digit = fields.digits(1);
        if (count < 6) value = value * 10 + digit;
    }
    for (; count < 6; ++count) value *= 10;
    return microseconds(value);
}

/// "Z" or "+hh:mm": what to take away to get UTC.
minutes parse_offset(Fields& fields, bool& valid) {
    if (fields.skip('Z')) return minutes(0);
    const bool west = fields.skip('-');
    if (!west) fields.expect('+');
    const int hour = fields.digits(2);
    fields.expect(':');
    const int minute = fields.digits(2);
    const minutes offset = hours(hour) + minutes(minute);
    valid = minute < 60 && offset <= hours(14);
    return west ? -offset : offset;
}

struct Unit {
    std::string_view name;
    Duration length;
};

// What is printed comes first, from the largest; other spellings follow.
constexpr std::array printed_units{Unit{"d", hours(24)}, Unit{"h", hours(1)},
                                   Unit{"min", minutes(1)}, Unit{"s", seconds(1)},
                                   Unit{"ms", milliseconds(1)}};
constexpr std::array other_units{Unit{"m", minutes(1)}, Unit{"sec", seconds(1)}};

const Unit* find_unit(std::string_view name) {
    for (const Unit& unit : printed_units) {
        if (unit.name == name) return &unit;
    }
    for (const Unit& unit : other_units) {
        if (unit.name == name) return &unit;
    }
    return nullptr;
}

}  // namespace

std::string format_datetime(WallTime time) {
    const sys_days day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    std::string out;
    out.reserve(27);
    append_number(out, static_cast<std::uint64_t>(std::max(0, static_cast<int>(date.year()))), 4);
    out.push_back('-');
    append_number(out, static_cast<unsigned>(date.month()), 2);
    out.push_back('-');
    append_number(out, static_cast<unsigned>(date.day()), 2);
    out.push_back('T');
    append_number(out, static_cast<std::uint64_t>(clock.hours().count()), 2);
    out.push_back(':');
    append_number(out, static_cast<std::uint64_t>(clock.minutes().count()), 2);
    out.push_back(':');
    append_number(out, static_cast<std::uint64_t>(clock.seconds().count()), 2);
    if (const auto fraction = static_cast<std::uint64_t>(clock.subseconds().count())) {
        out.push_back('.');
        const bool milli = fraction % 1000 == 0;
        append_number(out, milli ? fraction / 1000 : fraction, milli ? 3 : 6);
    }
    out.push_back('Z');
    return out;
}

Result<WallTime> parse_datetime(std::string_view text) {
    Fields fields(text);
    const year y(fields.digits(4));
    fields.expect('-');
    const month m(static_cast<unsigned>(fields.digits(2)));
    fields.expect('-');
    const day d(static_cast<unsigned>(fields.digits(2)));
    fields.expect('T');
    const int hour = fields.digits(2);
    fields.expect(':');
    const int minute = fields.digits(2);
    fields.expect(':');
    const int second = fields.digits(2);
    const microseconds fraction = parse_fraction(fields);
    bool valid = true;
    const minutes offset = parse_offset(fields, valid);
    if (!fields.done()) {
        return fail("malformed", "not a date and time as 2026-01-01T12:00:00Z (XEP-0082)");
    }
    const year_month_day date(y, m, d);
    if (!valid || !date.ok() || y < year(1) || hour > 23 || minute > 59 || second > 59) {
        return fail("malformed", "a date or time that does not exist");
    }
    return WallTime(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) + fraction -
           offset;
}

Result<Duration> parse_duration(std::string_view text) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, problem] =
        std::from_chars(text.data(), end, number, std::chars_format::fixed);
    const std::string_view rest = trim({stopped, static_cast<std::size_t>(end - stopped)});
    const Unit* unit = find_unit(rest);
    if (problem != std::errc() || unit == nullptr) {
        return fail("malformed", "not a duration like \"72h\", \"10min\", \"30s\" or \"250ms\"");
    }
    const double length = std::round(number * static_cast<double>(unit->length.count()));
    // A thousand years: far beyond any use, and far from where arithmetic on times overflows.
    constexpr double limit = 3.2e13;
    if (!(std::abs(length) < limit)) return fail("malformed", "too long a duration");
    return Duration(static_cast<Duration::rep>(length));
}

std::string format_duration(Duration duration) {
    if (duration == Duration(0)) return "0s";
    for (const Unit& unit : printed_units) {
        if (duration % unit.length == Duration(0)) {
            return std::to_string(duration / unit.length).append(unit.name);
        }
    }
    return std::to_string(duration.count()) + "ms";
}

}  // namespace clarion
