// [upload] and [upload."upload.example.org"]: what may be uploaded, how much of it, and for how long
// it is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/option.h"
#include "modules/http_upload/purpose.h"

namespace clarion::http_upload {

/// Of a host that offers uploads itself.
struct UploadOptions {
    std::string name = "HTTP File Upload";
    std::string base_url;
    std::string directory;
    std::int64_t max_file_size = 100 << 20;
    std::int64_t quota = std::int64_t{2} << 30;
    std::int64_t daily_quota = std::int64_t{1} << 30;
    std::int64_t profile_quota = 16 << 20;
    std::int64_t max_files = 10000;
    std::int64_t max_slots = 100;
    std::optional<Duration> expire_after = std::chrono::hours(24 * 30);
    std::vector<std::string> purposes{"message", "profile", "ephemeral", "permanent"};
    std::vector<std::string> allowed_types;
    std::int64_t max_name_bytes = 255;
    Duration slot_time = std::chrono::minutes(10);
    Duration max_upload_time = std::chrono::hours(6);
    std::string external_base_url;
    std::string external_secret;
    static void declare(OptionTable<UploadOptions>& table);

    bool keeps(Purpose purpose) const;
    bool is_external() const { return !external_base_url.empty(); }
    /// The largest file that can ever be uploaded for that purpose, whatever else is there.
    std::uint64_t largest(Purpose purpose) const;
};

/// Of a service at a domain of its own.
struct ServiceOptions : UploadOptions {
    static void declare(OptionTable<ServiceOptions>& table);
};

/// Of that domain (prepared), a service's or a host's.
const UploadOptions& options_of(const Config& config, std::string_view domain);

/// The directory of its files.
std::string directory_of(const Config& config, const UploadOptions& options);
/// All directories that the configuration names, each once.
std::vector<std::string> all_directories(const Config& config,
                                         const std::vector<std::string>& hosts);

}  // namespace clarion::http_upload
