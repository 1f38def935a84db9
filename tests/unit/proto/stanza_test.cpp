#include "proto/stanza.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace ns = clarion::ns;
using namespace clarion;

namespace {

Result<std::shared_ptr<Stanza>> read(std::string_view text) {
    return Stanza::from_document(xml::parse_element(text, ns::client));
}

std::string code(std::string_view text) {
    const auto stanza = read(text);
    return stanza.ok() ? "ok" : stanza.error().code;
}

StanzaType type(std::string_view text) {
    const auto stanza = read(text);
    REQUIRE(stanza.ok());
    return (*stanza)->type();
}

std::string text_of(const Stanza& stanza) {
    std::string out;
    xml::write_stanza(out, stanza.root(), ns::client);
    return out;
}

}  // namespace

TEST_CASE("stanza: a message as RFC 6121 shows it") {
    const auto stanza = read(
        "<message from='juliet@example.com/balcony' id='ktx72v49' to='romeo@example.net' "
        "type='chat' xml:lang='en'><body>Art thou not Romeo, and a Montague?</body></message>");
    REQUIRE(stanza.ok());
    const Stanza& message = **stanza;
    CHECK(message.is_message());
    CHECK(message.type() == StanzaType::chat);
    CHECK(message.from().full() == "juliet@example.com/balcony");
    CHECK(message.to().full() == "romeo@example.net");
    CHECK(message.id() == "ktx72v49");
    CHECK(message.lang() == "en");
    CHECK(message.body() == "Art thou not Romeo, and a Montague?");
    CHECK(message.payload()->name() == "body");
    CHECK_FALSE(message.is_request());
    CHECK_FALSE(message.is_error());
    CHECK(message.cost() >= sizeof(Stanza) + 1024);
}

TEST_CASE("stanza: types") {
    CHECK(type("<message/>") == StanzaType::normal);
    CHECK(type("<message type='normal'/>") == StanzaType::normal);
    CHECK(type("<message type='groupchat'/>") == StanzaType::groupchat);
    CHECK(type("<message type='headline'/>") == StanzaType::headline);
    CHECK(type("<message type='error'/>") == StanzaType::error);
    CHECK(type("<message type='nonsense'/>") == StanzaType::normal);
    CHECK(type("<message type='get'/>") == StanzaType::normal);
    CHECK(type("<presence/>") == StanzaType::available);
    CHECK(type("<presence type='unavailable'/>") == StanzaType::unavailable);
    CHECK(type("<presence type='subscribe'/>") == StanzaType::subscribe);
    CHECK(type("<presence type='subscribed'/>") == StanzaType::subscribed);
    CHECK(type("<presence type='unsubscribe'/>") == StanzaType::unsubscribe);
    CHECK(type("<presence type='unsubscribed'/>") == StanzaType::unsubscribed);
    CHECK(type("<presence type='probe'/>") == StanzaType::probe);
    CHECK(type("<presence type='error'/>") == StanzaType::error);
    CHECK(type("<iq id='1' type='get'><q/></iq>") == StanzaType::get);
    CHECK(type("<iq id='1' type='set'><q/></iq>") == StanzaType::set);
    CHECK(type("<iq id='1' type='result'/>") == StanzaType::result);
    CHECK(type("<iq id='1' type='error'/>") == StanzaType::error);
}

