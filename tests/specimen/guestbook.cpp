#include "tests/specimen/guestbook.h"

#include <algorithm>

#include "proto/ns.h"
#include "server/core/actors/archive_id.h"
#include "server/core/delivery/service.h"
#include "server/core/events/archive_events.h"
#include "server/core/routing/pending_iq.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/record_codec.h"
#include "storage/storage.h"

namespace clarion::guestbook {

namespace {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using core::Relation;

constexpr std::string_view prefix = "guestbook.";

struct GuestbookOptions {
    static void declare(OptionTable<GuestbookOptions>& t) {
        t.section("guestbook", "Guestbooks at guestbook.HOST.").live();
        t.add("page", &GuestbookOptions::page)
            .min(1)
            .unit("entries")
            .doc("How many of its entries a guestbook shows, from the first on.");
    }
    std::int64_t page = 100;
};

struct Entry {
    std::string guest;   // bare JID
    std::string client;  // empty: it has not said
    std::string text;
};

std::string encode(const Entry& entry) {
    storage::Encoder out(1);
    out.string(entry.guest).string(entry.client).string(entry.text);
    return out.take();
}

Result<Entry> decode(std::string_view value) {
    storage::Decoder in(value, 1);
    Entry entry{in.string(), in.string(), in.string()};
    if (auto fits = in.finish("guestbook entry"); !fits) return fits.error();
    return entry;
}

/// Keys sort in the order of the numbers.
std::string key_of(std::uint64_t number) {
    std::string digits = std::to_string(number);
    return std::string(20 - digits.size(), '0') + digits;
}

// ---- The actor ---------------------------------------------------------------------------------

/// What a guestbook keeps resident: who has written, each with the number of the last entry.
struct Guests {
    core::ResidentSpace space;
    bool contains(const core::DataOwner& owner, const Jid& who) const {
        return space.get(owner, storage::data_key(who.bare())).has_value();
    }
    std::uint64_t last_number(const core::DataOwner& owner) const {
        std::uint64_t last = 0;
        space.for_each(owner, [&](std::string_view, std::string_view value) {
            last = std::max(last, storage::Decoder(value, 1).u64());
        });
        return last;
    }
    Result<> note(core::DataOwner& owner, const Jid& who, std::uint64_t number) const {
        storage::Encoder out(1);
        out.u64(number);
        return space.put(owner, storage::data_key(who.bare()), out.take());
    }
};

class Guestbook final : public core::Actor {
public:
    Guestbook(core::Context& context, Jid jid, Stored stored, bool is_kept, const Guests& guests)
        : Actor(context, std::move(jid), std::move(stored)),
          is_kept_(is_kept),
          guests_(guests),
          last_number_(guests.last_number(owner())) {}

    Relation relation_to(const Jid& who) const override {
        if (who.domain() == host().substr(prefix.size()) && who.local() == jid().local())
            return Relation::owner;
        return guests_.contains(owner(), who) ? Relation::contact : Relation::stranger;
    }
    std::uint64_t next_number() { return ++last_number_; }

    /// Creates it in storage with the first that is kept.
    void keep() {
        if (std::exchange(is_kept_, true)) return;
        context().storage().owners().put(
            context().shard().batch(),
            {id(), storage::OwnerKind::actor, std::string(jid().bare())});
    }
    bool is_kept() const { return is_kept_; }

    std::vector<Jid>& visitors() { return visitors_; }

private:
    bool is_kept_;
    const Guests& guests_;
    std::uint64_t last_number_;
    std::vector<Jid> visitors_;  // full JIDs that sent presence; in memory only
};

// ---- The service -------------------------------------------------------------------------------

class Guestbooks final : public core::Directory<Guestbook, core::Service> {
public:
    explicit Guestbooks(core::ModuleSetup& setup)
        : Directory(setup.context(), "guestbook"),
          guests_{setup.resident_data()},
          entries_(setup.stored_data()) {}

    void describe(xml::Element& query, core::Actor* actor) override {
        query.add("identity")
            .set_attr("category", "conference")
            .set_attr("type", actor ? "guestbook" : "guestbooks");
        query.add("feature").set_attr("var", ns);
    }

