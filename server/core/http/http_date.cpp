#include "server/core/http/http_date.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

#include "base/text.h"

namespace clarion::core {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> all;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" ,-"), text.size());
        if (end > 0) all.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

/// Of so many digits at most, and nothing else; -1: it is none.
int number(std::string_view digits, std::size_t most) {
    if (digits.empty() || digits.size() > most ||
        digits.find_first_not_of("0123456789") != std::string_view::npos)
        return -1;
    int value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return value;
}

std::optional<seconds> time_of_day(std::string_view text) {
    const auto parts = split(text, ':');
    if (parts.size() != 3) return std::nullopt;
    const int hour = number(parts[0], 2), minute = number(parts[1], 2),
              second = number(parts[2], 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return std::nullopt;
    return hours(hour) + minutes(minute) + seconds(second);
}

/// Of two digits it is the one that is not far in the future (RFC 9110, 5.6.7).
int year_of(std::string_view digits) {
    const int value = number(digits, 4);
    if (digits.size() != 2 || value < 0) return value;
    return value < 70 ? 2000 + value : 1900 + value;
}

}  // namespace

std::string format_http_date(WallTime time) {
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<seconds>(time - day));
    std::array<char, 64> text{};
    const int size = std::snprintf(
        text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
        weekdays[weekday(day).c_encoding()].data(), static_cast<unsigned>(date.day()),
        months[static_cast<unsigned>(date.month()) - 1].data(), static_cast<int>(date.year()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<WallTime> parse_http_date(std::string_view text) {
    auto parts = words(text);
    if (parts.size() == 5)  // asctime's: Sun Nov  6 08:49:37 1994
        parts = {parts[0], parts[2], parts[1], parts[4], parts[3], "GMT"};
    if (parts.size() != 6 || parts[5] != "GMT") return std::nullopt;
    const auto month_name = std::find(months.begin(), months.end(), parts[2]);
    const int day_number = number(parts[1], 2), year_number = year_of(parts[3]);
    const auto clock = time_of_day(parts[4]);
    if (month_name == months.end() || day_number < 1 || year_number < 0 || !clock)
        return std::nullopt;
    const year_month_day date(year(year_number),
                              month(static_cast<unsigned>(month_name - months.begin() + 1)),
                              day(static_cast<unsigned>(day_number)));
    if (!date.ok()) return std::nullopt;
    return WallTime(sys_days(date)) + *clock;
}

}  // namespace clarion::core
