#include "server/core/routing/trace.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "proto/redact.h"
#include "proto/xml_writer.h"
#include "tests/unit/net/wire.h"

using namespace clarion;
using clarion::test::insecure;
using clarion::test::Wire;
using clarion::test::WireClient;

namespace {

/// Watches both shards and keeps what it hears of one account, or of a domain.
class Watcher final : public core::Trace {
public:
    Watcher(Wire& wire, std::string whom) : wire_(wire), whom_(std::move(whom)) {
        for (unsigned i = 0; i < Wire::shards; ++i) wire_.world.core(i).set_trace(this);
    }
    ~Watcher() {
        for (unsigned i = 0; i < Wire::shards; ++i) wire_.world.core(i).set_trace(nullptr);
    }
    void on_element(const core::TracedStream& stream, core::TraceEvent event,
                    const xml::Element& element) override {
        add(stream, event, xml::to_string(redact(element, Bodies::hidden).root()));
    }
    void on_text(const core::TracedStream& stream, core::TraceEvent event,
                 std::string_view xml) override {
        add(stream, event, xml);
    }
    void on_note(const core::TracedStream& stream, std::string_view what) override {
        if (stream.account == whom_) lines.push_back("note " + std::string(what));
    }
    /// Whether there is a line with this in it; those before it are forgotten.
    bool heard(std::string_view part) {
        const auto at = std::find_if(lines.begin(), lines.end(), [part](const auto& line) {
            return line.find(part) != std::string::npos;
        });
        if (at == lines.end()) return false;
        lines.erase(lines.begin(), at + 1);
        return true;
    }

    std::vector<std::string> lines;

private:
    void add(const core::TracedStream& stream, core::TraceEvent event, std::string_view what) {
        if (stream.account != whom_ && stream.domain != whom_) return;
        const auto* const word = event == core::TraceEvent::received ? "received "
                                 : event == core::TraceEvent::sent   ? "sent "
                                                                     : "queued ";
        lines.push_back(word + std::string(stream.name) + ' ' + std::string(what));
    }

    Wire& wire_;
    const std::string whom_;
};

}  // namespace

TEST_SUITE("net/trace") {
    TEST_CASE("a client is watched from the login that names its account to its end") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        wire.world.add_account("juliet@example.org", "secret");
        for (const int shard : {0, 1}) {
            Watcher watcher(wire, "romeo@example.org");
            const auto port = wire.listen("c2s", shard);
            WireClient juliet(wire, port), romeo(wire, port);
            juliet.log_in("juliet");
            CHECK(watcher.lines.empty());
            romeo.log_in("romeo", "orchard");
            CHECK(
                watcher.heard("received 127.0.0.1 <auth "
                              "xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
                              "mechanism='PLAIN'>[hidden]</auth>"));
            CHECK(watcher.heard("sent 127.0.0.1 <success"));
            CHECK(
                watcher.heard("received 127.0.0.1 <?xml version='1.0'?><stream:stream "
                              "xmlns='jabber:client' "
                              "xmlns:stream='http://etherx.jabber.org/streams' to='example.org'"));
            CHECK(watcher.heard("<stream:features>"));
            CHECK(watcher.heard("urn:ietf:params:xml:ns:xmpp-bind"));
            CHECK(watcher.heard("sent romeo@example.org/orchard <iq"));
            romeo.ask("<iq type='get' id='1'><query xmlns='urn:none'/></iq>", "</iq>");
            CHECK(watcher.heard("received romeo@example.org/orchard <iq"));
            CHECK(watcher.heard("<service-unavailable"));
            romeo.ask("<a xmlns='urn:none'/>", "</stream:stream>");
            CHECK(watcher.heard("received romeo@example.org/orchard <a xmlns='urn:none'/>"));
            CHECK(watcher.heard("note the session ends: closed"));
            juliet.close();
            romeo.close();
            wire.run_until([&] { return wire.connections() == 0; });
        }
    }

    TEST_CASE("what is no XML is said too") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        Watcher watcher(wire, "romeo@example.org");
        WireClient romeo(wire, wire.listen("c2s"));
        romeo.log_in("romeo", "orchard");
        romeo.ask("<message></iq>", "</stream:stream>");
        CHECK(watcher.heard("sent romeo@example.org/orchard <stream:error><not-well-formed"));
    }
}
