#include "modules/http_upload/ledger.h"

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "server/runtime/shard.h"

namespace clarion::http_upload {

namespace {

constexpr Logger logger{"http-upload"};
/// Slots of 400 take about 20 KB.
constexpr std::size_t resident_bound = 32u << 10;
constexpr std::size_t files_at_once = 200;

bool is_promised(SlotState state) {
    return state == SlotState::open || state == SlotState::uploading;
}

void count(Promised& promised, const SlotRecord& slot) {
    ++promised.slots;
    promised.next_end = std::min(promised.next_end.value_or(slot.ends), slot.ends);
    if (!is_promised(slot.state)) return;
    ++promised.files;
    (slot.purpose == Purpose::profile ? promised.profile_bytes : promised.bytes) += slot.size;
}

}  // namespace

Ledger::Ledger(core::ModuleSetup& setup)
    : context_(setup.context()),
      small_(setup.resident_data(resident_bound)),
      files_(setup.stored_data()) {}

LastingTime Ledger::now() const { return context_.clock().lasting(); }

Usage Ledger::usage(const core::Account& account) const {
    const auto stored = small_.get(account.owner(), usage_key);
    return stored ? decode_usage(*stored).value_or({}) : Usage();
}

std::optional<SlotRecord> Ledger::find(const core::Account& account, std::string_view id) const {
    const auto stored = small_.get(account.owner(), slot_key(id));
    if (!stored) return std::nullopt;
    const auto slot = decode_slot(*stored);
    if (!slot || slot->ends <= now()) return std::nullopt;
    return *slot;
}

void Ledger::put(core::Account& account, const Usage& usage) const {
    // It has its place in the bound before slots fill that (reserve() sees to it).
    if (auto done = small_.put(account.owner(), usage_key, encode(usage)); !done)
        logger.error("not-counted",
                     {{"account", account.jid().bare()}, {"error", done.error().text}});
}

Promised Ledger::tidy(core::Account& account, const UploadOptions& options) const {
    Promised promised;
    std::vector<std::string> over;
    std::uint64_t unused = 0;
    small_.for_each(account.owner(), [&](std::string_view key, std::string_view value) {
        if (!key.starts_with(slot_prefix)) return;
        const auto slot = decode_slot(value);
        if (slot && slot->ends > now()) return count(promised, *slot);
        if (slot && is_promised(slot->state)) unused += slot->size;
        over.emplace_back(key);
    });
    for (const std::string& key : over) small_.remove(account.owner(), key);
    if (unused == 0) return promised;
    Usage used = usage(account);
    give_back_daily(used, options, unused, now());
    put(account, used);
    return promised;
}

std::optional<Shortage> Ledger::reserve(core::Account& account, const Slot& slot, SlotState state,
                                        const UploadOptions& options) const {
    const Promised promised = tidy(account, options);
    Usage used = usage(account);
    if (auto shortage = find_shortage(used, promised, options, slot.purpose, slot.size, now()))
        return shortage;
    add_daily(used, options, slot.size, now());
    put(account, used);
    const SlotRecord record{state, slot.purpose, slot.size, slot.ends};
    if (!small_.put(account.owner(), slot_key(slot.id), encode(record)))
        return Shortage{Shortage::Of::slots, promised.next_end};
    return std::nullopt;
}

Result<> Ledger::begin(core::Account& account, const Slot& slot,
                       const UploadOptions& options) const {
    auto record = find(account, slot.id);
    if (!record || record->state == SlotState::elsewhere)
        return fail(slot_gone, "the slot is not valid any more");
    if (record->state != SlotState::open)
        return fail(error_code::conflict, "the slot was used already");
    record->state = SlotState::uploading;
    record->ends = std::max(slot.ends, now() + options.max_upload_time);
    return small_.put(account.owner(), slot_key(slot.id), encode(*record));
}

Result<> Ledger::keep(core::Account& account, const Slot& slot, const FileRecord& file) const {
    auto record = find(account, slot.id);
    if (!record || record->state != SlotState::uploading)
        return fail(slot_gone, "the slot is not valid any more");
    // As long as somebody may come with it again, it is known that it was used.
    record->state = SlotState::used;
    record->ends = slot.ends;
    const std::string key = slot_key(slot.id);
    if (slot.ends <= now())
        small_.remove(account.owner(), key);
    else if (auto done = small_.put(account.owner(), key, encode(*record)); !done)
        return done;
    Usage used = usage(account);
    add_file(used, file.purpose, file.size);
    put(account, used);
    files_.put_uncounted(account.id(), file_key(now(), slot.id), encode(file));
    return {};
}

void Ledger::release(core::Account& account, std::string_view id,
                     const UploadOptions& options) const {
    const auto record = find(account, id);
    if (!record || !is_promised(record->state)) return;
    small_.remove(account.owner(), slot_key(id));
    Usage used = usage(account);
    give_back_daily(used, options, record->size, now());
    put(account, used);
}

Task<Result<storage::DataPage>> Ledger::files(storage::OwnerId owner, std::string after) const {
    storage::DataQuery query{.prefix = std::string(file_prefix), .after = std::move(after)};
    query.limit = files_at_once;
    co_return co_await files_.read(owner, query);
}

Task<Result<std::optional<FileRecord>>> Ledger::claim(storage::OwnerId owner, std::string key) {
    if (!claimed_.insert(key).second) co_return std::optional<FileRecord>();
    // What was found before may have been removed meanwhile.
    const auto stored = co_await files_.get(owner, key);
    if (stored && stored->has_value()) {
        auto file = decode_file(**stored);
        if (file) co_return std::optional<FileRecord>(std::move(*file));
    }
    claimed_.erase(key);
    if (!stored) co_return stored.error();
    co_return std::optional<FileRecord>();
}

Task<Result<>> Ledger::forget(core::AccountPin account, std::string key, FileRecord file,
                              bool gone) {
    struct Claim {
        std::set<std::string>& all;
        const std::string& key;
        ~Claim() { all.erase(key); }
    } const claim{claimed_, key};
    core::Account* const alive = account.alive();
    if (!gone || !alive) co_return Result<>{};
    files_.remove(alive->id(), key);
    Usage used = usage(*alive);
    remove_file(used, file.purpose, file.size);
    put(*alive, used);
    co_return co_await context_.shard().committed();
}

bool is_over(const FileRecord& file, LastingTime since, const UploadOptions& options,
             LastingTime now, WallTime wall) {
    if (file.expire_before && wall >= *file.expire_before) return true;
    return ages(file.purpose) && options.expire_after && now - since >= *options.expire_after;
}

}  // namespace clarion::http_upload
