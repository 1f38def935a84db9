// What an app is told, byte by byte: JSON, sizes, encryption (modules/push/tigase).
#include <doctest/doctest.h>

#include <string>

#include "base/text.h"
#include "modules/push/tigase/encrypt.h"
#include "proto/crypto.h"
#include "proto/ns.h"

namespace clarion::push::tigase {
namespace {

xml::Document parse(const std::string& text) {
    auto document = xml::parse_element(text, ns::client);
    REQUIRE_FALSE(document.empty());
    return document;
}
std::string told(const std::string& message, bool own = false) {
    const auto document = parse(message);
    Payload payload = describe(document.root(), own, "Secret");
    payload.unread = 2;
    return to_json(payload);
}

TEST_CASE("payload: JSON by kind of message") {
    struct Row {
        const char* what;
        std::string message, json;
        bool own = false;
    };
    const std::string head =
        "<message from='romeo@example.com/orchard' to='juliet@example.org' type='chat'>";
    const std::string room =
        "<message from='room@muc.example.com/Nurse \"n\"' type='groupchat'><body>Hi</body>"
        "</message>";
    const std::string from_romeo = R"({"unread":2,"sender":"romeo@example.com","type":"chat")";
    const auto encrypted = [&](const std::string& element) {
        return head + "<body>no OMEMO here</body>" + element + "</message>";
    };
    const std::string secret = from_romeo + R"(,"message":"Secret"})";
    const std::vector<Row> rows{
        {"chat", head + "<body>Wherefore?</body></message>",
         from_romeo + R"(,"message":"Wherefore?"})"},
        {"no body", head + "<composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
         from_romeo + "}"},
        {"normal", "<message from='a@b'><body>x</body></message>",
         R"({"unread":2,"sender":"a@b","type":"chat","message":"x"})"},
        {"group chat, and what JSON must escape", room,
         R"({"unread":2,"sender":"room@muc.example.com","type":"groupchat","message":"Hi",)"
         R"("nickname":"Nurse \"n\""})"},
        {"a room itself",
         "<message from='room@muc.example.com' type='groupchat'><body>Hi</body></message>",
         R"({"unread":2,"sender":"room@muc.example.com","type":"groupchat","message":"Hi"})"},
        {"control characters and quotes", head + "<body>a\"b\\c\n\t&#xD;é</body></message>",
         from_romeo + R"(,"message":"a\"b\\c\n\t\ré"})"},
        {"an error is of no type the app knows",
         "<message from='a@b/c' type='error'><body>x</body></message>",
         R"({"unread":2,"sender":"a@b"})"},
        {"what the account said itself", head + "<body>x</body></message>", from_romeo + "}", true},
        {"OMEMO", encrypted("<encrypted xmlns='eu.siacs.conversations.axolotl'/>"), secret},
        {"OMEMO 0", encrypted("<encrypted xmlns='urn:xmpp:omemo:0'/>"), secret},
        {"OMEMO 1", encrypted("<encrypted xmlns='urn:xmpp:omemo:1'/>"), secret},
        {"OMEMO 2", encrypted("<encrypted xmlns='urn:xmpp:omemo:2'/>"), secret},
        {"OpenPGP", encrypted("<openpgp xmlns='urn:xmpp:openpgp:0'/>"), secret},
        {"old OpenPGP", encrypted("<x xmlns='jabber:x:encrypted'/>"), secret},
        {"announced", encrypted("<encryption xmlns='urn:xmpp:eme:0' namespace='x'/>"), secret},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CHECK(told(row.message, row.own) == row.json);
    }
    const auto omemo = parse(encrypted("<encrypted xmlns='urn:xmpp:omemo:2'/>"));
    CHECK(to_json(describe(omemo.root(), false, "")) ==
          R"({"unread":0,"sender":"romeo@example.com","type":"chat"})");
}

