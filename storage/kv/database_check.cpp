#include "storage/kv/database_check.h"

#include <utility>

#include "storage/kv/describe_key.h"
#include "storage/kv/format.h"
#include "storage/kv/keys.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

constexpr std::uint64_t progress_interval = std::uint64_t{1} << 20;
constexpr std::size_t deadline_size = 25;

/// Of a value that has nothing to say.
bool is_empty_record(std::string_view value) { return value == encode_empty(); }

AccountId account_of(std::string_view key) { return AccountId{key_u64(key, 0)}; }

}  // namespace

CheckReport DatabaseCheck::run(const CheckProgress& progress) {
    if (const auto format = snapshot_.get(Table::meta, format_key))
        report_.format = decode_number(*format).value_or(0);
    for (std::size_t i = 0; i < table_count; ++i) walk(static_cast<Table>(i), progress);
    return std::move(report_);
}

void DatabaseCheck::walk(Table table, const CheckProgress& progress) {
    table_ = table;
    key_.clear();
    std::uint64_t walked = 0;
    const std::uint64_t total = snapshot_.entries(table);
    const auto cursor = snapshot_.cursor(table);
    for (bool more = cursor->seek({}); more; more = cursor->next()) {
        const Entry entry = cursor->entry();
        if (walked > 0 && entry.key <= key_) {
            expect(false, "what follows it is not in order");
            break;  // a damaged page may lead anywhere, even back
        }
        key_ = entry.key;
        check(table, entry);
        if (++walked % progress_interval == 0) progress(table_name(table), walked, total);
    }
    if (walked > 0) expect(walked == total, "the table counts more, or fewer, entries than it has");
    report_.entries.emplace_back(table_name(table), walked);
    report_.total += walked;
}

bool DatabaseCheck::expect(bool holds, std::string_view problem) {
    if (holds) return true;
    if (++report_.problems <= described_problems)
        report_.first.push_back(std::string(table_name(table_)) + ": " +
                                describe_key(table_, key_) + ": " + std::string(problem));
    return false;
}

bool DatabaseCheck::expect_size(const Entry& entry, std::size_t size) {
    return expect(entry.key.size() == size, "the key has a wrong length");
}

template <class Record>
bool DatabaseCheck::expect_record(const Result<Record>& record) {
    return expect(record.ok(), record ? std::string() : record.error().text);
}

bool DatabaseCheck::has(Table table, std::string_view key) {
    return snapshot_.get(table, key).has_value();
}

void DatabaseCheck::expect_log(LogId id) {
    if (id != LogId::none) expect(has(Table::log, log_key(id)), "the log does not have its stanza");
}

void DatabaseCheck::expect_account(AccountId id) {
    if (id == known_) return;
    if (expect(has(Table::accounts, account_key(id, AccountEntry::record)),
               "there is no such account"))
        known_ = id;
}

void DatabaseCheck::check(Table table, const Entry& entry) {
    try {
        switch (table) {
            case Table::meta: return check_meta(entry);
            case Table::names: return check_name(entry);
            case Table::accounts: return check_account_entry(entry);
            case Table::archive: return check_archive(entry);
            case Table::log:
                if (expect_size(entry, 8)) expect_record(decode_log(entry.value));
                return;
            case Table::offline:
                if (expect_size(entry, 16)) check_kept(entry);
                return;
            case Table::queues: return check_queued(entry);
            case Table::live: return check_live(entry);
            case Table::deadlines: return check_deadline(entry);
            case Table::spool: return check_spool(entry);
            case Table::deleting: return check_deleting(entry);
            case Table::unreferenced:
                if (expect_size(entry, 8))
                    expect(is_empty_record(entry.value), "the record is not empty");
                return;
            case Table::pending_publishes: return check_pending_publish(entry);
        }
    } catch (const EngineFailure& failure) {
        expect(false, failure.error().text);
    }
}

void DatabaseCheck::check_meta(const Entry& entry) {
    if (entry.key == format_key || entry.key == run_key)
        expect_record(decode_number(entry.value));
    else if (entry.key == clock_key)
        expect_record(decode_clock_mark(entry.value));
    else
        expect(entry.key.starts_with("secret/") && !entry.value.empty(), "nobody knows it");
}

void DatabaseCheck::check_name(const Entry& entry) {
    const auto name = decode_name(entry.value);
    if (!expect_record(name)) return;
    expect(entry.key == name_key(name->jid).view(), "the name is another than the key says");
    const auto stored = snapshot_.get(Table::accounts, account_key(name->id, AccountEntry::record));
    if (!expect(stored.has_value(), "its account is missing")) return;
    const auto account = decode_account(name->id, *stored);
    expect(account && account->jid == name->jid, "its account has another name");
}

