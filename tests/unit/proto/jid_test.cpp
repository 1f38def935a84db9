#include "proto/jid.h"

#include <doctest/doctest.h>

#include <string>
#include <unordered_map>

using clarion::Jid;

namespace {

std::string parsed(std::string_view text) {
    const auto jid = Jid::parse(text);
    return jid.ok() ? jid->full() : "error: " + jid.error().text;
}

bool refused(std::string_view text) {
    const auto jid = Jid::parse(text);
    return !jid.ok() && jid.error().code == "jid-malformed" && !jid.error().text.empty();
}

}  // namespace

TEST_CASE("jid: the parts of an address") {
    const auto jid = Jid::parse("juliet@im.example.com/balcony");
    REQUIRE(jid.ok());
    CHECK(jid->local() == "juliet");
    CHECK(jid->domain() == "im.example.com");
    CHECK(jid->resource() == "balcony");
    CHECK(jid->bare() == "juliet@im.example.com");
    CHECK(jid->full() == "juliet@im.example.com/balcony");
    CHECK(jid->has_local());
    CHECK(jid->is_full());
    CHECK_FALSE(jid->is_bare());
    CHECK(jid->to_bare() == *Jid::parse("juliet@im.example.com"));
    CHECK(jid->to_bare().is_bare());
}

TEST_CASE("jid: the empty address is no address") {
    const Jid none;
    CHECK(none.empty());
    CHECK(none.is_bare());
    CHECK_FALSE(none.has_local());
    CHECK(none.bare().empty());
    CHECK(none.resource().empty());
    CHECK(refused(""));
}

TEST_CASE("jid: a domain may have a resource, and resources may hold separators") {
    const auto jid = Jid::parse("example.com/a@b/c");
    REQUIRE(jid.ok());
    CHECK_FALSE(jid->has_local());
    CHECK(jid->domain() == "example.com");
    CHECK(jid->resource() == "a@b/c");
}

// RFC 7622, section 3.5, tables 1 and 2 (as nodeprep and resourceprep see them).
TEST_CASE("jid: examples of RFC 7622 that are addresses") {
    CHECK(parsed("juliet@example.com") == "juliet@example.com");
    CHECK(parsed("juliet@example.com/foo") == "juliet@example.com/foo");
    CHECK(parsed("juliet@example.com/foo bar") == "juliet@example.com/foo bar");
    CHECK(parsed("juliet@example.com/foo@bar") == "juliet@example.com/foo@bar");
    CHECK(parsed("foo\\20bar@example.com") == "foo\\20bar@example.com");
    CHECK(parsed("fussball@example.com") == "fussball@example.com");
    CHECK(parsed("π@example.com") == "π@example.com");
    CHECK(parsed("Σ@example.com/foo") == "σ@example.com/foo");
    CHECK(parsed("king@example.com/♚") == "king@example.com/♚");
    CHECK(parsed("example.com") == "example.com");
    CHECK(parsed("example.com/foobar") == "example.com/foobar");
    CHECK(parsed("a.example.com/b@example.net") == "a.example.com/b@example.net");
}

TEST_CASE("jid: examples of RFC 7622 that are none") {
    CHECK(refused("\"juliet\"@example.com"));
    CHECK(refused("foo bar@example.com"));
    CHECK(refused("juliet@example.com/"));
    CHECK(refused("@example.com/"));
    CHECK(refused("@example.com"));
    CHECK(refused("juliet@"));
    CHECK(refused("/foobar"));
    CHECK(refused("juliet@/foobar"));
    CHECK(refused("a@b@example.com"));
}

TEST_CASE("jid: localparts are folded and normalised") {
    CHECK(parsed("JuLiet@example.com") == "juliet@example.com");
    CHECK(parsed("ｊｕｌｉｅｔ@example.com") == "juliet@example.com");
    CHECK(parsed("fuß@example.com") == "fuss@example.com");  // B.2 folds ß to ss
    CHECK(parsed("ΣΊΣΥΦΟΣ@example.com") == "σίσυφοσ@example.com");
    CHECK(parsed("ς@example.com") == "σ@example.com");
    CHECK(parsed("Ångström@example.com") == "ångström@example.com");
    CHECK(parsed("A\xCC\x8Angstr\xC3\xB6m@example.com") == "ångström@example.com");
    CHECK(parsed("ju\xC2\xADliet@example.com") == "juliet@example.com");  // soft hyphen vanishes
    CHECK(parsed("😀@example.com") == "😀@example.com");                    // unassigned in 3.2
}

