#include "modules/registration/invitations/open_invitations.h"

#include <algorithm>

namespace clarion::registration::invitations {

void OpenInvitations::load(std::string key, Invitation invitation) {
    entries_.insert_or_assign(std::move(key), Entry{std::move(invitation)});
}

Result<> OpenInvitations::add(std::string key, Invitation invitation, LastingTime now,
                              Bounds bounds) {
    std::size_t of_host = 0, of_inviter = 0;
    const bool by_user = invitation.kind == Kind::contact;
    for (const auto& [other, entry] : entries_) {
        if (!is_open(entry.invitation, now)) continue;
        if ((entry.invitation.kind == Kind::contact) != by_user) continue;
        ++of_host;
        if (entry.invitation.inviter == invitation.inviter) ++of_inviter;
    }
    if (of_host >= bounds.of_host)
        return fail(error_code::resource_constraint, "the host has too many open invitations");
    if (by_user && of_inviter >= bounds.of_inviter)
        return fail(error_code::resource_constraint,
                    "too many of your invitations are open; wait until one is used or expires");
    if (invitation.kind == Kind::account && reserves(invitation.account, now))
        return fail(error_code::conflict, "another invitation has that name");
    load(std::move(key), std::move(invitation));
    return {};
}

const Invitation* OpenInvitations::find(std::string_view key, LastingTime now) const {
    const auto at = entries_.find(key);
    if (at == entries_.end() || !is_open(at->second.invitation, now)) return nullptr;
    return &at->second.invitation;
}

Result<Invitation> OpenInvitations::begin(std::string_view key, LastingTime now, Late late) {
    const auto at = entries_.find(key);
    const bool there =
        at != entries_.end() && (late == Late::yes || now < at->second.invitation.expires);
    if (!there || at->second.invitation.uses >= at->second.invitation.most_uses)
        return fail(error_code::item_not_found, "the invitation is invalid or expired");
    Entry& entry = at->second;
    if (entry.invitation.uses + entry.taken >= entry.invitation.most_uses)
        return fail(error_code::conflict, "somebody else is using the invitation");
    ++entry.taken;
    return entry.invitation;
}

Finished OpenInvitations::finish(std::string_view key) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) return {};
    Entry& entry = at->second;
    if (entry.taken > 0) --entry.taken;
    ++entry.invitation.uses;
    if (entry.invitation.uses < entry.invitation.most_uses) return {&entry.invitation, true};
    entries_.erase(at);
    return {nullptr, true};
}

void OpenInvitations::give_back(std::string_view key) {
    const auto at = entries_.find(key);
    if (at != entries_.end() && at->second.taken > 0) --at->second.taken;
}

bool OpenInvitations::reserves(std::string_view localpart, LastingTime now) const {
    if (localpart.empty()) return false;
    return std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
        const Invitation& invitation = entry.second.invitation;
        return invitation.kind == Kind::account && invitation.account == localpart &&
               (is_open(invitation, now) || entry.second.taken > 0);
    });
}

std::vector<std::string> OpenInvitations::keys_like(std::string_view id) const {
    std::vector<std::string> keys;
    for (auto at = entries_.lower_bound(id); at != entries_.end() && at->first.starts_with(id);
         ++at)
        keys.push_back(at->first);
    return keys;
}

std::vector<std::string> OpenInvitations::over(LastingTime now, std::size_t most) const {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : entries_) {
        if (keys.size() == most) break;
        if (entry.taken == 0 && entry.invitation.expires + kept_when_over <= now)
            keys.push_back(key);
    }
    return keys;
}

std::vector<std::string> OpenInvitations::of_account(std::string_view bare,
                                                     std::string_view localpart) const {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : entries_) {
        const Invitation& invitation = entry.invitation;
        const bool about = invitation.kind == Kind::reset && invitation.account == localpart;
        if (about || invitation.inviter == bare) keys.push_back(key);
    }
    return keys;
}

void OpenInvitations::remove(std::string_view key) {
    const auto at = entries_.find(key);
    if (at != entries_.end()) entries_.erase(at);
}

}  // namespace clarion::registration::invitations
