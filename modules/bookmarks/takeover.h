// Takeover: bookmarks that are still where they were kept before there was this module, or that an
// import has put there: an item of the node "storage:bookmarks", a private document (XEP-0049).
//
// They become items of the node of bookmarks, unless that has the room already, and go where they
// were. If they cannot be written they stay, and it is tried again when the account is loaded next.
#pragma once

#include <vector>

#include "modules/bookmarks/lists.h"

namespace clarion::bookmarks {

class Takeover {
public:
    /// `lists` outlives it.
    Takeover(core::Context& context, const Lists& lists) : context_(context), lists_(lists) {}

    /// Once for each time the account is loaded, before anything else is done with its bookmarks;
    /// also makes the node what it must be, if it was made otherwise. REQUIRES: the caller has the
    /// account's turn, and pins it.
    Task<> once(core::Account& account, AccountState& state) const;

private:
    const Node& node() const { return lists_.node(); }
    Task<> put_right(core::Account& account) const;
    Task<> expel_others(core::Account& account) const;
    Task<bool> add_old_node(core::Account& account, xml::Element& storage) const;
    Task<bool> add_document(core::Account& account, xml::Element& storage) const;
    Task<> remove_old_node(core::Account& account) const;
    Task<> remove_document(core::Account& account) const;

    core::Context& context_;
    const Lists& lists_;
};

}  // namespace clarion::bookmarks
