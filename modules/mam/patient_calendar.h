// PatientCalendar: the calendar's time, for who deletes by it.
//
// A clock that is set ahead by mistake must not make everything old at once. So a jump forwards is
// believed when the clock still says so the next time it is asked; until then time goes on as
// before. A jump back is believed at once: it deletes nothing. One per user, who asks it at his own
// intervals; not shared between threads.
#pragma once

#include "base/clock.h"

namespace clarion::mam {

class PatientCalendar {
public:
    /// The clock lives longer. What it says now is believed.
    explicit PatientCalendar(const Clock& clock)
        : clock_(clock), believed_(ahead()), seen_(believed_) {}

    WallTime now();

private:
    /// More is a jump; less is what NTP and the rounding of two clocks do.
    static constexpr std::chrono::microseconds tolerance = std::chrono::minutes(1);

    /// How far the calendar is ahead of the time that does not jump.
    std::chrono::microseconds ahead() const {
        return clock_.wall().time_since_epoch() - clock_.lasting().time_since_epoch();
    }

    const Clock& clock_;
    std::chrono::microseconds believed_;
    std::chrono::microseconds seen_;  // the last time it was asked
};

}  // namespace clarion::mam
