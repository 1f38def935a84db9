// Events of a client's stream around binding: features offered, elements that are no stanzas.
#pragma once

#include <memory>
#include <string_view>

#include "proto/negotiation_c2s.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Context;
class Session;
}  // namespace clarion::core

namespace clarion::events {

/// <stream:features/> is being written for an authenticated stream without session: add yours.
struct StreamFeatures {
    enum class Stage { offer };
    static constexpr std::string_view name = "StreamFeatures";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Context& context;
    const c2s::StreamFacts& stream;
    xml::Element& features;
};

/// <stream:features/> is being written for a stream that may log in (it is encrypted, or need not
/// be) and has not yet: add yours.
struct LoginFeatures {
    enum class Stage { offer };
    static constexpr std::string_view name = "LoginFeatures";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Context& context;
    const c2s::StreamFacts& stream;
    xml::Element& features;
};

/// A top-level element of a bound session that is no stanza (XEP-0198 <r/>, CSI ...). Stop: it was
/// handled; otherwise the stream ends with unsupported-stanza-type.
struct SessionElement {
    enum class Stage { handle };
    static constexpr std::string_view name = "SessionElement";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Session& session;
    const xml::Element& element;
};

}  // namespace clarion::events
