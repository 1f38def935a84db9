#include "server/net/transport/out_buffer.h"

#include <utility>

namespace clarion::net {

namespace {
constexpr std::size_t max_size = 64 * 1024;  // of a spare one
constexpr std::size_t max_large = 32;        // beyond so many, none is kept that had to grow
/// A stanza of usual size is appended in pieces: a string that grew with them would be moved often.
constexpr std::size_t first_size = 511;
}  // namespace

std::string BufferPool::take() {
    std::string buffer;
    if (spare_.empty()) {
        buffer.reserve(first_size);
        return buffer;
    }
    buffer = std::move(spare_.back());
    spare_.pop_back();
    spare_bytes_ -= buffer.capacity();
    return buffer;
}

void BufferPool::give(std::string&& buffer) {
    std::string given = std::exchange(buffer, {});
    if (given.capacity() < first_size || given.capacity() > max_size) return;
    if (given.capacity() > 2 * first_size && spare_.size() >= max_large) return;
    if (spare_bytes_ + given.capacity() > max_spare) return;
    given.clear();
    spare_bytes_ += given.capacity();
    spare_.push_back(std::move(given));
}

std::string& OutBuffer::text() {
    if (text_.capacity() <= std::string().capacity()) text_ = pool_->take();
    return text_;
}

Result<> OutBuffer::flush(Transport& transport, SteadyTime now) {
    if (empty()) return {};
    const bool began_empty = std::exchange(was_empty_, false);
    if (began_empty) progress_ = now;
    const Result<std::size_t> taken = transport.write(std::string_view(text_).substr(sent_));
    if (!taken) return taken.error();
    sent_ += *taken;
    if (*taken > 0) progress_ = now;
    if (empty()) {
        clear();
        return {};
    }
    if (began_empty) burst_ = unsent();
    if (sent_ > text_.size() / 2) {
        text_.erase(0, sent_);
        sent_ = 0;
    }
    return {};
}

void OutBuffer::clear() {
    pool_->give(std::move(text_));
    text_ = {};
    sent_ = burst_ = 0;
    was_empty_ = true;
}

Duration OutBuffer::stalled(SteadyTime now) const {
    if (was_empty_) return Duration::zero();
    return std::chrono::duration_cast<Duration>(now - progress_);
}

}  // namespace clarion::net
