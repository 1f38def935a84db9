// OpenInvitations: those of one host, in memory at its home. Pure: what a change leaves to be written
// is up to the caller (book.h).
//
// A use is taken when somebody begins to make an account, and counts when they have: two who come
// with the last one at the same time do not both get in, and who fails has used nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "modules/registration/invitations/invitation.h"

namespace clarion::registration::invitations {

/// How many there may be; [invitations] has them.
struct Bounds {
    std::size_t of_inviter = 0;  // contact invitations
    std::size_t of_host = 0;     // of users', and as many of administrators' and resets
};

/// What a use that was finished leaves. `left`: nullptr if that was the last.
struct Finished {
    const Invitation* left = nullptr;
    bool found = false;
};

class OpenInvitations {
public:
    /// In order of their keys; those that are over are among them until they are removed.
    struct Entry {
        Invitation invitation;
        std::uint32_t taken = 0;  // uses of which is not known yet whether they count
    };
    using Entries = std::map<std::string, Entry, std::less<>>;

    const Entries& all() const { return entries_; }
    /// As it was stored.
    void load(std::string key, Invitation invitation);

    /// Errors: "resource-constraint" (their inviter, or the host, has too many open), "conflict" (the
    /// name is reserved by another one).
    Result<> add(std::string key, Invitation invitation, LastingTime now, Bounds bounds);
    /// nullptr: there is none, or it is over.
    const Invitation* find(std::string_view key, LastingTime now) const;

    /// Whether what was presented before it expired still counts, or only what is open now.
    enum class Late : bool { no, yes };
    /// Takes a use. Error "item-not-found": there is none, or it is over or used up; "conflict": all
    /// uses that are left are taken by others who have not finished.
    Result<Invitation> begin(std::string_view key, LastingTime now, Late late);
    /// It counts. The last one removes the invitation.
    Finished finish(std::string_view key);
    void give_back(std::string_view key);

    /// Whether an open one keeps an account's name for who has it.
    bool reserves(std::string_view localpart, LastingTime now) const;

    /// Those whose id or key begins so.
    std::vector<std::string> keys_like(std::string_view id) const;
    /// Those that are over for a while and that nobody is using, at most so many.
    std::vector<std::string> over(LastingTime now, std::size_t most) const;
    /// Those by an account (bare), or about it (localpart).
    std::vector<std::string> of_account(std::string_view bare, std::string_view localpart) const;
    void remove(std::string_view key);

private:
    Entries entries_;
};

}  // namespace clarion::registration::invitations