TEST_CASE("stanza: what is refused, and how") {
    CHECK(code("<presence type='available'/>") == "bad-request");
    CHECK(code("<presence type='chat'/>") == "bad-request");
    CHECK(code("<presence type=''/>") == "bad-request");
    CHECK(code("<iq id='1'><q/></iq>") == "bad-request");
    CHECK(code("<iq id='1' type='chat'><q/></iq>") == "bad-request");
    CHECK(code("<iq type='get'><q/></iq>") == "bad-request");
    CHECK(code("<iq id='' type='get'><q/></iq>") == "bad-request");
    CHECK(code("<iq id='1' type='get'/>") == "bad-request");
    CHECK(code("<iq id='1' type='set'>text</iq>") == "bad-request");
    CHECK(code("<iq id='1' type='get'><q/><q/></iq>") == "bad-request");
    CHECK(code("<iq id='1' type='result'><q/><q/></iq>") == "bad-request");
    CHECK(code("<iq id='1' type='error'><q/><error/></iq>") == "ok");
    CHECK(code("<iq type='error'/>") == "ok");
    CHECK(code("<iq type='result'/>") == "bad-request");
    CHECK(code("<message to='a@b@c'/>") == "jid-malformed");
    CHECK(code("<message from='@'/>") == "jid-malformed");
    CHECK(code("<message to=''/>") == "jid-malformed");
    CHECK(code("<foo/>") == "bad-format");
    CHECK(code("<message xmlns='jabber:server'/>") == "bad-format");
    CHECK(code("<r xmlns='urn:xmpp:sm:3'/>") == "bad-format");
    CHECK(Stanza::from_document({}).error().code == "bad-format");
}

TEST_CASE("stanza: addresses are prepared, absent ones are empty") {
    const auto stanza = read("<message to='ROMEO@Example.NET/Orchard'/>");
    REQUIRE(stanza.ok());
    CHECK((*stanza)->to().full() == "romeo@example.net/Orchard");
    CHECK((*stanza)->from().empty());
    CHECK((*stanza)->payload() == nullptr);
    CHECK((*stanza)->body().empty());
}

TEST_CASE("stanza: a refused document stays for the answer") {
    auto document = xml::parse_element("<iq id='7' type='get' to='example.com'/>", ns::client);
    const auto stanza = Stanza::from_document(std::move(document));
    REQUIRE_FALSE(stanza.ok());
    REQUIRE_FALSE(document.empty());
    const auto answer = make_refusal(document.root(), stanza.error());
    REQUIRE(answer);
    CHECK(text_of(*answer) ==
          "<iq from='example.com' id='7' type='error'><error type='modify'>"
          "<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
          "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>"
          "an iq of type get or set needs a child</text></error></iq>");
}

TEST_CASE("stanza: a refusal echoes what there is, and can be kept and read back") {
    const auto refuse = [](std::string_view text, const char* code = "bad-request") {
        const auto document = xml::parse_element(text, ns::client);
        const auto answer = make_refusal(document.root(), fail(code));
        if (!answer) return std::string();
        const std::string written = text_of(*answer);
        const auto again = Stanza::from_stored(xml::parse_element(written, ns::client));
        REQUIRE(again.ok());
        CHECK(text_of(**again) == written);
        CHECK((*again)->to() == answer->to());
        return written.substr(0, written.find("<error"));
    };
    CHECK(refuse("<iq type='get' to='example.com'/>") == "<iq from='example.com' type='error'>");
    CHECK(refuse("<iq type='get' id='' to='example.com'/>") ==
          "<iq from='example.com' id='' type='error'>");
    CHECK(refuse("<iq from='a@example.com/x'><q/></iq>") ==
          "<iq to='a@example.com/x' type='error'><q/>");
    CHECK(refuse("<iq type='strange'/>") == "<iq type='error'>");
    CHECK(refuse("<message to='a@b@c'><body/></message>", "jid-malformed") ==
          "<message from='a@b@c' type='error'><body/>");
    CHECK(refuse("<message to='' from='@'/>", "jid-malformed") == "<message from='' type='error'>");
    CHECK(refuse("<presence type='result' to='example.com'/>") ==
          "<presence from='example.com' type='error'>");
    CHECK(refuse("<message to='a@b@c' type='error'/>").empty());
    CHECK(refuse("<iq to='a@b@c' type='result' id='1'/>").empty());
    CHECK(refuse("<iq type='error'/>").empty());
    CHECK(refuse("<foo to='a@b@c'/>").empty());
}