    Task<IqAnswer> answer_entries(IqRequest request) {
        (void)co_await context().shard().committed();
        auto result = make_result(*request.stanza);
        xml::Element& list = result->root().add("entries", ns);
        storage::DataQuery query;
        query.limit = static_cast<std::size_t>(context().options<GuestbookOptions>().page);
        const auto page = co_await entries_.read(request.owner->id(), query);
        if (!page) co_return to_stanza_error(page.error());
        for (const auto& [key, value] : page->entries) {
            const auto entry = decode(value);
            if (!entry) continue;
            xml::Element& added = list.add("entry");
            added.add_text(entry->text);
            added.set_attr("guest", entry->guest);
            if (!entry->client.empty()) added.set_attr("client", entry->client);
        }
        co_return result;
    }

    /// Who owns it may tear it up: all goes, the archive too.
    Task<IqAnswer> clear(IqRequest request) {
        auto& book = static_cast<Guestbook&>(*request.owner);
        const std::string address(book.jid().bare());
        auto result = make_result(*request.stanza);
        if (!book.is_kept()) co_return result;
        book.set_deleted();
        context().storage().owners().remove(context().shard().batch(),
                                            {book.id(), storage::OwnerKind::actor, address});
        begin_removal(address);
        const auto committed = co_await context().shard().committed();
        end_removal(address, committed.ok());
        if (!committed) co_return to_stanza_error(committed.error());
        co_return result;
    }

    /// The guestbooks of the domain that have something.
    Task<IqAnswer> answer_items(IqRequest request) {
        auto result = make_result(*request.stanza);
        xml::Element& query = result->root().add("query", ns::disco_items);
        const auto names = co_await context().storage().owners().list(
            storage::OwnerKind::actor, std::string(request.host), {}, 100);
        if (!names) co_return to_stanza_error(names.error());
        for (const auto& name : *names) query.add("item").set_attr("jid", name);
        co_return result;
    }

private:
    Task<Result<std::unique_ptr<core::Actor>>> read(std::string address) override {
        auto stored = co_await context().storage().owners().load(address);
        if (!stored) co_return stored.error();
        core::Actor::Stored what;
        if (*stored)
            what = {(*stored)->owner.id, (*stored)->last_archive_id,
                    std::move((*stored)->resident)};
        else
            what.id = context().storage().owners().next_id(address);
        co_return std::unique_ptr<core::Actor>(std::make_unique<Guestbook>(
            context(), Jid::trusted(address), std::move(what), stored->has_value(), guests_));
    }

    bool may_evict(core::Actor& actor) override {
        return static_cast<Guestbook&>(actor).visitors().empty();
    }

    // ---- What guests say -----------------------------------------------------------------------

    void on_message(core::Actor& actor, core::Envelope envelope) override {
        auto& book = static_cast<Guestbook&>(actor);
        if (envelope.stanza->is_error() || envelope.stanza->body().empty()) return;
        context().scope_of(book.id()).spawn(
            "sign", sign(core::ActorPin<Guestbook>(book), std::move(envelope)));
    }

    void on_presence(core::Actor& actor, core::Envelope envelope) override {
        auto& visitors = static_cast<Guestbook&>(actor).visitors();
        const Jid& from = envelope.stanza->from();
        std::erase(visitors, from);
        if (envelope.stanza->type() != StanzaType::available) return;
        visitors.push_back(from);
        context().router().route(
            Stanza::make(StanzaKind::presence, StanzaType::available, actor.jid(), from));
    }

    /// The message is acknowledged to its sender once the entry is stored.
    Task<> sign(core::ActorPin<Guestbook> book, core::Envelope envelope) {
        const StanzaPtr message = envelope.stanza;
        const std::uint64_t number = book->next_number();
        const Entry entry{std::string(message->from().bare()), {}, std::string(message->body())};
        book->keep();
        const auto kept = co_await entries_.put(book->id(), key_of(number), encode(entry));
        if (!book.alive()) co_return;
        auto noted = kept ? guests_.note(book->owner(), message->from(), number) : kept;
        if (!noted)
            co_return context().router().bounce(std::move(envelope),
                                                to_stanza_error(noted.error()));
        storage::ArchiveId id = storage::ArchiveId::none;
        context().bus().fire(events::ActorArchiving{*book, envelope, message->from(), id});
        context().shard().hold(envelope.ticket);
        show(*book, *message, id);
        ask_for_client(*book, message->from(), number);
    }

