#include "proto/srv_order.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace clarion;
using namespace clarion::srv;

namespace {

// A DNS message, written by hand.
class Message {
public:
    explicit Message(unsigned flags = 0x8180) {
        word(0x1234).word(flags).word(1).word(0).word(0).word(0);
        name("_xmpp-server._tcp.example.org").word(33).word(1);
    }

    Message& byte(unsigned value) {
        bytes_.push_back(static_cast<unsigned char>(value));
        return *this;
    }
    Message& word(unsigned value) { return byte(value >> 8).byte(value & 0xff); }
    Message& name(std::string_view text) {
        while (!text.empty()) {
            const std::size_t dot = text.find('.');
            const std::string_view label = text.substr(0, dot);
            byte(static_cast<unsigned>(label.size()));
            for (char c : label) byte(static_cast<unsigned char>(c));
            text = dot == std::string_view::npos ? "" : text.substr(dot + 1);
        }
        return byte(0);
    }
    Message& pointer(std::size_t target) { return word(0xc000 | static_cast<unsigned>(target)); }

    // The head of a record owned by the question's name; data_size bytes must follow.
    Message& record(unsigned type, std::uint32_t ttl, std::size_t data_size) {
        ++answers_;
        return pointer(12)
            .word(type)
            .word(1)
            .word(ttl >> 16)
            .word(ttl & 0xffff)
            .word(static_cast<unsigned>(data_size));
    }
    Message& srv(unsigned priority, unsigned weight, unsigned port, std::string_view target,
                 std::uint32_t ttl = 300) {
        record(33, ttl, 6 + target.size() + (target.empty() ? 1 : 2));
        return word(priority).word(weight).word(port).name(target);
    }

    std::size_t size() const { return bytes_.size(); }
    std::vector<unsigned char> finish() {
        bytes_[6] = static_cast<unsigned char>(answers_ >> 8);
        bytes_[7] = static_cast<unsigned char>(answers_ & 0xff);
        return bytes_;
    }

private:
    std::vector<unsigned char> bytes_;
    unsigned answers_ = 0;
};

std::vector<SrvRecord> parsed(Message& message) {
    const auto bytes = message.finish();
    auto result = parse_srv_answer(bytes);
    REQUIRE(result.ok());
    return result.value();
}

std::string error_of(Message& message) {
    const auto bytes = message.finish();
    const auto result = parse_srv_answer(bytes);
    return result.ok() ? "none" : result.error().code;
}

SrvRecord record(unsigned priority, unsigned weight, std::string target) {
    SrvRecord made;
    made.priority = static_cast<std::uint16_t>(priority);
    made.weight = static_cast<std::uint16_t>(weight);
    made.port = 5269;
    made.target = std::move(target);
    return made;
}

std::string targets(const std::vector<SrvRecord>& records) {
    std::string joined;
    for (const SrvRecord& each : records) joined += (joined.empty() ? "" : " ") + each.target;
    return joined;
}

const RandomUpTo lowest = [](std::uint32_t) { return 0U; };
const RandomUpTo highest = [](std::uint32_t bound) { return bound; };

}  // namespace

TEST_CASE("an answer with two records") {
    Message message;
    message.srv(10, 60, 5269, "Xmpp1.Example.org").srv(20, 0, 5270, "xmpp2.example.org", 60);
    const auto records = parsed(message);
    REQUIRE(records.size() == 2);
    CHECK(records[0].priority == 10);
    CHECK(records[0].weight == 60);
    CHECK(records[0].port == 5269);
    CHECK(records[0].target == "xmpp1.example.org");
    CHECK(records[0].ttl == 300);
    CHECK_FALSE(records[0].direct_tls);
    CHECK(records[1].target == "xmpp2.example.org");
    CHECK(records[1].ttl == 60);
}

TEST_CASE("a compressed target is followed, and the record after it still read") {
    Message message;
    const std::size_t example_org = 12 + 13 + 5;  // in the question
    message.record(33, 300, 6 + 5 + 2).word(1).word(2).word(3);
    message.byte(4).byte('h').byte('o').byte('s').byte('t').pointer(example_org);
    message.srv(2, 0, 5269, "other.example.org");
    const auto records = parsed(message);
    REQUIRE(records.size() == 2);
    CHECK(records[0].target == "host.example.org");
    CHECK(records[1].target == "other.example.org");
}

TEST_CASE("the root is no service") {
    Message message;
    message.srv(0, 0, 0, "");
    const auto records = parsed(message);
    REQUIRE(records.size() == 1);
    CHECK(records[0].target == ".");
}

TEST_CASE("other records are passed over; a CNAME limits the time to live") {
    Message message;
    message.record(5, 30, 2).pointer(12);
    message.record(46, 5, 3).byte(1).byte(2).byte(3);
    message.srv(0, 0, 5269, "a.example");
    message.srv(0, 0, 5269, "b.example", 0x80000000);
    const auto records = parsed(message);
    REQUIRE(records.size() == 2);
    CHECK(records[0].ttl == 30);
    CHECK(records[1].ttl == 0);
}

