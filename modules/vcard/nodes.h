// Nodes: an account's avatar (XEP-0084) and vCard4 (XEP-0292), as the module that keeps its nodes
// answers for them: to an asker what that asker may read, and to the account itself everything.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "modules/vcard/photo.h"
#include "modules/vcard/vcard_codec.h"
#include "proto/pubsub_client.h"
#include "server/core/accounts/account.h"
#include "server/core/setup/module.h"

namespace clarion::vcard {

/// What a node holds, to somebody.
struct Held {
    enum class State : std::uint8_t {
        failed,      // that is not known
        not_served,  // nobody keeps nodes here
        nothing,     // there is no such node, or it keeps nothing, or it may not be read
        readable,
    };
    State state = State::failed;
    pubsub::ItemText item{};  // the newest; without a payload: none

    bool is_known() const { return state >= State::nothing; }
    bool is_readable() const { return state == State::readable; }
};

/// The caller pins the account for as long as a task of these runs, and what it refers to lasts as
/// long.
class Nodes {
public:
    explicit Nodes(core::ModuleSetup& setup)
        : context_(setup.context()), others_(setup.other_modules()) {}

    Task<Held> newest(core::Account& account, const Jid& asker, std::string_view node) const;
    /// The image that metadata points to, if the asker may read it, it is what it is said to be,
    /// and a vCard could hold it ([vcard] max_size). Nothing else is read for it than a few items.
    Task<std::optional<Photo>> image(core::Account& account, const Jid& asker,
                                     std::string_view metadata) const;
    /// The avatar that counts, as somebody sees it.
    Task<std::optional<Photo>> avatar(core::Account& account, const Jid& asker) const;
    /// To whom the avatar's nodes let both its parts be shown.
    Task<Audience> audience(core::Account& account) const;

    /// In the name of an owner; a node that is not there is made for everybody to read, as vCards
    /// are (XEP-0054). Why it is refused; nullopt: it is done.
    Task<std::optional<StanzaError>> publish(core::Account& account, const Jid& publisher,
                                             std::string_view node, pubsub::ItemText item) const;
    Task<bool> retract(core::Account& account, std::string_view node, std::string id) const;

private:
    /// nullopt: there is no such node.
    Task<std::optional<Audience>> audience_of(core::Account& account, std::string_view node) const;
    /// The result; an error: how it is refused.
    Task<core::IqAnswer> ask(core::Account& account, StanzaPtr request) const;

    core::Context& context_;
    core::OtherModules others_;
};

}  // namespace clarion::vcard
