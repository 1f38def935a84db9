#include "modules/vcard/vcard.h"

#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "modules/vcard/conversion.h"
#include "modules/vcard/photo.h"
#include "modules/vcard/profile.h"
#include "modules/vcard/vcard_codec.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/delivery/presence.h"
#include "server/core/events/export_events.h"
#include "server/core/events/presence_events.h"
#include "server/runtime/shard.h"

namespace clarion::vcard {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using core::Relation;
using Condition = StanzaErrorCondition;

Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value) {
    const bool resident = kind == storage::DataKind::resident;
    if (key != (resident ? "photo" : "vcard"))
        return fail("bad-record", "a vCard under another key");
    if (resident) {
        const auto standing = decode_standing(value);
        return standing ? Result<>() : standing.error();
    }
    const auto vcard = decode_vcard(value);
    return vcard ? Result<>() : vcard.error();
}

// ---- The module on one shard -------------------------------------------------------------------

namespace {

/// To anybody but the owner, whether there is an account or not.
IqAnswer refuse(IqRequest&) { return StanzaError(Condition::forbidden); }

/// What there is nothing of; others are not told that there is an account.
StanzaError nothing_for(Relation relation) {
    return StanzaError(relation == Relation::owner ? Condition::item_not_found
                                                   : Condition::service_unavailable);
}

/// A photo without an image: there is none any more (XEP-0153, 3.3).
bool takes_photo_away(const xml::Element& vcard) {
    const xml::Element* const photo = vcard.child(ns::vcard, "PHOTO");
    return photo && !has_image(*photo) && !photo->child(ns::vcard, "EXTVAL");
}

/// A vCard that is to be set, and what becomes of it.
struct Change {
    Standing before{};
    Standing now{};
    Fields fields{};
    std::optional<Photo> photo{};
};

class Vcards {
public:
    explicit Vcards(core::ModuleSetup& setup)
        : context_(setup.context()),
          conversion_(setup),
          photos_given_(setup.session_slot<std::string>()) {}

    const Conversion& conversion() const { return conversion_; }

    Task<IqAnswer> get(IqRequest request) const;
    Task<IqAnswer> set(IqRequest request) const;
    Task<IqAnswer> get_vcard4(IqRequest request) const;
    Task<IqAnswer> set_vcard4(IqRequest request) const;
    void on_showing(events::PresenceShowing& event) const;
    void on_exporting(events::AccountExporting& event) const;

private:
    Task<Result<events::ExportPage>> write(core::Account& account) const;
    const VcardOptions& options(const core::Account& account) const {
        return context_.options<VcardOptions>(account.host());
    }
    std::size_t most_fields(const core::Account& account) const {
        return static_cast<std::size_t>(options(account).max_fields);
    }
    bool too_large(const core::Account& account, const xml::Element& vcard) const;
    /// `kept`: nullptr: nothing.
    Task<std::string> shown_to(core::Account& account, const Jid& asker, const StoredVcard* kept,
                               const Standing& standing) const;
    void note_given(core::Account& account, const Jid& client, std::string_view photo) const;
    bool knows_photo(core::Account& account, const Jid& client, std::string_view photo) const;

    Task<Result<Change>> plan(core::Account& account, const Jid& client,
                              const xml::Element& vcard) const;
    void plan_photo(Change& change, const xml::Element& vcard, bool client_knows) const;
    Task<Result<>> store(core::Account& account, const Change& change) const;