TEST_CASE("payload: calls") {
    const auto step = [](const std::string& content) {
        const auto document = parse("<message from='a@b/c'>" + content + "</message>");
        const auto call = read_call(document.root());
        if (!call) return std::string("none");
        std::string all = std::string(call->action) + ' ' + std::string(call->sid);
        for (const auto kind : call->media) all += ' ' + std::string(kind);
        return all;
    };
    const std::string jmi = " xmlns='urn:xmpp:jingle-message:0'";
    const auto media = [](const std::string& kind) {
        return "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='" + kind + "'/>";
    };
    CHECK(step("<propose" + jmi + " id='s'>" + media("audio") + media("video") + "</propose>") ==
          "propose s audio video");
    // Siskin would end at a kind it does not know.
    CHECK(step("<propose" + jmi + " id='s'>" + media("smell") + media("video") + media("video") +
               "</propose>") == "propose s video");
    CHECK(step("<propose" + jmi + " id='s'/>") == "propose s");
    CHECK(step("<propose" + jmi + "/>") == "none");
    CHECK(step("<propose xmlns='urn:example:other' id='s'/>") == "none");
    CHECK(step("<accept" + jmi + " id='s'/>") == "accept s");
    CHECK(step("<reject" + jmi + " id='s'/>") == "reject s");
    CHECK(step("<proceed" + jmi + " id='s'/>") == "proceed s");
    CHECK(step("<retract" + jmi + " id='s'/>") == "none");

    Payload payload{.unread = 1, .sender = "a@b/c", .type = "call", .sid = "s"};
    CHECK(to_json(payload) == R"({"unread":1,"sender":"a@b/c","type":"call","sid":"s"})");
    payload.media.emplace();
    CHECK(to_json(payload) ==
          R"({"unread":1,"sender":"a@b/c","type":"call","sid":"s","media":[]})");
    payload.media = {"audio", "video"};
    CHECK(to_json(payload) ==
          R"({"unread":1,"sender":"a@b/c","type":"call","sid":"s","media":["audio","video"]})");
}

TEST_CASE("payload: text is cut between characters, by what it takes when it is escaped") {
    CHECK(shortened("abcdef", 0) == "abcdef");
    CHECK(shortened("abcdef", 2) == "abcd");
    CHECK(shortened("abcdef", 6) == "");
    CHECK(shortened("abcdef", 60) == "");
    CHECK(shortened("ab\"\"", 2) == "ab\"");  // an escaped quote takes two bytes
    CHECK(shortened("ab\x01", 3) == "ab");    // \u0001
    CHECK(shortened("aé", 1) == "a");
    CHECK(shortened("a€", 1) == "a");
    CHECK(shortened("a€", 2) == "a");
    CHECK(shortened("a😀b", 1) == "a😀");
    CHECK(shortened("a😀b", 2) == "a");
    CHECK(shortened("😀", 1) == "");
}

TEST_CASE("payload: what is too long loses text, then the nickname") {
    const std::string text(5000, 'x');
    Payload payload{.unread = 1, .sender = "a@b", .type = "groupchat"};
    payload.message = text;
    payload.nickname = "nick";
    const auto json = fitting_json(payload, 200);
    REQUIRE(json);
    CHECK(json->size() == 200);
    CHECK(json->ends_with(R"(x","nickname":"nick"})"));
    payload.nickname = text;
    CHECK(fitting_json(payload, 200) == R"({"unread":1,"sender":"a@b","type":"groupchat"})");
    payload.sid = text;
    CHECK_FALSE(fitting_json(payload, 200));
    const std::string quotes(5000, '"');
    Payload quoted{.unread = 1, .sender = "a@b", .type = "chat"};
    quoted.message = quotes;
    const auto fits = fitting_json(quoted, 200);
    REQUIRE(fits);
    CHECK((fits->size() == 199 || fits->size() == 200));
}

TEST_CASE("encrypt: what is published is never larger than max-size") {
    const std::string key(16, 'k');
    for (const std::size_t size : {std::size_t{256}, std::size_t{512}, std::size_t{1000},
                                   std::size_t{2999}, std::size_t{3000}, std::size_t{4096}}) {
        for (const std::string& piece : {std::string("x"), std::string("€"), std::string("\"")}) {
            CAPTURE(size);
            CAPTURE(piece);
            std::string text;
            while (text.size() < 2 * size) text += piece;
            Payload payload{.unread = 1, .sender = "romeo@example.com", .type = "chat"};
            payload.message = text;
            const auto json = fitting_json(payload, json_limit(size));
            REQUIRE(json);
            xml::Document notification("notification", ns::push);
            add_encrypted(notification.root(), {key, size}, *json, false);
            const auto* encrypted = notification.root().first_child();
            CHECK(encrypted->text().size() + encrypted->attr("iv").size() <= size);
            CHECK(encrypted->text().size() + 64 + 12 > size);  // and uses what there is
        }
    }
}