TEST_CASE("jid: characters no localpart may have") {
    for (const char c : std::string("\"&':<> \t\n\x01\x7f")) {
        CAPTURE(c);
        CHECK(refused(std::string("a") + c + "b@example.com"));
    }
    CHECK(
        refused("a\xEF\xBC\xA0"
                "b@example.com"));  // full-width @
    CHECK(
        refused("a\xEF\xBC\x8F"
                "b@example.com"));  // full-width /
    CHECK(
        refused("a\xC2\xA0"
                "b@example.com"));                // no-break space becomes a space
    CHECK(refused("a\xE2\x80\x8E@example.com"));  // left-to-right mark
    CHECK(refused("a\xEE\x80\x80@example.com"));  // private use
    CHECK(refused("\xC2\xAD@example.com"));       // nothing is left
    CHECK(refused("\xD7\x90x@example.com"));      // mixed direction
    CHECK(refused(std::string_view("a\0b@example.com", 15)));
}

TEST_CASE("jid: resources keep their case and are normalised") {
    CHECK(parsed("a@example.com/Balcony") == "a@example.com/Balcony");
    CHECK(parsed("a@example.com/ｈｏｍｅ") == "a@example.com/home");
    CHECK(parsed("a@example.com/Ⅳ") == "a@example.com/IV");
    CHECK(parsed("a@example.com/📱 phone") == "a@example.com/📱 phone");
    CHECK(refused("a@example.com/a\x01"));
    CHECK(refused("a@example.com/a\n"));
    CHECK(refused("a@example.com/a\x7f"));
    CHECK(refused("a@example.com/\xC2\x85"));
}