    core::Context& context_;
    Conversion conversion_;
    /// The hash of the photo that a client was given last, as part of its own vCard.
    core::SessionSlot<std::string> photos_given_;
};

// ---- Reading -----------------------------------------------------------------------------------

/// What counts is asked before what is kept is read: if both change meanwhile, then less is shown.
Task<IqAnswer> Vcards::get(IqRequest request) const {
    core::Account& account = *request.account;
    co_await conversion_.look_first(account);
    (void)co_await context_.shard().committed();  // what its owner has just set
    const Standing standing = conversion_.standing(account);
    auto kept = co_await conversion_.read(account.id());
    if (!kept) co_return to_stanza_error(kept.error());
    const StoredVcard* const stored = *kept ? &**kept : nullptr;
    const std::string text = co_await shown_to(account, request.from, stored, standing);
    if (account.deleted() || text.empty()) co_return nothing_for(request.relation);
    if (request.relation == Relation::owner) note_given(account, request.from, standing.photo);
    auto answer = make_result(*request.stanza);
    answer->root().add_raw(text);
    co_return answer;
}

Task<std::string> Vcards::shown_to(core::Account& account, const Jid& asker,
                                   const StoredVcard* kept, const Standing& standing) const {
    Readable readable{.most_properties = most_fields(account)};
    xml::Document vcard4;
    if (standing.fields_in_node || (kept && !kept->from_node.empty())) {
        const Held held = co_await conversion_.nodes().newest(account, asker, ns::vcard4_pubsub);
        readable.may_read_node = held.is_readable();
        vcard4 = xml::parse_element(held.item.payload);
        if (!vcard4.empty()) readable.vcard4 = &vcard4.root();
    }
    std::optional<Photo> avatar;
    if (standing.photo_in_node && !standing.photo.empty()) {
        auto found = co_await conversion_.nodes().avatar(account, asker);
        avatar = std::move(found);
        if (avatar) readable.avatar = &*avatar;
    }
    co_return shown_vcard(kept, standing, readable);
}

/// As its owner is given it.
Task<Result<events::ExportPage>> Vcards::write(core::Account& account) const {
    co_await conversion_.look_first(account);
    const Standing standing = conversion_.standing(account);
    auto kept = co_await conversion_.read(account.id());
    if (!kept) co_return kept.error();
    const StoredVcard* const stored = *kept ? &**kept : nullptr;
    events::ExportPage page;
    page.xml = co_await shown_to(account, account.jid(), stored, standing);
    if (!page.xml.empty()) page.xml += '\n';
    co_return page;
}

void Vcards::on_exporting(events::AccountExporting& event) const {
    const auto read = [this](core::Account& account, std::string) { return write(account); };
    event.parts.push_back({"vcard", read});
}

void Vcards::note_given(core::Account& account, const Jid& client, std::string_view photo) const {
    core::Session* const session = account.find_session(client.resource());
    if (session) photos_given_.of(*session) = photo;
}

bool Vcards::knows_photo(core::Account& account, const Jid& client, std::string_view photo) const {
    core::Session* const session = account.find_session(client.resource());
    const std::string* const given = session ? photos_given_.find(*session) : nullptr;
    return given && *given == photo;
}

// ---- Setting -----------------------------------------------------------------------------------

bool Vcards::too_large(const core::Account& account, const xml::Element& vcard) const {
    std::size_t fields = 0;
    for ([[maybe_unused]] const xml::Element& field : vcard.children()) ++fields;
    return fields > most_fields(account) ||
           xml::to_string(vcard).size() > static_cast<std::size_t>(options(account).max_size);
}

/// All of it is replaced; without content there is none any more. What it says is at the nodes when
/// it is answered, and the photo is shown when it is durable.
Task<IqAnswer> Vcards::set(IqRequest request) const {
    const xml::Element& vcard = request.payload();
    core::Account& account = *request.account;
    if (too_large(account, vcard))
        co_return StanzaError(Condition::policy_violation, "the vCard is too large");
    co_await conversion_.wait_for_turn(account);
    const Conversion::Turn turn(conversion_, account);
    co_await conversion_.look(account);
    auto change = co_await plan(account, request.from, vcard);
    if (!change) co_return to_stanza_error(change.error());
    const auto stored = co_await store(account, *change);
    if (!stored) co_return to_stanza_error(stored.error());
    co_await conversion_.publish_owed(account, std::move(change->photo),
                                      std::move(change->fields.vcard4));
    if (!account.deleted() && shows_another(change->before, change->now))
        core::show_presence_again(account);
    co_return make_result(*request.stanza);
}

Task<Result<Change>> Vcards::plan(core::Account& account, const Jid& client,
                                  const xml::Element& vcard) const {
    const Held held =
        co_await conversion_.nodes().newest(account, account.jid(), ns::vcard4_pubsub);
    // What must stay closed is not known.
    if (held.state == Held::State::failed)
        co_return fail("internal-server-error", "the vCard4 cannot be read");
    const xml::Document vcard4 = xml::parse_element(held.item.payload);
    const auto kept = co_await conversion_.read(account.id());
    if (!kept) co_return kept.error();
    Change change{.before = conversion_.standing(account)};
    change.now = change.before;
    change.now.in_presence = true;
    const bool client_knows = knows_photo(account, client, change.before.photo);
    plan_photo(change, vcard, client_knows);
    const Before before{.kept = *kept ? &**kept : nullptr,
                        .vcard4 = vcard4.empty() ? nullptr : &vcard4.root(),
                        .fields_in_node = change.before.fields_in_node,
                        .most_properties = most_fields(account)};
    change.fields = fields_of(vcard, before, change.photo && change.now.photo_in_node);
    change.now.fields_in_node = change.fields.fields_in_node;
    change.now.vcard4_owed = change.fields.vcard4.has_value();
    co_return change;
}

/// Without a photo the one of a vCard goes. An avatar goes only with who knows of it: a client that
/// never saw it in the vCard did not leave it out (XEP-0398 converts photos, not their absence).
void Vcards::plan_photo(Change& change, const xml::Element& vcard, bool client_knows) const {
    const Standing& before = change.before;
    Standing& now = change.now;
    change.photo = read_photo(vcard);
    if (change.photo) {
        if (change.photo->hash == before.photo) return;
        now.photo = change.photo->hash;
    } else {
        const bool goes = !before.photo_in_node || client_knows || takes_photo_away(vcard);
        if (before.photo.empty() || !goes) return;
        now.photo.clear();
    }
    now.photo_in_node = false;
    now.audience = Audience::everybody;
    now.avatar_owed = true;
}

/// Both or neither.
Task<Result<>> Vcards::store(core::Account& account, const Change& change) const {
    (void)co_await context_.shard().committed();  // from here on it answers for what it writes
    if (account.deleted()) co_return fail(error_code::item_not_found, "there is no such account");
    if (auto kept = conversion_.keep(account, change.now); !kept) co_return kept;
    conversion_.write(account.id(), change.fields.kept);
    const auto committed = co_await context_.shard().committed();
    if (!committed && !account.deleted()) (void)conversion_.keep(account, change.before);
    co_return committed;
}

// ---- vCard4 without a node ---------------------------------------------------------------------

Task<IqAnswer> Vcards::get_vcard4(IqRequest request) const {
    core::Account& account = *request.account;
    const Held held = co_await conversion_.nodes().newest(account, request.from, ns::vcard4_pubsub);
    if (held.item.payload.empty()) co_return nothing_for(request.relation);
    auto answer = make_result(*request.stanza);
    answer->root().add_raw(held.item.payload);
    co_return answer;
}

/// As if the client had published it.
Task<IqAnswer> Vcards::set_vcard4(IqRequest request) const {
    pubsub::ItemText item{.id = "current", .payload = xml::to_string(request.payload())};
    const auto refused = co_await conversion_.nodes().publish(*request.account, request.from,
                                                              ns::vcard4_pubsub, std::move(item));
    if (refused) co_return *refused;
    co_return make_result(*request.stanza);
}

// ---- Presence ----------------------------------------------------------------------------------

void Vcards::on_showing(events::PresenceShowing& event) const {
    core::Account& account = event.session.account();
    if (!conversion_.has_looked(account)) conversion_.look_soon(account);
    const Standing standing = conversion_.standing(account);
    if (!standing.in_presence) return;
    const Jid& to = event.presence->to();
    // What is said to all who see the account's presence is addressed to the account itself.
    const bool known = to.empty() || account.relation_to(to) >= Relation::contact;
    const Audience needed = known ? Audience::contacts : Audience::everybody;
    const std::string photo = standing.audience >= needed ? hex_encode(standing.photo) : "";
    if (!wants_photo(event.presence->root(), photo)) return;
    auto shown = editable(std::move(event.presence));
    set_photo(shown->root(), photo);
    event.presence = std::move(shown);
}

}  // namespace

