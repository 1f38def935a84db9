// Conversion: keeps a user's vCard, avatar and vCard4 saying the same (XEP-0398, XEP-0292), and
// knows of each account which of them was written last (Standing). One per shard.
//
// What is read is not copied: it is put together for each asker (profile.h). What a vCard says is
// published at the account's nodes, so that those who are subscribed hear of it; that it is still
// to be published is written with it, and outlives a crash. What happens at the nodes is seen when
// it has happened, and looked for once after each time the account is loaded: so what was missed
// (a crash, a server that could not do it yet) is made good.
#pragma once

#include <optional>
#include <string>

#include "base/task.h"
#include "modules/vcard/nodes.h"
#include "modules/vcard/photo.h"
#include "modules/vcard/vcard_codec.h"
#include "server/core/accounts/account.h"
#include "server/core/events/pep_events.h"
#include "server/core/setup/module.h"
#include "server/runtime/signal.h"

namespace clarion::vcard {

struct AtWork;

class Conversion {
public:
    explicit Conversion(core::ModuleSetup& setup);

    const Nodes& nodes() const { return nodes_; }
    /// What of an account's vCard is kept; nothing: none is, or it cannot be read.
    Task<Result<std::optional<StoredVcard>>> read(storage::OwnerId owner) const;
    /// In this turn's batch. Without XML none is kept.
    void write(storage::OwnerId owner, const StoredVcard& vcard) const;

    Standing standing(const core::Account& account) const;
    /// In this turn's batch.
    Result<> keep(core::Account& account, const Standing& standing) const;

    /// One change of an account at a time: taken with take(), held as long as it lives.
    class Turn {
    public:
        Turn(const Conversion& conversion, core::Account& account);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        AtWork& at_;
    };
    /// Waits for the others; a Turn is to be made at once.
    Task<> wait_for_turn(core::Account& account) const;

    /// Looks at the nodes if that has not been done, or something has happened there. REQUIRES: a
    /// Turn, and a pin.
    Task<> look(core::Account& account) const;
    /// The same with a turn of its own, unless there is nothing to do.
    Task<> look_first(core::Account& account) const;
    /// The same in a task of its own.
    void look_soon(core::Account& account) const;
    /// Whether that was done since the account was loaded, or there is nothing to look at.
    bool has_looked(core::Account& account) const;

    /// Publishes what is owed of a vCard. REQUIRES: as look().
    Task<> publish_owed(core::Account& account, std::optional<Photo> photo,
                        std::optional<std::string> vcard4) const;

    void on_node_changed(const events::PepNodeChanged& event) const;

private:
    bool has_anything(core::Account& account) const;
    Task<> look_alone(core::AccountPin account) const;
    Task<Standing> look_at_avatar(core::Account& account, Standing standing, bool changed) const;
    Task<Standing> look_at_vcard4(core::Account& account, Standing standing, bool changed) const;
    Task<Standing> publish_avatar(core::Account& account, Standing standing,
                                  std::optional<Photo> photo) const;
    Task<Standing> publish_vcard4(core::Account& account, Standing standing,
                                  std::string vcard4) const;
    Task<std::optional<Photo>> kept_photo(storage::OwnerId owner) const;
    /// What the vCard that is kept makes of the vCard4 `there`; as Fields::vcard4. `most`: as
    /// Before::most_properties.
    Task<std::optional<std::string>> owed_vcard4(storage::OwnerId owner, std::string_view there,
                                                 std::size_t most) const;

    core::Context& context_;
    Nodes nodes_;
    core::StoredSpace vcards_;
    core::ResidentSpace standings_;
    core::AccountSlot<AtWork> at_work_;
};

/// Whether others are shown another photo than before.
bool shows_another(const Standing& before, const Standing& now);

}  // namespace clarion::vcard
