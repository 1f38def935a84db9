#include "modules/caps/sightings.h"

#include <algorithm>

namespace clarion::caps {

namespace {

/// "juliet@example.org/" is where her resources begin.
bool is_of(std::string_view full_jid, std::string_view bare) {
    return full_jid.size() > bare.size() && full_jid.starts_with(bare) &&
           full_jid[bare.size()] == '/';
}

std::string_view bare_of(std::string_view full_jid) {
    return full_jid.substr(0, full_jid.find('/'));
}

}  // namespace

std::vector<SeenContacts::Resource>::iterator SeenContacts::at(std::string_view jid) {
    return std::lower_bound(list_.begin(), list_.end(), jid,
                            [](const Resource& a, std::string_view b) { return a.jid < b; });
}

Seen* SeenContacts::find(std::string_view full_jid) {
    const auto found = at(full_jid);
    return found != list_.end() && found->jid == full_jid ? &found->seen : nullptr;
}

Seen* SeenContacts::add(std::string_view full_jid, std::size_t most_of_contact, std::size_t most) {
    if (list_.size() >= most) return nullptr;
    const std::string_view bare = bare_of(full_jid);
    const auto first = at(std::string(bare) + '/');
    const auto last = std::find_if(first, list_.end(),
                                   [bare](const Resource& each) { return !is_of(each.jid, bare); });
    if (static_cast<std::size_t>(last - first) >= most_of_contact) return nullptr;
    return &list_.insert(at(full_jid), {std::string(full_jid), {}})->seen;
}

void SeenContacts::remove(std::string_view jid) {
    const bool is_full = jid.find('/') != std::string_view::npos;
    const auto first = is_full ? at(jid) : at(std::string(jid) + '/');
    const auto last = std::find_if(first, list_.end(), [=](const Resource& each) {
        return is_full ? each.jid != jid : !is_of(each.jid, jid);
    });
    list_.erase(first, last);
}

Seen* Sightings::find(core::Account& account, const Jid& resource) const {
    if (resource.bare() == account.jid().bare()) {
        core::Session* session = account.find_session(resource.resource());
        return session && session->available() ? own_.find(*session) : nullptr;
    }
    SeenContacts* contacts = contacts_.find(account);
    return contacts ? contacts->find(resource.full()) : nullptr;
}

void Sightings::forget(core::Account& account, std::string_view contact) const {
    SeenContacts* contacts = contacts_.find(account);
    if (!contacts) return;
    contacts->remove(contact);
    if (contacts->empty()) contacts_.clear(account);
}

void Sightings::for_each(core::Account& account,
                         const std::function<void(std::string_view jid, Seen& seen)>& use) const {
    for (const auto& session : account.sessions())
        if (Seen* seen = session->available() ? own_.find(*session) : nullptr; seen && seen->mark)
            use(session->jid().full(), *seen);
    if (SeenContacts* contacts = contacts_.find(account))
        for (auto& [jid, seen] : contacts->all()) use(jid, seen);
}

}  // namespace clarion::caps