TEST_CASE("jid: invalid UTF-8 is refused everywhere") {
    for (const std::string bad :
         {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x80"}) {
        CHECK(refused("a" + bad + "@example.com"));
        CHECK(refused("a@ex" + bad + "ample.com"));
        CHECK(refused("a@example.com/r" + bad));
    }
}

TEST_CASE("jid: domains are names of the DNS in lower-case U-labels") {
    CHECK(parsed("EXAMPLE.Com") == "example.com");
    CHECK(parsed("example.com.") == "example.com");
    CHECK(parsed("a@example.com./r") == "a@example.com/r");
    CHECK(parsed("localhost") == "localhost");
    CHECK(parsed("my_host.example") == "my_host.example");
    CHECK(parsed("BÜCHER.example") == "bücher.example");
    CHECK(parsed("xn--bcher-kva.example") == "bücher.example");
    CHECK(parsed("XN--BCHER-KVA.example") == "bücher.example");
    CHECK(parsed("straße.example") == "straße.example");
    CHECK(parsed("βόλος.example") == "βόλος.example");
    CHECK(parsed("例え。テスト") == "例え.テスト");
    CHECK(parsed("ｅｘａｍｐｌｅ．com") == "example.com");
    CHECK(parsed("bücher.example.") == "bücher.example");
    CHECK(parsed("r3---sn.example") == "r3---sn.example");
}

TEST_CASE("jid: domains that are none") {
    CHECK(refused("example..com"));
    CHECK(refused(".example.com"));
    CHECK(refused("."));
    CHECK(refused("example.com.."));
    CHECK(refused("-example.com"));
    CHECK(refused("example-.com"));
    CHECK(refused("exa mple.com"));
    CHECK(refused("example.com:5222"));
    CHECK(refused("ex<ample.com"));
    CHECK(refused("xn--a.example"));  // decodes to nothing sensible
    CHECK(refused("xn--0.example"));  // no punycode
    CHECK(
        refused("b\xC3\xBC"
                "cher\xEF\xBC\xA0"
                "evil.example"));  // full-width @
    CHECK(
        refused("b\xC3\xBC"
                "cher\xEF\xBC\x8F"
                "evil.example"));  // full-width /
    CHECK(
        refused("a\xE2\x80\x8D"
                "b.example"));  // joiner outside its context
    CHECK(refused(std::string(64, 'a') + ".example"));
    CHECK(refused(std::string(60, 'a') + "ü.example"));  // A-label longer than 63
}

TEST_CASE("jid: addresses of the Internet protocol") {
    CHECK(parsed("a@192.0.2.1/r") == "a@192.0.2.1/r");
    CHECK(parsed("a@[2001:DB8::1]") == "a@[2001:db8::1]");
    CHECK(parsed("[2001:0db8:0:0::0001]/r") == "[2001:db8::1]/r");
    CHECK(parsed("[::ffff:192.0.2.1]") == "[::ffff:192.0.2.1]");
    CHECK(refused("2001:db8::1"));
    CHECK(refused("[2001:db8::1"));
    CHECK(refused("[2001:db8::g]"));
    CHECK(refused("[]"));
    CHECK(refused("[fe80::1%eth0]"));
    CHECK(refused("[2001:db8::1]x"));
    CHECK(refused("[192.0.2.1]"));
}

TEST_CASE("jid: a part has at most 1023 bytes after preparation") {
    const std::string longest(1023, 'a');
    std::string domain;
    while (domain.size() < 1022) domain += "a.";
    domain += "a";
    REQUIRE(domain.size() == 1023);
    CHECK(parsed(longest + "@" + domain + "/" + longest) == longest + "@" + domain + "/" + longest);
    CHECK(refused(longest + "a@example.com"));
    CHECK(refused("a@a" + domain));
    CHECK(refused("a@example.com/a" + longest));
    CHECK(refused(std::string(3072, 'a')));
    // 342 characters of two bytes each that fold to three: 1026 bytes.
    std::string grows;
    for (int i = 0; i < 342; ++i) grows += "ŉ";  // U+0149 becomes ʼn
    CHECK(refused(grows + "@example.com"));
    // 1030 bytes that shrink to 515.
    std::string shrinks;
    for (int i = 0; i < 515; ++i) shrinks += "a\xCD\x8F";  // combining grapheme joiner vanishes
    CHECK(parsed(shrinks + "@example.com") == std::string(515, 'a') + "@example.com");
}

TEST_CASE("jid: make prepares each part") {
    CHECK(Jid::make("Romeo", "Example.NET", "Orchard")->full() == "romeo@example.net/Orchard");
    CHECK(Jid::make("", "example.net")->full() == "example.net");
    CHECK(Jid::make("", "example.net", "r")->full() == "example.net/r");
    CHECK_FALSE(Jid::make("a", "").ok());
    CHECK_FALSE(Jid::make("a@b", "example.net").ok());
    CHECK_FALSE(Jid::make("a/b", "example.net").ok());
    CHECK_FALSE(Jid::make("a", "example.net/r").ok());
    CHECK_FALSE(Jid::make("a", "b@example.net").ok());
    CHECK_FALSE(Jid::make(std::string(4000, 'a'), "example.net").ok());
}

TEST_CASE("jid: with_resource replaces the resource") {
    const Jid jid = *Jid::parse("a@example.com/old");
    CHECK(jid.with_resource("new")->full() == "a@example.com/new");
    CHECK(jid.with_resource("ｎｅｗ")->full() == "a@example.com/new");
    CHECK_FALSE(jid.with_resource("").ok());
    CHECK_FALSE(jid.with_resource(std::string(1024, 'a')).ok());
    CHECK(Jid::trusted("example.com").with_resource("x")->full() == "example.com/x");
}

TEST_CASE("jid: trusted text is split where parse would split it") {
    for (const char* text :
         {"juliet@example.com/a@b/c", "example.com/a@b", "juliet@example.com", "example.com",
          "bücher.example", "a@[2001:db8::1]/r", "fuss@straße.de"}) {
        const Jid expected = *Jid::parse(text);
        const Jid jid = Jid::trusted(text);
        CHECK(jid == expected);
        CHECK(jid.local() == expected.local());
        CHECK(jid.domain() == expected.domain());
        CHECK(jid.resource() == expected.resource());
        CHECK(jid.bare() == expected.bare());
    }
    CHECK(Jid::trusted("").empty());
}

TEST_CASE("jid: what was prepared stays as it is") {
    for (const char* text :
         {"Σ@BÜCHER.example/Ⅳ", "fuß@straße.de", "ｊ@ｅ.com/ｈ", "😀@例え。テスト/📱"}) {
        const Jid once = *Jid::parse(text);
        CHECK(Jid::parse(once.full())->full() == once.full());
    }
}

TEST_CASE("jid: order and hash follow the text") {
    const Jid a = *Jid::parse("a@example.com");
    const Jid b = *Jid::parse("b@example.com");
    CHECK(a < b);
    CHECK(a == *Jid::parse("A@EXAMPLE.com"));
    std::unordered_map<Jid, int> map{{a, 1}, {b, 2}};
    CHECK(map.at(*Jid::parse("b@example.com")) == 2);
    std::unordered_map<std::string, int, clarion::TextHash, std::equal_to<>> by_text{
        {"a@example.com", 1}};
    CHECK(by_text.find(a.bare()) != by_text.end());
}

TEST_CASE("jid: preparation of single parts") {
    CHECK(*clarion::prepare_localpart("Romeo") == "romeo");
    CHECK_FALSE(clarion::prepare_localpart("").ok());
    CHECK_FALSE(clarion::prepare_localpart("ro meo").ok());
    CHECK(*clarion::prepare_domain("EXAMPLE.org.") == "example.org");
    CHECK_FALSE(clarion::prepare_domain("").ok());
    CHECK(*clarion::prepare_resource("My Phone") == "My Phone");
    CHECK_FALSE(clarion::prepare_resource("").ok());
    CHECK_FALSE(clarion::prepare_resource(std::string(1024, 'x')).ok());
}

TEST_CASE("jid: domains for the DNS are A-labels") {
    CHECK(*clarion::domain_to_ascii("example.com") == "example.com");
    CHECK(*clarion::domain_to_ascii("bücher.example") == "xn--bcher-kva.example");
    CHECK(*clarion::domain_to_ascii("straße.example") == "xn--strae-oqa.example");
    CHECK(*clarion::domain_to_ascii("例え.テスト") == "xn--r8jz45g.xn--zckzah");
}
