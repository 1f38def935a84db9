#include "modules/http_upload/uploads.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/address/domains.h"
#include "server/core/http/http_routes.h"
#include "server/core/options.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::http_upload {

namespace {

constexpr Logger logger{"http-upload"};

bool is_under(std::string_view domain, std::string_view host) {
    return domain.size() > host.size() && domain.ends_with(host) &&
           domain[domain.size() - host.size() - 1] == '.';
}

Task<Result<>> change_here(core::Context& home, std::string account, const AtHome& work) {
    auto pin = co_await home.accounts().load(std::move(account));
    if (!pin) co_return pin.error();
    UploadsSought sought{**pin};
    home.bus().fire(sought);
    if (!sought.found || (*pin)->disabled()) co_return fail("forbidden", "no uploads here");
    auto done = work(*sought.found, **pin);
    if (!done) co_return done;
    co_return co_await home.shard().committed();
}

}  // namespace

Counts& counts() {
    static Counts all{
        metrics().counter("clarion_upload_slots_total", "Slots given for uploads"),
        metrics().counter("clarion_upload_slots_refused_total", "Slots for uploads refused"),
        metrics().counter("clarion_upload_files_total", "Files uploaded"),
        metrics().counter("clarion_upload_bytes_total", "Bytes of files uploaded"),
        metrics().counter("clarion_upload_failed_total",
                          "Uploads that had begun and were broken off or failed"),
        metrics().counter("clarion_upload_removed_total",
                          "Uploaded files removed: old, purged, or of deleted accounts"),
        metrics().counter("clarion_upload_downloads_total", "Requests answered with a file"),
    };
    return all;
}

Uploads::Uploads(core::ModuleSetup& setup, std::string key)
    : context_(setup.context()),
      key_(std::move(key)),
      ledger_(setup),
      services_(setup.services()) {}

std::string Uploads::domain_for(std::string_view host) const {
    const auto& hosts = context_.domains().hosts();
    for (const std::string& service : services_) {
        const bool is_somebodys = std::any_of(
            hosts.begin(), hosts.end(), [&](const auto& each) { return is_under(service, each); });
        if (!is_somebodys || is_under(service, host)) return service;
    }
    return std::string(host);
}

std::string Uploads::base_url(std::string_view domain) const {
    std::string url = options(domain).base_url;
    while (url.ends_with('/')) url.pop_back();
    if (!url.empty()) return url;
    const bool is_host = context_.domains().is_host(domain);
    return context_.http_routes().base_url(context_.config(),
                                           is_host ? domain : context_.domains().host_over(domain));
}

bool Uploads::offers(std::string_view domain) const {
    if (context_.domains().is_host(domain) && domain_for(domain) != domain) return false;
    return options(domain).is_external() || !base_url(domain).empty();
}

std::shared_ptr<const FileStore> Uploads::store_in(const std::string& directory) {
    auto& store = stores_[directory];
    const bool durable = context_.options<core::StorageOptions>().durability == "full";
    if (!store) store = std::make_shared<const FileStore>(directory, durable);
    return store;
}

std::shared_ptr<const FileStore> Uploads::store_of(std::string_view domain) {
    return store_in(directory_of(context_.config(), options(domain)));
}

std::vector<std::shared_ptr<const FileStore>> Uploads::stores() {
    std::vector<std::shared_ptr<const FileStore>> all;
    for (const std::string& each : all_directories(context_.config(), context_.domains().hosts()))
        all.push_back(store_in(each));
    return all;
}

Task<Result<bool>> Uploads::remove(std::string account, std::string key) {
    auto pin = co_await context_.accounts().load(account);
    if (!pin) co_return pin.error();
    const auto parsed = parse_file_key(key);
    if (!parsed) co_return parsed.error();
    const storage::OwnerId owner = (*pin)->id();
    auto claimed = co_await ledger_.claim(owner, key);
    if (!claimed) co_return claimed.error();
    if (!*claimed) co_return false;
    const auto all = stores();
    bool gone = false;
    co_await context_.shard().offload(
        [&] {
            for (const auto& store : all) store->remove(owner, parsed->id);
            gone = true;
        },
        account);
    core::AccountPin kept = std::move(*pin);
    FileRecord file = std::move(**claimed);
    const auto forgotten = co_await ledger_.forget(std::move(kept), key, std::move(file), gone);
    if (!forgotten) co_return forgotten.error();
    counts().removed.add();
    co_return gone;
}

void Uploads::on_deleted(const events::AccountDeleted& event) {
    context_.scope().spawn("uploads-of-deleted",
                           remove_all(std::string(event.account.jid().bare()), event.account.id()));
}

Task<> Uploads::remove_all(std::string account, storage::OwnerId owner) {
    const auto committed = co_await context_.shard().committed();
    if (!committed) co_return;  // it is still there
    const auto all = stores();
    co_await context_.shard().offload(
        [&] {
            for (const auto& store : all) store->remove_all(owner);
        },
        account);
}

Task<Result<>> change_at_home(core::Context& here, std::string account, AtHome work) {
    const std::function<Task<Result<>>(core::Context&)> change =
        [account, work = std::move(work)](core::Context& home) {
            return change_here(home, account, work);
        };
    co_return co_await core::ask_at_home<void>(here, account, change);
}

}  // namespace clarion::http_upload
