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

#include "proto/stanza.h"
#include "server/base/task.h"
#include "server/core/features.h"
#include "server/core/transit.h"

namespace clarion::core {

class Account;
class Core;
class Session;

/// Whom the request is addressed to.
enum class IqTarget : std::uint8_t {
    account,  // the bare JID of a local account, or no 'to' at all: from the owner or somebody else
    host,     // a local domain itself
};

struct IqRequest {
    StanzaPtr stanza;
    const Jid& from;
    std::string_view host;       // the local domain concerned
    Account* account = nullptr;  // target account
    Session* session =
        nullptr;  // the session that asked, if it is one of that account, or on this shard
    /// The request comes from the account's owner (target account: `from` is one of its resources).
    bool from_owner = false;
    const xml::Element& payload() const { return *stanza->payload(); }
    const Ticket* ticket = nullptr;  // hold it (Shard::hold) after writing
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
    void serve(IqTarget target, StanzaType type, std::string_view ns, std::string_view name,
               IqHandler handler, OffHosts off = {});
    void serve_async(IqTarget target, StanzaType type, std::string_view ns, std::string_view name,
                     AsyncIqHandler handler, OffHosts off = {});

    struct Entry {
        IqTarget target;
        StanzaType type;
        std::string ns, name;
        IqHandler handler;
        AsyncIqHandler async;
        OffHosts off;  // hosts that do not have it
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
