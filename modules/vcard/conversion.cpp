#include "modules/vcard/conversion.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "modules/vcard/profile.h"
#include "modules/vcard/vcard.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "server/core/delivery/presence.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::vcard {

/// What goes on with one account.
struct AtWork {
    bool busy = false;
    core::Signal free{};
    bool has_looked = false;
    bool looks_soon = false;
    /// What others have done since somebody looked.
    bool avatar_changed = false;
    bool access_changed = false;
    bool vcard4_changed = false;

    bool is_up_to_date() const {
        return has_looked && !avatar_changed && !access_changed && !vcard4_changed;
    }
};

namespace {

constexpr std::string_view vcard_key = "vcard";
constexpr std::string_view standing_key = "photo";
constexpr std::size_t most_resident = 160;  // one entry
/// Items that replace each other (XEP-0222, 4).
constexpr std::string_view single_item = "current";

std::string digest_of(const Held& held) {
    if (held.item.payload.empty()) return {};
    return crypto::sha1(held.item.id + '\n' + held.item.payload);
}

/// Whether metadata says that there is an avatar.
bool says_avatar(const Held& held) {
    const xml::Document metadata = xml::parse_element(held.item.payload);
    return !metadata.empty() && metadata.root().has_children();
}

bool is_among(const std::vector<events::PepNodeChanged::Item>& items, std::string_view id) {
    return std::any_of(items.begin(), items.end(),
                       [&](const auto& item) { return to_lower_ascii(item.id) == id; });
}

/// Whether what happened at the node of images may change which one is shown.
bool concerns(const Standing& standing, const events::PepNodeChanged& event) {
    using What = events::PepNodeChanged::What;
    const bool is_shown = is_among(event.items, hex_encode(standing.photo));
    switch (event.what) {
        // Metadata may have been there before its image.
        case What::published: return standing.photo_in_node && (standing.photo.empty() || is_shown);
        case What::retracted: return !standing.photo.empty() && is_shown;
        case What::purged:
        case What::deleted: return !standing.photo.empty();
        case What::configured: break;
    }
    return false;
}

}  // namespace

bool shows_another(const Standing& before, const Standing& now) {
    return before.photo != now.photo || before.in_presence != now.in_presence ||
           (!now.photo.empty() && before.audience != now.audience);
}

Conversion::Conversion(core::ModuleSetup& setup)
    : context_(setup.context()),
      nodes_(setup),
      vcards_(setup.stored_data()),
      standings_(setup.resident_data(most_resident)),
      at_work_(setup.account_slot<AtWork>()) {}

// ---- What is kept ------------------------------------------------------------------------------

Task<Result<std::optional<StoredVcard>>> Conversion::read(storage::OwnerId owner) const {
    const auto stored = co_await vcards_.get(owner, std::string(vcard_key));
    if (!stored) co_return stored.error();
    if (!stored->has_value()) co_return std::optional<StoredVcard>();
    auto vcard = decode_vcard(**stored);
    if (!vcard) co_return fail("internal-server-error", vcard.error().text);
    co_return std::optional<StoredVcard>(std::move(*vcard));
}

void Conversion::write(storage::OwnerId owner, const StoredVcard& vcard) const {
    if (vcard.xml.empty())
        vcards_.remove(owner, vcard_key);
    else
        vcards_.put_uncounted(owner, vcard_key, encode_vcard(vcard));
}

Standing Conversion::standing(const core::Account& account) const {
    const auto kept = standings_.get(account.owner(), standing_key);
    if (!kept) return {};
    auto standing = decode_standing(*kept);
    return standing ? std::move(*standing) : Standing();
}

Result<> Conversion::keep(core::Account& account, const Standing& standing) const {
    if (this->standing(account) == standing) return {};
    if (standing != Standing())
        return standings_.put(account.owner(), standing_key, encode_standing(standing));
    standings_.remove(account.owner(), standing_key);
    return {};
}

Task<std::optional<Photo>> Conversion::kept_photo(storage::OwnerId owner) const {
    const auto kept = co_await read(owner);
    if (!kept || !*kept) co_return std::nullopt;
    const xml::Document vcard = xml::parse_element((*kept)->xml);
    if (vcard.empty()) co_return std::nullopt;
    co_return read_photo(vcard.root());
}

Task<std::optional<std::string>> Conversion::owed_vcard4(storage::OwnerId owner,
                                                         std::string_view there,
                                                         std::size_t most) const {
    const auto kept = co_await read(owner);
    if (!kept) co_return std::nullopt;
    const StoredVcard* const stored = *kept ? &**kept : nullptr;
    xml::Document vcard = stored ? xml::parse_element(stored->xml) : xml::Document();
    if (vcard.empty()) vcard = xml::Document("vCard", ns::vcard);
    const xml::Document vcard4 = xml::parse_element(there);
    const Before before{.kept = stored,
                        .vcard4 = vcard4.empty() ? nullptr : &vcard4.root(),
                        .most_properties = most};
    co_return fields_of(vcard.root(), before, false).vcard4;
}

