// What a client sends: whether it is a stanza, whether it may say whom it is from, and where it goes.
#pragma once

#include <string_view>

#include "base/result.h"
#include "proto/jid.h"
#include "proto/xml.h"
#include "server/core/routing/envelope.h"

namespace clarion::core {

class Session;

inline constexpr std::string_view wrong_from = "'from' is not this client's";

bool is_called_like_a_stanza(const xml::Element& element);
bool is_stanza(const xml::Element& element);

/// RFC 6120, 8.1.2.1: what a client may put into 'from'. A page that is loaded anew resumes its
/// session under a resource that it has just made up (Converse.js does); what it sends gets its
/// address all the same.
bool is_address_of(const Session& session, const Jid& jid);

/// Answers something that calls itself a stanza but is not one.
void refuse_stanza(Session& session, const xml::Element& element, const Error& error);

/// What the client sent goes its way.
void dispatch_stanza(Session& session, Envelope envelope);

}  // namespace clarion::core
