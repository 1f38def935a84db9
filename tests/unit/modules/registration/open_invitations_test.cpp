#include "modules/registration/invitations/open_invitations.h"

#include <doctest/doctest.h>

#include <set>

#include "base/text.h"
#include "modules/registration/invitations/befriending.h"
#include "modules/registration/invitations/links.h"

namespace clarion::registration::invitations {
namespace {

using namespace std::chrono_literals;
using core::Subscription;
using core::SubscriptionState;
using Late = OpenInvitations::Late;

const LastingTime start{1000h};
constexpr Bounds wide{100, 100};

Invitation made(Kind kind = Kind::account, const std::string& account = {},
                std::uint32_t most_uses = 1) {
    return {.kind = kind,
            .account = account,
            .created = start,
            .expires = start + 1h,
            .most_uses = most_uses};
}

template <class T>
std::string code(const Result<T>& result) {
    return result ? "ok" : result.error().code;
}

TEST_CASE("tokens cannot be guessed, and are kept by their hash") {
    std::set<std::string> tokens;
    for (int i = 0; i < 1000; ++i) tokens.insert(make_token());
    CHECK(tokens.size() == 1000);
    for (const std::string& token : tokens) {
        CHECK(token.size() == 26);
        CHECK(token.find_first_not_of("abcdefghijkmnpqrstuvwxyz23456789") == std::string::npos);
    }
    CHECK(key_of_token("abc") ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(id_of_key(key_of_token("abc")) == "ba7816bf8f");
}

TEST_CASE("what an invitation is good for") {
    struct Case {
        Kind kind;
        bool registers;
        Purpose purpose;
        bool good;
    };
    for (const auto& [kind, registers, purpose, good] :
         {Case{Kind::account, true, Purpose::register_, true},
          Case{Kind::account, true, Purpose::subscribe, false},
          Case{Kind::account, true, Purpose::reset, false},
          Case{Kind::contact, true, Purpose::register_, true},
          Case{Kind::contact, false, Purpose::register_, false},
          Case{Kind::contact, false, Purpose::subscribe, true},
          Case{Kind::contact, true, Purpose::reset, false},
          Case{Kind::reset, false, Purpose::reset, true},
          Case{Kind::reset, true, Purpose::register_, false},
          Case{Kind::reset, true, Purpose::subscribe, false}}) {
        CAPTURE(name_of(kind));
        CAPTURE(static_cast<int>(purpose));
        Invitation invitation = made(kind);
        invitation.registers = registers;
        CHECK(check_purpose(invitation, purpose).ok() == good);
    }
    CHECK(check_name(made(), "anybody").ok());
    CHECK(check_name(made(Kind::account, "juliet"), "juliet").ok());
    CHECK(code(check_name(made(Kind::account, "juliet"), "romeo")) == "not-acceptable");
}

TEST_CASE("the links that people get") {
    const Invitation account = made(), juliet = made(Kind::account, "juliet");
    Invitation contact = made(Kind::contact);
    contact.inviter = "romeo@example.org";
    CHECK(uri_of(account, "example.org", "T") == "xmpp:example.org?register;preauth=T");
    CHECK(uri_of(juliet, "example.org", "T") == "xmpp:juliet@example.org?register;preauth=T");
    CHECK(uri_of(contact, "example.org", "T") == "xmpp:romeo@example.org?roster;preauth=T;ibr=y");
    contact.registers = false;
    CHECK(uri_of(contact, "example.org", "T") == "xmpp:romeo@example.org?roster;preauth=T");
    CHECK(uri_of(made(Kind::account, "a?b#c"), "example.org", "T") ==
          "xmpp:a%3Fb%23c@example.org?register;preauth=T");
    CHECK(landing_url("https://example.org:5443", "example.org", "T") ==
          "https://example.org:5443/invite/T");
    CHECK(landing_url("https://web.example", "example.org", "T") ==
          "https://web.example/invite/T?host=example.org");
    CHECK(landing_url("", "example.org", "T").empty());
}

TEST_CASE("an invitation's bytes") {
    Invitation invitation{Kind::contact,    "a@b", "", true, true, LastingTime(1us),
                          LastingTime(2us), 3,     1};
    const std::string value = encode(invitation);
    CHECK(hex_encode(value) ==
          "0102"
          "03614062"
          "00"
          "03"
          "0000000000000001"
          "0000000000000002"
          "00000003"
          "00000001");
    CHECK(decode_invitation(value).value() == invitation);
    CHECK_FALSE(decode_invitation(value + "x").ok());
    CHECK_FALSE(decode_invitation("").ok());
    CHECK_FALSE(decode_invitation(std::string("\x01\0", 2) + value.substr(2)).ok());
}

TEST_CASE("a use is taken, and counts or is given back") {
    OpenInvitations open;
    CHECK(open.add("k", made(Kind::account, "", 2), start, wide).ok());
    CHECK(code(open.begin("other", start, Late::no)) == "item-not-found");
    CHECK(open.begin("k", start, Late::no).ok());
    CHECK(open.begin("k", start, Late::no).ok());
    CHECK(code(open.begin("k", start, Late::no)) == "conflict");

    open.give_back("k");
    CHECK(open.begin("k", start, Late::no).ok());
    const Finished first = open.finish("k");
    REQUIRE(first.left);
    CHECK(first.left->uses == 1);
    CHECK(code(open.begin("k", start, Late::no)) == "conflict");
    CHECK(open.finish("k").left == nullptr);
    CHECK(code(open.begin("k", start, Late::no)) == "item-not-found");
    CHECK_FALSE(open.finish("k").found);
}

TEST_CASE("what has expired is over, but for who presented it in time") {
    OpenInvitations open;
    CHECK(open.add("k", made(), start, wide).ok());
    CHECK(open.find("k", start + 59min));
    CHECK_FALSE(open.find("k", start + 1h));
    CHECK(code(open.begin("k", start + 1h, Late::no)) == "item-not-found");
    CHECK(open.begin("k", start + 1h, Late::yes).ok());
    CHECK(open.over(start + 2h, 10).empty());  // somebody is using it
    open.give_back("k");
    CHECK(open.over(start + 1h + 9min, 10).empty());
    CHECK(open.over(start + 1h + 10min, 10).size() == 1);
}

TEST_CASE("so many of an inviter, and of a host, are open") {
    OpenInvitations open;
    const auto add = [&](const std::string& key, const std::string& inviter, LastingTime now) {
        Invitation invitation = made(inviter.empty() ? Kind::account : Kind::contact);
        invitation.inviter = inviter;
        invitation.expires = now + 1h;
        return code(open.add(key, invitation, now, {2, 3}));
    };
    CHECK(add("a", "romeo", start) == "ok");
    CHECK(add("b", "romeo", start) == "ok");
    CHECK(add("c", "romeo", start) == "resource-constraint");
    CHECK(add("c", "juliet", start) == "ok");
    CHECK(add("x", "tybalt", start) == "resource-constraint");
    // Those of administrators have their own places.
    CHECK(add("d", "", start) == "ok");
    CHECK(add("e", "", start) == "ok");
    CHECK(add("f", "", start) == "ok");
    CHECK(add("g", "", start) == "resource-constraint");
    CHECK(add("g", "romeo", start + 1h) == "ok");  // the others are over
    CHECK(open.of_account("romeo", "").size() == 3);
}

TEST_CASE("a thousand at once: the bound holds, and each use is taken once") {
    OpenInvitations open;
    int added = 0, begun = 0;
    for (int i = 0; i < 1000; ++i) {
        Invitation invitation = made();
        if (open.add("k" + std::to_string(i), invitation, start, {1000, 300}).ok()) ++added;
    }
    CHECK(added == 300);
    open = {};
    CHECK(open.add("k", made(Kind::account, "", 7), start, wide).ok());
    for (int i = 0; i < 1000; ++i) begun += open.begin("k", start, Late::no).ok() ? 1 : 0;
    CHECK(begun == 7);
}

TEST_CASE("a name is reserved while its invitation is open") {
    OpenInvitations open;
    CHECK(open.add("k", made(Kind::account, "juliet"), start, wide).ok());
    CHECK(open.reserves("juliet", start));
    CHECK_FALSE(open.reserves("romeo", start));
    CHECK_FALSE(open.reserves("", start));
    CHECK_FALSE(open.reserves("juliet", start + 1h));
    CHECK(code(open.add("l", made(Kind::account, "juliet"), start, wide)) == "conflict");
    CHECK(open.add("m", made(Kind::reset, "nurse"), start, wide).ok());
    CHECK_FALSE(open.reserves("nurse", start));
    open.remove("k");
    CHECK_FALSE(open.reserves("juliet", start));
    CHECK(open.of_account("nurse@example.org", "nurse").size() == 1);
    CHECK(open.keys_like("m").size() == 1);
    CHECK(open.keys_like("x").empty());
}

TEST_CASE("what becomes of a request with a token") {
    struct Case {
        SubscriptionState before, after;
        bool asks;
    };
    using S = Subscription;
    for (const auto& [before, after, asks] :
         {Case{{}, {.subscription = S::from, .pending_out = true}, true},
          Case{{.pending_in = true}, {.subscription = S::from, .pending_out = true}, true},
          Case{{.pending_out = true}, {.subscription = S::from, .pending_out = true}, true},
          Case{{.subscription = S::to}, {.subscription = S::both}, false},
          Case{{.subscription = S::from}, {.subscription = S::from, .pending_out = true}, true},
          Case{{.approved = true}, {.subscription = S::from, .pending_out = true}, true},
          Case{{.subscription = S::both}, {.subscription = S::both}, false}}) {
        const Granted granted = grant(before);
        CHECK(granted.state == after);
        CHECK(granted.asks == asks);
    }
}

}  // namespace
}  // namespace clarion::registration::invitations
