#include "base/label_values.h"

namespace clarion {

std::string LabelValues::admit(std::string_view value) {
    {
        const std::lock_guard lock(mutex_);
        if (!admitted_.contains(value)) {
            if (admitted_.size() >= limit_) return "other";
            admitted_.emplace(value);
        }
    }
    std::string escaped;
    for (const char c : value) {
        if (c == '\\' || c == '"') escaped += '\\';
        if (c == '\n')
            escaped += "\\n";
        else
            escaped += c;
    }
    return escaped;
}

}  // namespace clarion