// ---- One at a time -----------------------------------------------------------------------------

Conversion::Turn::Turn(const Conversion& conversion, core::Account& account)
    : at_(conversion.at_work_.of(account)) {
    at_.busy = true;
}

Conversion::Turn::~Turn() {
    at_.busy = false;
    at_.free.notify();
}

Task<> Conversion::wait_for_turn(core::Account& account) const {
    AtWork& at = at_work_.of(account);
    while (at.busy) (void)co_await at.free.wait(context_.shard());
}

/// An account without nodes of which nothing is kept here has nothing to be looked at. That is most
/// of them, and asked of each that comes online.
bool Conversion::has_anything(core::Account& account) const {
    if (!standings_.empty(account.owner())) return true;
    events::PepNodesSought sought{account};
    context_.bus().fire(sought);
    return sought.found;
}

bool Conversion::has_looked(core::Account& account) const {
    const AtWork* const at = at_work_.find(account);
    return (at && at->has_looked) || !has_anything(account);
}

// ---- What happens at the nodes -----------------------------------------------------------------

void Conversion::on_node_changed(const events::PepNodeChanged& event) const {
    using What = events::PepNodeChanged::What;
    core::Account& account = event.account;
    if (event.by == account.jid()) return;  // that was here
    const bool configured = event.what == What::configured;
    const bool is_of_profile = event.node == ns::avatar_metadata || event.node == ns::avatar_data ||
                               event.node == ns::vcard4_pubsub;
    if (!is_of_profile) return;
    AtWork& at = at_work_.of(account);
    if (event.node == ns::avatar_metadata)
        (configured ? at.access_changed : at.avatar_changed) = true;
    else if (event.node == ns::avatar_data && configured)
        at.access_changed = true;
    else if (event.node == ns::avatar_data && concerns(standing(account), event))
        at.avatar_changed = true;
    else if (event.node == ns::vcard4_pubsub && !configured)
        at.vcard4_changed = true;
    else
        return;
    look_soon(account);
}

void Conversion::look_soon(core::Account& account) const {
    AtWork& at = at_work_.of(account);
    if (std::exchange(at.looks_soon, true)) return;
    context_.scope_of(account.id()).spawn("vcard-look", look_alone(core::AccountPin(account)));
}

Task<> Conversion::look_alone(core::AccountPin account) const {
    co_await wait_for_turn(*account);
    const Turn turn(*this, *account);
    at_work_.of(*account).looks_soon = false;
    co_await look(*account);
}

Task<> Conversion::look_first(core::Account& account) const {
    const AtWork* const at = at_work_.find(account);
    if (at ? at->is_up_to_date() : !has_anything(account)) co_return;
    co_await wait_for_turn(account);
    const Turn turn(*this, account);
    co_await look(account);
}

Task<> Conversion::look(core::Account& account) const {
    AtWork& at = at_work_.of(account);
    const bool first = !std::exchange(at.has_looked, true);
    const bool avatar = std::exchange(at.avatar_changed, false);
    const bool access = std::exchange(at.access_changed, false);
    const bool vcard4 = std::exchange(at.vcard4_changed, false);
    const Standing before = standing(account);
    Standing now = before;
    if (first || avatar || access) {
        Standing seen = co_await look_at_avatar(account, std::move(now), avatar);
        now = std::move(seen);
    }
    if (first || vcard4) {
        Standing seen = co_await look_at_vcard4(account, std::move(now), vcard4);
        now = std::move(seen);
    }
    if (account.deleted() || now == before) co_return;
    (void)keep(account, now);
    const auto committed = co_await context_.shard().committed();
    if (account.deleted()) co_return;
    if (!committed) {
        (void)keep(account, before);
        at.has_looked = false;
    } else if (shows_another(before, now)) {
        core::show_presence_again(account);
    }
}

