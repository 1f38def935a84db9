#include "proto/redact.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proto/ns.h"
#include "proto/xml_writer.h"

using namespace clarion;

namespace {

std::string shown(const xml::Element& element, Bodies bodies) {
    std::string out;
    xml::write(out, redact(element, bodies).root(), ns::client);
    return out;
}

std::string shown(std::string_view text, Bodies bodies) {
    const auto element = xml::parse_element(text, ns::client);
    REQUIRE_MESSAGE(!element.empty(), text);
    return shown(element.root(), bodies);
}

/// In every row the secret is this, in the places where it may be.
constexpr std::string_view secret = "S3cr3t";

}  // namespace

TEST_CASE("redact: no secret is ever shown") {
    const std::vector<std::string> rows{
        // RFC 6120, 6: SASL
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>S3cr3t</auth>",
        "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>S3cr3t</response>",
        "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>S3cr3t</challenge>",
        "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>S3cr3t</success>",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><odd xmlns='urn:odd'>S3cr3t</odd></auth>",
        // XEP-0388, XEP-0480, XEP-0484: SASL2 and FAST
        "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='X'><initial-response>S3cr3t"
        "</initial-response></authenticate>",
        "<response xmlns='urn:xmpp:sasl:2'>S3cr3t</response>",
        "<challenge xmlns='urn:xmpp:sasl:2'>S3cr3t</challenge>",
        "<continue xmlns='urn:xmpp:sasl:2'><additional-data>S3cr3t</additional-data></continue>",
        "<success xmlns='urn:xmpp:sasl:2'><additional-data>S3cr3t</additional-data></success>",
        "<success xmlns='urn:xmpp:sasl:2'><token xmlns='urn:xmpp:fast:0' expiry='2026-01-01' "
        "token='S3cr3t'/></success>",
        "<authenticate xmlns='urn:xmpp:sasl:2'><fast xmlns='urn:xmpp:fast:0'>S3cr3t</fast>"
        "</authenticate>",
        "<next xmlns='urn:xmpp:sasl:2'><task-data><hash xmlns='urn:xmpp:scram-upgrade:0'>S3cr3t"
        "</hash></task-data></next>",
        "<task-data xmlns='urn:xmpp:sasl:2'><salt xmlns='urn:xmpp:scram-upgrade:0' "
        "iterations='4096'>S3cr3t</salt></task-data>",
        // XEP-0078
        "<iq><query xmlns='jabber:iq:auth'><username>romeo</username><password>S3cr3t</password>"
        "</query></iq>",
        "<iq><query xmlns='jabber:iq:auth'><digest>S3cr3t</digest></query></iq>",
        // XEP-0077, XEP-0389
        "<iq><query xmlns='jabber:iq:register'><username>romeo</username>"
        "<password>S3cr3t</password></query></iq>",
        "<iq><query xmlns='jabber:iq:register'><key>S3cr3t</key></query></iq>",
        "<iq><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>"
        "<field var='FORM_TYPE'><value>jabber:iq:register</value></field>"
        "<field var='password'><value>S3cr3t</value></field></x></query></iq>",
        "<response xmlns='urn:xmpp:register:0'><x xmlns='jabber:x:data' type='submit'>"
        "<field var='anything' type='text-single'><value>S3cr3t</value></field></x></response>",
        // XEP-0133 and others' forms
        "<iq><command xmlns='http://jabber.org/protocol/commands'>"
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
        "<value>http://jabber.org/protocol/admin</value></field>"
        "<field var='password-verify'><value>S3cr3t</value></field></x></command></iq>",
        "<x xmlns='jabber:x:data'><field type='text-private' var='odd'><value>S3cr3t</value>"
        "</field></x>",
        "<x xmlns='jabber:x:data'><field type='text-private' var='odd'><option label='a'>"
        "<value>S3cr3t</value></option></field></x>",
        "<x xmlns='jabber:x:data' type='result'><reported><field var='a' type='text-private'/>"
        "</reported><item><field var='a'><value>S3cr3t</value></field></item></x>",
        "<x xmlns='jabber:x:data' type='submit'><field var='odd'><value>S3cr3t</value></field></x>",
        "<x xmlns='jabber:x:data' type='form'><field var='odd' type='hidden'><value>S3cr3t</value>"
        "</field></x>",
        // XEP-0114, XEP-0220
        "<handshake>S3cr3t</handshake>",
        "<handshake xmlns='jabber:component:accept'>S3cr3t</handshake>",
        "<result xmlns='jabber:server:dialback' from='a' to='b'>S3cr3t</result>",
        "<verify xmlns='jabber:server:dialback' from='a' to='b' id='c'>S3cr3t</verify>",
        // XEP-0215
        "<iq><services xmlns='urn:xmpp:extdisco:2'><service host='turn.example' username='S3cr3t' "
        "password='S3cr3t'/></services></iq>",
        "<iq><credentials xmlns='urn:xmpp:extdisco:1'><service username='S3cr3t' "
        "password='S3cr3t'/></credentials></iq>",
        // XEP-0379, XEP-0401, XEP-0445
        "<presence><preauth xmlns='urn:xmpp:pars:0' token='S3cr3t'/></presence>",
        "<iq><preauth xmlns='urn:xmpp:pars:0'>S3cr3t</preauth></iq>",
        "<x xmlns='jabber:x:data' type='result'><field var='uri' type='text-single'>"
        "<value>xmpp:a@example.org?register;preauth=S3cr3t;ibr=y</value></field></x>",
        "<x xmlns='jabber:x:data' type='result'><field var='landing-url' type='text-single'>"
        "<value>https://example.org/invite/S3cr3t</value></field></x>",
        "<message><body>Come: xmpp:a@example.org?roster;preauth=S3cr3t;ibr=y!</body></message>",
        "<message><x xmlns='jabber:x:oob'><url>https://example.org/invite/#S3cr3t</url></x>"
        "</message>",
        "<message><x xmlns='jabber:x:oob'><url>https://example.org/i?t=S3cr3t</url></x></message>",
        "<item node='https://example.org/reset?code=S3cr3t'/>",
        // XEP-0363
        "<iq><slot xmlns='urn:xmpp:http:upload:0'><put url='https://up.example/a?v=S3cr3t'>"
        "<header name='Authorization'>S3cr3t</header></put>"
        "<get url='https://up.example/a?v=S3cr3t'/></slot></iq>",
        "<iq><slot xmlns='urn:xmpp:http:upload:0'><put url='https://up.example/S3cr3t/a.jpg'/>"
        "</slot></iq>",
        "<message><body>aesgcm://up.example/a.jpg#S3cr3t</body></message>",
        // XEP-0045, XEP-0249, XEP-0048, XEP-0402
        "<presence><x xmlns='http://jabber.org/protocol/muc'><password>S3cr3t</password></x>"
        "</presence>",
        "<message><x xmlns='http://jabber.org/protocol/muc#user'><password>S3cr3t</password></x>"
        "</message>",
        "<message><x xmlns='jabber:x:conference' jid='r@c' password='S3cr3t'/></message>",
        "<message><body>xmpp:room@c.example?join;password=S3cr3t</body></message>",
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
        "<value>http://jabber.org/protocol/muc#roomconfig</value></field>"
        "<field var='muc#roomconfig_roomsecret'><value>S3cr3t</value></field></x>",
        "<conference xmlns='urn:xmpp:bookmarks:1'><password>S3cr3t</password></conference>",
        "<conference xmlns='storage:bookmarks' password='S3cr3t'/>",
        // XEP-0049
        "<iq><query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs' S3cr3t='S3cr3t'>S3cr3t"
        "<S3cr3t/></exodus></query></iq>",
        "<iq><query xmlns='jabber:iq:private'>S3cr3t<storage xmlns='storage:bookmarks'>"
        "<conference jid='S3cr3t'/></storage></query></iq>",
        // XEP-0357, and Tigase's
        "<iq><enable xmlns='urn:xmpp:push:0' jid='push.example' node='S3cr3t'>"
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
        "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
        "<field var='secret'><value>S3cr3t</value></field></x></enable></iq>",
        "<iq><enable xmlns='urn:xmpp:push:0'><encrypt xmlns='tigase:push:encrypt:0' "
        "alg='aes-128-gcm'>S3cr3t</encrypt></enable></iq>",
        "<iq><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='S3cr3t'><item>"
        "<notification xmlns='urn:xmpp:push:0'><encrypted xmlns='tigase:push:encrypt:0' iv='i'>"
        "S3cr3t</encrypted></notification></item></publish><publish-options>"
        "<x xmlns='jabber:x:data'><field var='secret'><value>S3cr3t</value></field></x>"
        "</publish-options></pubsub></iq>",
        // Jingle
        "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' pwd='S3cr3t' ufrag='u'/>",
        // Whose namespace nobody here knows
        "<iq><odd xmlns='urn:odd'><access-token>S3cr3t</access-token></odd></iq>",
        "<iq><odd xmlns='urn:odd' apiKey='S3cr3t'/></iq>",
        "<iq><odd xmlns='urn:odd'><secret value='S3cr3t'><deep>S3cr3t</deep></secret></odd></iq>",
        "<iq><odd xmlns='urn:odd'><user-pass>S3cr3t</user-pass><key>S3cr3t</key></odd></iq>",
        // Wherever it is
        "<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<message xmlns='jabber:client'><x xmlns='jabber:x:conference' password='S3cr3t'/>"
        "</message></forwarded></result></message>",
        "<iq type='error'><query xmlns='jabber:iq:register'><password>S3cr3t</password></query>"
        "<error type='modify'/></iq>",
    };
    for (const std::string& row : rows) {
        CAPTURE(row);
        for (const Bodies bodies : {Bodies::hidden, Bodies::shown}) {
            const std::string text = shown(row, bodies);
            CHECK_MESSAGE(text.find(secret) == std::string::npos, text);
            CHECK_FALSE(xml::parse_element(text, ns::client).empty());
        }
        CHECK(shown(row, Bodies::shown).find("[hidden]") != std::string::npos);
    }
}

