#include "modules/client_state/held.h"

#include <functional>
#include <utility>

namespace clarion::client_state {

namespace {

std::size_t hash_of(const Topic& topic) {
    if (topic.kind == Topic::Kind::none) return 0;
    const std::hash<std::string_view> hash;
    std::size_t mixed = static_cast<std::size_t>(topic.kind);
    for (const std::string_view part : {topic.who, topic.node, topic.item})
        mixed = mixed * 0x9e3779b97f4a7c15u ^ hash(part);
    return mixed == 0 ? 1 : mixed;
}

}  // namespace

StanzaPtr HeldStanzas::add(core::Envelope envelope) {
    envelope.stanza = envelope.stanza->compact();
    envelope.ticket.release();
    const Verdict judged = verdict(*envelope.stanza);
    Entry entry;
    if (judged.action == Action::merge) entry.topic = judged.topic;
    StanzaPtr obsolete = drop(entry.topic);
    entry.hash = hash_of(entry.topic);
    bytes_ += envelope.stanza->cost();
    ++count_;
    entry.envelope = std::move(envelope);
    entries_.push_back(std::move(entry));
    return obsolete;
}

StanzaPtr HeldStanzas::drop(const Topic& topic) {
    const std::size_t hash = hash_of(topic);
    if (hash == 0) return nullptr;
    for (Entry& entry : entries_) {
        if (entry.hash != hash || entry.topic != topic) continue;
        StanzaPtr dropped = std::move(entry.envelope.stanza);
        entry = Entry{};
        --count_;
        bytes_ -= dropped->cost();
        if (entries_.size() > 2 * count_ + 16)
            std::erase_if(entries_, [](const Entry& each) { return !each.envelope.stanza; });
        return dropped;
    }
    return nullptr;
}

std::optional<core::Envelope> HeldStanzas::pop() {
    while (!entries_.empty()) {
        core::Envelope envelope = std::move(entries_.front().envelope);
        entries_.pop_front();
        if (!envelope.stanza) continue;
        --count_;
        bytes_ -= envelope.stanza->cost();
        return envelope;
    }
    return std::nullopt;
}

}  // namespace clarion::client_state
