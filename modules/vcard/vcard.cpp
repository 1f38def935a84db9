#include "modules/vcard/vcard.h"

#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "modules/vcard/photo.h"
#include "modules/vcard/vcard_codec.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/delivery/presence.h"
#include "server/core/events/presence_events.h"
#include "server/runtime/shard.h"

namespace clarion::vcard {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using core::Relation;
using Condition = StanzaErrorCondition;

namespace {

constexpr std::string_view vcard_key = "vcard";
constexpr std::string_view photo_key = "photo";

}  // namespace

Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value) {
    const bool resident = kind == storage::DataKind::resident;
    if (key != (resident ? photo_key : vcard_key))
        return fail("bad-record", "a vCard under another key");
    const auto content = resident ? decode_photo(value) : decode_vcard(value);
    return content ? Result<>() : content.error();
}

// ---- The module on one shard -------------------------------------------------------------------

namespace {

class Vcards {
public:
    explicit Vcards(core::ModuleSetup& setup)
        : context_(setup.context()),
          vcards_(setup.stored_data()),
          photos_(setup.resident_data(most_resident)) {}

    Task<IqAnswer> get(IqRequest request) const {
        (void)co_await context_.shard().committed();  // what its owner has just set
        const auto stored = co_await vcards_.get(request.account->id(), std::string(vcard_key));
        if (!stored) co_return to_stanza_error(stored.error());
        if (!stored->has_value())
            co_return StanzaError(request.relation == Relation::owner
                                      ? Condition::item_not_found
                                      : Condition::service_unavailable);
        const auto text = decode_vcard(**stored);
        if (!text) co_return StanzaError(Condition::internal_server_error);
        auto answer = make_result(*request.stanza);
        answer->root().add_raw(*text);
        co_return answer;
    }

    /// All of it is replaced; without content there is none any more. The photo is shown when it is
    /// durable.
    Task<IqAnswer> set(IqRequest request) const {
        const xml::Element& vcard = request.payload();
        core::Account& account = *request.account;
        const std::string text = vcard.has_children() ? xml::to_string(vcard) : std::string();
        const auto most = context_.options<VcardOptions>(account.host()).max_size;
        if (text.size() > static_cast<std::size_t>(most))
            co_return StanzaError(Condition::policy_violation, "the vCard is too large");
        (void)co_await context_.shard().committed();  // from here on it answers for what it writes
        if (account.deleted()) co_return StanzaError(Condition::item_not_found);
        const std::optional<std::string> before = kept_photo(account);
        const std::string photo = encode_photo(photo_hash(vcard));
        if (auto kept = put_photo(account, photo); !kept) co_return to_stanza_error(kept.error());
        if (text.empty())
            vcards_.remove(account.id(), vcard_key);
        else
            vcards_.put_uncounted(account.id(), vcard_key, encode_vcard(text));
        const auto committed = co_await context_.shard().committed();
        if (!committed) {
            if (!account.deleted()) (void)put_photo(account, before);
            co_return to_stanza_error(committed.error());
        }
        if (before != photo && !account.deleted()) core::show_presence_again(account);
        co_return make_result(*request.stanza);
    }

    void on_showing(events::PresenceShowing& event) const {
        const auto kept = photos_.get(event.session.account().owner(), photo_key);
        if (!kept) return;
        const auto hash = decode_photo(*kept);
        if (!hash) return;
        const std::string photo = hex_encode(*hash);
        if (!wants_photo(event.presence->root(), photo)) return;
        auto shown = editable(std::move(event.presence));
        set_photo(shown->root(), photo);
        event.presence = std::move(shown);
    }

private:
    static constexpr std::size_t most_resident = 64;  // one entry

    std::optional<std::string> kept_photo(const core::Account& account) const {
        const auto kept = photos_.get(account.owner(), photo_key);
        return kept ? std::optional<std::string>(*kept) : std::nullopt;
    }
    Result<> put_photo(core::Account& account, const std::optional<std::string>& photo) const {
        if (kept_photo(account) == photo) return {};
        if (photo) return photos_.put(account.owner(), photo_key, *photo);
        photos_.remove(account.owner(), photo_key);
        return {};
    }

    core::Context& context_;
    core::StoredSpace vcards_;
    core::ResidentSpace photos_;
};

/// To anybody but the owner, whether there is an account or not.
IqAnswer refuse(IqRequest&) { return StanzaError(Condition::forbidden); }

}  // namespace

void VcardOptions::declare(OptionTable<VcardOptions>& t) {
    t.section("vcard", "What users tell everybody of themselves (XEP-0054).").per_host().live();
    t.add("max_size", &VcardOptions::max_size)
        .min(1024)
        .max(16 << 20)
        .unit("bytes")
        .doc(
            "A larger vCard is refused with policy-violation. Its photo takes four thirds of its "
            "own size.");
}

void declare_options(OptionRegistry& registry) { registry.add<VcardOptions>(); }

void install(core::ModuleSetup& setup) {
    const Vcards& self = setup.state<Vcards>(setup);
    setup.host_feature(ns::vcard);
    setup.account_feature(ns::vcard);
    setup.serve_async(
        IqTarget::account, StanzaType::get, ns::vcard, "vCard",
        [&self](IqRequest request) { return self.get(std::move(request)); }, Relation::stranger);
    setup.serve_async(IqTarget::account, StanzaType::set, ns::vcard, "vCard",
                      [&self](IqRequest request) { return self.set(std::move(request)); });
    setup.serve(IqTarget::hidden, StanzaType::set, ns::vcard, "vCard", refuse);
    setup.on(events::PresenceShowing::Stage::add, self, &Vcards::on_showing);
}

}  // namespace clarion::vcard
