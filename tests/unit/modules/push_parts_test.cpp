// The pure parts of push beside the policy: hibernation times, coverage, and the stanza.
#include <doctest/doctest.h>

#include "modules/push/coverage.h"
#include "modules/push/enable.h"
#include "modules/push/hibernation_times.h"
#include "modules/push/notification.h"
#include "modules/push/registration_codec.h"
#include "modules/push/state.h"
#include "modules/push/trials.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::push {
namespace {

using namespace std::chrono_literals;
const WallTime wall0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
const LastingTime t0{wall0.time_since_epoch()};
const SteadyTime s0{1h};

// ---- Hibernation
// -------------------------------------------------------------------------------------

HibernationFacts facts() {
    HibernationFacts facts;
    facts.hibernating_since = t0;
    facts.ordinary = 600s;
    facts.until_important = 72h;
    facts.registered = true;
    return facts;
}

TEST_CASE("a session with push hibernates long until something important, then the ordinary time") {
    auto sleep = facts();
    CHECK(hibernation_ends_at(sleep) == t0 + 72h);
    sleep.important_at = t0 + 5h;
    CHECK(hibernation_ends_at(sleep) == t0 + 5h + 600s);
    sleep.important_at = t0;
    CHECK(hibernation_ends_at(sleep) == t0 + 600s);
    sleep.important_at = t0 - 30s;  // notified before it began to hibernate
    CHECK(hibernation_ends_at(sleep) == t0 + 600s);
}

TEST_CASE("without push it is the ordinary time, from when push ended") {
    auto sleep = facts();
    sleep.registered = false;
    CHECK(hibernation_ends_at(sleep) == t0 + 600s);
    sleep.push_ended_at = t0 + 1h;
    CHECK(hibernation_ends_at(sleep) == t0 + 1h + 600s);
    sleep.important_at = t0 + 50min;  // the ordinary time was running already
    CHECK(hibernation_ends_at(sleep) == t0 + 50min + 600s);
}

TEST_CASE("never longer than the client asked for") {
    auto sleep = facts();
    sleep.asked_seconds = 3600;
    CHECK(hibernation_ends_at(sleep) == t0 + 1h);
    sleep.important_at = t0 + 59min;
    CHECK(hibernation_ends_at(sleep) == t0 + 1h);
    CHECK(longest_hibernation(true, 600s, 72h) == 72h);
    CHECK(longest_hibernation(false, 600s, 72h) == 600s);
}

// ---- Identities --------------------------------------------------------------------------------

std::uint64_t identity_of(std::string_view sender, std::string_view id, std::string_view body) {
    const std::string text = "<message xmlns='jabber:client' from='" + std::string(sender) +
                             "' to='juliet@example.org' id='" + std::string(id) + "'><body>" +
                             std::string(body) + "</body></message>";
    const auto stanza = Stanza::from_document(xml::parse_element(text));
    REQUIRE(stanza);
    return identity(**stanza, "juliet@example.org", {.received = wall0});
}

TEST_CASE("the identity of a message that is not archived is the same in every build") {
    // What it is stored as; computed independently from SHA-256 of
    // "19:romeo@example.com/m2:a15:hello".
    CHECK(identity_of("romeo@example.com/m", "a1", "hello") == 0xf94411c4c89df0bau);
    CHECK(identity_of("romeo@example.com/m", "a", "1hello") !=
          identity_of("romeo@example.com/m", "a1", "hello"));
    CHECK(identity_of("romeo@example.com/m", "a1", "hello!") !=
          identity_of("romeo@example.com/m", "a1", "hello"));
}

// ---- Coverage ----------------------------------------------------------------------------------

TEST_CASE("coverage by number is modulo 2^32") {
    Coverage coverage;
    CHECK_FALSE(coverage.covers_number(0));
    coverage.cover_queue(3, 1);
    CHECK(coverage.covers_number(3));
    CHECK_FALSE(coverage.covers_number(4));
    CHECK(coverage.covers_number(0xffffffff));
}

TEST_CASE("an unimportant notification does not cover an important stanza") {
    Coverage coverage;
    coverage.open_window(s0, wall0, 1s, false, 1);
    CHECK(coverage.covers_now(s0 + 999ms, false));
    CHECK_FALSE(coverage.covers_now(s0 + 1ms, true));
    CHECK_FALSE(coverage.covers_now(s0 + 1s, false));
    coverage.open_window(s0 + 1ms, wall0, 1s, true, 2);
    CHECK(coverage.covers_now(s0 + 500ms, true));
    CHECK(coverage.covers_now(s0 + 500ms, false));
    coverage.undo(1);  // an older one: the window is not its own
    CHECK(coverage.covers_now(s0 + 500ms, true));
    coverage.undo(2);
    CHECK_FALSE(coverage.covers_now(s0 + 500ms, true));
}

TEST_CASE("what is kept with a hibernating session survives being written") {
    HibernationPart part;
    part.important_at = t0 + 1s;
    Coverage coverage;
    coverage.registration = 7;
    coverage.cover_queue(9, 1);
    coverage.open_window(s0, wall0 + 5s, 1s, true, 2);
    part.coverage.push_back(coverage);
    part.coverage.push_back({.registration = 8});
    const HibernationPart read = HibernationPart::decode(part.encode());
    CHECK(read.important_at == part.important_at);
    REQUIRE(read.coverage.size() == 2);
    CHECK(read.coverage[0].registration == 7);
    CHECK(read.coverage[0].covers_number(9));
    CHECK(read.coverage[0].covers_time(wall0 + 6s, true));
    CHECK_FALSE(read.coverage[0].covers_time(wall0 + 6s + 1us, false));
    // Long before the window: the clock was set back since.
    CHECK_FALSE(read.coverage[0].covers_time(wall0 - 2h, false));
    CHECK_FALSE(read.coverage[1].number.has_value());
    for (const auto* text : {"", "2 0 0", "1 0", ";;;", "1 x y;a b c d;1 2 3"})
        CHECK(HibernationPart::decode(text).coverage.empty());
}

TEST_CASE("recent identities are bounded") {
    Recent recent;
    recent.add(0);
    CHECK_FALSE(recent.contains(0));
    for (std::uint64_t i = 1; i <= Recent::capacity + 1; ++i) recent.add(i);
    CHECK_FALSE(recent.contains(1));
    CHECK(recent.contains(2));
    CHECK(recent.contains(Recent::capacity + 1));
}

// ---- What is sent ------------------------------------------------------------------------------

const std::string form =
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
    "http://jabber.org/protocol/pubsub#publish-options</value></field><field var='secret' "
    "odd='1'><value>eruio234vzxc2kla-91</value></field></x>";

TEST_CASE("the publish, byte by byte") {
    events::PushRegistration registration;
    registration.has_node = true;
    registration.node = "yxs32uqsflafdk3iuqo";
    registration.publish_options = form;
    Summary summary;
    summary.last_message_sender = "romeo@example.com/orchard";
    summary.last_message_body = "New Message!";
    const auto notification = make_notification(summary);
    const auto publish = make_publish("example.org", Jid::trusted("push.example.net"), registration,
                                      notification.root());
    CHECK(xml::to_string(publish->root()) ==
          "<iq xmlns='jabber:client' from='example.org' to='push.example.net' type='set'>"
          "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='yxs32uqsflafdk3iuqo'>"
          "<item><notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'>"
          "<field var='FORM_TYPE'><value>urn:xmpp:push:summary</value></field>"
          "<field var='message-count'><value>1</value></field>"
          "<field var='last-message-sender'><value>romeo@example.com/orchard</value></field>"
          "<field var='last-message-body'><value>New Message!</value></field>"
          "</x></notification></item></publish><publish-options>" +
              form + "</publish-options></pubsub></iq>");
}

TEST_CASE("without node, options, sender and body nothing stands in their place") {
    const auto publish =
        make_publish("example.org", Jid::trusted("push.example.net"), events::PushRegistration{},
                     make_notification(Summary{}).root());
    const std::string text = xml::to_string(publish->root());
    CHECK(text.find("<publish><item>") != std::string::npos);
    CHECK(text.find("publish-options") == std::string::npos);
    CHECK(text.find("last-message") == std::string::npos);
}

// ---- What is kept ------------------------------------------------------------------------------

TEST_CASE("a registration comes back as it was kept, and damaged ones do not") {
    const events::PushRegistration kept{.seq = 0x0102030405060708,
                                        .service = "push.example.org",
                                        .has_node = true,
                                        .node = "node",
                                        .device = "phone",
                                        .publish_options = "<x/>",
                                        .extensions = "<encrypt/>",
                                        .attributes = " a='b'",
                                        .lang = "de",
                                        .created = wall0,
                                        .last_used = wall0 + 1s,
                                        .failing_since = t0 + 2s,
                                        .errors = 4,
                                        .unreachable = 3,
                                        .unread = 300,
                                        .notified_up_to = storage::ArchiveId{102},
                                        .notified = {7, ~std::uint64_t{0}}};
    const std::string key = registration_key(kept.seq), value = encode(kept);
    CHECK(key == "\x01\x02\x03\x04\x05\x06\x07\x08");
    CHECK(registration_key(255) < registration_key(256));
    const auto back = decode_registration(key, value);
    REQUIRE(back.ok());
    CHECK(back->seq == kept.seq);
    CHECK(back->service == kept.service);
    CHECK(back->has_node);
    CHECK(back->node == kept.node);
    CHECK(back->device == kept.device);
    CHECK(back->publish_options == kept.publish_options);
    CHECK(back->extensions == kept.extensions);
    CHECK(back->attributes == kept.attributes);
    CHECK(back->lang == kept.lang);
    CHECK(back->created == kept.created);
    CHECK(back->last_used == kept.last_used);
    CHECK(back->failing_since == kept.failing_since);
    CHECK(back->errors == 4);
    CHECK(back->unreachable == 3);
    CHECK(back->unread == 300);
    CHECK(back->notified_up_to == kept.notified_up_to);
    CHECK(back->notified == kept.notified);
    for (std::size_t size = 0; size < value.size(); ++size)
        CHECK_FALSE(decode_registration(key, std::string_view(value).substr(0, size)).ok());
    CHECK_FALSE(decode_registration(key, value + "x").ok());
    CHECK_FALSE(decode_registration(key, "\x02" + value.substr(1)).ok());
    CHECK_FALSE(decode_registration("short", value).ok());
}

// ---- What is asked for -------------------------------------------------------------------------

std::variant<events::PushRegistration, StanzaError> enable(const std::string& xml) {
    const auto document = xml::parse_element(xml);
    return read_enable(document.root(), "juliet@example.org", {4096, 16384, 2048});
}
std::string refused(const std::string& xml) {
    const auto read = enable(xml);
    const auto* error = std::get_if<StanzaError>(&read);
    return error ? std::string(name(error->condition)) + '/' + std::string(name(error->type)) : "";
}

TEST_CASE("<enable/> is kept as it came") {
    const auto read =
        enable("<enable xmlns='urn:xmpp:push:0' jid='push.example.net' node='n' away='true'>" +
               form + "<priority xmlns='tigase:push:priority:0'/></enable>");
    const auto& record = std::get<events::PushRegistration>(read);
    CHECK(record.service == "push.example.net");
    CHECK(record.node == "n");
    CHECK(record.publish_options == form);
    CHECK(record.extensions == "<priority xmlns='tigase:push:priority:0'/>");
    CHECK(record.attributes.find("away='true'") != std::string::npos);
    CHECK_FALSE(std::get<events::PushRegistration>(
                    enable("<enable xmlns='urn:xmpp:push:0' jid='p.example'/>"))
                    .has_node);
}

TEST_CASE("what is in <enable/> and is no publish-options is never published") {
    const std::string other =
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:other</value>"
        "</field></x>";
    const auto read =
        enable("<enable xmlns='urn:xmpp:push:0' jid='p.example' node='n' include_payload='true'>" +
               other + form + "<a xmlns='b'>c</a></enable>");
    const auto& record = std::get<events::PushRegistration>(read);
    CHECK(record.publish_options == form);
    CHECK(record.extensions == other + "<a xmlns='b'>c</a>");
    const auto publish = make_publish("example.org", Jid::trusted(record.service), record,
                                      make_notification({}).root());
    const std::string text = xml::to_string(publish->root());
    CHECK(text.find("urn:other") == std::string::npos);
    CHECK(text.find("xmlns='b'") == std::string::npos);
    CHECK(text.find("include_payload") == std::string::npos);
    const std::string untyped = "<x xmlns='jabber:x:data'><field var='pushModule'/></x>";
    CHECK(std::get<events::PushRegistration>(
              enable("<enable xmlns='urn:xmpp:push:0' jid='p.example'>" + untyped + "</enable>"))
              .publish_options == untyped);
}

TEST_CASE("<enable/> that is refused") {
    const std::string open = "<enable xmlns='urn:xmpp:push:0' ";
    CHECK(refused(open + "node='n'/>") == "bad-request/modify");
    CHECK(refused(open + "jid=''/>") == "jid-malformed/modify");
    CHECK(refused(open + "jid='a@'/>") == "jid-malformed/modify");
    CHECK(refused(open + "jid='juliet@example.org'/>") == "bad-request/modify");
    CHECK(refused(open + "jid='juliet@example.org/balcony'/>") == "bad-request/modify");
    CHECK(refused(open + "jid='p.example' node='" + std::string(4096, 'x') + "'/>").empty());
    CHECK(refused(open + "jid='p.example' node='" + std::string(4097, 'x') + "'/>") ==
          "not-acceptable/modify");
    CHECK(refused(open + "jid='p.example'><a xmlns='b'>" + std::string(16384, 'x') +
                  "</a></enable>") == "not-acceptable/modify");
    const auto options = [&](std::size_t size) {
        return refused(open + "jid='p.example'><x xmlns='jabber:x:data'><field var='v'><value>" +
                       std::string(size, 'x') + "</value></field></x></enable>");
    };
    CHECK(options(1900).empty());
    CHECK(options(2048) == "not-acceptable/modify");
}

TEST_CASE("trials: by account and domain, for an hour") {
    using namespace std::chrono_literals;
    Trials trials;
    const SteadyTime now{100h};
    const storage::AccountId romeo{1}, juliet{2};
    const auto send = [&](storage::AccountId account, std::string_view domain, SteadyTime at) {
        if (trials.closed_until(account, domain, 2, at)) return false;
        trials.sent(account, domain, at);
        return true;
    };
    CHECK(send(romeo, "a.example", now));
    CHECK(send(romeo, "a.example", now + 1min));
    CHECK_FALSE(send(romeo, "a.example", now + 59min));
    CHECK(trials.closed_until(romeo, "a.example", 2, now + 59min) == now + 1h);
    CHECK(send(romeo, "b.example", now + 59min));
    CHECK(send(juliet, "a.example", now + 59min));
    CHECK(send(romeo, "a.example", now + 1h));
    CHECK(send(romeo, "a.example", now + 1h));
    trials.not_sent(romeo, "a.example");
    CHECK(send(romeo, "a.example", now + 1h));
    CHECK_FALSE(send(romeo, "a.example", now + 1h));
    trials.accepted(romeo, "a.example");
    CHECK(send(romeo, "a.example", now + 1h));
    int sent = 0;
    for (int i = 0; i < 100; ++i)
        sent += send(juliet, "d" + std::to_string(i) + ".example", now + 1h) ? 1 : 0;
    CHECK(sent == 19 + 2);  // beside a.example; the others have two together
}

}  // namespace
}  // namespace clarion::push
