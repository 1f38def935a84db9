#include "tools/bench/component.h"

#include "base/text.h"
#include "proto/crypto.h"

namespace clarion::bench {

namespace {

constexpr std::int64_t attach_limit_ns = 10'000'000'000;

/// The node attribute of <publish>; empty if there is none.
std::string_view published_node(std::string_view iq) {
    const auto at = iq.find("<publish ");
    return at == std::string_view::npos ? std::string_view{} : attribute(iq.substr(at), "node");
}

}  // namespace

Component::Component(Loop& loop, std::string domain, std::string secret, PublishSink sink)
    : loop_(loop),
      domain_(std::move(domain)),
      secret_(std::move(secret)),
      sink_(std::move(sink)),
      wire_(loop, *this) {}

Result<void> Component::attach(const Endpoint& endpoint) {
    wire_.connect(endpoint);
    const auto end = now_ns() + attach_limit_ns;
    while (!attached_ && lost_.empty() && now_ns() < end) {
        loop_.run_once(std::chrono::milliseconds(20));
    }
    if (attached_) return {};
    return fail("component", domain_ + ": " + (lost_.empty() ? "no answer" : lost_));
}

void Component::on_connected() {
    wire_.send("<?xml version='1.0'?><stream:stream to='" + domain_ +
               "' xmlns='jabber:component:accept' "
               "xmlns:stream='http://etherx.jabber.org/streams'>");
}

void Component::on_bytes(std::string_view bytes) {
    scanner_.feed(bytes);
    for (std::string_view piece;;) {
        switch (scanner_.next(piece)) {
            case StanzaScanner::Piece::need_more: return;
            case StanzaScanner::Piece::header:
                wire_.send("<handshake>" +
                           hex_encode(crypto::sha1(std::string(attribute(piece, "id")) + secret_)) +
                           "</handshake>");
                break;
            case StanzaScanner::Piece::element: on_element(piece); break;
            case StanzaScanner::Piece::end: lost_ = "the server ended the stream"; return;
        }
    }
}

void Component::on_element(std::string_view element) {
    const auto name = element_name(element);
    if (name == "handshake") {
        attached_ = true;
    } else if (name == "iq") {
        on_iq(element);
    } else if (name == "stream:error") {
        lost_ = element;
    }
}

void Component::on_iq(std::string_view iq) {
    const auto type = attribute(iq, "type");
    if (type != "set" && type != "get") return;
    std::string answer("<iq type='result' from='");
    answer.append(attribute(iq, "to")).append("' to='").append(attribute(iq, "from"));
    answer.append("' id='").append(attribute(iq, "id")).append("'/>");
    wire_.send(answer);
    if (type == "set") sink_(published_node(iq));
}

}  // namespace clarion::bench
