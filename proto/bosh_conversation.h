// Conversation: one BOSH session's requests and answers, in order (XEP-0124, XEP-0206).
//
// Requests come in on any connection and in any order; what they contain comes out in the order of
// their 'rid', like what a stream says, and what is to be said to the client goes out in the
// answers, which keep that order too. A request is held while there is nothing to say, but no
// longer than agreed on, and no more of them than agreed on. The last answers are kept, for clients
// that did not get them.
//
// No I/O, no clock: who owns it gives each request a ticket, passes the time in, sends answers(),
// and calls settle() when a turn ends and once a second. A session that breaks the rules is over at
// once: whatever calls is_over() afterwards says so.
//
// Bounded by the window: as many requests as 'requests' says are kept unread, and as many answers,
// none of them longer than max_answer and one stanza. What is written and not sent yet is unsent(),
// which the owner limits.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "proto/bosh.h"
#include "proto/bosh_body.h"
#include "proto/xml.h"
#include "proto/xml_stream.h"

namespace clarion::bosh {

/// Which request of a session this is, until it is answered. Of whoever takes requests.
using Ticket = std::uint64_t;

struct Answer {
    Ticket ticket;
    Reply reply;
};

/// What the server offers; the client may ask for less.
struct Terms {
    std::string sid;  // fresh and unguessable
    std::string from;
    Duration max_wait{}, inactivity{}, polling{}, max_pause{};
    std::uint32_t max_hold = 2;
    std::size_t max_body = 0;    // of a request: what it may be, for the bounds
    std::size_t max_answer = 0;  // longer only by one stanza
};

class Conversation {
public:
    enum class Event : std::uint8_t {
        nothing,    // that was all for now
        open,       // a stream begins: header(). At first, and when it restarts
        element,    // take_element()
        terminate,  // the client ends the session: end()
        malformed,  // what it sent is no XML: error_text(), end()
        refused,    // a payload costs too much: error_text(), end()
    };

    /// The request that asks for the session. `text`: its whole <body/>, of which `head` was read.
    Conversation(Terms terms, Head head, std::string text, Ticket ticket, SteadyTime now);

    // Requests.
    /// Another one for this session.
    void take(Head head, std::string text, Ticket ticket, SteadyTime now);
    /// The client is not there any more to be answered.
    void gone(Ticket ticket, SteadyTime now);

    // What they say.
    /// The next thing; what came before is dealt with.
    Event next(const xml::Limits& limits);
    const xml::StreamHeader& header() const { return header_; }
    xml::Document take_element() { return std::move(element_); }
    std::string_view error_text() const { return error_; }

    /// Bytes of requests that are not read.
    std::size_t unread() const { return unread_bytes_; }

    // What is said to the client.
    /// One element, with its own namespaces.
    void write(std::string xml);
    std::size_t unsent() const { return out_bytes_; }
    /// So much waits to be read that no more is asked for: requests are not answered before they
    /// are read, whatever there is to say.
    bool is_behind() const { return unread_bytes_ > terms_.max_body * requests_; }
    /// Answers what need not be held any longer.
    void settle(SteadyTime now);
    std::vector<Answer> take_answers() { return std::exchange(answers_, {}); }

    // The end.
    /// The client hears this, at once or with its next request. What waits is sent before;
    /// `content` is what comes last.
    void end(std::optional<Condition> condition, std::string_view content, SteadyTime now);
    /// Forgets what was written and not sent.
    void drop_output();
    /// Nothing more is said; the server stops (HTTP 503).
    void abandon();
    /// It goes on no more, and next() says nothing.
    bool is_over() const { return over_; }
    /// Its end is still to be said.
    bool has_last_words() const { return last_words_.has_value(); }
    /// Of its own accord: the client broke the rules.
    std::optional<Condition> failure() const { return failure_; }
    /// Nobody asked for longer than allowed: the client is gone.
    bool is_lost(SteadyTime now) const;

    std::string_view content_type() const { return content_type_; }
    std::size_t memory() const;

private:
    /// One that is not answered yet.
    struct Request {
        std::uint64_t rid = 0;
        Ticket ticket = 0;
        SteadyTime since{};
        std::string digest;  // of its text
        bool is_live = true;
        bool is_read = false;
        bool opens = false;
        bool pauses = false;
    };
    /// What it says, until that is read.
    struct Unread {
        std::uint64_t rid = 0;
        std::size_t size = 0;
        Head head;
        std::string text;
        std::unique_ptr<BodyReader> reader;
        bool opens = false;  // Event::open is due
    };
    /// It came before its predecessor.
    struct Early {
        Request request;
        Unread unread;
    };
    struct Answered {
        std::uint64_t rid;
        std::string digest;
        Reply reply;
        bool was_pause;
    };

    void agree(const Head& head);
    bool is_polling_session() const { return hold_ == 0 || wait_ == Duration::zero(); }
    // Requests.
    void take_again(Request request);
    bool replace(Request& older, Request& request);
    bool is_too_many(const Head& head) const;
    bool is_too_soon(const Head& head, SteadyTime now) const;
    bool has_key(const Head& head);
    void note_ack(const Head& head);
    bool pause(const Head& head);
    void admit_early();
    bool admit(Early early);
    // Reading.
    void begin_stream(const Unread& unread);
    Event read_front(const xml::Limits& limits);
    void finish_front();
    void stamp_language();
    // Answers.
    bool is_due(const Request& front, SteadyTime now) const;
    bool has_live() const;
    void answer_front(SteadyTime now);
    std::string take_output();
    std::string attributes_for(const Request& request) const;
    void remember(const Request& request, Reply reply);
    void fail(Ticket culprit, Condition condition);
    void close_all(const Reply& first, const Reply& others);
    std::vector<Ticket> live_tickets() const;

    const Terms terms_;
    // What was agreed on.
    Duration wait_{};
    Duration inactivity_{};
    std::uint32_t hold_ = 1;
    std::uint32_t requests_ = 2;
    std::optional<Version> version_;
    bool legacy_ = false;
    std::string_view content_type_;

    std::deque<Request> open_;              // in order, without a gap
    std::deque<Unread> unread_;             // of these
    std::map<std::uint64_t, Early> early_;  // behind a gap
    std::deque<Answered> answered_;         // oldest first
    std::size_t unread_bytes_ = 0;          // in unread_ and early_
    std::uint64_t received_ = 0;            // up to this one all have come
    std::string key_;                       // what the next one's hashes to; empty: no keys
    Duration grace_{};                      // inactivity_, or a pause
    SteadyTime quiet_since_{};              // while no request is held
    SteadyTime last_new_{};                 // when the newest request came
    bool last_only_polled_ = false;         // and whether it brought nothing
    bool last_answer_was_empty_ = false;
    bool pausing_ = false;  // all there are are answered now

    xml::StreamHeader header_;
    xml::Document element_;
    std::string error_;

    std::deque<std::string> out_;
    std::size_t out_bytes_ = 0;
    std::vector<Answer> answers_;

    std::optional<Reply> last_words_;
    std::optional<Condition> failure_;
    bool over_ = false;
};

}  // namespace clarion::bosh
