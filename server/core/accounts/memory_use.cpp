#include "server/core/accounts/memory_use.h"

#include <algorithm>
#include <cstdint>

#include "base/memory.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"

namespace clarion::core {

namespace {

/// Its share of a stanza that several hold.
std::size_t memory_of(const StanzaPtr& stanza) {
    if (!stanza) return 0;
    const std::size_t whole = stanza->cost() + shared_bytes<Stanza>() - sizeof(Stanza);
    return whole / static_cast<std::size_t>(std::max(stanza.use_count(), 1L));
}

std::size_t memory_of(const std::vector<Envelope>& envelopes) {
    std::size_t bytes = heap_bytes(envelopes);
    for (const Envelope& envelope : envelopes) bytes += memory_of(envelope.stanza);
    return bytes;
}

/// Without a look at each item: there may be thousands, in each of a hundred thousand accounts.
std::size_t memory_of(const Roster& roster) {
    constexpr std::size_t of_a_string = 16;  // its end, and malloc's word
    return heap_bytes(roster.items()) + roster.bytes() + roster.items().size() * of_a_string;
}

std::size_t memory_of(const StreamManagement& sm) {
    std::size_t bytes = heap_bytes(sizeof sm) + heap_bytes(sm.id());
    for (std::uint32_t i = 0; i < sm.unacked_count(); ++i)
        bytes += sizeof(UnackedStanza) + memory_of(sm.unacked(i).stanza);
    return bytes;
}

}  // namespace

std::size_t memory_of(Account& account) {
    // In the table of accounts it has an entry under its address.
    constexpr std::size_t entry = heap_bytes(sizeof(std::string) + 64);
    return entry + 2 * heap_bytes(account.jid().full()) + heap_bytes(sizeof account) +
           memory_of(account.roster()) + heap_bytes(account.sessions()) + account.slots().memory();
}

std::size_t memory_of(Session& session) {
    std::size_t bytes = shared_bytes<Session>() + heap_bytes(session.jid().full()) +
                        heap_bytes(session.device()) + memory_of(session.presence()) +
                        heap_bytes(session.directed_presence()) + memory_of(session.waiting()) +
                        session.slots().memory();
    for (const Jid& told : session.directed_presence()) bytes += heap_bytes(told.full());
    return session.sm() ? bytes + memory_of(*session.sm()) : bytes;
}

}  // namespace clarion::core
