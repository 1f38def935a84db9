// The client's side of XEP-0357: <enable/> and <disable/> (sections 5 and 6), and a service that
// takes its permission back (section 8). docs/push-rules.md, "Registrations". One per shard, no
// state.
#pragma once

#include "modules/push/state.h"
#include "server/core/actors/iq_table.h"
#include "server/core/events/message_events.h"

namespace clarion::push {

class Registrations;

class Enabling {
public:
    Enabling(core::Context& context, core::AccountSlot<AccountPush> accounts,
             Registrations& registrations)
        : context_(context), accounts_(accounts), registrations_(registrations) {}

    core::IqAnswer on_enable(core::IqRequest& request);
    core::IqAnswer on_disable(core::IqRequest& request);
    /// `<affiliation affiliation='none'/>` for a node, from the very JID that was registered.
    void on_receiving(const events::MessageReceiving& event);

private:
    core::Context& context_;
    core::AccountSlot<AccountPush> accounts_;
    Registrations& registrations_;
};

/// What an <enable/> asks for, without device, order and times. Errors: "bad-request" (no jid, or
/// the account's own), "jid-malformed", "not-acceptable" (too large).
struct EnableLimits {
    std::size_t node = 0;
    std::size_t element = 0;
    std::size_t publish_options = 0;
};
std::variant<events::PushRegistration, StanzaError> read_enable(const xml::Element& enable,
                                                                std::string_view account,
                                                                EnableLimits limits);

}  // namespace clarion::push
