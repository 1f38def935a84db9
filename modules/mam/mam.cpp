#include "modules/mam/mam.h"

#include <algorithm>
#include <memory>

#include "base/clock.h"
#include "modules/mam/archive_expiry.h"
#include "modules/mam/archive_export.h"
#include "modules/mam/archive_rules.h"
#include "modules/mam/query.h"
#include "modules/mam/retraction.h"
#include "modules/mam/stored_preferences.h"
#include "proto/ns.h"
#include "proto/stanza_id.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/send_room.h"
#include "server/core/accounts/session.h"
#include "server/core/actors/archive_id.h"
#include "server/core/address/domains.h"
#include "server/core/events/account_events.h"
#include "server/core/events/archive_events.h"
#include "server/core/events/message_events.h"
#include "server/core/events/server_events.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::mam {

using core::Flow;
using core::IqAnswer;
using core::IqRequest;

// ---- Options -----------------------------------------------------------------------------------

void MamOptions::declare(OptionTable<MamOptions>& t) {
    t.section("mam", "Message archives (XEP-0313).").per_host().live();
    t.add("default", &MamOptions::otherwise)
        .choices({"always", "roster", "never"})
        .doc(
            "Which messages are archived for accounts that have not chosen themselves: all, those "
            "with roster contacts, or none.");
    t.add("max_page", &MamOptions::max_page)
        .min(1)
        .max(10000)
        .unit("messages")
        .doc(
            "The most that one archive query returns, and the most messages one query may name by "
            "id.");
    t.add("default_page", &MamOptions::default_page)
        .min(1)
        .unit("messages")
        .doc("What a query returns at most if the client does not say.");
    t.add("max_page_bytes", &MamOptions::max_page_bytes)
        .min(1024)
        .unit("bytes")
        .doc(
            "A page ends early when its messages are larger than this together; the client asks "
            "for the rest.");
    t.add("max_preferences", &MamOptions::max_preferences)
        .min(0)
        .unit("addresses")
        .doc("Addresses that one account's archiving preferences (XEP-0441) may list.");
    t.add("retraction_depth", &MamOptions::retraction_depth)
        .min(0)
        .unit("messages")
        .doc(
            "How far back a message is searched for that its author retracts (XEP-0424), counted "
            "in messages of the archive. What is found is replaced by a tombstone, in the archives "
            "of both sides if both are of this server. 0: nothing is ever replaced.");
    t.add("expire_after", &MamOptions::expire_after)
        .days()
        .never_allowed()
        .min(std::chrono::seconds(1))
        .max(std::chrono::hours(24) * 36500)
        .doc(
            "Archives lose messages that are older, within the hour. From the disk they go within "
            "a day or two, once no archive, offline message or hibernating session holds them.");
    t.add("max_retractions", &MamOptions::max_retractions)
        .min(1)
        .max(10000)
        .unit("searches")
        .doc(
            "Such searches under way at a time for one account. What is retracted beyond that is "
            "only archived.");
    t.add("max_messages", &MamOptions::max_messages)
        .min(0)
        .unit("messages")
        .doc(
            "Each archive keeps so many of its newest messages; the others go within the hour, as "
            "with expire_after. 0: any number.");
    t.add("max_bytes", &MamOptions::max_bytes)
        .min(0)
        .unit("bytes")
        .doc(
            "The same by the bytes of their stanzas: about two million messages of usual size. "
            "`clarionctl status` tells of archives that are larger. 0: any size.");
}

void declare_options(OptionRegistry& registry) { registry.add<MamOptions>(); }

namespace {

const MamOptions& options_of(const core::Actor& owner) {
    return owner.context().options<MamOptions>(owner.host());
}

bool is_own(const core::Account& account, const Jid& jid) {
    return jid.bare() == account.jid().full();
}

void strip_ids_of(core::Envelope& envelope, const Jid& owner) {
    if (has_stanza_id(envelope.stanza->root(), owner))
        strip_stanza_id(envelope.edit().root(), owner);
}

/// The asking client cannot take the answer now, and nobody should keep a page for it.
StanzaError gone_meanwhile() {
    return {StanzaErrorCondition::resource_constraint, StanzaErrorType::wait,
            "the connection was lost, ask again"};
}

/// The module on one shard.
class Mam {
public:
    explicit Mam(core::ModuleSetup& setup)
        : context_(setup.context()), preferences_(setup), retractions_(context_) {}

