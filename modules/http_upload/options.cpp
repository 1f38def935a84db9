#include "modules/http_upload/options.h"

#include <algorithm>

#include "proto/jid.h"
#include "server/core/options.h"

namespace clarion::http_upload {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::int64_t largest_file = std::int64_t{1} << 40;

/// Declares a member of UploadOptions also for those that derive from it.
template <class T, class V>
OptionBuilder<V> add(OptionTable<T>& t, std::string key, V UploadOptions::*member) {
    return t.template add<V>(std::move(key), static_cast<V T::*>(member));
}

template <class T>
void declare_place(OptionTable<T>& t) {
    add(t, "name", &UploadOptions::name).doc("What people see it called (XEP-0030).");
    add(t, "base_url", &UploadOptions::base_url)
        .doc(
            "What the addresses of files begin with, such as \"https://files.example.org\"; "
            "\"/upload/...\" follows, which must come to a listener of type https or http. Empty: "
            "as [http] external_url says.");
    add(t, "directory", &UploadOptions::directory)
        .path()
        .doc(
            "Where files are kept; hosts and services may share it. Empty: upload in data_dir. "
            "Files in a directory that is not named any more are not found.");
    add(t, "external_base_url", &UploadOptions::external_base_url)
        .doc(
            "Files are uploaded to another server and kept there: what its addresses begin with, "
            "such as \"https://files.example.org/upload/\". Then only names, sizes, types and what "
            "an account uploads in a day are looked after here.");
    add(t, "external_secret", &UploadOptions::external_secret)
        .secret()
        .doc(
            "Shared with that server, which lets in who has an address made with it "
            "(docs/web.md).");
}

template <class T>
void declare_limits(OptionTable<T>& t) {
    add(t, "max_file_size", &UploadOptions::max_file_size)
        .min(1)
        .max(largest_file)
        .unit("bytes")
        .doc("A larger file is refused with file-too-large.");
    add(t, "quota", &UploadOptions::quota)
        .min(0)
        .unit("bytes")
        .doc(
            "What the files of one account may take together, those for its profile aside. One "
            "more is refused with resource-constraint. 0: any number.");
    add(t, "daily_quota", &UploadOptions::daily_quota)
        .min(0)
        .unit("bytes")
        .doc(
            "What one account may upload in 24 hours, on average and at once. More is refused with "
            "resource-constraint, and it is said when to try again. 0: any number.");
    add(t, "profile_quota", &UploadOptions::profile_quota)
        .min(0)
        .unit("bytes")
        .doc(
            "What the files of one account for its profile may take together (avatars), which "
            "neither grow old nor count towards quota. 0: any number.");
    add(t, "max_files", &UploadOptions::max_files)
        .min(1)
        .max(1000000)
        .unit("files")
        .doc("Files of one account. One more is refused with resource-constraint.");
    add(t, "max_slots", &UploadOptions::max_slots)
        .min(1)
        .max(400)
        .unit("slots")
        .doc("Slots that one account may have been given within slot_time.");
}

template <class T>
void declare_rules(OptionTable<T>& t) {
    add(t, "expire_after", &UploadOptions::expire_after)
        .never_allowed()
        .days()
        .min(hours(1))
        .doc("Files for messages are removed after this time.");
    add(t, "purposes", &UploadOptions::purposes)
        .choices({purpose_names.begin(), purpose_names.end()})
        .doc(
            "What files may be for (XEP-0363): \"profile\" and \"permanent\" ones do not grow old, "
            "\"ephemeral\" ones go when who uploaded them said. What says nothing is \"message\".");
    add(t, "allowed_types", &UploadOptions::allowed_types)
        .doc(
            "Which types of content may be uploaded, such as [\"image/*\", \"text/plain\"]; "
            "others, "
            "and what has none, are refused with not-acceptable. Empty: all.");
    add(t, "max_name_bytes", &UploadOptions::max_name_bytes)
        .min(16)
        .max(1024)
        .unit("bytes")
        .doc("A longer name of a file is refused with bad-request.");
    add(t, "slot_time", &UploadOptions::slot_time)
        .min(minutes(1))
        .max(hours(24))
        .doc("How long a slot may be used: by then its upload has begun.");
    add(t, "max_upload_time", &UploadOptions::max_upload_time)
        .min(minutes(1))
        .max(hours(24 * 7))
        .doc("An upload that has not ended after this time is broken off.");
}

bool is_media_range(std::string_view type) {
    const auto slash = type.find('/');
    return slash != std::string_view::npos && slash > 0 && slash + 1 < type.size();
}

Result<> check(const UploadOptions& options) {
    const bool both = options.external_base_url.empty() == options.external_secret.empty();
    if (!both)
        return fail(error_code::config, "external_base_url and external_secret belong together");
    if (!options.external_base_url.empty() && !options.external_base_url.starts_with("https://"))
        return fail(error_code::config, "external_base_url: it begins with https://");
    if (!options.base_url.empty() && !options.base_url.starts_with("https://"))
        return fail(error_code::config, "base_url: it begins with https://");
    for (const std::string& type : options.allowed_types)
        if (!is_media_range(type))
            return fail(error_code::config,
                        "allowed_types: '" + type + "' is no type such as image/png or image/*");
    return {};
}

template <class T>
void declare_all(OptionTable<T>& t) {
    declare_place(t);
    declare_limits(t);
    declare_rules(t);
    t.check([](const T& options) { return check(options); });
}

void add_once(std::vector<std::string>& all, std::string text) {
    if (std::find(all.begin(), all.end(), text) == all.end()) all.push_back(std::move(text));
}

}  // namespace

bool UploadOptions::keeps(Purpose purpose) const {
    return std::find(purposes.begin(), purposes.end(), http_upload::name(purpose)) !=
           purposes.end();
}

std::uint64_t UploadOptions::largest(Purpose purpose) const {
    std::int64_t least = max_file_size;
    const std::int64_t kept = purpose == Purpose::profile ? profile_quota : quota;
    for (const std::int64_t limit : {kept, daily_quota})
        if (limit > 0) least = std::min(least, limit);
    return static_cast<std::uint64_t>(least);
}

void UploadOptions::declare(OptionTable<UploadOptions>& t) {
    t.section(
         "upload",
         "Files that users upload over HTTP, to send their addresses (XEP-0363). A host offers "
         "it itself if something listens for HTTP, unless a service of its own does.")
        .per_host()
        .live();
    declare_all(t);
}

void ServiceOptions::declare(OptionTable<ServiceOptions>& t) {
    t.named("upload",
            "Uploads (XEP-0363) at a domain of their own: [upload.\"upload.example.org\"]. It is "
            "for the accounts of the hosts whose subdomain it is, or else for all.")
        .live();
    declare_all(t);
}

const UploadOptions& options_of(const Config& config, std::string_view domain) {
    for (const auto& [name, options] : config.named<ServiceOptions>())
        if (const auto prepared = prepare_domain(name); prepared && *prepared == domain)
            return options;
    return config.get<UploadOptions>(domain);
}

std::string directory_of(const Config& config, const UploadOptions& options) {
    if (!options.directory.empty()) return options.directory;
    return config.get<core::ServerOptions>().data_dir + "/upload";
}

std::vector<std::string> all_directories(const Config& config,
                                         const std::vector<std::string>& hosts) {
    std::vector<std::string> all;
    for (const auto& [name, options] : config.named<ServiceOptions>())
        add_once(all, directory_of(config, options));
    for (const std::string& host : hosts)
        add_once(all, directory_of(config, config.get<UploadOptions>(host)));
    return all;
}

}  // namespace clarion::http_upload