TEST_CASE("response codes") {
    Message nothing;
    CHECK(parsed(nothing).empty());
    Message no_such_name(0x8183);
    CHECK(parsed(no_such_name).empty());
    Message server_failure(0x8182);
    CHECK(error_of(server_failure) == "dns-failure");
    Message query(0x0100);
    CHECK(error_of(query) == "dns-malformed");
}

TEST_CASE("names that loop, point forward or outside are refused") {
    Message self;
    self.record(33, 300, 8).word(0).word(0).word(5269);
    self.pointer(self.size());
    CHECK(error_of(self) == "dns-malformed");

    Message pair;  // a label and a pointer back to that label
    pair.record(33, 300, 10).word(0).word(0).word(5269);
    const std::size_t label = pair.size();
    pair.byte(1).byte('a').pointer(label);
    CHECK(error_of(pair) == "dns-malformed");

    Message outside;
    outside.record(33, 300, 8).word(0).word(0).word(5269).pointer(0x3fff);
    CHECK(error_of(outside) == "dns-malformed");

    Message reserved;
    reserved.record(33, 300, 8).word(0).word(0).word(5269).byte(0x80).byte(0);
    CHECK(error_of(reserved) == "dns-malformed");
}

TEST_CASE("targets that are no host names, too long, or not as long as their record") {
    Message spaces;
    spaces.srv(0, 0, 5269, "a b.example");
    CHECK(error_of(spaces) == "dns-malformed");

    Message too_long;
    std::string name;
    for (int i = 0; i < 6; ++i) name += std::string(50, 'a') + (i < 5 ? "." : "");
    too_long.srv(0, 0, 5269, name);
    CHECK(error_of(too_long) == "dns-malformed");

    Message short_data;
    short_data.record(33, 300, 9).word(0).word(0).word(5269).name("example.org");
    CHECK(error_of(short_data) == "dns-malformed");

    Message empty_data;
    empty_data.record(33, 300, 0);
    CHECK(error_of(empty_data) == "dns-malformed");
}

TEST_CASE("a message cut anywhere is refused") {
    Message message;
    message.srv(10, 60, 5269, "xmpp1.example.org").srv(20, 0, 5270, "xmpp2.example.org");
    const auto whole = message.finish();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(parse_srv_answer(std::span(whole).first(size)).ok());
    }
    CHECK(parse_srv_answer(whole).ok());
}

TEST_CASE("the number of records is limited") {
    Message message;
    for (int i = 0; i < 200; ++i) message.srv(0, 0, 5269, "a.example");
    CHECK(parsed(message).size() == max_srv_records);
}

TEST_CASE("priorities decide first") {
    const std::vector<SrvRecord> records{record(20, 0, "c"), record(5, 0, "a"), record(10, 9, "b")};
    CHECK(targets(order(records, lowest)) == "a b c");
    CHECK(targets(order(records, highest)) == "a b c");
    CHECK(order({}, lowest).empty());
}

TEST_CASE(
    "within a priority, chance by weight; zero is possible, but last at the top of the range") {
    const std::vector<SrvRecord> records{record(1, 10, "ten"), record(1, 30, "thirty"),
                                         record(1, 0, "zero")};
    CHECK(targets(order(records, lowest)) == "zero ten thirty");
    CHECK(targets(order(records, highest)) == "thirty ten zero");
}

TEST_CASE("weights are respected in the long run") {
    std::mt19937 random(1);
    const RandomUpTo draw = [&](std::uint32_t bound) {
        return std::uniform_int_distribution<std::uint32_t>(0, bound)(random);
    };
    std::map<std::string, int> first;
    for (int i = 0; i < 20000; ++i) {
        const auto ordered = order({record(1, 600, "a"), record(1, 300, "b"), record(1, 100, "c"),
                                    record(1, 0, "d"), record(2, 65535, "e")},
                                   draw);
        REQUIRE(ordered.size() == 5);
        REQUIRE(ordered[4].target == "e");
        ++first[ordered[0].target];
    }
    CHECK(std::abs(first["a"] - 12000) < 400);
    CHECK(std::abs(first["b"] - 6000) < 400);
    CHECK(std::abs(first["c"] - 2000) < 300);
    CHECK(first["d"] < 60);
}

TEST_CASE("both services are one set") {
    const auto result = plan({record(10, 0, "start"), record(30, 0, "last")},
                             {record(5, 0, "direct"), record(20, 0, "middle")}, lowest);
    CHECK_FALSE(result.use_domain_itself);
    CHECK(targets(result.targets) == "direct start middle last");
    CHECK(result.targets[0].direct_tls);
    CHECK_FALSE(result.targets[1].direct_tls);
    CHECK(result.targets[2].direct_tls);
}

TEST_CASE("no records at all: the domain itself; a dot: no service") {
    CHECK(plan({}, {}, lowest).use_domain_itself);

    const auto none = plan({record(0, 0, ".")}, {}, lowest);
    CHECK_FALSE(none.use_domain_itself);
    CHECK(none.targets.empty());

    const auto starttls_only = plan({record(0, 0, "a")}, {record(0, 0, ".")}, lowest);
    CHECK(targets(starttls_only.targets) == "a");

    const auto direct_refused = plan({}, {record(0, 0, ".")}, lowest);
    CHECK_FALSE(direct_refused.use_domain_itself);
    CHECK(direct_refused.targets.empty());
}
