#include "modules/push/coverage.h"

#include <algorithm>

#include "base/text.h"

namespace clarion::push {

namespace {

/// Written first; a part that begins otherwise is not read.
constexpr std::string_view version = "1";

template <class Time>
std::int64_t micros(Time time) {
    return time.time_since_epoch().count();
}

template <class Time>
std::optional<Time> read_time(std::string_view text) {
    const auto number = parse_int(text);
    if (!number || *number <= 0) return std::nullopt;
    return Time(std::chrono::microseconds(*number));
}

std::string encode(const Coverage& coverage) {
    std::string out = std::to_string(coverage.registration) + ' ';
    out += coverage.number ? std::to_string(*coverage.number) : "-";
    out += ' ' + std::to_string(micros(coverage.until));
    out += coverage.until_important ? " 1" : " 0";
    return out;
}

std::optional<Coverage> decode_coverage(std::string_view text) {
    const auto words = split(text, ' ');
    if (words.size() != 4) return std::nullopt;
    const auto registration = parse_int(words[0]);
    if (!registration) return std::nullopt;
    Coverage coverage;
    coverage.registration = static_cast<std::uint64_t>(*registration);
    if (const auto number = parse_int(words[1]))
        coverage.number = static_cast<std::uint32_t>(*number);
    if (const auto until = read_time<WallTime>(words[2])) coverage.until = *until;
    coverage.until_important = words[3] == "1";
    return coverage;
}

}  // namespace

bool Coverage::covers_number(std::uint32_t stanza) const {
    return number && static_cast<std::int32_t>(*number - stanza) >= 0;
}

bool Coverage::covers_now(SteadyTime now, bool important) const {
    return now < window_end && (until_important || !important);
}

bool Coverage::covers_time(WallTime queued, bool important) const {
    return queued <= until && queued >= until - longest_window && (until_important || !important);
}

void Coverage::cover_queue(std::uint32_t newest, std::uint64_t notification) {
    number = newest;
    opened_by = notification;
}

void Coverage::open_window(SteadyTime now, WallTime wall_now, Duration coalesce, bool important,
                           std::uint64_t notification) {
    window_end = now + coalesce;
    until = wall_now + coalesce;
    until_important = important;
    opened_by = notification;
}

void Coverage::undo(std::uint64_t notification) {
    if (opened_by != notification) return;
    number.reset();
    until = {};
    window_end = {};
}

std::string HibernationPart::encode() const {
    std::string out(version);
    out += ' ' + std::to_string(important_at ? micros(*important_at) : 0);
    out += wake_called ? " 1" : " 0";
    for (const auto& each : coverage) out += ';' + push::encode(each);
    return out;
}

HibernationPart HibernationPart::decode(std::string_view text) {
    HibernationPart part;
    const auto pieces = split(text, ';');
    const auto head = split(pieces.front(), ' ');
    if (head.size() != 3 || head[0] != version) return part;
    part.important_at = read_time<LastingTime>(head[1]);
    part.wake_called = head[2] == "1";
    for (std::size_t i = 1; i < pieces.size(); ++i)
        if (auto coverage = decode_coverage(pieces[i])) part.coverage.push_back(*coverage);
    return part;
}

bool Recent::contains(std::uint64_t identity) const {
    return identity != 0 && std::find(ring_.begin(), ring_.end(), identity) != ring_.end();
}

std::vector<std::uint64_t> Recent::identities() const {
    std::vector<std::uint64_t> oldest_first(ring_);
    std::rotate(oldest_first.begin(), oldest_first.begin() + static_cast<std::ptrdiff_t>(next_),
                oldest_first.end());
    return oldest_first;
}

void Recent::add(std::uint64_t identity) {
    if (identity == 0 || contains(identity)) return;
    if (ring_.size() < capacity) {
        ring_.push_back(identity);
        return;
    }
    ring_[next_] = identity;
    next_ = (next_ + 1) % capacity;
}

}  // namespace clarion::push