TEST_CASE("redact: what people wrote is measured, and shown on request") {
    const std::vector<std::string> rows{
        "<message><body>Written</body></message>",
        "<message><subject>Written</subject></message>",
        "<message><html xmlns='http://jabber.org/protocol/xhtml-im'>"
        "<body xmlns='http://www.w3.org/1999/xhtml'><p>Written</p></body></html></message>",
        "<message><encrypted xmlns='urn:xmpp:omemo:2'><payload>Written</payload></encrypted>"
        "</message>",
        "<presence><status>Written</status></presence>",
        "<iq><vCard xmlns='vcard-temp'><FN>Written</FN></vCard></iq>",
        "<message><x xmlns='jabber:x:oob'><url>Written</url></x></message>",
        "<message><odd xmlns='urn:odd'>Written</odd></message>",
        "<message><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
        "<value>urn:xmpp:push:summary</value></field><field var='last-message-body'>"
        "<value>Written</value></field></x></message>",
        "<message><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<message xmlns='jabber:client'><body>Written</body></message></forwarded></sent>"
        "</message>",
        "<iq><query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='submit'>"
        "<field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>"
        "<field var='{urn:xmpp:fulltext:0}fulltext'><value>Written</value></field></x></query>"
        "</iq>",
    };
    for (const std::string& row : rows) {
        CAPTURE(row);
        const std::string text = shown(row, Bodies::hidden);
        CHECK_MESSAGE(text.find("Written") == std::string::npos, text);
        CHECK_MESSAGE(text.find("[7 characters]") != std::string::npos, text);
        CHECK(shown(row, Bodies::shown) == row);
    }
    CHECK(shown("<message><body>Grüße, 世界</body></message>", Bodies::hidden) ==
          "<message><body>[9 characters]</body></message>");
    CHECK(shown("<message><body>x</body></message>", Bodies::hidden) ==
          "<message><body>[1 character]</body></message>");
}

