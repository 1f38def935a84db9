#include "server/core/routing/message_rules.h"

#include <doctest/doctest.h>

#include "proto/ns.h"

namespace clarion::core {
namespace {

std::shared_ptr<Stanza> message(const std::string& attributes, const std::string& content) {
    auto parsed = Stanza::from_document(
        xml::parse_element("<message from='romeo@example.org/orchard' to='juliet@example.org' " +
                               attributes + ">" + content + "</message>",
                           ns::client));
    REQUIRE(parsed.ok());
    return *std::move(parsed);
}

struct Case {
    const char* attributes;
    const char* content;
    bool kept;
};

TEST_CASE("what is worth keeping offline") {
    const Case cases[] = {
        {"type='chat'", "<body>hi</body>", true},
        {"", "<body>hi</body>", true},
        {"type='unheard-of'", "<body>hi</body>", true},
        {"type='headline'", "<body>hi</body>", false},
        {"type='groupchat'", "<body>hi</body>", false},
        {"type='error'", "<body>hi</body>", false},
        {"type='chat'", "", false},
        {"type='chat'", "<body/>", false},
        {"type='chat'", "<active xmlns='http://jabber.org/protocol/chatstates'/>", false},
        {"", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", false},
        {"type='chat'",
         "<thread>t</thread><paused xmlns='http://jabber.org/protocol/chatstates'/>"
         "<origin-id xmlns='urn:xmpp:sid:0' id='1'/><no-copy xmlns='urn:xmpp:hints'/>",
         false},
        {"type='chat'", "<body>hi</body><active xmlns='http://jabber.org/protocol/chatstates'/>",
         true},
        {"", "<subject>tonight</subject>", true},
        {"type='chat'", "<received xmlns='urn:xmpp:receipts' id='1'/>", true},
        {"type='chat'", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", true},
        {"type='chat'", "<encrypted xmlns='eu.siacs.conversations.axolotl'/>", true},
        {"", "<x xmlns='jabber:x:conference' jid='room@muc.example.org'/>", true},
        {"type='chat'", "<store xmlns='urn:xmpp:hints'/>", true},
        {"type='headline'", "<store xmlns='urn:xmpp:hints'/><body>hi</body>", false},
        {"type='chat'", "<body>hi</body><no-store xmlns='urn:xmpp:hints'/>", false},
        {"type='chat'", "<body>hi</body><no-permanent-store xmlns='urn:xmpp:hints'/>", true},
        {"type='chat'", "<body>hi</body><no-store xmlns='something:else'/>", true},
    };
    for (const Case& c : cases) {
        INFO(c.attributes, " ", c.content);
        CHECK(may_be_kept_offline(*message(c.attributes, c.content)) == c.kept);
    }
}

TEST_CASE("what nobody misses, and what its sender must hear of") {
    const Case cases[] = {
        {"type='chat'", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", true},
        {"", "<active xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread>", true},
        {"type='chat'", "<received xmlns='urn:xmpp:receipts' id='1'/>", true},
        {"type='chat'",
         "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/><store xmlns='urn:xmpp:hints'/>",
         true},
        {"type='chat'", "<rtt xmlns='urn:xmpp:rtt:0' seq='1'/>", true},
        {"type='chat'", "<x xmlns='jabber:x:event'><composing/></x>", true},
        {"type='chat'", "<body/><paused xmlns='http://jabber.org/protocol/chatstates'/>", true},
        {"type='chat'", "<x xmlns='urn:example:app'/><no-store xmlns='urn:xmpp:hints'/>", true},
        {"type='chat'", "<body>hi</body><active xmlns='http://jabber.org/protocol/chatstates'/>",
         false},
        {"type='chat'", "<body>hi</body><no-store xmlns='urn:xmpp:hints'/>", false},
        {"type='chat'", "<encrypted xmlns='urn:xmpp:omemo:2'/><no-store xmlns='urn:xmpp:hints'/>",
         false},
        {"", "<subject>tonight</subject><no-store xmlns='urn:xmpp:hints'/>", false},
        {"", "<x xmlns='jabber:x:conference' jid='r@muc.example.org'/>", false},
        {"type='chat'", "<x xmlns='urn:example:app'/>", false},
        {"type='chat'", "", false},
        // A room must hear that an occupant is gone.
        {"type='groupchat'", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", false},
    };
    for (const Case& c : cases) {
        INFO(c.attributes, " ", c.content);
        CHECK(is_transient(*message(c.attributes, c.content)) == c.kept);
    }
}

TEST_CASE("iq and presence are never kept") {
    const Jid from = Jid::trusted("romeo@example.org/orchard");
    const Jid to = Jid::trusted("juliet@example.org");
    CHECK_FALSE(
        may_be_kept_offline(*Stanza::make(StanzaKind::presence, StanzaType::available, from, to)));
    CHECK_FALSE(may_be_kept_offline(*Stanza::make(StanzaKind::iq, StanzaType::get, from, to, "1")));
}

TEST_CASE("a carbon comes from the own bare JID and nobody else") {
    const auto wrapper = [](const char* from, const char* to) {
        auto made = Stanza::make(StanzaKind::message, StanzaType::chat, Jid::trusted(from),
                                 Jid::trusted(to));
        made->root().add("received", ns::carbons).add("forwarded", ns::forward);
        return made;
    };
    CHECK(is_carbon(*wrapper("juliet@example.org", "juliet@example.org/balcony")));
    CHECK_FALSE(is_carbon(*wrapper("juliet@example.org/chamber", "juliet@example.org/balcony")));
    CHECK_FALSE(is_carbon(*wrapper("romeo@example.org", "juliet@example.org/balcony")));
    CHECK_FALSE(may_be_kept_offline(*wrapper("juliet@example.org", "juliet@example.org/balcony")));
    CHECK_FALSE(is_carbon(*message("type='chat'", "<private xmlns='urn:xmpp:carbons:2'/>")));
}

TEST_CASE("payloads known by sight") {
    CHECK(has_encrypted_payload(*message("", "<encrypted xmlns='urn:xmpp:omemo:2'/>")));
    CHECK(has_encrypted_payload(*message("", "<openpgp xmlns='urn:xmpp:openpgp:0'/>")));
    CHECK(has_encrypted_payload(*message("", "<x xmlns='jabber:x:encrypted'>data</x>")));
    CHECK(
        has_encrypted_payload(*message("", "<encryption xmlns='urn:xmpp:eme:0' namespace='x'/>")));
    CHECK_FALSE(has_encrypted_payload(*message("", "<body>plain</body>")));
    CHECK(has_room_invitation(
        *message("", "<x xmlns='jabber:x:conference' jid='r@muc.example.org'/>")));
    CHECK(has_room_invitation(
        *message("", "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b'/></x>")));
    CHECK_FALSE(
        has_room_invitation(*message("", "<x xmlns='http://jabber.org/protocol/muc#user'/>")));
}

}  // namespace
}  // namespace clarion::core