Task<Standing> Conversion::look_at_avatar(core::Account& account, Standing standing,
                                          bool changed) const {
    const Held held = co_await nodes_.newest(account, account.jid(), ns::avatar_metadata);
    if (!held.is_known()) co_return standing;
    const std::string digest = digest_of(held);
    const bool same = !changed && digest == standing.seen_avatar;
    if (standing.avatar_owed && !changed) {
        auto photo = co_await kept_photo(account.id());
        const bool is_ours = photo ? held.item.id == hash_text(*photo) : !says_avatar(held);
        if (same || is_ours)
            co_return co_await publish_avatar(account, std::move(standing), std::move(photo));
    }
    const bool incomplete =
        standing.photo_in_node && standing.photo.empty() && !held.item.payload.empty();
    if (!same || incomplete) {
        const auto photo = co_await nodes_.image(account, account.jid(), held.item.payload);
        standing.photo = photo ? photo->hash : std::string();
        standing.photo_in_node = true;
        standing.avatar_owed = false;
        standing.in_presence = true;
        standing.seen_avatar = digest;
    }
    standing.audience = Audience::everybody;
    if (standing.photo_in_node && !standing.photo.empty()) {
        const Audience audience = co_await nodes_.audience(account);
        standing.audience = audience;
    }
    co_return standing;
}

Task<Standing> Conversion::look_at_vcard4(core::Account& account, Standing standing,
                                          bool changed) const {
    const Held held = co_await nodes_.newest(account, account.jid(), ns::vcard4_pubsub);
    if (!held.is_known()) co_return standing;
    const std::string digest = digest_of(held);
    const bool same = !changed && digest == standing.seen_vcard4;
    if (standing.vcard4_owed && !changed) {
        const auto most = context_.options<VcardOptions>(account.host()).max_fields;
        auto vcard4 =
            co_await owed_vcard4(account.id(), held.item.payload, static_cast<std::size_t>(most));
        if (same && vcard4)
            co_return co_await publish_vcard4(account, std::move(standing), std::move(*vcard4));
        if (!vcard4) {  // it was published before
            standing.vcard4_owed = false;
            standing.seen_vcard4 = digest;
            co_return standing;
        }
    }
    if (same) co_return standing;
    standing.fields_in_node = true;
    standing.vcard4_owed = false;
    standing.seen_vcard4 = digest;
    co_return standing;
}

// ---- What a vCard says, at the nodes -----------------------------------------------------------

Task<> Conversion::publish_owed(core::Account& account, std::optional<Photo> photo,
                                std::optional<std::string> vcard4) const {
    Standing now = standing(account);
    if (now.avatar_owed) {
        Standing published = co_await publish_avatar(account, std::move(now), std::move(photo));
        now = std::move(published);
        if (!account.deleted()) (void)keep(account, now);
    }
    if (now.vcard4_owed && vcard4) {
        Standing published = co_await publish_vcard4(account, std::move(now), std::move(*vcard4));
        now = std::move(published);
        if (!account.deleted()) (void)keep(account, now);
    }
}

/// If it is refused the vCard has the photo all the same, and the nodes stay as they are.
Task<Standing> Conversion::publish_avatar(core::Account& account, Standing standing,
                                          std::optional<Photo> photo) const {
    Held there = co_await nodes_.newest(account, account.jid(), ns::avatar_metadata);
    if (photo) {
        pubsub::ItemText data{.id = hash_text(*photo), .payload = make_data(*photo)};
        const auto refused =
            co_await nodes_.publish(account, account.jid(), ns::avatar_data, std::move(data));
        pubsub::ItemText metadata{.id = hash_text(*photo), .payload = make_metadata(*photo)};
        if (!refused)
            (void)co_await nodes_.publish(account, account.jid(), ns::avatar_metadata,
                                          std::move(metadata));
    } else if (says_avatar(there)) {
        pubsub::ItemText metadata{.payload = no_metadata()};
        (void)co_await nodes_.publish(account, account.jid(), ns::avatar_metadata,
                                      std::move(metadata));
    }
    Held now = co_await nodes_.newest(account, account.jid(), ns::avatar_metadata);
    standing.avatar_owed = false;
    if (now.is_known()) standing.seen_avatar = digest_of(now);
    co_return standing;
}

Task<Standing> Conversion::publish_vcard4(core::Account& account, Standing standing,
                                          std::string vcard4) const {
    Held there = co_await nodes_.newest(account, account.jid(), ns::vcard4_pubsub);
    if (!vcard4.empty()) {
        pubsub::ItemText item{.id = std::string(single_item), .payload = std::move(vcard4)};
        (void)co_await nodes_.publish(account, account.jid(), ns::vcard4_pubsub, std::move(item));
    } else if (!there.item.payload.empty()) {
        (void)co_await nodes_.retract(account, ns::vcard4_pubsub, std::move(there.item.id));
    }
    Held now = co_await nodes_.newest(account, account.jid(), ns::vcard4_pubsub);
    standing.vcard4_owed = false;
    if (now.is_known()) standing.seen_vcard4 = digest_of(now);
    co_return standing;
}

}  // namespace clarion::vcard