TEST_CASE("redact: what is neither stays as it is") {
    const std::vector<std::string> rows{
        "<iq type='get' to='example.org' id='1'><query xmlns='http://jabber.org/protocol/"
        "disco#info' node='http://jabber.org/protocol/commands#x'/></iq>",
        "<iq type='error'><error type='auth'><forbidden "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>not yours</text></error></iq>",
        "<iq type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@b/c</jid></bind>"
        "</iq>",
        "<presence><show>away</show><priority>5</priority></presence>",
        "<enabled xmlns='urn:xmpp:sm:3' id='abc' resume='true' max='600'/>",
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>",
        "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
        "</mechanisms>",
        "<iq><query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='submit'>"
        "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>"
        "<field var='with'><value>a@b</value></field></x>"
        "<set xmlns='http://jabber.org/protocol/rsm'><max>10</max></set></query></iq>",
        "<iq><query xmlns='jabber:iq:register'><username/><password/></query></iq>",
        "<result xmlns='jabber:server:dialback' from='a' to='b' type='valid'/>",
        "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>",
    };
    for (const std::string& row : rows) CHECK(shown(row, Bodies::hidden) == row);
}

TEST_CASE("redact: of private documents only their names are shown") {
    CHECK(shown("<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks' a='b'>"
                "<conference/></storage></query>",
                Bodies::shown) ==
          "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'>[hidden]</storage>"
          "</query>");
    CHECK(shown("<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>",
                Bodies::shown) ==
          "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>");
}

