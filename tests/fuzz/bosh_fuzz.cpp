// Leads BOSH sessions through random requests, and reads random bodies.
//
// Input: one byte for what the session is created with, then one byte an action: requests (those of
// the dictionary below, numbered near the last one, or bytes of the input as a body), clients that
// go away, time, output, reading, the end. Beside memory errors it looks for what must never happen:
// a request answered twice or, when its session is over, not at all; answers that are no XML; what
// requests say out of order; more kept than agreed on.

#include <cstdlib>
#include <set>
#include <string>

#include "proto/bosh.h"
#include "proto/bosh_body.h"
#include "proto/bosh_conversation.h"
#include "proto/ns.h"

using namespace clarion;
using namespace clarion::bosh;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t first_rid = 1000;
constexpr std::size_t max_body = 500;

const std::string opening =
    "<body xmlns='http://jabber.org/protocol/httpbind' "
    "xmlns:xmpp='urn:xmpp:xbosh' to='example.org' ";

std::string request(std::uint64_t rid, unsigned char which) {
    const std::string start = opening + "sid='s' rid='" + std::to_string(rid) + "' ";
    const std::string number = "<message><body>" + std::to_string(rid) + "</body></message>";
    switch (which % 10) {
        case 0: return start + "/>";
        case 1: return start + ">" + number + "</body>";
        case 2: return start + ">" + number + "<iq><a xmlns='x'/></iq></body>";
        case 3: return start + "pause='10'/>";
        case 4: return start + "pause='99999'/>";
        case 5: return start + "xmpp:restart='true'/>";
        case 6: return start + "type='terminate'>" + number + "</body>";
        case 7: return start + "ack='" + std::to_string(rid - 1) + "'/>";
        case 8: return start + ">" + number + "<a></body>";
        default: return start + "key='k' newkey='n'/>";
    }
}

Terms terms(unsigned char flags) {
    return {.sid = "s",
            .from = "example.org",
            .max_wait = (flags & 1) != 0 ? 0s : 20s,
            .inactivity = 30s,
            .polling = (flags & 2) != 0 ? 0s : 5s,
            .max_pause = 60s,
            .max_hold = (flags & 12U) >> 2U,
            .max_body = max_body,
            .max_answer = 300};
}

std::string creation(unsigned char flags) {
    return opening + "rid='" + std::to_string(first_rid) + "' " +
           ((flags & 16) != 0 ? "ver='1.6' " : "") + ((flags & 32) != 0 ? "newkey='n' " : "") +
           ((flags & 64) != 0 ? "wait='5' hold='1'" : "hold='2' xml:lang='en'") + "/>";
}

class Walk {
public:
    explicit Walk(unsigned char flags)
        : conversation_(terms(flags), *read_head(creation(flags)), creation(flags), 0, now_) {
        open_.insert(0);
    }

    void act(unsigned char action, std::string_view& rest) {
        const unsigned char detail = action / 8;
        switch (action % 8) {
            case 0:
            case 1: take(request(++rid_, detail)); break;
            case 2: take(request(rid_ - 3 + detail % 8, detail)); break;
            case 3: take(std::string(rest.substr(0, action))); break;
            case 4:
                if (detail < ticket_) conversation_.gone(ticket_ - detail, now_);
                gone_.insert(ticket_ - detail);
                break;
            case 5: now_ += std::chrono::seconds(detail); break;
            case 6:
                conversation_.write("<a xmlns='x'>" + std::string(detail * 20U, 'a') + "</a>");
                break;
            default: read(detail); break;
        }
        conversation_.settle(now_);
        check();
    }
    void end() {
        conversation_.end(Condition::remote_stream_error, "<e xmlns='x'/>", now_);
        check();
        conversation_.abandon();
        check();
    }

private:
    void take(std::string text) {
        auto head = read_head(text);
        if (!head || text.size() > max_body) return;
        open_.insert(++ticket_);
        conversation_.take(std::move(*head), std::move(text), ticket_, now_);
    }
    void read(unsigned char times) {
        for (int i = 0; i < times; ++i) {
            switch (conversation_.next({.max_stanza_bytes = 200})) {
                case Conversation::Event::nothing: return;
                case Conversation::Event::open: break;
                case Conversation::Event::element: note(conversation_.take_element()); break;
                default: return conversation_.end(Condition::bad_request, {}, now_);
            }
        }
    }
    /// Messages carry the number of their request.
    void note(const xml::Document& element) {
        const auto text = element.root().child_text(ns::client, "body");
        if (text.size() != 4) return;
        const std::uint64_t number = std::strtoull(std::string(text).c_str(), nullptr, 10);
        if (number < heard_) std::abort();
        heard_ = number;
    }
    void check() {
        for (const Answer& answer : conversation_.take_answers()) {
            if (open_.erase(answer.ticket) != 1) std::abort();
            if (answer.reply.status == 200 && xml::parse_element(answer.reply.body).empty())
                std::abort();
        }
        if (conversation_.is_over())
            for (const Ticket ticket : open_)
                if (!gone_.contains(ticket)) std::abort();
        if (conversation_.unread() > 40 * max_body) std::abort();
    }

    SteadyTime now_{1h};
    std::uint64_t rid_ = first_rid;
    std::uint64_t heard_ = 0;
    Ticket ticket_ = 0;
    std::set<Ticket> open_, gone_;
    Conversation conversation_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    (void)read_head(rest);
    BodyReader reader{std::string(rest)};
    while (reader.next({}) == BodyReader::Event::element) (void)reader.take();

    Walk walk(data[0]);
    for (int actions = 0; !rest.empty() && actions < 200; ++actions) {
        const auto action = static_cast<unsigned char>(rest.front());
        rest.remove_prefix(1);
        walk.act(action, rest);
    }
    walk.end();
    return 0;
}
