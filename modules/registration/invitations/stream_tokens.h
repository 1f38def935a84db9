// Tokens that streams present before they log in (XEP-0445).
//
// What one presented in time is kept with its stream, and works until it is used up or the stream
// logs in: whether it has expired is asked once. registration.h makes the account with it.
#pragma once

#include <string>

#include "modules/registration/registration.h"
#include "server/core/events/stream_events.h"

namespace clarion::registration::invitations {

class StreamTokens {
public:
    explicit StreamTokens(core::ModuleSetup& setup)
        : presented_(setup.stream_slot<std::string>()) {}

    Task<core::C2sStream::Next> on_preauth(core::C2sStream& stream, core::Context& here,
                                           const xml::Element& iq) const;
    void on_sought(PresentedSought& event) const { event.key = presented_.find(event.stream); }
    void offer(events::LoginFeatures& event) const;

private:
    core::StreamSlot<std::string> presented_;  // the invitation's key
};

}  // namespace clarion::registration::invitations
