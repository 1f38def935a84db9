#include "server/net/transport/out_buffer.h"

namespace clarion::net {

namespace {
constexpr std::size_t max_spares = 32;
constexpr std::size_t max_spare_size = 64 * 1024;
}  // namespace

std::string BufferPool::take() {
    if (spare_.empty()) return {};
    std::string buffer = std::move(spare_.back());
    spare_.pop_back();
    return buffer;
}

void BufferPool::give(std::string&& buffer) {
    if (spare_.size() >= max_spares || buffer.capacity() > max_spare_size) {
        std::string().swap(buffer);
        return;
    }
    buffer.clear();
    spare_.push_back(std::move(buffer));
    buffer = {};
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
