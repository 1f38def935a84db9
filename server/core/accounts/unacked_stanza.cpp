#include "server/core/accounts/unacked_stanza.h"

#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/account.h"
#include "server/core/actors/archive_id.h"
#include "server/core/routing/message_rules.h"

namespace clarion::core {

storage::KeptStanza to_kept(const UnackedStanza& sent) {
    return {sent.meta,
            sent.meta.in_archive() ? std::string() : xml::to_string(sent.stanza->root())};
}

storage::KeptStanza to_kept(Envelope& envelope) {
    return {envelope.meta, envelope.meta.in_archive() ? std::string() : *envelope.kept_xml()};
}

UnackedStanza from_kept(const storage::KeptStanza& kept, const Account& owner) {
    UnackedStanza sent;
    auto parsed = Stanza::from_stored(xml::parse_element(kept.xml, ns::client));
    if (!parsed) return sent;
    if (kept.meta.logged() && kept.meta.archived())
        add_stanza_id(**parsed, owner, kept.meta.archive_id);
    sent.stanza = std::move(*parsed);
    sent.meta = kept.meta;
    sent.meta.is_copy = is_carbon(*sent.stanza) || is_archive_page(*sent.stanza);
    return sent;
}

StanzaPtr make_filler(const Jid& client) {
    return Stanza::make(StanzaKind::message, StanzaType::normal, Jid::trusted(client.domain()),
                        client);
}

}  // namespace clarion::core