TEST_CASE("encrypt: sealed with a tag that fits, under a new iv each time") {
    const std::string key = *hex_decode("feffe9928665731c6d6a8f9467308308");
    xml::Document notification("notification", ns::push);
    add_encrypted(notification.root(), {key}, "{}", true);
    add_encrypted(notification.root(), {key}, "{}", false);
    const xml::Element* first = notification.root().first_child();
    const xml::Element* second = first->next_sibling();
    CHECK(first->is("tigase:push:encrypt:0", "encrypted"));
    CHECK(first->attr("type") == "voip");
    CHECK_FALSE(second->has_attr("type"));
    CHECK(first->attr("iv") != second->attr("iv"));
    CHECK(first->text() != second->text());
    for (const xml::Element* each : {first, second}) {
        const auto iv = base64_decode(each->attr("iv"));
        REQUIRE(iv);
        CHECK(iv->size() == 12);
        const auto sealed = base64_decode(each->text());
        REQUIRE(sealed);
        CHECK(sealed->size() == 2 + 16);
        CHECK(sealed->substr(2) != std::string(16, '\0'));
        CHECK(*crypto::aes_128_gcm_decrypt(key, *iv, *sealed) == "{}");
        std::string forged = *sealed;
        forged.back() = static_cast<char>(forged.back() ^ 1);
        CHECK_FALSE(crypto::aes_128_gcm_decrypt(key, *iv, forged));
    }
}

TEST_CASE("encrypt: the cipher is AES-128-GCM, by the known vectors of its specification") {
    // McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 2 and 3.
    CHECK(hex_encode(crypto::aes_128_gcm_encrypt(std::string(16, '\0'), std::string(12, '\0'),
                                                 std::string(16, '\0'))) ==
          "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
    const auto sealed = crypto::aes_128_gcm_encrypt(
        *hex_decode("feffe9928665731c6d6a8f9467308308"), *hex_decode("cafebabefacedbaddecaf888"),
        *hex_decode("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"));
    CHECK(hex_encode(sealed.substr(64)) == "4d5c2af327cd64a62cf35abd2ba6fab4");
}

TEST_CASE("encrypt: what may be asked for") {
    const auto read = [](const std::string& attributes, const std::string& key) {
        const auto document = parse("<encrypt " + attributes + ">" + key + "</encrypt>");
        const auto result = read_encrypt(document.root());
        if (const auto* error = std::get_if<StanzaError>(&result))
            return std::string(name(error->condition));
        return std::to_string(std::get<Encryption>(result).max_size);
    };
    const std::string key = base64_encode(std::string(16, 'k'));
    const std::string good = "alg='aes-128-gcm'";
    CHECK(read(good, key) == "3000");
    CHECK(read(good, "\n  " + key + "\n") == "3000");
    CHECK(read("alg='AES-128-GCM'", key) == "3000");
    CHECK(read(good + " max-size='2048'", key) == "2048");
    CHECK(read(good + " max-size='1'", key) == "256");
    CHECK(read(good + " max-size='9999999999'", key) == "65536");
    CHECK(read(good + " max-size='0'", key) == "bad-request");
    CHECK(read(good + " max-size='-5'", key) == "bad-request");
    CHECK(read(good + " max-size='many'", key) == "bad-request");
    CHECK(read("", key) == "feature-not-implemented");
    CHECK(read("alg='aes-256-gcm'", key) == "feature-not-implemented");
    CHECK(read(good, "") == "bad-request");
    CHECK(read(good, "!") == "bad-request");
    CHECK(read(good, base64_encode(std::string(15, 'k'))) == "bad-request");
    CHECK(read(good, base64_encode(std::string(32, 'k'))) == "bad-request");
}

}  // namespace
}  // namespace clarion::push::tigase