void VcardOptions::declare(OptionTable<VcardOptions>& t) {
    t.section("vcard", "What users tell everybody of themselves (XEP-0054).").per_host().live();
    t.add("max_size", &VcardOptions::max_size)
        .min(1024)
        .max(16 << 20)
        .unit("bytes")
        .doc(
            "A larger vCard is refused with policy-violation. Its photo takes four thirds of its "
            "own size. An avatar (XEP-0084) that is larger is in no vCard and in no presence.");
    t.add("max_fields", &VcardOptions::max_fields)
        .min(10)
        .max(100000)
        .unit("fields")
        .doc(
            "A vCard of more fields is refused with policy-violation. Of a vCard4 (XEP-0292) of "
            "more "
            "properties the first ones are in the vCard.");
}

void declare_options(OptionRegistry& registry) { registry.add<VcardOptions>(); }

void install(core::ModuleSetup& setup) {
    const Vcards& self = setup.state<Vcards>(setup);
    setup.host_feature(ns::vcard);
    setup.host_feature(ns::vcard4);
    setup.account_feature(ns::vcard);
    setup.account_feature(ns::vcard4);
    setup.account_feature(ns::pep_vcard_conversion_feature, ns::pubsub);
    setup.serve_async(
        IqTarget::account, StanzaType::get, ns::vcard, "vCard",
        [&self](IqRequest request) { return self.get(std::move(request)); }, Relation::stranger);
    setup.serve_async(IqTarget::account, StanzaType::set, ns::vcard, "vCard",
                      [&self](IqRequest request) { return self.set(std::move(request)); });
    setup.serve(IqTarget::hidden, StanzaType::set, ns::vcard, "vCard", refuse);
    setup.serve_async(
        IqTarget::account, StanzaType::get, ns::vcard4, "vcard",
        [&self](IqRequest request) { return self.get_vcard4(std::move(request)); },
        Relation::stranger);
    setup.serve_async(IqTarget::account, StanzaType::set, ns::vcard4, "vcard",
                      [&self](IqRequest request) { return self.set_vcard4(std::move(request)); });
    setup.serve(IqTarget::hidden, StanzaType::set, ns::vcard4, "vcard", refuse);
    setup.on(events::PresenceShowing::Stage::add, self, &Vcards::on_showing);
    setup.on(events::AccountExporting::Stage::add, self, &Vcards::on_exporting);
    setup.on(events::PepNodeChanged::Stage::react, self.conversion(), &Conversion::on_node_changed);
}

}  // namespace clarion::vcard
