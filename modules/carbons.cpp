#include "modules/carbons.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "proto/forward.h"
#include "proto/hints.h"
#include "proto/ns.h"
#include "proto/stanza_id.h"
#include "server/core/accounts/session.h"
#include "server/core/actors/archive_id.h"
#include "server/core/events/message_events.h"
#include "server/core/events/session_events.h"
#include "server/core/routing/message_rules.h"

namespace clarion::carbons {
namespace {

constexpr std::string_view part_name = "carbons";

// ---- Decisions ---------------------------------------------------------------------------------

/// Between this user and a room's occupant, as the room or the sending client marks it (XEP-0045,
/// 7.5).
bool is_room_private_message(const Stanza& message, Direction direction) {
    const Jid& occupant = direction == Direction::sent ? message.to() : message.from();
    return occupant.is_full() && message.root().child(ns::muc_user, "x");
}

bool has_conversation_payload(const Stanza& message) {
    for (const xml::Element& child : message.root().children()) {
        const std::string_view space = child.ns();
        if (space == ns::receipts || space == ns::chat_states || space == ns::chat_markers)
            return true;
    }
    return false;
}

std::uint64_t hash_of(std::string_view peer_bare, std::string_view id) {
    const std::hash<std::string_view> hash;
    const std::uint64_t mixed = hash(peer_bare) * 0x9e3779b97f4a7c15u ^ hash(id);
    return mixed == 0 ? 1 : mixed;  // 0 is an empty place
}

}  // namespace

Verdict should_copy(const Stanza& message, Direction direction, bool answers_copied) {
    if (!message.is_message()) return {false, "no-message"};
    if (core::is_carbon(message)) return {false, "carbon"};
    if (message.type() == StanzaType::groupchat) return {false, "groupchat"};
    if (message.root().child(ns::carbons, "private")) return {false, "private"};
    if (message.is_error()) return {answers_copied, "error"};
    if (read_hints(message.root()).no_copy) return {false, "no-copy"};
    if (core::has_room_invitation(message)) return {true, "invitation"};
    if (is_room_private_message(message, direction))  // one received comes from the room itself
        return {direction == Direction::sent, "room-private"};
    if (message.type() == StanzaType::chat) return {true, "chat"};
    if (message.type() == StanzaType::normal && message.root().child(ns::client, "body"))
        return {true, "body"};
    if (has_conversation_payload(message)) return {true, "payload"};
    return {false, "other"};
}

void CopiedMessages::remember(std::string_view peer_bare, std::string_view id) {
    if (id.empty() || knows(peer_bare, id)) return;
    hashes_[next_++ % hashes_.size()] = hash_of(peer_bare, id);
}

bool CopiedMessages::knows(std::string_view peer_bare, std::string_view id) const {
    return !id.empty() &&
           std::find(hashes_.begin(), hashes_.end(), hash_of(peer_bare, id)) != hashes_.end();
}

namespace {

// ---- Copies ------------------------------------------------------------------------------------

/// The wrapper without 'to': the same for all who get it.
std::shared_ptr<Stanza> wrap(const core::Account& account, const Stanza& message,
                             std::string_view name, storage::ArchiveId archive_id) {
    auto wrapper = Stanza::make(StanzaKind::message, message.type(), account.jid(), account.jid());
    xml::Element& forwarded = add_forwarded(wrapper->root().add(name, ns::carbons), message.root());
    if (archive_id != storage::ArchiveId::none)
        add_stanza_id(*forwarded.first_child(),
                      account.context().archive_ids(account.id()).format(archive_id),
                      account.jid());
    return wrapper;
}

core::Envelope as_copy(const core::Envelope& original, StanzaPtr wrapper) {
    core::Envelope copy;
    copy.stanza = std::move(wrapper);
    copy.ticket = original.ticket;
    copy.ticket.charge(copy.stanza->cost());
    copy.meta = {.offline_seq = original.meta.offline_seq,
                 .received = original.meta.received,
                 .is_copy = true};
    return copy;
}

/// Whether RFC 6121's table (section 8.5, core/delivery/deliver_message.cpp) gives this session the
/// message itself.
bool gets_original(const core::Session& session, const Stanza& message,
                   const core::Session* addressed) {
    if (addressed) return addressed == &session;
    return !message.is_error() && session.available() && session.priority() >= 0;
}

/// As whom a session joined a room: the latest address there it sent presence to. Empty: it did
/// not.
Jid own_occupant(core::Session& session, const Jid& room) {
    const auto& sent_to = session.directed_presence();
    const auto at = std::find_if(sent_to.rbegin(), sent_to.rend(), [&](const Jid& jid) {
        return jid.is_full() && jid.bare() == room.bare();
    });
    return at == sent_to.rend() ? Jid() : *at;
}

/// The module on one shard.
class Carbons {
public:
    explicit Carbons(core::ModuleSetup& setup)
        : enabled_since_(setup.session_slot<std::uint64_t>()),
          copied_(setup.account_slot<CopiedMessages>()) {}

