// Trace: somebody who watches what streams say while they say it (clarionctl trace).
//
// Core and net tell it of every element, what becomes of that is its own business
// (server/app/tracing.h): it decides whom it watches, and it alone takes out what must not be seen
// (proto/redact.h). One per shard, on its thread, while anybody traces there: otherwise
// Context::trace() is nullptr, and that test is all that a stanza pays.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/xml.h"

namespace clarion::core {

/// The stream that something is said on, or the session it belongs to. Views, for the call only.
struct TracedStream {
    std::string_view kind;     // "c2s", "bosh", "component", "s2s-in" or "s2s-out"
    std::string_view account;  // bare JID: whose session it is, or who is logging in; else empty
    std::string_view domain;   // of the other server, or of the component; else empty
    std::string_view name;     // full JID of the session, address of the client, or domain of ours
};

enum class TraceEvent : std::uint8_t {
    received,
    sent,
    queued,  // for a hibernating session
};

class Trace {
public:
    virtual void on_element(const TracedStream& stream, TraceEvent event,
                            const xml::Element& element) = 0;
    /// What was or will be written as text: one or more elements, a header, the stream's end.
    virtual void on_text(const TracedStream& stream, TraceEvent event, std::string_view xml) = 0;
    /// What happened to the stream or session: words of the code, never data of a peer's.
    virtual void on_note(const TracedStream& stream, std::string_view what) = 0;

protected:
    ~Trace() = default;
};

}  // namespace clarion::core