TEST_CASE("stanza: make writes what is needed") {
    const Jid from = *Jid::parse("a@example.com/x");
    const Jid to = *Jid::parse("b@example.com");
    const auto text = [&](StanzaKind kind, StanzaType type, std::string_view id = {}) {
        return text_of(*Stanza::make(kind, type, from, to, id));
    };
    CHECK(text(StanzaKind::message, StanzaType::normal) ==
          "<message from='a@example.com/x' to='b@example.com'/>");
    CHECK(text(StanzaKind::message, StanzaType::chat, "i") ==
          "<message from='a@example.com/x' to='b@example.com' id='i' type='chat'/>");
    CHECK(text(StanzaKind::presence, StanzaType::available) ==
          "<presence from='a@example.com/x' to='b@example.com'/>");
    CHECK(text(StanzaKind::presence, StanzaType::unsubscribed) ==
          "<presence from='a@example.com/x' to='b@example.com' type='unsubscribed'/>");
    CHECK(text(StanzaKind::iq, StanzaType::set, "1") ==
          "<iq from='a@example.com/x' to='b@example.com' id='1' type='set'/>");
    CHECK(text_of(*Stanza::make(StanzaKind::iq, StanzaType::result, {}, {}, "2")) ==
          "<iq id='2' type='result'/>");
}

TEST_CASE("stanza: changing addresses and type changes the text as well") {
    auto stanza = *read("<message to='a@example.com' type='chat'/>");
    stanza->set_from(*Jid::parse("b@example.com/r"));
    stanza->set_to({});
    stanza->set_type(StanzaType::normal);
    CHECK(text_of(*stanza) == "<message from='b@example.com/r'/>");
    CHECK(stanza->from().resource() == "r");
    CHECK(stanza->to().empty());
    stanza->set_type(StanzaType::headline);
    stanza->set_to(*Jid::parse("c@example.com"));
    CHECK(text_of(*stanza) ==
          "<message from='b@example.com/r' type='headline' to='c@example.com'/>");
}

TEST_CASE("stanza: editable copies only what somebody else holds") {
    StanzaPtr held = *read("<message to='a@example.com'><body>x</body></message>");
    const Stanza* original = held.get();
    auto mine = editable(std::move(held));
    CHECK(held == nullptr);
    CHECK(mine.get() == original);
    mine->root().add("y", "urn:y");

    StanzaPtr shared = mine;
    mine.reset();
    const StanzaPtr other = shared;
    auto copy = editable(std::move(shared));
    CHECK(copy.get() != original);
    CHECK(text_of(*copy) == text_of(*other));
    copy->set_to(*Jid::parse("b@example.com"));
    CHECK(other->to().full() == "a@example.com");
    CHECK(other->root().attr("to") == "a@example.com");
}

TEST_CASE("stanza: results and errors swap the addresses and keep the id") {
    const auto request = *read(
        "<iq from='a@example.com/x' to='example.com' id='v1' type='get'>"
        "<query xmlns='urn:q'/></iq>");
    CHECK(text_of(*make_result(*request)) ==
          "<iq from='example.com' to='a@example.com/x' id='v1' type='result'/>");
    CHECK(text_of(*make_error(*request, {StanzaErrorCondition::forbidden, "No."})) ==
          "<iq from='example.com' to='a@example.com/x' id='v1' type='error'>"
          "<query xmlns='urn:q'/><error type='auth'>"
          "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
          "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>No.</text></error>"
          "</iq>");
}

TEST_CASE("stanza: what is said to many has its content in memory once") {
    const std::string status(5000, 'x');
    StanzaPtr original =
        *read("<presence from='a@b/c' to='a@b' id='1'><status>" + status + "</status></presence>");
    const StanzaPtr copy = addressed_to(Jid::trusted("d@e"), original);
    StanzaPtr another = addressed_to(Jid::trusted("f@g/h"), copy);  // of one that shares already
    CHECK(copy->payload() == original->payload());
    CHECK(another->payload() == original->payload());
    CHECK(original->to().full() == "a@b");
    original = nullptr;
    const auto with_to = [&](std::string_view to) {
        return "<presence to='" + std::string(to) + "' from='a@b/c' id='1'><status>" + status +
               "</status></presence>";
    };
    CHECK(text_of(*copy) == with_to("d@e"));
    CHECK(text_of(*another) == with_to("f@g/h"));
    CHECK(copy->to().full() == "d@e");
    CHECK(copy->from().full() == "a@b/c");
    CHECK(copy->cost() > 5000);  // limits count it for each

    // Who changes one changes a copy, also if nobody else holds it.
    const auto own = editable(std::move(another));
    own->root().add_text_child("priority", "1");
    CHECK(own->payload() != copy->payload());
    CHECK(text_of(*copy) == with_to("d@e"));
    CHECK(text_of(*own).find("<priority>1</priority>") != std::string::npos);
    CHECK(copy->compact()->payload() != copy->payload());
}