    core::IqAnswer set_enabled(core::IqRequest& request, bool enabled) const {
        if (!request.session) return StanzaError(StanzaErrorCondition::not_allowed);
        core::Session& session = *request.session;
        if (enabled != is_enabled(session))
            enabled_since_.of(session) = enabled ? session.account().last_offline_seq() + 1 : 0;
        return make_result(*request.stanza);
    }

    void on_sending(events::MessageSending& event) const {
        const Stanza& message = *event.envelope.stanza;
        if (message.to().bare() == event.account.jid().full()) return;  // see the header
        const Verdict verdict =
            judge(event.account, event.envelope, Direction::sent, message.to().bare());
        if (!verdict.copy) return;
        // Of a room's private messages only for those who joined under the same nickname (section
        // 6.1): to others they would come from nowhere.
        Jid self;
        if (verdict.reason == "room-private") self = own_occupant(event.session, message.to());
        const auto is_left_out = [&](core::Session& session) {
            return &session == &event.session ||
                   (!self.empty() && own_occupant(session, self) != self);
        };
        const auto make = [&] { return wrap(event.account, message, "sent", event.archive_id); };
        send_copies(event.account, event.envelope, make, is_left_out);
    }

    void on_receiving(events::MessageReceiving& event) const {
        const Stanza& message = *event.envelope.stanza;
        if (!judge(event.account, event.envelope, Direction::received, message.from().bare()).copy)
            return;
        const core::Session* addressed =
            message.to().is_full() ? event.account.find_session(message.to().resource()) : nullptr;
        const auto has_it = [&](const core::Session& session) {
            return session.jid() == message.from() || gets_original(session, message, addressed);
        };
        const auto make = [&] {
            return wrap(event.account, message, "received", storage::ArchiveId::none);
        };
        send_copies(event.account, event.envelope, make, has_it);
    }

    core::Flow on_sought(const events::CopySought& event) const {
        const bool had_copy = is_enabled(event.session) &&
                              event.offline_seq >= enabled_since_.of(event.session) &&
                              should_copy(event.stanza, Direction::received, false).copy;
        return had_copy ? core::Flow::stop : core::Flow::next;
    }

    void on_recording(events::SessionRecording& event) const {
        if (is_enabled(event.session))
            event.record.parts.emplace_back(part_name,
                                            std::to_string(enabled_since_.of(event.session)));
    }
    void on_restored(const events::SessionRestored& event) const {
        for (const auto& [name, value] : event.record.parts)
            if (name == part_name)
                enabled_since_.of(event.session) =
                    static_cast<std::uint64_t>(parse_int(value).value_or(1));
    }

private:
    bool is_enabled(core::Session& session) const {
        const std::uint64_t* since = enabled_since_.find(session);
        return since && *since != 0;
    }

    /// Eligible, and somebody may want it. Remembers it, so that its error is recognised.
    Verdict judge(core::Account& account, const core::Envelope& envelope, Direction direction,
                  std::string_view peer_bare) const {
        const auto enabled = [this](const auto& session) { return is_enabled(*session); };
        if (envelope.meta.is_copy ||
            std::none_of(account.sessions().begin(), account.sessions().end(), enabled))
            return {false, "nobody"};
        CopiedMessages& copied = copied_.of(account);
        const Stanza& message = *envelope.stanza;
        const bool answers = message.is_error() && copied.knows(peer_bare, message.id());
        const Verdict verdict = should_copy(message, direction, answers);
        if (verdict.copy && !message.is_error()) copied.remember(peer_bare, message.id());
        return verdict;
    }

    /// The wrapper is made for the first who gets it: most users have one device that is there.
    template <class Make, class IsLeftOut>
    void send_copies(core::Account& account, const core::Envelope& original, Make make,
                     IsLeftOut is_left_out) const {
        SaidToMany wrapper;
        for (const auto& session : account.sessions()) {
            if (!is_enabled(*session) || is_left_out(*session)) continue;
            if (!wrapper) wrapper = SaidToMany(make());
            session->send(as_copy(original, wrapper.to(session->jid())));
        }
    }

    /// The first message (Envelope::offline_seq) it is sent copies of; 0: of none.
    core::SessionSlot<std::uint64_t> enabled_since_;
    core::AccountSlot<CopiedMessages> copied_;
};

}  // namespace

void install(core::ModuleSetup& setup) {
    const Carbons& self = setup.state<Carbons>(setup);
    setup.host_feature(ns::carbons);
    setup.host_feature(ns::carbons_rules_feature);
    setup.serve(core::IqTarget::account, StanzaType::set, ns::carbons, "enable",
                [&self](core::IqRequest& request) { return self.set_enabled(request, true); });
    setup.serve(core::IqTarget::account, StanzaType::set, ns::carbons, "disable",
                [&self](core::IqRequest& request) { return self.set_enabled(request, false); });
    using namespace events;
    setup.on(MessageSending::Stage::copy, self, &Carbons::on_sending);
    setup.on(MessageReceiving::Stage::copy, self, &Carbons::on_receiving);
    setup.on(CopySought::Stage::recall, self, &Carbons::on_sought);
    setup.on(SessionRecording::Stage::add, self, &Carbons::on_recording);
    setup.on(SessionRestored::Stage::read, self, &Carbons::on_restored);
}

}  // namespace clarion::carbons
