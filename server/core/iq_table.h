// IqTable: who answers which request. One per shard; filled by modules at start.
//
// A handler that reads or changes what Account holds is a plain function and answers in the same
// turn, in order. A handler that only reads storage (archive pages) is a coroutine; the table lets
// a few run per session, and answers are written in the order RFC 6120 section 10.1 asks for
// because each waits for those before it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/task.h"
#include "proto/stanza.h"
#include "server/core/envelope.h"
#include "server/core/features.h"

namespace clarion::core {

class Account;
class Core;
class Session;

/// Whom the request is addressed to.
enum class IqTarget : std::uint8_t {
    account,  // the bare JID of a local account, or no 'to' at all
    host,     // a local domain itself
    /// A bare JID, asked by somebody who may not know whether it is an account: it may be none, and
    /// IqRequest::account is not set in any case. What is not served so is service-unavailable.
    hidden,
};

/// To whom an account answers a request. Anybody else is answered as target `hidden`, before the
/// handler and whatever the request: nobody learns from an answer which accounts exist (RFC 6120,
/// 13.11; XEP-0030, 8).
enum class IqAudience : std::uint8_t {
    owner,     // its own resources
    contacts,  // and those who may see its presence
};

struct IqRequest {
    StanzaPtr stanza;
    const Jid& from;
    std::string_view host;       // the local domain concerned
    Account* account = nullptr;  // target account: set there, and `from` is of the audience
    Session* session =
        nullptr;  // the session that asked, if it is one of that account, or on this shard
    const xml::Element& payload() const { return *stanza->payload(); }
};

/// A result stanza (make_result() plus a payload), or an error. A nullptr result: the handler
/// answers by itself.
using IqAnswer = std::variant<std::shared_ptr<Stanza>, StanzaError>;
using IqHandler = std::function<IqAnswer(IqRequest&)>;
/// The account is pinned, the stanza kept alive until it ends; session may be gone after an await
/// (look it up again).
using AsyncIqHandler = std::function<Task<IqAnswer>(IqRequest)>;

class IqTable {
public:
    /// `type` get or set; one handler per (target, type, namespace, name). `name` "*" matches any.
    /// `audience` counts for target account.
    void serve(IqTarget target, StanzaType type, std::string_view ns, std::string_view name,
               IqHandler handler, OffHosts off = {}, IqAudience audience = IqAudience::owner);
    void serve_async(IqTarget target, StanzaType type, std::string_view ns, std::string_view name,
                     AsyncIqHandler handler, OffHosts off = {});

    struct Entry {
        IqTarget target;
        StanzaType type;
        std::string ns, name;
        IqHandler handler;
        AsyncIqHandler async;
        OffHosts off;  // hosts that do not have it
        IqAudience audience = IqAudience::owner;
    };
    /// nullptr: nobody serves it on this host.
    const Entry* find(IqTarget target, StanzaType type, std::string_view ns, std::string_view name,
                      std::string_view host) const;

private:
    void add(Entry entry);
    std::unordered_map<std::string, std::vector<std::unique_ptr<Entry>>, TextHash, std::equal_to<>>
        by_namespace_;
};

}  // namespace clarion::core
