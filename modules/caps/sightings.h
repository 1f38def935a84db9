// Sightings: which resources an account knows to be available, and what they say they can do.
//
// Of its own sessions, and of contacts that see its presence: others are told nothing that depends
// on it. Nothing is kept of a resource that says nothing of what it can do. In memory only: a
// contact's presence comes again to whoever comes online.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modules/caps/known_caps.h"
#include "proto/jid.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/setup/module.h"

namespace clarion::caps {

struct Seen {
    MarkPtr mark;         // what it says; nullptr: nothing
    MarkPtr told;         // of what others were last told (CapabilitiesKnown)
    bool silent = false;  // it was asked, and did not say what it can do
};

/// The contacts' resources of one account, in order of their addresses.
class SeenContacts {
public:
    Seen* find(std::string_view full_jid);
    /// Makes it. nullptr: there are as many as may be, of its contact or of all.
    Seen* add(std::string_view full_jid, std::size_t most_of_contact, std::size_t most);
    /// A full JID, or all of a bare one.
    void remove(std::string_view jid);
    bool empty() const { return list_.empty(); }
    std::size_t size() const { return list_.size(); }

    struct Resource {
        std::string jid;
        Seen seen;
    };
    std::vector<Resource>& all() { return list_; }

private:
    std::vector<Resource>::iterator at(std::string_view jid);
    std::vector<Resource> list_;
};

class Sightings {
public:
    explicit Sightings(core::ModuleSetup& setup)
        : own_(setup.session_slot<Seen>()), contacts_(setup.account_slot<SeenContacts>()) {}

    /// nullptr: nothing is known of it, or it is not available.
    Seen* find(core::Account& account, const Jid& resource) const;
    Seen& of(core::Session& session) const { return own_.of(session); }
    Seen* find(core::Session& session) const { return own_.find(session); }
    void forget(core::Session& session) const {
        if (own_.find(session)) own_.clear(session);
    }

    SeenContacts& contacts(core::Account& account) const { return contacts_.of(account); }
    /// A full JID, or all of a bare one.
    void forget(core::Account& account, std::string_view contact) const;
    void forget_all(core::Account& account) const {
        if (contacts_.find(account)) contacts_.clear(account);
    }

    /// Its own available resources that say what they can do, then the contacts'.
    void for_each(core::Account& account,
                  const std::function<void(std::string_view jid, Seen& seen)>& use) const;

private:
    core::SessionSlot<Seen> own_;
    core::AccountSlot<SeenContacts> contacts_;
};

}  // namespace clarion::caps
