// SendHold: while one lives, what is sent to a session waits behind it (offline messages are being
// sent; Session::deliver()).
#pragma once

#include <memory>
#include <utility>

#include "server/core/accounts/session.h"

namespace clarion::core {

/// Move-only. Several on one session count: what waits goes when the last one ends, in order. A
/// session that hibernates is not held up; its queue keeps the order.
class SendHold {
public:
    explicit SendHold(Session& session) : session_(session.shared_from_this()) {
        session.hold_sending();
    }
    SendHold(SendHold&&) = default;
    SendHold& operator=(SendHold&& other) noexcept {
        std::swap(session_, other.session_);
        return *this;
    }
    ~SendHold() {
        if (session_) session_->release_sending();
    }

private:
    std::shared_ptr<Session> session_;
};

}  // namespace clarion::core