    void on_loaded(const events::AccountLoaded& event) const { preferences_.load(event.account); }

    void on_started(const events::ServerStarted& event) const {
        core::Scope& scope = event.context.scope();
        scope.spawn("mam-expiry", expire_archives(context_, large_));
        if (context_.shard().index() == 0) scope.spawn("mam-sweep", sweep_log(context_));
    }
    void on_large_sought(LargeArchivesSought& event) const { event.found = large_.get(); }

    // ---- Storing -------------------------------------------------------------------------------

    /// No client may speak for an archive of ours: not for its own, nor for the recipient's, whose
    /// index refers to the same log entry.
    void clean_outgoing(events::MessageSending& event) const {
        if (!carries_ids(event.envelope)) return;
        strip_ids_of(event.envelope, event.account.jid());
        const Jid to = event.envelope.stanza->to().to_bare();
        if (context_.domains().is_host(to.domain())) strip_ids_of(event.envelope, to);
    }

    void archive_outgoing(events::MessageSending& event) {
        const Stanza& message = *event.envelope.stanza;
        if (is_own(event.account, message.to())) return;  // archived as received
        if (!should_archive(message).archive ||
            !allowed_by_preferences(event.account, message.to()))
            return;
        event.archive_id = store(event.account, event.envelope, message.to());
        retract(event.account, event.envelope, message.to());
    }

    void clean_incoming(events::MessageReceiving& event) const {
        if (carries_ids(event.envelope) && !is_archived(event.envelope))
            strip_ids_of(event.envelope, event.account.jid());
    }

    void archive_incoming(events::MessageReceiving& event) {
        core::Envelope& envelope = event.envelope;
        if (is_archived(envelope) || envelope.meta.is_copy) return;
        const Jid& from = envelope.stanza->from();
        if (!should_archive(*envelope.stanza).archive ||
            !allowed_by_preferences(event.account, from))
            return;
        envelope.meta.archive_id = store(event.account, envelope, from);
        retract(event.account, envelope, from);
        core::add_stanza_id(envelope, event.account);
        context_.bus().fire(events::Archived{event.account, envelope});
    }

    // ---- Reading -------------------------------------------------------------------------------

    /// An actor of a service that keeps what is said in it.
    void archive_of_actor(const events::ActorArchiving& event) const {
        strip_ids_of(event.envelope, event.owner.jid());
        event.id = store(event.owner, event.envelope, event.with);
    }

    Task<IqAnswer> answer_query(IqRequest request) const {
        if (request.account && !request.session)
            co_return StanzaError(StanzaErrorCondition::forbidden);
        core::Actor& owner = *request.owner;
        const auto& options = options_of(owner);
        const PageLimits limits{static_cast<std::size_t>(options.max_page),
                                static_cast<std::size_t>(options.default_page)};
        auto read = read_page_request(request.payload(), limits, context_.archive_ids(owner.id()));
        if (const auto* refused = std::get_if<StanzaError>(&read)) co_return *refused;
        PageRequest wanted = std::get<PageRequest>(std::move(read));
        if (!request.account)
            if (auto refused = screen_author(owner, request.from, wanted)) co_return *refused;
        wanted.query.owner = owner.id();
        wanted.query.max_bytes = static_cast<std::size_t>(options.max_page_bytes);
        const std::uint64_t number = request.session ? request.session->number() : 0;

        (void)co_await context_.shard().committed();  // what the owner just said is in its archive
        auto page = co_await context_.storage().archive().query(wanted.query);
        if (!page) co_return to_stanza_error(page.error());
        if (request.account) {
            core::Session* session = co_await core::wait_for_send_room(*request.account, number);
            if (!session) co_return gone_meanwhile();
            send_page(*session, wanted, *page);
        } else {
            co_await route_page(owner, request.from, wanted, *page);
        }
        auto answer = make_result(*request.stanza);
        add_fin(answer->root(), *page, context_.archive_ids(owner.id()));
        co_return answer;
    }