TEST_CASE("stanza: one without content can be said to many") {
    const StanzaPtr original = *read("<presence from='a@b/c'/>");
    const SaidToMany said(original);
    CHECK(text_of(*said.to(Jid::trusted("d@e"))) == "<presence to='d@e' from='a@b/c'/>");
    CHECK(text_of(*said.to({})) == "<presence from='a@b/c'/>");
}

TEST_CASE("stanza: what is said to many is written alike, whatever is in it") {
    for (const std::string content :
         {"<body>a &amp; b</body>", "text<x xmlns='urn:x'><y/><body xmlns='jabber:client'/></x>",
          "<body xmlns='jabber:server'>not ours</body>", "<x xmlns='urn:x' xml:lang='de'>ä</x>"}) {
        CAPTURE(content);
        const StanzaPtr original =
            *read("<message from='a@b/c' type='chat'>" + content + "</message>");
        const StanzaPtr copy = SaidToMany(original).to(Jid::trusted("d@e"));
        const auto own = copy->clone();  // it has nothing that was written before
        for (const std::string_view stream : {ns::client, ns::server, ns::component}) {
            std::string shared_text, own_text;
            xml::write_stanza(shared_text, copy->root(), stream);
            xml::write_stanza(own_text, own->root(), stream);
            const xml::Document shared = xml::parse_element(shared_text, stream);
            const xml::Document expected = xml::parse_element(own_text, stream);
            REQUIRE_FALSE(shared.empty());
            CHECK(xml::to_string(shared.root()) == xml::to_string(expected.root()));
        }
        CHECK(text_of(*copy) == text_of(*own));
    }
}

TEST_CASE("stanza: an error says what it is about, if that is not long") {
    const auto content = [](const std::string& stanza) {
        std::string names;
        const auto original = *read(stanza);
        const auto error = make_error(*original, StanzaErrorCondition::service_unavailable);
        for (const xml::Element& child : error->root().children())
            names.append(child.name()).append(" ");
        return names;
    };
    const std::string much(8200, 'x');
    CHECK(content("<message><body>Hi</body><x xmlns='urn:x'/></message>") == "body x error ");
    CHECK(content("<presence><status>Hi</status></presence>") == "status error ");
    CHECK(content("<message><body>" + much.substr(200) + "</body></message>") == "body error ");
    CHECK(content("<message><body>" + much + "</body></message>") == "error ");
    CHECK(content("<message><a xmlns='u'><b><c d='" + much + "'/></b></a></message>") == "error ");
    std::string many;
    for (int i = 0; i < 3000; ++i) many += "<a/>";
    CHECK(content("<message>" + many + "</message>") == "error ");
    CHECK(content("<message><error/><body>x</body></message>") == "body error ");  // only ours
}

TEST_CASE("stanza: errors and results are never answered with an error") {
    CHECK(may_answer_with_error(**read("<message/>")));
    CHECK(may_answer_with_error(**read("<presence/>")));
    CHECK(may_answer_with_error(**read("<iq id='1' type='set'><q/></iq>")));
    CHECK_FALSE(may_answer_with_error(**read("<message type='error'/>")));
    CHECK_FALSE(may_answer_with_error(**read("<presence type='error'/>")));
    CHECK_FALSE(may_answer_with_error(**read("<iq id='1' type='error'/>")));
    CHECK_FALSE(may_answer_with_error(**read("<iq id='1' type='result'/>")));
}
