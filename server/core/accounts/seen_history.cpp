#include "server/core/accounts/seen_history.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "server/core/accounts/account.h"

namespace clarion::core {

SeenMessages& SeenHistory::messages() {
    if (!messages_) messages_ = std::make_unique<SeenMessages>();
    return *messages_;
}

void SeenHistory::note_read(storage::ArchiveId id, std::uint64_t ordinal) {
    messages().read.add(static_cast<std::uint64_t>(id), ordinal);
}

bool SeenHistory::has_read(storage::ArchiveId id) const {
    return messages_ && messages_->read.has(static_cast<std::uint64_t>(id));
}

void SeenHistory::note_delivered(std::uint64_t offline_seq) {
    if (offline_seq != 0) messages().delivered.add(offline_seq, offline_seq);
}

bool SeenHistory::was_delivered(std::uint64_t offline_seq) const {
    return messages_ && messages_->delivered.has(offline_seq);
}

void SeenHistory::note_missed(std::uint64_t offline_seq, bool goes_on) {
    if (offline_seq == 0) return;
    Stretches& missed = messages().missed;
    // What came in between was not kept, or was for others: it must not cost stretches.
    const bool extends = goes_on && missed.count() > 0;
    const std::uint64_t first =
        extends ? std::min(missed.all().back().last + 1, offline_seq) : offline_seq;
    missed.add({first, offline_seq, first, offline_seq});
}

bool SeenHistory::missed(std::uint64_t offline_seq) const {
    return messages_ && messages_->missed.has(offline_seq);
}

bool SeenHistory::took(std::uint64_t offline_seq, bool takes) const {
    if (takes && offline_seq > taking_since_) return true;
    return messages_ && messages_->taken.has(offline_seq);
}

void SeenHistory::stop_taking(std::uint64_t last) {
    if (last > taking_since_)
        messages().taken.add({taking_since_ + 1, last, taking_since_ + 1, last});
}

std::string SeenHistory::to_text(const Account& account) const {
    return std::to_string(account.last_offline_seq()) + ';' + std::to_string(taking_since_) + ';' +
           core::to_text(messages_ ? *messages_ : SeenMessages{});
}

void SeenHistory::restore(std::string_view text, Account& account) {
    const auto numbers = split(text, ';');
    if (numbers.size() < 2) return;
    const auto last = parse_int(numbers[0]);
    const auto since = parse_int(numbers[1]);
    auto seen = parse_seen_messages(text.substr(numbers[0].size() + numbers[1].size() + 2));
    if (!last || !since || !seen) return;
    account.skip_offline_seqs(static_cast<std::uint64_t>(*last));
    taking_since_ = static_cast<std::uint64_t>(*since);
    if (!seen->empty()) messages_ = std::make_unique<SeenMessages>(std::move(*seen));
}

}  // namespace clarion::core
