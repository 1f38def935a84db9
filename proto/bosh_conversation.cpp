#include "proto/bosh_conversation.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/text.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "proto/xml_stream_opening.h"

namespace clarion::bosh {

namespace {

std::uint64_t in_seconds(Duration duration) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

bool is_stanza(const xml::Element& element) {
    return element.is(ns::client, "message") || element.is(ns::client, "presence") ||
           element.is(ns::client, "iq");
}

/// One request more than the others may be there if it lets go of them (section 11).
std::uint32_t extra(const Head& head) { return head.pause || head.terminates ? 1 : 0; }

/// Less than agreed on, for requests do not come as evenly as they were sent.
Duration shortest_interval(Duration polling) { return polling - polling / 10; }

}  // namespace

// ---- What is agreed on (7.1, 7.2) --------------------------------------------------------------

Conversation::Conversation(Terms terms, Head head, std::string text, Ticket ticket, SteadyTime now)
    : terms_(std::move(terms)),
      received_(head.rid),
      key_(to_lower_ascii(head.new_key)),
      quiet_since_(now),
      last_new_(now) {
    agree(head);
    open_.push_back({.rid = head.rid,
                     .ticket = ticket,
                     .since = now,
                     .digest = crypto::sha256(text),
                     .opens = true});
    unread_bytes_ = text.size();
    Unread unread{.rid = head.rid, .size = text.size()};
    unread.head = std::move(head);
    unread.text = std::move(text);
    unread.opens = true;
    unread_.push_back(std::move(unread));
}

void Conversation::agree(const Head& head) {
    wait_ = terms_.max_wait;
    if (head.wait) wait_ = std::min<Duration>(wait_, std::chrono::seconds(*head.wait));
    hold_ = std::min(terms_.max_hold, head.hold.value_or(1));
    requests_ = hold_ + 1;
    inactivity_ = terms_.inactivity;
    if (is_polling_session()) inactivity_ += 2 * terms_.polling;
    grace_ = inactivity_;
    legacy_ = head.is_legacy();
    if (head.version) version_ = std::min(*head.version, our_version);
    content_type_ = bosh::content_type(head.content);
}

// ---- Requests (section 14) ---------------------------------------------------------------------

void Conversation::take(Head head, std::string text, Ticket ticket, SteadyTime now) {
    if (over_) {
        auto last = std::exchange(last_words_, std::nullopt);
        Reply reply = last ? std::move(*last) : refusal(Condition::item_not_found, legacy_);
        return answers_.push_back({ticket, std::move(reply)});
    }
    Request request{.rid = head.rid,
                    .ticket = ticket,
                    .since = now,
                    .digest = crypto::sha256(text),
                    .pauses = head.pause.has_value()};
    if (!has_live()) quiet_since_ = now;
    if (head.rid <= received_ || early_.contains(head.rid)) return take_again(std::move(request));
    if (head.rid > received_ + requests_ + extra(head))
        return fail(ticket, Condition::item_not_found);
    if (is_too_many(head) || is_too_soon(head, now))
        return fail(ticket, Condition::policy_violation);
    last_new_ = now;
    last_only_polled_ = head.only_polls();
    grace_ = inactivity_;
    pausing_ = false;
    unread_bytes_ += text.size();
    Early early{.request = std::move(request),
                .unread = {.rid = head.rid, .size = text.size(), .opens = head.restarts}};
    early.unread.text = std::move(text);
    early.unread.head = std::move(head);
    early_.emplace(early.request.rid, std::move(early));
    admit_early();
}

/// Section 11.
bool Conversation::is_too_many(const Head& head) const {
    return open_.size() + early_.size() >= requests_ + extra(head);
}

/// Sections 11 and 12.
bool Conversation::is_too_soon(const Head& head, SteadyTime now) const {
    if (!head.only_polls() || now - last_new_ >= shortest_interval(terms_.polling)) return false;
    if (is_polling_session()) return last_only_polled_ && last_answer_was_empty_ && open_.empty();
    return live_tickets().size() + 1 >= requests_;
}

/// Those that come next, and whose predecessors have come.
void Conversation::admit_early() {
    while (!early_.empty() && early_.begin()->first == received_ + 1) {
        auto next = early_.extract(early_.begin());
        if (!admit(std::move(next.mapped()))) return;
    }
}

bool Conversation::admit(Early early) {
    const Head& head = early.unread.head;
    const bool proved = has_key(head);
    if (!proved || !pause(head)) {
        fail(early.request.ticket,
             proved ? Condition::policy_violation : Condition::item_not_found);
        return false;
    }
    note_ack(head);
    received_ = early.request.rid;
    open_.push_back(std::move(early.request));
    unread_.push_back(std::move(early.unread));
    return true;
}

/// Section 15: the client alone can say what hashes to what it said before.
bool Conversation::has_key(const Head& head) {
    if (!key_.empty() && hex_encode(crypto::sha1(head.key)) != key_) return false;
    if (!head.new_key.empty())
        key_ = to_lower_ascii(head.new_key);
    else if (!key_.empty())
        key_ = to_lower_ascii(head.key);
    return true;
}

/// It has these answers (9.2).
void Conversation::note_ack(const Head& head) {
    if (!head.ack) return;
    while (!answered_.empty() && answered_.front().rid <= *head.ack) answered_.pop_front();
}

/// Section 10. False: for too long.
bool Conversation::pause(const Head& head) {
    if (!head.pause) return true;
    const Duration wanted = std::chrono::seconds(*head.pause);
    if (wanted > terms_.max_pause) return false;
    grace_ = wanted;
    pausing_ = true;
    return true;
}

/// 14.3: its connection broke, so that it asks once more.
void Conversation::take_again(Request request) {
    const auto same = [&request](const auto& other) { return other.rid == request.rid; };
    if (const auto early = early_.find(request.rid); early != early_.end()) {
        if (!replace(early->second.request, request))
            fail(request.ticket, Condition::policy_violation);
        return;
    }
    if (const auto open = std::find_if(open_.begin(), open_.end(), same); open != open_.end()) {
        if (!replace(*open, request)) fail(request.ticket, Condition::policy_violation);
        return;
    }
    const auto answered = std::find_if(answered_.begin(), answered_.end(), same);
    if (answered == answered_.end()) return fail(request.ticket, Condition::item_not_found);
    if (answered->digest != request.digest)
        return fail(request.ticket, Condition::policy_violation);
    answers_.push_back({request.ticket, answered->reply});
}

/// False: it says something else.
bool Conversation::replace(Request& older, Request& request) {
    if (older.digest != request.digest) return false;
    if (older.is_live) answers_.push_back({older.ticket, recoverable_error()});
    older.ticket = request.ticket;
    older.since = request.since;
    older.is_live = true;
    return true;
}

void Conversation::gone(Ticket ticket, SteadyTime now) {
    const bool held = has_live();
    const auto lose = [ticket](Request& request) {
        if (request.ticket == ticket) request.is_live = false;
    };
    for (Request& request : open_) lose(request);
    for (auto& [rid, early] : early_) lose(early.request);
    if (held && !has_live()) quiet_since_ = now;
}

// ---- What they say -----------------------------------------------------------------------------

Conversation::Event Conversation::next(const xml::Limits& limits) {
    while (!over_ && !unread_.empty()) {
        const Event event = read_front(limits);
        if (event != Event::nothing) return event;
        finish_front();
    }
    return Event::nothing;
}

Conversation::Event Conversation::read_front(const xml::Limits& limits) {
    Unread& front = unread_.front();
    if (std::exchange(front.opens, false)) {
        begin_stream(front);
        return Event::open;
    }
    // Nothing else is heard in a request that restarts the stream (XEP-0206, 5).
    if (front.head.restarts) return Event::nothing;
    if (!front.reader) front.reader = std::make_unique<BodyReader>(std::move(front.text));
    const BodyReader::Event event = front.reader->next(limits);
    if (event == BodyReader::Event::element) {
        element_ = front.reader->take();
        stamp_language();
        return Event::element;
    }
    if (event == BodyReader::Event::end)
        return front.head.terminates ? Event::terminate : Event::nothing;
    error_ = front.reader->error_text();
    return event == BodyReader::Event::refused ? Event::refused : Event::malformed;
}

void Conversation::finish_front() {
    const Unread& front = unread_.front();
    for (Request& request : open_)
        if (request.rid == front.rid) request.is_read = true;
    unread_bytes_ -= front.size;
    unread_.pop_front();
}

/// What a stream's opening tag would say. Clients that name no version are as old as XEP-0206 is,
/// and mean that of RFC 6120 all the same.
void Conversation::begin_stream(const Unread& unread) {
    const Head& head = unread.head;
    if (!head.to.empty()) header_.to = head.to;
    if (!head.from.empty()) header_.from = head.from;
    if (xml::is_language(head.lang)) header_.lang = head.lang;
    if (!head.stream_version.empty()) header_.version = head.stream_version;
    if (header_.version.empty()) header_.version = "1.0";
    header_.content_ns = ns::client;
}

/// As XmlStream does: a stanza means the same wherever it is kept or sent.
void Conversation::stamp_language() {
    xml::Element& root = element_.root();
    if (header_.lang.empty() || !is_stanza(root) || root.find_attr("lang", ns::xml)) return;
    root.set_attr("lang", header_.lang, ns::xml);
}

// ---- Answers -----------------------------------------------------------------------------------

void Conversation::write(std::string xml) {
    if (over_ || xml.empty()) return;
    out_bytes_ += xml.size();
    out_.push_back(std::move(xml));
}

void Conversation::settle(SteadyTime now) {
    while (!over_ && !open_.empty() && is_due(open_.front(), now)) answer_front(now);
    if (open_.empty()) pausing_ = false;
}

/// What the front can be answered comes too late for a client that is gone: it asks again, or has
/// asked for what comes next.
bool Conversation::is_due(const Request& front, SteadyTime now) const {
    if (front.opens) return front.is_read;
    if (!has_live() || (is_behind() && !front.is_read)) return false;
    if (pausing_ || !out_.empty()) return true;
    return front.is_read && (open_.size() > hold_ || now - front.since >= wait_);
}

bool Conversation::has_live() const {
    return std::any_of(open_.begin(), open_.end(),
                       [](const Request& request) { return request.is_live; });
}

void Conversation::answer_front(SteadyTime now) {
    const Request request = std::move(open_.front());
    open_.pop_front();
    std::string content;
    if (request.is_live && !request.pauses) content = take_output();
    last_answer_was_empty_ = content.empty();
    Reply reply{200, write_body(attributes_for(request), content)};
    if (request.is_live) answers_.push_back({request.ticket, reply});
    if (!has_live()) quiet_since_ = now;
    remember(request, std::move(reply));
}

std::string Conversation::take_output() {
    std::string content;
    while (!out_.empty() &&
           (content.empty() || content.size() + out_.front().size() <= terms_.max_answer)) {
        content += out_.front();
        out_bytes_ -= out_.front().size();
        out_.pop_front();
    }
    return content;
}

std::string Conversation::attributes_for(const Request& request) const {
    std::string out;
    if (request.opens || received_ != request.rid) append_attribute(out, "ack", received_);
    if (!request.opens) return out;
    append_attribute(out, "sid", terms_.sid);
    append_attribute(out, "wait", in_seconds(wait_));
    append_attribute(out, "requests", std::uint64_t{requests_});
    append_attribute(out, "hold", std::uint64_t{hold_});
    append_attribute(out, "inactivity", in_seconds(inactivity_));
    if (terms_.polling > Duration::zero())
        append_attribute(out, "polling", in_seconds(terms_.polling));
    if (terms_.max_pause > Duration::zero())
        append_attribute(out, "maxpause", in_seconds(terms_.max_pause));
    if (version_)
        append_attribute(out, "ver",
                         std::to_string(version_->major) + "." + std::to_string(version_->minor));
    append_attribute(out, "from", terms_.from);
    append_attribute(out, "xmlns:xmpp", ns::xbosh);
    append_attribute(out, "xmpp:version", "1.0");
    append_attribute(out, "xmpp:restartlogic", "true");
    return out;
}

/// As many as there can be on their way; what is said of a pause says nothing (14.3).
void Conversation::remember(const Request& request, Reply reply) {
    answered_.push_back({request.rid, request.digest, std::move(reply), request.pauses});
    const auto counts = [](const Answered& answered) { return !answered.was_pause; };
    while (std::count_if(answered_.begin(), answered_.end(), counts) > requests_ ||
           answered_.size() > 2 * requests_)
        answered_.pop_front();
}

// ---- The end (sections 13 and 17) --------------------------------------------------------------

std::vector<Ticket> Conversation::live_tickets() const {
    std::vector<Ticket> tickets;
    for (const Request& request : open_)
        if (request.is_live) tickets.push_back(request.ticket);
    for (const auto& [rid, early] : early_)
        if (early.request.is_live) tickets.push_back(early.request.ticket);
    return tickets;
}

/// Everybody who waits is answered; nothing is kept.
void Conversation::close_all(const Reply& first, const Reply& others) {
    const Reply* reply = &first;
    for (const Ticket ticket : live_tickets())
        answers_.push_back({ticket, *std::exchange(reply, &others)});
    over_ = true;
    open_.clear();
    unread_.clear();
    early_.clear();
    answered_.clear();
    unread_bytes_ = 0;
    drop_output();
}

void Conversation::fail(Ticket culprit, Condition condition) {
    gone(culprit, quiet_since_);  // it gets an answer of its own
    const Reply other = refusal(Condition::other_request, legacy_);
    close_all(other, other);
    answers_.push_back({culprit, refusal(condition, legacy_)});
    failure_ = condition;
}

void Conversation::end(std::optional<Condition> condition, std::string_view content,
                       SteadyTime now) {
    if (over_) return;
    std::string all;
    for (const std::string& element : out_) all += element;
    all += content;
    Reply first = condition ? refusal(*condition, legacy_, all) : farewell(all);
    const bool heard = !live_tickets().empty();
    close_all(first, {200, write_body({}, {})});
    if (heard) return;
    last_words_ = std::move(first);
    quiet_since_ = now;
    grace_ = inactivity_;
}

void Conversation::abandon() {
    last_words_.reset();
    if (!over_) close_all({503, {}}, {503, {}});
}

void Conversation::drop_output() {
    out_.clear();
    out_bytes_ = 0;
}

bool Conversation::is_lost(SteadyTime now) const {
    return !has_live() && now - quiet_since_ >= grace_;
}

std::size_t Conversation::memory() const {
    std::size_t bytes = unread_bytes_;
    for (const Unread& unread : unread_)
        bytes += heap_bytes(sizeof unread) + (unread.reader ? unread.reader->memory() : 0);
    for (const Answered& answered : answered_)
        bytes += heap_bytes(sizeof answered) + heap_bytes(answered.reply.body);
    for (const std::string& element : out_) bytes += sizeof element + heap_bytes(element);
    bytes += early_.size() * heap_bytes(sizeof(Early)) + open_.size() * sizeof(Request);
    return bytes;
}

}  // namespace clarion::bosh
