#include "modules/push/state.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "proto/crypto.h"

namespace clarion::push {

namespace {

Coverage& coverage_in(std::vector<Coverage>& list, std::uint64_t registration) {
    for (Coverage& coverage : list)
        if (coverage.registration == registration) return coverage;
    list.push_back({});
    list.back().registration = registration;
    return list.back();
}

std::uint64_t mix(std::uint64_t kind, std::uint64_t value) {
    std::uint64_t hash = value + kind * 0x9e3779b97f4a7c15;  // splitmix64
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
    hash ^= hash >> 31;
    return hash == 0 ? 1 : hash;
}

/// The beginning of a SHA-256, each part with its length: identities are stored, so every build and
/// every node has to compute the same.
std::uint64_t digest(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts)
        text.append(std::to_string(part.size())).append(":").append(part);
    std::uint64_t number = 0;
    for (const char byte : crypto::sha256(text).substr(0, sizeof number))
        number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

}  // namespace

bool Registration::was_notified_of(std::uint64_t identity, storage::ArchiveId archive_id) const {
    if (archive_id != storage::ArchiveId::none && archive_id <= record.notified_up_to) return true;
    return notified.contains(identity);
}

Registration* AccountPush::find(std::uint64_t seq) {
    for (Registration& registration : registrations)
        if (registration.record.seq == seq) return &registration;
    return nullptr;
}

Coverage& SessionPush::decided_for(std::uint64_t registration) {
    return coverage_in(decided, registration);
}

void SessionPush::note_sent(const Coverage& coverage) {
    coverage_in(sent, coverage.registration) = coverage;
}

bool SessionPush::covers(std::uint64_t registration, WallTime received, const Stanza& stanza,
                         const Facts& facts) const {
    if (settled) return true;
    const bool important = judge(stanza, facts.account, facts.reflected).important;
    return std::any_of(decided.begin(), decided.end(), [&](const Coverage& coverage) {
        return coverage.registration == registration && coverage.covers_time(received, important);
    });
}

std::uint64_t identity(const Stanza& stanza, std::string_view account,
                       const storage::StanzaMeta& meta) {
    if (meta.archived()) return mix(1, static_cast<std::uint64_t>(meta.archive_id));
    if (meta.logged()) return mix(2, static_cast<std::uint64_t>(meta.log_id));
    if (!stanza.is_message() || meta.received == WallTime{}) return 0;
    const Carried inner = carried(stanza, account);
    const std::uint64_t words = digest({inner.sender(), inner.message->attr("id"), inner.body()});
    return mix(static_cast<std::uint64_t>(meta.received.time_since_epoch().count()), words);
}

}  // namespace clarion::push