TEST_CASE("redact: serialised XML in a tree is looked into; what cannot be read is hidden") {
    xml::Document message("message", ns::client);
    message.root()
        .add("forwarded", ns::forward)
        .add_raw(
            "<message xmlns='jabber:client'><body>Written</body></message><delay "
            "xmlns='urn:xmpp:delay' stamp='x'/>");
    CHECK(shown(message.root(), Bodies::hidden).find("<body>[7 characters]</body>") !=
          std::string::npos);
    CHECK(shown(message.root(), Bodies::hidden).find("stamp='x'") != std::string::npos);
    xml::Document broken("message", ns::client);
    broken.root().add_raw("<a>S3cr3t");
    CHECK(shown(broken.root(), Bodies::shown) == "<message>[hidden]</message>");
}

TEST_CASE("redact: which names say that they are secret") {
    for (const char* name : {"password",
                             "Password",
                             "passwd",
                             "user-pass",
                             "userPass",
                             "secret",
                             "client_secret",
                             "token",
                             "access-token",
                             "authToken",
                             "credentials",
                             "preauth",
                             "key",
                             "api_key",
                             "encryptionKey",
                             "pwd",
                             "pin",
                             "auth",
                             "muc#roomconfig_roomsecret",
                             "cookie"})
        CHECK_MESSAGE(says_secret(name), name);
    for (const char* name : {"body", "keys", "author", "authority", "spin", "keyboard", "mechanism",
                             "id", "previd", "node", "username", "compassion", "item", "resource"})
        CHECK_MESSAGE(!says_secret(name), name);
}

TEST_CASE("redact: parameters of URIs") {
    struct Case {
        std::string_view from, to;
    };
    for (const auto& [from, to] : std::vector<Case>{
             {"xmpp:a@b?register;preauth=T;ibr=y", "xmpp:a@b?register;preauth=[hidden];ibr=y"},
             {"xmpp:a@b?join;password=a#b", "xmpp:a@b?join;password=[hidden]#b"},
             {"see https://a/b?c=d, now", "see https://a/b?[hidden] now"},
             {"aesgcm://a/b#c", "aesgcm://a/b#[hidden]"},
             {"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#info"},
             {"is it? yes; a=b", "is it? yes; a=b"},
             {"", ""},
         })
        CHECK(redact_uris(from, false) == to);
    CHECK(redact_uris("https://a/#t", true) == "https://a/#[hidden]");
}

TEST_CASE("redact: text of a stream, piece by piece") {
    using Pieces = std::vector<std::string>;
    CHECK(redact_stream_text("<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                             "from='a' xmlns:stream='http://etherx.jabber.org/streams'>"
                             "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
                             "</stream:features>",
                             Bodies::hidden) ==
          Pieces{"<stream:stream xmlns='jabber:client' from='a' "
                 "xmlns:stream='http://etherx.jabber.org/streams'>",
                 "<features xmlns='http://etherx.jabber.org/streams'>"
                 "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></features>"});
    CHECK(redact_stream_text("<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                             "</stream:error></stream:stream>",
                             Bodies::hidden) ==
          Pieces{"<error xmlns='http://etherx.jabber.org/streams'>"
                 "<reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>",
                 "</stream:stream>"});
    CHECK(redact_stream_text("<db:result from='a' to='b'>S3cr3t</db:result>", Bodies::shown) ==
          Pieces{"<result xmlns='jabber:server:dialback' from='a' to='b'>[hidden]</result>"});
    CHECK(redact_stream_text("<a h='1'/><r xmlns='urn:xmpp:sm:3'/>", Bodies::hidden) ==
          Pieces{"<a h='1'/>", "<r xmlns='urn:xmpp:sm:3'/>"});
    CHECK(redact_stream_text("<a>S3cr3t", Bodies::shown) == Pieces{"[9 characters]"});
    CHECK(redact_stream_text("<?xml", Bodies::shown) == Pieces{"[5 characters]"});
    CHECK(redact_stream_text("", Bodies::shown) == Pieces{});
}
