#include "proto/ack_window.h"

#include <algorithm>

namespace clarion::sm {

namespace {

// Entries keep a stanza's bytes in 32 bits; this value, which they never reach, marks a closed
// one.
constexpr std::uint32_t closed_mark = 0xffffffff;

}  // namespace

std::uint32_t AckWindow::open(std::size_t bytes) {
    const auto kept = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, closed_mark - 1));
    entries_.push_back(kept);
    ++open_count_;
    open_bytes_ += kept;
    return received();
}

bool AckWindow::close(std::uint32_t number) {
    const std::uint32_t index = number - handled_ - 1;
    if (index >= entries_.size() || entries_[index] == closed_mark) return false;
    open_bytes_ -= entries_[index];
    --open_count_;
    entries_[index] = closed_mark;
    if (index != 0) return false;
    while (!entries_.empty() && entries_[0] == closed_mark) {
        entries_.pop_front();
        ++handled_;
    }
    return true;
}

void AckWindow::charge(std::uint32_t number, std::size_t bytes) {
    const std::uint32_t index = number - handled_ - 1;
    if (index >= entries_.size() || entries_[index] == closed_mark) return;
    const auto more =
        static_cast<std::uint32_t>(std::min<std::size_t>(bytes, closed_mark - 1 - entries_[index]));
    entries_[index] += more;
    open_bytes_ += more;
}

bool AckWindow::is_handled(std::uint32_t number) const {
    // Half the number space behind the prefix counts as the past; the other half is still to come.
    return handled_ - number < (std::uint32_t{1} << 31);
}

void AckWindow::restore(std::uint32_t handled) {
    entries_.clear();
    handled_ = handled;
    open_count_ = 0;
    open_bytes_ = 0;
}

}  // namespace clarion::sm