    Task<IqAnswer> answer_metadata(IqRequest request) const {
        (void)co_await context_.shard().committed();
        const auto bounds = co_await context_.storage().archive().bounds(request.owner->id());
        if (!bounds) co_return to_stanza_error(bounds.error());
        auto answer = make_result(*request.stanza);
        add_metadata(answer->root(), *bounds, context_.archive_ids(request.owner->id()));
        co_return answer;
    }

    IqAnswer answer_form(IqRequest& request) const {
        auto answer = make_result(*request.stanza);
        add_query_form(answer->root());
        return answer;
    }

    // ---- Preferences ---------------------------------------------------------------------------

    IqAnswer answer_preferences(IqRequest& request) const {
        auto answer = make_result(*request.stanza);
        add_preferences(answer->root(), preferences_.of(*request.account),
                        parse_default(options_of(*request.account).otherwise));
        return answer;
    }

    IqAnswer set_preferences(IqRequest& request) const {
        core::Account& account = *request.account;
        const auto limit = static_cast<std::size_t>(options_of(account).max_preferences);
        auto read = read_preferences(request.payload(), limit);
        if (const auto* refused = std::get_if<StanzaError>(&read)) return *refused;
        if (!preferences_.set(account, std::get<ArchivePreferences>(std::move(read))))
            return StanzaError(StanzaErrorCondition::policy_violation, "too many addresses");
        return answer_preferences(request);
    }

private:
    bool allowed_by_preferences(core::Account& account, const Jid& with) const {
        const auto* item = account.roster().find(account.roster().key_of(with));
        const bool known = (item && item->listed) || is_own(account, with);
        return wants_archived(preferences_.of(account),
                              parse_default(options_of(account).otherwise), with, known);
    }

    static bool is_archived(const core::Envelope& envelope) { return envelope.meta.archived(); }

    static bool carries_ids(const core::Envelope& envelope) {
        return envelope.stanza->root().child(ns::stanza_id, "stanza-id") != nullptr;
    }

    /// Writes this account's index entry, which brings the stanza into the log.
    storage::ArchiveId store(core::Actor& owner, core::Envelope& envelope, const Jid& with) const {
        storage::Archive& archive = context_.storage().archive();
        if (!envelope.meta.logged()) envelope.meta.log_id = archive.next_log_id();
        const auto [id, time] = owner.next_archive_place(context_.clock().wall());
        archive.put_index(context_.shard().batch(), owner.id(),
                          {.id = id,
                           .log_id = envelope.meta.log_id,
                           .time = time,
                           .with = with.full(),
                           .xml = *envelope.kept_xml(),
                           .received = envelope.meta.received,
                           .message_id = envelope.stanza->id(),
                           .origin_id = find_origin_id(envelope.stanza->root())});
        return id;
    }

    /// Who may know who said something to an actor is the actor's affair.
    std::optional<StanzaError> screen_author(core::Actor& owner, const Jid& asker,
                                             PageRequest& wanted) const {
        if (wanted.query.with.empty()) return std::nullopt;
        Jid author = Jid::trusted(wanted.query.with);
        events::ActorArchiveSearching search{owner, asker, author};
        if (context_.bus().fire(search) == Flow::stop) return search.refused;
        wanted.query.with = author.full();
        return std::nullopt;
    }

    /// In the order that was asked for.
    template <class Send>
    static void for_each_message(const PageRequest& wanted, const storage::ArchivePage& page,
                                 Send send) {
        if (wanted.flip)
            std::for_each(page.messages.rbegin(), page.messages.rend(), send);
        else
            std::for_each(page.messages.begin(), page.messages.end(), send);
    }

    /// To whoever asked an actor of a service, wherever that is, with what it adds for that one.
    Task<> route_page(core::Actor& owner, const Jid& to, const PageRequest& wanted,
                      storage::ArchivePage& page) const {
        events::ActorArchiveShowing showing{owner, to};
        context_.bus().fire(showing);
        if (showing.complete) co_await showing.complete(page);
        const core::ArchiveIds ids = context_.archive_ids(owner.id());
        for_each_message(wanted, page, [&](const storage::ArchivedMessage& message) {
            context_.router().route(
                make_page_message(owner.jid(), to, wanted.query_id, message, ids));
        });
    }

