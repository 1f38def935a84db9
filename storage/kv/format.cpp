#include "storage/kv/format.h"

#include <string>

#include "storage/records.h"

namespace clarion::storage {

Result<> check_format(std::uint64_t format) {
    if (format == format_version) return {};
    const std::string_view remedy =
        format > format_version
            ? "; use the version of Clarion that wrote it, or a newer one"
            : "; nothing converts it: use the version of Clarion that wrote it, or move the "
              "database away and begin with a new one";
    return fail("unsupported-format", "has format " + std::to_string(format) +
                                          ", this server reads format " +
                                          std::to_string(format_version) + std::string(remedy));
}

Result<> check_stored_format(std::optional<std::string_view> stored) {
    if (!stored) return {};
    const auto format = decode_number(*stored);
    if (!format)
        return fail("unsupported-format", "does not say its format: " + format.error().text);
    return check_format(*format);
}

}  // namespace clarion::storage