void DatabaseCheck::check_account_entry(const Entry& entry) {
    const AccountId id = account_of(entry.key);
    const auto& [key, value] = entry;
    const auto kind = static_cast<AccountEntry>(key_u8(key, 8));
    if (kind != AccountEntry::record) expect_account(id);
    switch (kind) {
        case AccountEntry::record: return check_account(id, entry);
        case AccountEntry::roster_version: return void(expect_record(decode_number(value)));
        case AccountEntry::archive_preferences:
            return void(expect_record(decode_archive_preferences(value)));
        case AccountEntry::roster_item: {
            const auto item = decode_roster_item(value);
            if (expect_record(item))
                expect(key == roster_item_key(id, item->jid).view(), "is of another contact");
            return;
        }
        case AccountEntry::push_registration:
            if (expect_size(entry, 17))
                expect_record(decode_push_registration(key_u64(key, 9), value));
            return;
        case AccountEntry::hibernating_session: return check_session(id, entry);
        case AccountEntry::blocked: {
            const auto jid = decode_blocked(value);
            if (expect_record(jid))
                expect(key == blocked_key(id, *jid).view(), "is of another address");
            return;
        }
        case AccountEntry::deadline: return check_account_deadline(entry);
        case AccountEntry::archive_step: return check_archive_step(entry);
    }
    expect(false, "nobody knows its kind");
}

void DatabaseCheck::check_account(AccountId id, const Entry& entry) {
    const auto account = decode_account(id, entry.value);
    if (!expect_size(entry, 9) || !expect_record(account)) return;
    known_ = id;
    const auto stored = snapshot_.get(Table::names, name_key(account->jid));
    if (!expect(stored.has_value(), "its name leads nowhere")) return;
    const auto name = decode_name(*stored);
    expect(name && name->id == id, "its name is another account's");
}

void DatabaseCheck::check_session(AccountId id, const Entry& entry) {
    if (!expect_size(entry, 17)) return;
    const std::uint64_t number = key_u64(entry.key, 9);
    const auto session = decode_hibernating_session(number, entry.value);
    if (!expect_record(session) || session->state != HibernationState::hibernating) return;
    const Deadline deadline{session->expires_at, id, DeadlineKind::hibernation_expires, number};
    expect(has(Table::deadlines, deadline_key(deadline)), "nothing says when it expires");
}

void DatabaseCheck::check_account_deadline(const Entry& entry) {
    if (!expect_size(entry, 9 + deadline_size)) return;
    expect(entry.value == entry.key.substr(9), "it is not what its key says");
    expect(has(Table::deadlines, entry.key.substr(9)), "it is missing among the deadlines");
}

void DatabaseCheck::check_archive_step(const Entry& entry) {
    const auto step = decode_archive_step(entry.value);
    if (!expect_size(entry, 17) || !expect_record(step)) return;
    expect(step->to < step->from, "it does not go back");
}

void DatabaseCheck::check_archive(const Entry& entry) {
    if (!expect_size(entry, 16)) return;
    const AccountId id = account_of(entry.key);
    const auto index = decode_archive_index(entry.value);
    if (!expect_record(index)) return;
    expect_log(index->log_id);
    if (!has(Table::deleting, entry.key.substr(0, 8))) expect_account(id);
    if (std::exchange(archive_, id) == id)
        expect(index->ordinal > ordinal_, "its place in the archive is not after the one before");
    ordinal_ = index->ordinal;
}

void DatabaseCheck::check_kept(const Entry& entry) {
    expect_account(account_of(entry.key));
    const auto kept = decode_kept_stanza(entry.value);
    if (expect_record(kept)) expect_log(kept->meta.log_id);
}

void DatabaseCheck::check_queued(const Entry& entry) {
    if (!expect_size(entry, 20)) return;
    check_kept(entry);
    expect(
        has(Table::accounts, hibernating_session_key(account_of(entry.key), key_u64(entry.key, 8))),
        "there is no such session");
}

void DatabaseCheck::check_live(const Entry& entry) {
    if (!expect_size(entry, 16)) return;
    expect_account(account_of(entry.key));
    expect_record(decode_online_record(key_u64(entry.key, 8), entry.value));
}

void DatabaseCheck::check_pending_publish(const Entry& entry) {
    if (!expect_size(entry, 16)) return;
    const AccountId id = account_of(entry.key);
    const std::uint64_t seq = key_u64(entry.key, 8);
    expect_account(id);
    expect_record(decode_pending_publish(seq, entry.value));
    expect(snapshot_.get(Table::accounts, push_registration_key(id, seq)).has_value(),
           "its registration is missing");
}

void DatabaseCheck::check_deadline(const Entry& entry) {
    if (!expect_size(entry, deadline_size)) return;
    const Deadline deadline = key_deadline(entry.key);
    expect(is_empty_record(entry.value), "the record is not empty");
    expect(has(Table::accounts, account_deadline_key(deadline)), "its account does not know of it");
    switch (deadline.kind) {
        case DeadlineKind::hibernation_expires:
        case DeadlineKind::forget_gone:
        case DeadlineKind::wake:
            expect(
                has(Table::accounts, hibernating_session_key(deadline.account, deadline.subject)),
                "there is no such session");
            return;
    }
    expect(false, "nobody knows its kind");
}

void DatabaseCheck::check_spool(const Entry& entry) {
    if (!expect(entry.key.size() > 9, "the key has a wrong length")) return;
    const std::uint64_t seq = key_u64(entry.key, entry.key.size() - 8);
    const auto spooled = decode_spool(seq, entry.value);
    if (expect_record(spooled))
        expect(entry.key == spool_key(spooled->domain, seq).view(), "is for another domain");
}

void DatabaseCheck::check_deleting(const Entry& entry) {
    if (!expect_size(entry, 8)) return;
    expect(!has(Table::accounts, account_key(account_of(entry.key), AccountEntry::record)),
           "its archive is to be cleared away, but the account exists");
}

}  // namespace clarion::storage
