// Peer: stream negotiation, from the header to a bound, resumed or attached stream.
#include <algorithm>

#include "base/text.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "tests/script/runner/peer.h"
#include "tests/script/runner/scram_client.h"

namespace clarion::script {

namespace {

std::string auth_xml(std::string_view mechanism, std::string_view initial) {
    return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" + std::string(mechanism) +
           "'>" + base64_encode(initial) + "</auth>";
}

/// SCRAM-SHA-256, unless this server only has PLAIN.
std::string_view best_mechanism(const xml::Element& features) {
    const auto* offered = features.child(ns::sasl, "mechanisms");
    if (offered == nullptr) return "SCRAM-SHA-256";
    bool plain = false;
    for (const xml::Element& mechanism : offered->children()) {
        if (mechanism.text() == "SCRAM-SHA-256") return "SCRAM-SHA-256";
        plain = plain || mechanism.text() == "PLAIN";
    }
    return plain ? "PLAIN" : "SCRAM-SHA-256";
}

}  // namespace

Result<void> Peer::restart_stream() {
    connection_->restart_stream();
    header_seen_ = false;
    std::string header = "<?xml version='1.0'?><stream:stream to='";
    xml::escape(header, actor_.option("stream_to", actor_.domain()));
    header.append("' xmlns='").append(actor_.option("stream_ns", content_ns()));
    header.append("' xmlns:stream='").append(ns::streams).append("'");
    const bool client = actor_.kind == Actor::Kind::client;
    if (client) header += " version='1.0'";
    const auto attribute = [&header](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        header.append(" ").append(name).append("='");
        xml::escape(header, value);
        header += '\'';
    };
    attribute("xml:lang", actor_.option("stream_lang", client ? "en" : ""));
    attribute("from", actor_.option("stream_from", ""));
    write(header + ">");
    poller_.wait_until([this] { return header_seen_ || was_closed(); }, timeout_);
    if (!header_seen_) return problem("no stream header came from the server");
    return {};
}

Result<void> Peer::open_stream() {
    if (auto opened = open_socket(); !opened) return opened;
    return restart_stream();
}

Result<xml::Document> Peer::start_tls() {
    write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    auto answer = next_element("answer to <starttls/>");
    if (!answer) return answer.error();
    if (!answer->root().is(ns::tls, "proceed")) return problem("STARTTLS was refused");
    if (auto done = connection_->start_tls(std::string(actor_.domain()), timeout_); !done) {
        return problem(done.error().text);
    }
    if (auto restarted = restart_stream(); !restarted) return restarted.error();
    return next_element("<stream:features/>");
}

Result<void> Peer::authenticate() {
    if (auto opened = open_stream(); !opened) return opened;
    auto features = next_element("<stream:features/>");
    if (features && actor_.option("tls") == "true") features = start_tls();
    if (!features) return features.error();
    const auto chosen = actor_.option("mechanism", best_mechanism(features->root()));
    auto done = chosen == "PLAIN" ? sasl_plain() : sasl_scram();
    if (!done) return done;
    if (auto restarted = restart_stream(); !restarted) return restarted;
    features = next_element("<stream:features/>");
    return features ? Result<void>{} : features.error();
}

Result<void> Peer::sasl_plain() {
    std::string message(1, '\0');
    const auto jid = actor_.bare_jid();
    message.append(jid.substr(0, jid.find('@'))).append(1, '\0').append(actor_.option("password"));
    write(auth_xml("PLAIN", message));
    auto answer = next_element("answer to <auth/>");
    if (!answer) return answer.error();
    if (!answer->root().is(ns::sasl, "success")) {
        return refused("login failed: " + xml::to_string(answer->root()));
    }
    return {};
}

Result<void> Peer::sasl_scram() {
    const auto jid = actor_.bare_jid();
    ScramClient scram(jid.substr(0, jid.find('@')), actor_.option("password"));
    write(auth_xml("SCRAM-SHA-256", scram.first()));
    auto challenge = next_element("SCRAM challenge");
    if (!challenge) return challenge.error();
    if (!challenge->root().is(ns::sasl, "challenge")) {
        return refused("login failed: " + xml::to_string(challenge->root()));
    }
    const auto reply = scram.final_message(base64_decode(challenge->root().text()).value_or(""));
    if (!reply) return problem(reply.error().text);
    write("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + base64_encode(*reply) +
          "</response>");
    auto answer = next_element("end of SCRAM");
    if (!answer) return answer.error();
    if (!answer->root().is(ns::sasl, "success")) {
        return refused("login failed: " + xml::to_string(answer->root()));
    }
    if (!scram.verify(base64_decode(answer->root().text()).value_or(""))) {
        return problem("the server's SCRAM signature is wrong");
    }
    return {};
}

Result<void> Peer::bind() {
    std::string request = "<iq type='set' id='bind'><bind xmlns='";
    request.append(ns::bind).append("'>");
    if (const auto resource = actor_.resource(); !resource.empty()) {
        request += "<resource>";
        xml::escape(request, resource);
        request += "</resource>";
    }
    write(request + "</bind></iq>");
    auto answer = next_element("answer to bind");
    if (!answer) return answer.error();
    const auto* bound = answer->root().child(ns::bind, "bind");
    if (answer->root().attr("type") != "result" || bound == nullptr) {
        return problem("bind failed: " + xml::to_string(answer->root()));
    }
    full_jid_ = bound->child_text(ns::bind, "jid");
    return {};
}

Result<void> Peer::component_handshake() {
    if (auto started = restart_stream(); !started) return started;
    const auto secret = actor_.option("secret", actor_.option("password"));
    const auto digest = crypto::sha1(stream_id_ + std::string(secret));
    write("<handshake>" + hex_encode(digest) + "</handshake>");
    auto answer = next_element("answer to <handshake/>");
    if (!answer) return answer.error();
    if (answer->root().name() != "handshake") {
        return refused("the handshake failed: " + xml::to_string(answer->root()));
    }
    return {};
}

// --- stream management --------------------------------------------------------------------------

Result<xml::Document> Peer::sm_answer() {
    const auto is_answer = [](const Received& one) {
        return one.document.root().ns() == ns::sm && !one.quiet;
    };
    auto found = inbox_.end();
    poller_.wait_until(
        [&] {
            found = std::find_if(inbox_.begin(), inbox_.end(), is_answer);
            return found != inbox_.end() || was_closed();
        },
        timeout_);
    if (found == inbox_.end()) return problem("no answer of stream management came");
    auto document = std::move(found->document);
    inbox_.erase(found);
    return document;
}

Result<void> Peer::enable_sm(bool resumable) {
    const auto request =
        xml::parse_element(resumable ? "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
                                     : "<enable xmlns='urn:xmpp:sm:3'/>");
    write_element(request.root());
    auto answer = sm_answer();
    if (!answer) return answer.error();
    if (!answer->root().is(ns::sm, "enabled")) {
        return problem("expected <enabled/>, got " + xml::to_string(answer->root()));
    }
    if (resumable && sm_id_.empty()) return problem("the session cannot be resumed");
    return {};
}

Result<void> Peer::resume() {
    if (sm_id_.empty()) return problem("has no session to resume");
    auto kept = std::move(inbox_);
    if (auto done = authenticate(); !done) return done;
    write("<resume xmlns='urn:xmpp:sm:3' previd='" + sm_id_ + "' h='" + std::to_string(handled_) +
          "'/>");
    auto answer = sm_answer();
    if (!answer) return answer.error();
    const auto& root = answer->root();
    if (!root.is(ns::sm, "resumed") || root.attr("previd") != sm_id_) {
        return problem("resumption failed: " + xml::to_string(root));
    }
    std::erase_if(kept, [](const Received& one) {
        return one.document.root().ns() == ns::streams;  // how the old stream ended
    });
    for (auto& later : inbox_) kept.push_back(std::move(later));
    inbox_ = std::move(kept);
    return {};
}

}  // namespace clarion::script