    static std::shared_ptr<Stanza> message_to(const Jid& visitor, const Guestbook& book) {
        return Stanza::make(StanzaKind::message, StanzaType::normal, book.jid(), visitor);
    }

    void show(Guestbook& book, const Stanza& message, storage::ArchiveId id) {
        for (const Jid& visitor : book.visitors()) {
            auto shown = message_to(visitor, book);
            shown->root().add_text_child("body", message.body());
            shown->root().add("guest", ns).set_attr("jid", message.from().bare());
            if (id != storage::ArchiveId::none) core::add_stanza_id(*shown, book, id);
            context().router().route(std::move(shown));
        }
    }

    void ask_for_client(Guestbook& book, const Jid& guest, std::uint64_t number) {
        auto request = Stanza::make(StanzaKind::iq, StanzaType::get, book.jid(), guest);
        request->root().add("query", ns::version);
        context().pending().send(
            book.jid().bare(), std::move(request), std::chrono::seconds(30),
            [this, number, owner = book.id(), address = std::string(book.jid().bare())](
                const Stanza* answer, bool) {
                if (!answer || answer->type() != StanzaType::result || !answer->payload()) return;
                std::string client(answer->payload()->child_text(ns::version, "name"));
                context().scope_of(owner).spawn("note-client",
                                                note_client(address, number, client));
            });
    }

    Task<> note_client(std::string address, std::uint64_t number, std::string client) {
        auto book = co_await load(std::move(address));
        if (!book) co_return;
        (void)co_await context().shard().committed();  // the entry itself
        const auto value = co_await entries_.get((*book)->id(), key_of(number));
        if (!value || !*value || !book->alive()) co_return;
        auto entry = decode(**value);
        if (!entry) co_return;
        entry->client = std::move(client);
        const auto kept = co_await entries_.put((*book)->id(), key_of(number), encode(*entry));
        if (!kept || !book->alive()) co_return;
        for (const Jid& visitor : (*book)->visitors()) {
            auto shown = message_to(visitor, **book);
            shown->root()
                .add("guest", ns)
                .set_attr("jid", entry->guest)
                .set_attr("client", entry->client);
            context().router().route(std::move(shown));
        }
    }

    const Guests guests_;
    const core::StoredSpace entries_;
};

// ---- The module --------------------------------------------------------------------------------

std::vector<core::ServiceDomain> domains(const Config&, std::span<const std::string> hosts) {
    std::vector<core::ServiceDomain> all;
    for (const std::string& host : hosts)
        all.push_back({.domain = std::string(prefix) + host, .archives = true});
    return all;
}

void install(core::ModuleSetup& setup) {
    Guestbooks& self = setup.state<Guestbooks>(setup);
    for (const std::string& domain : setup.services()) setup.serve_domain(domain, self);
    setup.serve_async(
        IqTarget::service, StanzaType::get, ns::disco_items, "query",
        [&self](IqRequest request) { return self.answer_items(std::move(request)); },
        Relation::stranger);
    setup.serve_async(
        IqTarget::actor, StanzaType::get, ns, "entries",
        [&self](IqRequest request) { return self.answer_entries(std::move(request)); },
        Relation::stranger);
    setup.serve_async(
        IqTarget::actor, StanzaType::set, ns, "clear",
        [&self](IqRequest request) { return self.clear(std::move(request)); }, Relation::owner);
}

}  // namespace

core::ModuleRow row() {
    return {.name = "guestbook",
            .install = install,
            .declare_options = [](OptionRegistry& registry) { registry.add<GuestbookOptions>(); },
            .specifications = "",
            .summary = "a guestbook for everybody",
            .domains = domains};
}

}  // namespace clarion::guestbook
