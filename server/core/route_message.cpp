// RFC 6121, section 8.5: which sessions of an account take a message.
#include <algorithm>

#include "proto/xml_writer.h"
#include "server/core/core.h"
#include "server/core/message_rules.h"
#include "server/core/router.h"
#include "server/core/session.h"
#include "server/events/message.h"
#include "server/events/unreached.h"

namespace clarion::core {

namespace {

bool takes_bare(const Session& session) {
    return session.available() && session.priority() >= 0 && session.state() != SessionState::ended;
}

bool any_takes_bare(const Account& account) {
    for (const auto& session : account.sessions())
        if (takes_bare(*session)) return true;
    return false;
}

}  // namespace

void Router::deliver_message(Account& account, Transit transit) {
    if (!transit.is_copy) {
        events::MessageReceiving event{account, transit};
        if (core_.bus().fire(event) == Flow::stop) return;
    }
    if (transit.stanza->to().is_full()) {
        if (send_to_full(account, transit)) return;
        switch (transit.stanza->type()) {  // 8.5.3.2.1: no such resource
            case StanzaType::error:
            case StanzaType::headline: return;
            case StanzaType::groupchat:
                return bounce(std::move(transit), {StanzaErrorCondition::service_unavailable});
            default: break;  // as if sent to the bare JID
        }
        if (transit.is_copy) return;
    }
    send_to_bare(account, std::move(transit));
}

/// False: the resource is not there.
bool Router::send_to_full(Account& account, Transit& transit) {
    Session* session = account.find_session(transit.stanza->to().resource());
    if (!session || session->state() == SessionState::ended) return false;
    spool_until_acknowledged(account, transit);
    session->send(std::move(transit));
    return true;
}

void Router::send_to_bare(Account& account, Transit transit) {
    const StanzaType type = transit.stanza->type();
    if (type == StanzaType::error) return;  // 8.5.2.1.1
    if (type != StanzaType::groupchat && any_takes_bare(account)) {
        spool_until_acknowledged(account, transit);
        const auto sessions = account.sessions();  // one may end while it is sent to
        for (const auto& session : sessions)
            if (takes_bare(*session)) session->send(Transit(transit));
        return;
    }
    if (type == StanzaType::headline) return;
    events::Unreached event{account, nullptr, transit, events::Unreached::Why::no_session};
    core_.bus().fire(event);
    if (!event.stored && transit.archive_id == storage::ArchiveId::none)
        bounce(std::move(transit), {StanzaErrorCondition::service_unavailable});
}

void Router::redeliver(Account& account, Session* ended, Transit transit) {
    const StanzaType type = transit.stanza->type();
    if (type == StanzaType::error || type == StanzaType::headline || type == StanzaType::groupchat)
        return;
    const bool archived = transit.archive_id != storage::ArchiveId::none;
    if (any_takes_bare(account)) {
        // Other sessions have it from its first delivery, by carbons, or find it in the archive.
        if (!archived && transit.stanza->to().is_full()) send_to_bare(account, std::move(transit));
        return;
    }
    events::Unreached event{account, ended, transit, events::Unreached::Why::ended};
    core_.bus().fire(event);
    if (!event.stored && !archived)
        bounce(std::move(transit), {StanzaErrorCondition::recipient_unavailable});
}

/// A message that offline storage may hold is durable before it is acknowledged to its sender
/// (DESIGN.md, idea 3). Its archive entry makes it so; without one it is kept among the offline
/// messages until a session acknowledges it.
void Router::spool_until_acknowledged(Account& account, Transit& transit) {
    if (transit.archive_id != storage::ArchiveId::none || transit.is_copy || transit.spooled != 0)
        return;
    if (!may_be_kept_offline(*transit.stanza)) return;
    const bool acknowledges = std::any_of(account.sessions().begin(), account.sessions().end(),
                                          [](const auto& s) { return s->is_live() && s->sm(); });
    if (!acknowledges) return;
    Shard& shard = core_.shard();
    transit.spooled = account.next_offline_seq();
    storage::KeptStanza kept{transit.log_id, transit.archive_id, transit.received, {}};
    if (kept.log_id == storage::LogId::none) kept.xml = xml::to_string(transit.stanza->root());
    core_.storage().offline().put(shard.batch(), account.id(), transit.spooled, kept);
    account.add_offline(1);
    shard.hold(transit.ticket);
}

}  // namespace clarion::core