    void send_page(core::Session& session, const PageRequest& wanted,
                   const storage::ArchivePage& page) const {
        const auto self = session.shared_from_this();  // it may end while it is sent to
        const core::ArchiveIds ids = context_.archive_ids(session.account().id());
        for_each_message(wanted, page, [&](const storage::ArchivedMessage& message) {
            core::Envelope envelope;
            envelope.stanza = make_page_message(session.account().jid(), session.jid(),
                                                wanted.query_id, message, ids);
            envelope.meta.archive_id = message.id;
            envelope.meta.received = context_.clock().wall();
            envelope.meta.is_copy = true;
            session.seen().note_read(message.id, message.ordinal);
            session.send_now(std::move(envelope));
        });
    }

    /// A retraction that was just archived.
    void retract(const core::Account& account, const core::Envelope& envelope, const Jid& with) {
        auto wanted = read_retraction(*envelope.stanza, with, envelope.meta.received);
        const auto& options = options_of(account);
        const SearchLimits limits{static_cast<std::size_t>(options.retraction_depth),
                                  static_cast<std::size_t>(options.max_retractions)};
        if (wanted) retractions_.begin(account.id(), std::move(*wanted), limits);
    }

    core::Context& context_;
    StoredPreferences preferences_;
    Retractions retractions_;
    const std::shared_ptr<LargeArchives> large_ = std::make_shared<LargeArchives>();
};

/// Of accounts, and of actors of those services that have archives.
void serve_archives(core::ModuleSetup& setup, const Mam& self) {
    using core::IqTarget;
    using core::Relation;
    setup.leave_out([](const core::ServiceDomain& service) { return !service.archives; });
    setup.on(events::ActorArchiving::Stage::archive, self, &Mam::archive_of_actor);
    for (const auto feature : {ns::mam, ns::mam_extended, ns::stanza_id})
        setup.feature(IqTarget::actor, feature);
    for (const auto target : {IqTarget::account, IqTarget::actor}) {
        const Relation audience = target == IqTarget::account ? Relation::owner : Relation::contact;
        setup.serve_async(
            target, StanzaType::set, ns::mam, "query",
            [&self](IqRequest request) { return self.answer_query(std::move(request)); }, audience);
        setup.serve_async(
            target, StanzaType::get, ns::mam, "metadata",
            [&self](IqRequest request) { return self.answer_metadata(std::move(request)); },
            audience);
        setup.serve(
            target, StanzaType::get, ns::mam, "query",
            [&self](IqRequest& request) { return self.answer_form(request); }, audience);
    }
}

}  // namespace

void install(core::ModuleSetup& setup) {
    using core::IqTarget;
    using namespace events;
    Mam& self = setup.state<Mam>(setup);

    for (const auto feature : {ns::mam, ns::mam_extended, ns::mam_groupchat_feature, ns::stanza_id,
                               ns::retract, ns::retract_tombstone}) {
        setup.account_feature(feature);
        setup.host_feature(feature);  // some clients ask nobody else
    }
    setup.on(AccountLoaded::Stage::load, self, &Mam::on_loaded);
    setup.on(AccountExporting::Stage::add, &on_exporting);
    setup.on(MessageSending::Stage::normalise, self, &Mam::clean_outgoing);
    setup.on(MessageSending::Stage::archive, self, &Mam::archive_outgoing);
    setup.on(MessageReceiving::Stage::normalise, self, &Mam::clean_incoming);
    setup.on(MessageReceiving::Stage::archive, self, &Mam::archive_incoming);
    setup.on(ServerStarted::Stage::react, self, &Mam::on_started);
    setup.on(LargeArchivesSought::Stage::find, self, &Mam::on_large_sought);

    setup.serve(IqTarget::account, StanzaType::get, ns::mam, "prefs",
                [&self](IqRequest& request) { return self.answer_preferences(request); });
    setup.serve(IqTarget::account, StanzaType::set, ns::mam, "prefs",
                [&self](IqRequest& request) { return self.set_preferences(request); });
    serve_archives(setup, self);
}

}  // namespace clarion::mam
