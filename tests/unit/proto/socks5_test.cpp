#include "proto/socks5.h"

#include <doctest/doctest.h>

#include <array>

using namespace clarion;
using namespace clarion::socks5;
using Step = ServerNegotiation::Step;

namespace {

std::string bytes(std::initializer_list<unsigned char> values) {
    return {values.begin(), values.end()};
}

const std::string greeting = bytes({5, 1, 0});
const std::string digest = "972b7bf47291ca609517f67f86b5081086052dad";  // any forty digits

std::string request(std::string_view name = digest, unsigned char port = 0) {
    return bytes({5, 1, 0, 3, static_cast<unsigned char>(name.size())}).append(name) +
           bytes({0, port});
}

struct Answered {
    Step step;
    std::string said;
};

/// One that has been greeted is asked for that.
Answered ask(const std::string& what) {
    ServerNegotiation negotiation;
    Answered answered;
    negotiation.feed(greeting, answered.said);
    answered.said.clear();
    answered.step = negotiation.feed(what, answered.said);
    return answered;
}

void check_refused(const std::string& what, Reply code) {
    CAPTURE(what);
    const Answered answered = ask(what);
    CHECK(answered.step == Step::refused);
    REQUIRE(answered.said.size() >= 10);
    CHECK(answered.said.substr(0, 3) == bytes({5, static_cast<unsigned char>(code), 0}));
}

}  // namespace

TEST_SUITE("proto/socks5") {
    TEST_CASE("the address of a stream is the hash of its id and both addresses, prepared") {
        const Jid romeo = *Jid::parse("romeo@montague.example/orchard");
        const Jid juliet = *Jid::parse("juliet@capulet.example/balcony");
        // printf 'vxf9n471bn46romeo@montague.example/orchardjuliet@capulet.example/balcony' | sha1sum
        CHECK(stream_address("vxf9n471bn46", romeo, juliet) ==
              "b7f8bdfd093562aefce6d0a59c6db070278beaa9");
        CHECK(stream_address("vxf9n471bn46", *Jid::parse("ROMEO@Montague.example/orchard"),
                             juliet) == stream_address("vxf9n471bn46", romeo, juliet));
        CHECK(stream_address("vxf9n471bn46", juliet, romeo) !=
              stream_address("vxf9n471bn46", romeo, juliet));
    }

    TEST_CASE("a client that needs no authentication asks for a stream") {
        ServerNegotiation negotiation;
        std::string said;
        CHECK(negotiation.feed(greeting, said) == Step::more);
        CHECK(said == bytes({5, 0}));
        said.clear();
        CHECK(negotiation.feed(request(), said) == Step::asked);
        CHECK(said.empty());
        CHECK(negotiation.address() == digest);
        // BND.ADDR and BND.PORT are DST.ADDR and DST.PORT
        CHECK(negotiation.reply(Reply::succeeded) ==
              bytes({5, 0, 0, 3, 40}) + digest + bytes({0, 0}));
        CHECK(negotiation.reply(Reply::connection_refused) ==
              bytes({5, 5, 0, 3, 40}) + digest + bytes({0, 0}));
    }

    TEST_CASE("it does not matter how what it says is cut, and what comes behind is ignored") {
        const std::string all = bytes({5, 3, 2, 0, 1}) + request() + "early";
        for (std::size_t cut = 0; cut <= all.size(); ++cut) {
            ServerNegotiation negotiation;
            std::string said;
            negotiation.feed(all.substr(0, cut), said);
            CHECK(negotiation.feed(all.substr(cut), said) == Step::asked);
            CHECK(said == bytes({5, 0}));
            CHECK(negotiation.address() == digest);
        }
        ServerNegotiation negotiation;
        std::string said;
        Step step = Step::more;
        for (const char c : all) step = negotiation.feed({&c, 1}, said);
        CHECK(step == Step::asked);
        CHECK(said == bytes({5, 0}));
    }

    TEST_CASE("hexadecimal digits mean the same in upper case, and are answered as they came") {
        std::string upper = digest;
        for (char& c : upper) c = static_cast<char>(c >= 'a' ? c - 32 : c);
        ServerNegotiation negotiation;
        std::string said;
        negotiation.feed(greeting, said);
        CHECK(negotiation.feed(request(upper), said) == Step::asked);
        CHECK(negotiation.address() == digest);
        CHECK(negotiation.reply(Reply::succeeded).substr(5, 40) == upper);
    }

    TEST_CASE("who wants to authenticate, or speaks something else, is refused") {
        for (const std::string& said : {bytes({5, 1, 2}), bytes({5, 0}), bytes({5, 2, 1, 0x80})}) {
            ServerNegotiation negotiation;
            std::string out;
            CHECK(negotiation.feed(said, out) == Step::refused);
            CHECK(out == bytes({5, 0xff}));
        }
        for (const std::string& said : {std::string("GET / HTTP/1.1\r\n"), bytes({4, 1, 0})}) {
            ServerNegotiation negotiation;
            std::string out;
            CHECK(negotiation.feed(said, out) == Step::refused);
            CHECK(out.empty());
            CHECK(negotiation.feed(greeting, out) == Step::refused);
            CHECK(out.empty());
        }
    }

    TEST_CASE("only CONNECT, only to a name of forty hexadecimal digits, only at port 0") {
        check_refused(bytes({5, 2, 0, 3, 40}), Reply::command_not_supported);  // BIND
        check_refused(bytes({5, 3, 0, 3, 40}), Reply::command_not_supported);  // UDP ASSOCIATE
        check_refused(bytes({5, 1, 0, 1, 127, 0, 0, 1, 0, 80}), Reply::address_type_not_supported);
        check_refused(bytes({5, 1, 0, 4, 0}), Reply::address_type_not_supported);
        check_refused(bytes({5, 1, 0, 9, 0}), Reply::address_type_not_supported);
        check_refused(bytes({5, 1, 1, 3, 40}), Reply::general_failure);  // RSV
        check_refused(bytes({4, 1, 0, 3, 40}), Reply::general_failure);
        check_refused(request("localhost"), Reply::not_allowed);
        check_refused(request(std::string(255, 'a')), Reply::not_allowed);
        check_refused(request(std::string(39, 'a') + "g"), Reply::not_allowed);
        check_refused(request(digest, 80), Reply::not_allowed);
    }
}
