// Requests on a stream that has not logged in: its client has no address yet, and talks to the host.
#pragma once

#include <functional>

#include "base/result.h"
#include "proto/stanza.h"

namespace clarion::core {
class C2sStream;
class Context;
}  // namespace clarion::core

namespace clarion::registration {

/// Errors: "not-allowed" (it is for somebody else), "bad-request" (it has no id).
Result<> check_early(const core::C2sStream& stream, const xml::Element& iq);

/// Answers without 'to', as the client has no address; notes a refusal by where it comes from.
/// `fill` adds to a result.
void answer_early(core::Context& context, core::C2sStream& stream, const xml::Element& iq,
                  const Result<>& outcome, const std::function<void(Stanza&)>& fill = {});

}  // namespace clarion::registration
