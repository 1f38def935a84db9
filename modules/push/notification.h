// The stanza that is published: docs/push-rules.md, "What is sent". XEP-0357 section 7,
// XEP-0060 7.1. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proto/stanza.h"
#include "server/core/events/push_registration.h"

namespace clarion::push {

/// The fields of the form urn:xmpp:push:summary; an empty text is a field that is not sent.
struct Summary {
    std::uint64_t message_count = 1;
    std::string_view last_message_sender;
    std::string_view last_message_body;
};

/// `<notification/>` with the summary form in it: what PushSending shows to other modules.
xml::Document make_notification(const Summary& summary);

/// The publish, without id (PendingIqs sets one): from the host, to the service, one item without
/// id, the stored publish-options as they came.
std::shared_ptr<Stanza> make_publish(std::string_view host, const Jid& service,
                                     const events::PushRegistration& registration,
                                     const xml::Element& notification);

/// A node may be a device token: logs get a short hash of it.
std::string node_tag(const events::PushRegistration& registration);

}  // namespace clarion::push
