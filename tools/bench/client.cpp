#include "tools/bench/client.h"

#include "base/text.h"

namespace clarion::bench {

namespace {

constexpr unsigned wait_sm = 1, wait_carbons = 2, wait_push = 4, wait_presence = 8;

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string_view mechanism(Auth auth) {
    switch (auth) {
        case Auth::plain: return "PLAIN";
        case Auth::scram_sha_1: return "SCRAM-SHA-1";
        default: return "SCRAM-SHA-256";
    }
}

std::uint32_t count_of(std::string_view element) {
    return static_cast<std::uint32_t>(parse_int(attribute(element, "h")).value_or(0));
}

/// Enough of an element to say what the server did not like.
std::string excerpt(std::string_view element) { return std::string(element.substr(0, 300)); }

}  // namespace

Client::Client(Shared& shared, std::size_t index)
    : shared_(shared),
      index_(index),
      name_(account_name(shared.settings, index)),
      wire_(shared.loop, *this) {}

void Client::start(const Endpoint& endpoint, Wishes wishes) {
    wishes_ = std::move(wishes);
    scanner_.restart();
    scram_.reset();
    secured_ = authenticated_ = counts_ = false;
    handled_ = wishes_.handled;
    sm_id_ = wishes_.resume_id;
    sent_at_login_ = acknowledged_ = 0;
    ack_asked_ns_ = resume_ns_ = 0;
    started_ns_ = now_ns();
    state_ = State::connecting;
    wire_.connect(endpoint);
}

void Client::send(std::string_view stanzas) { say(stanzas); }

void Client::say(std::string_view elements) {
    if (websocket_)
        wire_.send(websocket_->wrap(elements));
    else
        wire_.send(elements);
}

void Client::request_ack() {
    if (ack_asked_ns_ != 0 || !counts_) return;
    ack_asked_ns_ = now_ns();
    say("<r xmlns='urn:xmpp:sm:3'/>");
}

void Client::acknowledge() {
    say("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(handled_) + "'/>");
}

void Client::close() {
    say(websocket_ ? "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>" : "</stream:stream>");
    state_ = State::closing;
    started_ns_ = now_ns();
}

void Client::cut() {
    state_ = State::closed;
    wire_.close();
    scanner_ = {};
    websocket_.reset();
}

std::string_view Client::state_name() const {
    constexpr std::string_view names[] = {"closed",         "connecting", "securing", "negotiating",
                                          "authenticating", "binding",    "enabling", "resuming",
                                          "ready",          "closing"};
    return names[static_cast<std::size_t>(state_)];
}

void Client::on_connected() {
    const auto& target = shared_.settings.target;
    if (target.tls != TlsMode::direct) return open_websocket();
    state_ = State::securing;
    wire_.secure(shared_.tls, target.domain, target.websocket.empty());
}

void Client::on_secured() {
    secured_ = true;
    open_websocket();
}

/// If it is one.
void Client::open_websocket() {
    const auto& target = shared_.settings.target;
    if (target.websocket.empty()) return open_stream();
    state_ = State::negotiating;
    websocket_.emplace();
    wire_.send(WebsocketCoat::handshake(target.domain, target.websocket));
}

void Client::open_stream() {
    scanner_.restart();
    state_ = State::negotiating;
    if (websocket_) {
        scanner_.feed("<s>");
        return say(WebsocketCoat::open_tag(shared_.settings.target.domain));
    }
    wire_.send("<?xml version='1.0'?><stream:stream to='" + shared_.settings.target.domain +
               "' version='1.0' xmlns='jabber:client' "
               "xmlns:stream='http://etherx.jabber.org/streams'>");
}

void Client::on_bytes(std::string_view bytes) {
    if (!websocket_) return on_text(bytes);
    std::string text;
    auto heard = websocket_->unwrap(bytes, text);
    if (heard == WebsocketCoat::Heard::opened) {
        open_stream();
        heard = websocket_->unwrap({}, text);
    }
    if (!text.empty()) on_text(text);
    if (heard == WebsocketCoat::Heard::end && state_ != State::closed)
        give_up("the server closed the WebSocket");
}

void Client::on_text(std::string_view text) {
    scanner_.feed(text);
    for (std::string_view piece; state_ != State::closed;) {
        switch (scanner_.next(piece)) {
            case StanzaScanner::Piece::need_more: return;
            case StanzaScanner::Piece::header: break;
            case StanzaScanner::Piece::element: on_element(piece); break;
            case StanzaScanner::Piece::end: return on_stream_end();
        }
    }
}

void Client::on_stream_end() {
    if (state_ != State::closing) return give_up("the server ended the stream");
    cut();
    shared_.events->on_client_closed(*this);
}

void Client::on_lost(std::string_view reason) { give_up(reason); }

void Client::give_up(std::string_view reason) {
    if (state_ == State::closed) return;
    const auto when = during();
    const auto why = std::string(state_name()) + ": " + std::string(reason);
    cut();
    shared_.events->on_client_lost(*this, when, why);
}

ClientEvents::During Client::during() const {
    switch (state_) {
        case State::ready: return ClientEvents::During::session;
        case State::closing: return ClientEvents::During::closing;
        default: return ClientEvents::During::login;
    }
}

void Client::on_element(std::string_view element) {
    if (websocket_ && element_name(element) == "close") return on_stream_end();
    if (state_ == State::ready) return on_live(element);
    if (websocket_ && element_name(element) == "open") return;
    if (state_ == State::closing) return;
    if (element.starts_with("<stream:error")) return give_up(excerpt(element));
    switch (state_) {
        case State::negotiating: return on_features(element);
        case State::securing:
            if (!element.starts_with("<proceed")) return give_up(excerpt(element));
            return wire_.secure(shared_.tls, shared_.settings.target.domain, false);
        case State::authenticating: return on_sasl(element);
        case State::binding: return on_bound(element);
        case State::resuming: return on_resuming(element);
        default: return on_enabling(element);
    }
}

void Client::on_features(std::string_view features) {
    if (shared_.settings.target.tls == TlsMode::starttls && !secured_) {
        if (!contains(features, "<starttls")) return give_up("the server offers no STARTTLS");
        state_ = State::securing;
        return say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    }
    if (!authenticated_) return authenticate(features);
    if (!wishes_.resume_id.empty()) {
        state_ = State::resuming;
        resume_ns_ = now_ns();
        return say("<resume xmlns='urn:xmpp:sm:3' previd='" + wishes_.resume_id + "' h='" +
                   std::to_string(handled_) + "'/>");
    }
    if (!contains(features, "<bind")) return give_up("the server offers no resource binding");
    state_ = State::binding;
    say("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        "<resource>bench</resource></bind></iq>");
}

void Client::authenticate(std::string_view features) {
    const auto& settings = shared_.settings;
    const auto chosen = mechanism(settings.target.auth);
    if (!contains(features, ">" + std::string(chosen) + "<")) {
        return give_up(std::string(chosen) + " is not offered: " + excerpt(features));
    }
    state_ = State::authenticating;
    std::string initial;
    if (settings.target.auth == Auth::plain) {
        initial = std::string(1, '\0') + name_ + '\0' + settings.crowd.password;
    } else {
        const auto hash =
            settings.target.auth == Auth::scram_sha_1 ? crypto::Hash::sha1 : crypto::Hash::sha256;
        scram_.emplace(shared_.keys, hash, name_, settings.crowd.password);
        initial = scram_->first();
    }
    say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" + std::string(chosen) + "'>" +
        base64_encode(initial) + "</auth>");
}

void Client::on_sasl(std::string_view element) {
    if (element.starts_with("<challenge")) return on_challenge(element);
    if (!element.starts_with("<success")) return give_up(excerpt(element));
    if (scram_) {
        const auto proof = base64_decode(inner_text(element));
        if (!proof || !scram_->verify(*proof)) return give_up("the server's SCRAM proof is wrong");
        scram_.reset();
    }
    authenticated_ = true;
    open_stream();
}

void Client::on_challenge(std::string_view element) {
    const auto challenge = base64_decode(inner_text(element));
    if (!challenge || !scram_) return give_up("an unexpected challenge");
    const auto answer = scram_->final_message(*challenge);
    if (!answer) return give_up(answer.error().text);
    say("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + base64_encode(*answer) +
        "</response>");
}

void Client::on_bound(std::string_view answer) {
    if (element_name(answer) != "iq") return;
    if (attribute(answer, "type") != "result") return give_up(excerpt(answer));
    const auto& settings = shared_.settings;
    std::string all;
    if (settings.crowd.stream_management) {
        waiting_for_ |= wait_sm;
        all += "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
    }
    if (settings.crowd.carbons) {
        waiting_for_ |= wait_carbons;
        all += "<iq type='set' id='carbons'><enable xmlns='urn:xmpp:carbons:2'/></iq>";
    }
    if (!wishes_.push_node.empty()) {
        waiting_for_ |= wait_push;
        all += "<iq type='set' id='push'><enable xmlns='urn:xmpp:push:0' jid='" +
               settings.push.component_domain + "' node='" + wishes_.push_node + "'/></iq>";
    }
    if (settings.crowd.presence) {
        waiting_for_ |= wait_presence;
        all += "<presence/>";
    }
    for (const unsigned what : {wait_carbons, wait_push, wait_presence})
        sent_at_login_ += (waiting_for_ & what) != 0;
    state_ = State::enabling;
    say(all);
    wait_no_more(0);
}

void Client::on_enabling(std::string_view element) {
    if (on_sm(element)) return;
    if (counts_) ++handled_;
    const auto name = element_name(element);
    if (name == "iq") return note_answer(element);
    if (name == "presence") return wait_no_more(wait_presence);  // our own, back to us
    if (name == "message") shared_.events->on_stanza(*this, element);
}

void Client::note_answer(std::string_view iq) {
    const auto id = attribute(iq, "id");
    const unsigned what = id == "carbons" ? wait_carbons : id == "push" ? wait_push : 0;
    if (what == 0) return;
    if (attribute(iq, "type") == "error") {
        if (what == wait_push) return give_up(excerpt(iq));
        refused_ = id;
    }
    wait_no_more(what);
}

void Client::wait_no_more(unsigned what) {
    waiting_for_ &= ~what;
    if (waiting_for_ == 0 && state_ == State::enabling) become_ready();
}

void Client::on_resuming(std::string_view element) {
    if (element_name(element) != "resumed") return give_up(excerpt(element));
    resume_ns_ = now_ns() - resume_ns_;
    counts_ = true;
    acknowledged_ = count_of(element);
    become_ready();
}

void Client::become_ready() {
    state_ = State::ready;
    shared_.events->on_client_ready(*this);
}

void Client::on_live(std::string_view element) {
    if (on_sm(element)) return;
    if (element.starts_with("<stream:error")) return give_up(excerpt(element));
    if (counts_) ++handled_;
    shared_.events->on_stanza(*this, element);
}

bool Client::on_sm(std::string_view element) {
    const auto name = element_name(element);
    if (name == "r") {
        acknowledge();
    } else if (name == "a") {
        acknowledged_ = count_of(element);
        if (ack_asked_ns_ != 0) shared_.events->on_ack(*this, now_ns() - ack_asked_ns_);
        ack_asked_ns_ = 0;
    } else if (name == "enabled") {
        counts_ = true;
        sm_id_ = attribute(element, "id");
        wait_no_more(wait_sm);
    } else if (name == "failed") {
        refused_ = "stream management";
        wait_no_more(wait_sm);
    } else {
        return false;
    }
    return true;
}

}  // namespace clarion::bench
