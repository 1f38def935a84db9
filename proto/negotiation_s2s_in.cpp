// The receiving server, and the authoritative one (XEP-0220, 2.2).
#include "proto/negotiation_s2s_in.h"

#include "base/text.h"
#include "proto/dialback.h"
#include "proto/framing.h"
#include "proto/jid.h"
#include "proto/negotiation_s2s_xml.h"
#include "proto/ns.h"

namespace clarion::s2s {

using Next = IncomingNegotiation::Next;

namespace {

constexpr unsigned max_sasl_failures = 3;

/// "1.0" and all later ones; RFC 6120, 4.7.5 compares numbers.
bool understands(std::string_view version) {
    const Result<std::int64_t> major = parse_int(version.substr(0, version.find('.')));
    return major.ok() && *major >= 1;
}

/// The prepared domain, or nothing.
std::string domain_of(std::string_view text) {
    return text.empty() ? std::string{} : prepare_domain(text).value_or({});
}

}  // namespace

Next IncomingNegotiation::on_open(const xml::StreamHeader& header, std::string stream_id,
                                  std::string& out) {
    start_over();
    stream_id_ = std::move(stream_id);
    old_peer_ = header.version.empty();
    from_ = domain_of(header.from);
    const std::string to = domain_of(header.to);
    to_ = policy_.is_ours(to) ? to : policy_.default_host;
    write_header(out);  // also before an error (RFC 6120, 4.9.1.2)
    if (const auto wrong = check_header(header)) return end(*wrong, "the stream's header", out);
    state_ = State::open;
    if (!old_peer_) write_features(out);
    return Next::read;
}

std::optional<StreamErrorCondition> IncomingNegotiation::check_header(
    const xml::StreamHeader& header) {
    if (header.content_ns != ns::server) return StreamErrorCondition::invalid_namespace;
    if (!old_peer_ && !understands(header.version))
        return StreamErrorCondition::unsupported_version;
    if (!header.to.empty() && !policy_.is_ours(domain_of(header.to))) {
        return StreamErrorCondition::host_unknown;
    }
    if (!header.from.empty() && from_.empty()) return StreamErrorCondition::improper_addressing;
    if (!from_.empty() && policy_.is_ours(from_)) return StreamErrorCondition::invalid_from;
    // Without features there is no way to TLS.
    if (old_peer_ && needs_tls()) return StreamErrorCondition::unsupported_version;
    return std::nullopt;
}

void IncomingNegotiation::write_header(std::string& out) {
    header_sent_ = true;
    tcp_framing().append_header(out, {.content_ns = ns::server,
                                      .from = to_,
                                      .to = from_,
                                      .id = stream_id_,
                                      .version = old_peer_ ? "" : "1.0",
                                      .lang = our_language,
                                      .dialback = true});
}

/// The next stream of the connection has said nothing yet, and nobody was asked for it.
void IncomingNegotiation::start_over() {
    header_sent_ = false;
    state_ = State::header;
    verifying_.clear();
    stream_id_.clear();
}

void IncomingNegotiation::on_encrypted() {
    encrypted_ = true;
    start_over();
}

bool IncomingNegotiation::offers_external() const {
    return encrypted_ && !sasl_done_ && !from_.empty() && policy_.certificate_covers(from_);
}

bool IncomingNegotiation::offers_dialback() const {
    if (needs_tls()) return false;
    return !policy_.require_certificate(to_) ||
           (encrypted_ && !from_.empty() && policy_.certificate_covers(from_));
}

void IncomingNegotiation::write_features(std::string& out) const {
    xml::Document document("features", ns::streams);
    xml::Element& features = document.root();
    if (offers_tls()) {
        auto& starttls = features.add("starttls", ns::tls);
        if (needs_tls()) starttls.add("required");
    }
    if (offers_external())
        features.add("mechanisms", ns::sasl).add_text_child("mechanism", "EXTERNAL");
    if (offers_dialback()) features.add("dialback", ns::dialback_feature).add("errors");
    if (!needs_tls()) add_stream_limits(features, policy_.limits);
    tcp_framing().append_features(out, features);
}

Next IncomingNegotiation::on_element(const xml::Element& element, std::string& out) {
    if (element.ns() == ns::dialback && !element.has_attr("type")) {
        if (element.name() == "result") return on_result(element, out);
        if (element.name() == "verify") return on_verify(element, out);
    }
    // Answers have no place here: we asked nothing on this stream (XEP-0220, 3.1).
    if (element.ns() == ns::dialback) return Next::read;
    if (element.is(ns::tls, "starttls")) return on_starttls(out);
    if (element.is(ns::sasl, "auth")) return on_auth(element, out);
    if (element.is(ns::streams, "error")) {
        state_ = State::closed;
        error_text_ = "the peer says " + std::string(stream_error_condition(element));
        tcp_framing().append_end(out);
        return Next::close;
    }
    return Next::stanza;
}

Next IncomingNegotiation::on_starttls(std::string& out) {
    if (offers_tls() && pairs_.empty()) {
        state_ = State::tls;
        out += "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        return Next::start_tls;
    }
    state_ = State::closed;
    error_text_ = "STARTTLS was not offered";
    out += "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    tcp_framing().append_end(out);
    return Next::close;
}

// ---- SASL EXTERNAL (XEP-0178) ------------------------------------------------------------------

Next IncomingNegotiation::refuse_auth(std::string_view condition, std::string& out) {
    refusal_ = {ns::sasl, condition, from_};
    out += "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><";
    out.append(condition).append("/></failure>");
    if (++sasl_failures_ < max_sasl_failures) return Next::read;  // dialback may follow
    return end(StreamErrorCondition::policy_violation, "too many attempts to authenticate", out);
}

Next IncomingNegotiation::on_auth(const xml::Element& auth, std::string& out) {
    if (auth.attr("mechanism") != "EXTERNAL") return refuse_auth("invalid-mechanism", out);
    if (!offers_external()) return refuse_auth("not-authorized", out);
    const std::string_view text = trim(auth.text());
    if (!text.empty() && text != "=") {
        const Result<std::string> authzid = base64_decode(text);
        if (!authzid) return refuse_auth("incorrect-encoding", out);
        if (domain_of(*authzid) != from_) return refuse_auth("invalid-authzid", out);
    }
    sasl_done_ = true;
    proof_ = Proof::certificate;
    newest_ = {from_, to_};
    pairs_.insert(newest_);
    start_over();
    out += "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
    return Next::restart;
}

// ---- Dialback: receiving server ----------------------------------------------------------------

Next IncomingNegotiation::on_result(const xml::Element& result, std::string& out) {
    Pair pair{domain_of(result.attr("from")), domain_of(result.attr("to"))};
    if (pair.first.empty() || pair.second.empty()) {
        return end(StreamErrorCondition::improper_addressing, "addresses of <db:result/>", out);
    }
    if (verifying_.contains(pair)) return Next::read;
    if (pairs_.contains(pair)) return accept(std::move(pair), proof_, out);
    if (const auto refused = refusal(pair)) {
        refusal_ = {ns::dialback, name(*refused), pair.first};
        append_dialback_error(out, {.element = "result", .from = pair.second, .to = pair.first},
                              *refused);
        return Next::read;
    }
    // RFC 7712, 4.4.1: a certificate that names the domain leaves nothing to ask.
    if (encrypted_ && policy_.certificate_covers(pair.first)) {
        return accept(std::move(pair), Proof::certificate, out);
    }
    request_ = {pair.second, pair.first, stream_id_, std::string(trim(result.text()))};
    verifying_.insert(std::move(pair));
    return Next::verify;
}

std::optional<StanzaErrorCondition> IncomingNegotiation::refusal(const Pair& pair) const {
    if (!policy_.is_ours(pair.second)) return StanzaErrorCondition::item_not_found;
    if (policy_.is_ours(pair.first)) return StanzaErrorCondition::not_acceptable;
    if (!encrypted_ && policy_.require_encryption(pair.second)) {
        return StanzaErrorCondition::policy_violation;
    }
    const bool certified = encrypted_ && policy_.certificate_covers(pair.first);
    if (policy_.require_certificate(pair.second) && !certified)
        return StanzaErrorCondition::not_authorized;
    if (pairs_.size() + verifying_.size() >= policy_.max_pairs) {
        return StanzaErrorCondition::resource_constraint;
    }
    return std::nullopt;
}

Next IncomingNegotiation::accept(Pair pair, Proof proof, std::string& out) {
    append_dialback(
        out, {.element = "result", .from = pair.second, .to = pair.first, .type = "valid"}, {});
    if (proof_ != Proof::certificate) proof_ = proof;
    newest_ = pair;
    return pairs_.insert(std::move(pair)).second ? Next::pair : Next::read;
}

Next IncomingNegotiation::on_verdict(const VerifyAnswer& answer, std::string& out) {
    Pair pair{answer.remote, answer.local};
    const bool awaited = answer.stream_id == stream_id_ && verifying_.erase(pair) > 0;
    if (!awaited || state_ == State::closed) return Next::read;
    const DialbackText head{.element = "result", .from = pair.second, .to = pair.first};
    switch (answer.verdict) {
        case Verdict::valid: return accept(std::move(pair), Proof::dialback, out);
        case Verdict::not_found:
            append_dialback_error(out, head, StanzaErrorCondition::remote_server_not_found);
            return Next::read;
        case Verdict::timeout:
            append_dialback_error(out, head, StanzaErrorCondition::remote_server_timeout);
            return Next::read;
        case Verdict::invalid: break;
    }
    if (!pairs_.empty()) {  // others use the stream rightly
        append_dialback_error(out, head, StanzaErrorCondition::forbidden);
        return Next::read;
    }
    append_dialback(
        out, {.element = "result", .from = pair.second, .to = pair.first, .type = "invalid"}, {});
    state_ = State::closed;
    error_text_ = "dialback: " + pair.first + " did not make this key";
    tcp_framing().append_end(out);
    return Next::close;
}

// ---- Dialback: authoritative server ------------------------------------------------------------

Next IncomingNegotiation::on_verify(const xml::Element& verify, std::string& out) {
    const std::string asker = domain_of(verify.attr("from"));
    const std::string ours = domain_of(verify.attr("to"));
    if (asker.empty() || ours.empty()) {
        return end(StreamErrorCondition::improper_addressing, "addresses of <db:verify/>", out);
    }
    DialbackText head{.element = "verify", .from = ours, .to = asker, .id = verify.attr("id")};
    const bool known = policy_.is_ours(ours);
    if (!known || needs_tls()) {
        const auto refused =
            known ? StanzaErrorCondition::policy_violation : StanzaErrorCondition::item_not_found;
        refusal_ = {ns::dialback, name(refused), asker};
        append_dialback_error(out, head, refused);
        return Next::read;
    }
    const bool genuine = dialback::verify_dialback_key(trim(verify.text()), policy_.dialback_secret,
                                                       asker, ours, verify.attr("id"));
    head.type = genuine ? "valid" : "invalid";
    if (!genuine) refusal_ = {ns::dialback, head.type, asker};
    append_dialback(out, head, {});
    return Next::read;
}

// ---- Stanzas, and the end ----------------------------------------------------------------------

std::optional<StreamErrorCondition> IncomingNegotiation::check_stanza(const Jid& from,
                                                                      const Jid& to) const {
    if (from.empty() || to.empty()) return StreamErrorCondition::improper_addressing;
    if (pairs_.contains(PairLess::View{from.domain(), to.domain()})) return std::nullopt;
    if (pairs_.empty()) return StreamErrorCondition::not_authorized;
    return policy_.is_ours(to.domain()) ? StreamErrorCondition::invalid_from
                                        : StreamErrorCondition::host_unknown;
}

Next IncomingNegotiation::end(StreamErrorCondition condition, std::string_view text,
                              std::string& out) {
    state_ = State::closed;
    error_text_ = std::string(name(condition)).append(": ").append(text);
    tcp_framing().append_error(out, {condition});
    tcp_framing().append_end(out);
    return Next::close;
}

void IncomingNegotiation::ensure_header(std::string stream_id, std::string& out) {
    if (header_sent_) return;
    stream_id_ = std::move(stream_id);
    if (to_.empty()) to_ = policy_.default_host;
    write_header(out);
}

}  // namespace clarion::s2s
