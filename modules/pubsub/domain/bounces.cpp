#include "modules/pubsub/domain/bounces.h"

#include <charconv>
#include <utility>

namespace clarion::pubsub {

namespace {

/// A number in hexadecimal digits up to `end`, or to the end of the text; both are taken off.
template <class Number>
bool take(std::string_view& text, char end, Number& number) {
    const auto* const last = text.data() + text.size();
    const auto [at, failed] = std::from_chars(text.data(), last, number, 16);
    if (failed != std::errc() || at == text.data()) return false;
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    if (end == 0) return text.empty();
    if (text.empty() || text.front() != end) return false;
    text.remove_prefix(1);
    return true;
}

template <class Number>
void append(std::string& text, Number number) {
    char digits[16];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, number, 16).ptr);
}

}  // namespace

std::string to_text(const NoticeId& id) {
    std::string text;
    append(text, id.node);
    append(text += '-', id.epoch);
    append(text += '-', id.number);
    return text;
}

std::optional<NoticeId> parse_notice_id(std::string_view text) {
    NoticeId id;
    if (!take(text, '-', id.node) || !take(text, '-', id.epoch) || !take(text, 0, id.number))
        return std::nullopt;
    return id;
}

Verdict judge(const StanzaError& error, bool by_us) {
    if (by_us) return Verdict::passing;
    const bool is_final =
        error.type == StanzaErrorType::cancel || error.condition == StanzaErrorCondition::gone;
    return is_final ? Verdict::end : Verdict::passing;
}

NoticeId Bounces::next(std::uint32_t node) {
    if (sent_.size() >= most && !sent_.contains(node)) {
        sent_.clear();
        runs_.clear();
        ++epoch_;
    }
    return {node, epoch_, ++sent_[node]};
}

std::optional<WallTime> Bounces::note(const NoticeId& id, std::string_view subscriber,
                                      WallTime now) {
    if (id.epoch != epoch_) return std::nullopt;
    if (runs_.size() >= most) runs_.clear();
    auto [at, is_first] = runs_.try_emplace(Key(id.node, subscriber));
    Run& run = at->second;
    // One in between did not come back: somebody was there.
    if (is_first || id.number > run.last + 1) {
        run = {now, id.number};
        return std::nullopt;
    }
    if (id.number > run.last) run.last = id.number;
    return run.since;
}

void Bounces::forget(std::uint32_t node, std::string_view subscriber) {
    runs_.erase(Key(node, subscriber));
}

}  // namespace clarion::pubsub
