#include "modules/mam/patient_calendar.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace clarion::mam {

namespace {
constexpr Logger logger{"mam"};
}

WallTime PatientCalendar::now() {
    const auto shown = ahead();
    const auto before = std::exchange(seen_, shown);
    believed_ = std::max(believed_, std::min(before, shown));
    if (shown - believed_ <= tolerance)
        believed_ = shown;
    else
        logger.warning(
            "clock-jumped",
            {{"seconds",
              std::chrono::duration_cast<std::chrono::seconds>(shown - believed_).count()},
             {"text", "nothing expires by the new time until it has lasted"}});
    return WallTime(clock_.lasting().time_since_epoch() + believed_);
}

}  // namespace clarion::mam
