#include "proto/negotiation_s2s_out.h"

#include "base/text.h"
#include "proto/dialback.h"
#include "proto/framing.h"
#include "proto/jid.h"
#include "proto/negotiation_s2s_xml.h"
#include "proto/ns.h"

namespace clarion::s2s {

using Next = OutgoingNegotiation::Next;

namespace {

StanzaErrorCondition returned_for(std::string_view stream_error) {
    const bool unknown = stream_error == name(StreamErrorCondition::host_unknown) ||
                         stream_error == name(StreamErrorCondition::host_gone);
    return unknown ? StanzaErrorCondition::remote_server_not_found
                   : StanzaErrorCondition::remote_server_timeout;
}

bool offers_mechanism(const xml::Element& features, std::string_view mechanism) {
    const xml::Element* list = features.child(ns::sasl, "mechanisms");
    if (!list) return false;
    for (const xml::Element& child : list->children()) {
        if (child.is(ns::sasl, "mechanism") && trim(child.text()) == mechanism) return true;
    }
    return false;
}

Verdict read_verdict(const xml::Element& verify) {
    const std::string_view type = verify.attr("type");
    if (type == "valid") return Verdict::valid;
    if (type == "invalid") return Verdict::invalid;
    const std::string_view condition = dialback_condition(verify);
    const bool unknown = condition == name(StanzaErrorCondition::item_not_found) ||
                         condition == name(StanzaErrorCondition::remote_server_not_found);
    return unknown ? Verdict::not_found : Verdict::timeout;
}

}  // namespace

void OutgoingNegotiation::write_header(std::string& out) const {
    tcp_framing().append_header(
        out,
        {.content_ns = ns::server, .from = policy_.local, .to = policy_.remote, .dialback = true});
}

void OutgoingNegotiation::start(std::string& out) { write_header(out); }

Next OutgoingNegotiation::on_encrypted(bool certificate_valid, std::string& out) {
    encrypted_ = true;
    certificate_valid_ = certificate_valid;
    stage_ = Stage::secure;
    if (policy_.require_valid_certificate && !certificate_valid) {
        return fail(Stage::secure, StanzaErrorCondition::remote_server_timeout,
                    "its certificate is not valid for the domain");
    }
    state_ = State::header;
    write_header(out);
    return Next::read;
}

Next OutgoingNegotiation::on_open(const xml::StreamHeader& header, std::string&) {
    if (header.content_ns != ns::server) {
        return fail(stage_, StanzaErrorCondition::remote_server_timeout,
                    "what answers is no XMPP server (wrong namespace)");
    }
    stream_id_ = header.id;
    offers_dialback_ = header.declares_dialback;
    offers_external_ = false;
    if (state_ == State::external_header) {
        state_ = State::external_features;
        return header.version.empty() ? come_up(Proof::certificate) : Next::read;
    }
    if (!header.version.empty()) {
        state_ = State::features;
        return Next::read;
    }
    if (!encrypted_ && policy_.require_encryption) {
        return fail(Stage::secure, StanzaErrorCondition::remote_server_timeout,
                    "the server is too old to encrypt");
    }
    return enter_secured();
}

Next OutgoingNegotiation::on_element(const xml::Element& element, std::string& out) {
    if (element.is(ns::streams, "error")) return on_stream_error(element);
    if (element.ns() == ns::dialback) return on_dialback(element);
    if (element.is(ns::streams, "features")) return on_features(element, out);
    if (state_ == State::external) return on_external(element, out);
    if (state_ == State::tls) {
        if (element.is(ns::tls, "proceed")) return Next::start_tls;
        return fail(Stage::secure, StanzaErrorCondition::remote_server_timeout,
                    "the server refused STARTTLS");
    }
    return Next::read;
}

Next OutgoingNegotiation::on_features(const xml::Element& features, std::string& out) {
    if (state_ == State::external_features) return come_up(Proof::certificate);
    if (state_ != State::features) return Next::read;
    const bool offered = features.child(ns::tls, "starttls") != nullptr;
    // RFC 7590, 3.1: the offer may have been stripped; who insists on TLS asks for it anyway.
    const bool try_tls =
        !encrypted_ && policy_.can_encrypt && (offered || policy_.require_encryption);
    if (try_tls) {
        stage_ = Stage::secure;
        state_ = State::tls;
        out += "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        return Next::read;
    }
    if (!encrypted_ && policy_.require_encryption) {
        return fail(Stage::secure, StanzaErrorCondition::remote_server_timeout,
                    "encryption is required, but no certificate is configured here");
    }
    offers_external_ = encrypted_ && offers_mechanism(features, "EXTERNAL");
    if (features.child(ns::dialback_feature, "dialback")) offers_dialback_ = true;
    return enter_secured();
}

Next OutgoingNegotiation::enter_secured() {
    state_ = State::secured;
    stage_ = Stage::authenticate;
    return Next::secured;
}

Next OutgoingNegotiation::authenticate(std::string& out) {
    if (!offers_external_ || !policy_.have_certificate) return start_dialback(out);
    state_ = State::external;
    out += "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>";
    out += base64_encode(policy_.local);  // XEP-0178, 3 (10): for servers that rely on it
    out += "</auth>";
    return Next::read;
}

Next OutgoingNegotiation::start_dialback(std::string& out) {
    if (!offers_dialback_) {
        return fail(Stage::authenticate, StanzaErrorCondition::remote_server_timeout,
                    "the server accepts neither our certificate nor dialback");
    }
    state_ = State::dialback;
    append_dialback(
        out, {.element = "result", .from = policy_.local, .to = policy_.remote},
        dialback::dialback_key(policy_.dialback_secret, policy_.remote, policy_.local, stream_id_));
    return Next::read;
}

Next OutgoingNegotiation::on_external(const xml::Element& element, std::string& out) {
    if (element.is(ns::sasl, "success")) {
        state_ = State::external_header;
        write_header(out);
        return Next::restart;
    }
    if (element.is(ns::sasl, "challenge")) {  // asks again for what it was told: no other answer
        out += "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>";
        out += base64_encode(policy_.local);
        out += "</response>";
        return Next::read;
    }
    offers_external_ = false;
    return element.is(ns::sasl, "failure") ? start_dialback(out) : Next::read;
}

void OutgoingNegotiation::ask(const VerifyRequest& request, std::string& out) const {
    append_dialback(
        out,
        {.element = "verify", .from = request.local, .to = request.remote, .id = request.stream_id},
        request.key);
}

Next OutgoingNegotiation::on_dialback(const xml::Element& element) {
    if (element.name() == "verify") {
        answer_ = VerifyAnswer{std::string(element.attr("to")), std::string(element.attr("from")),
                               std::string(element.attr("id")), read_verdict(element)};
        return Next::read;
    }
    const bool ours = state_ == State::dialback && element.name() == "result" &&
                      element.attr("from") == policy_.remote && element.attr("to") == policy_.local;
    if (!ours) return Next::read;  // unsolicited (XEP-0220, 3.1)
    const std::string_view type = element.attr("type");
    if (type == "valid") return come_up(Proof::dialback);
    if (type == "invalid") {
        return fail(Stage::authenticate, StanzaErrorCondition::internal_server_error,
                    "dialback: the server holds our key for invalid");
    }
    return fail(Stage::authenticate, StanzaErrorCondition::remote_server_timeout,
                "dialback: " + std::string(dialback_condition(element)));
}

Next OutgoingNegotiation::on_stream_error(const xml::Element& error) {
    const std::string_view condition = stream_error_condition(error);
    return fail(stage_, returned_for(condition), "stream error: " + std::string(condition));
}

Next OutgoingNegotiation::come_up(Proof proof) {
    state_ = State::up;
    stage_ = Stage::up;
    proof_ = proof;
    return Next::up;
}

Next OutgoingNegotiation::fail(Stage stage, StanzaErrorCondition condition, std::string text) {
    state_ = State::failed;
    failure_ = Failure{stage, condition, std::move(text)};
    return Next::failed;
}

}  // namespace clarion::s2s
