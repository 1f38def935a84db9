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
#include "server/core/actors/actor.h"
#include "server/core/actors/features.h"
#include "server/core/routing/envelope.h"

namespace clarion::core {

class Account;
class Context;
class Session;

struct IqRequest {
    StanzaPtr stanza;
    const Jid& from;
    IqTarget target;
    std::string_view host;       // the domain of ours that is concerned
    Actor* owner = nullptr;      // the account or actor that was asked, unless hidden
    Account* account = nullptr;  // the same, if it is an account
    /// What `from` is to the owner: at least what the handler was registered for.
    Relation relation = Relation::stranger;
    Session* session =
        nullptr;  // the session that asked, if it is one of that account, or on this shard
    const xml::Element& payload() const { return *stanza->payload(); }
};

/// A result stanza (make_result() plus a payload), or an error. A nullptr result: the handler
/// answers by itself.
using IqAnswer = std::variant<std::shared_ptr<Stanza>, StanzaError>;
using IqHandler = std::function<IqAnswer(IqRequest&)>;
/// The owner is pinned, the stanza kept alive until it ends; session may be gone after an await
/// (look it up again).
using AsyncIqHandler = std::function<Task<IqAnswer>(IqRequest)>;

class IqTable {
public:
    struct Entry {
        IqTarget target;
        StanzaType type;
        std::string ns, name;
        IqHandler handler;
        AsyncIqHandler async;
        /// Who the asker must be to an owner at least. To an account anybody else is a stranger to
        /// whom it is hidden, before the handler and whatever the request: nobody learns from an
        /// answer which accounts exist (RFC 6120, 13.11; XEP-0030, 8). An actor refuses.
        Relation audience = Relation::owner;
        OffHosts off{};             // domains that do not have it
        std::string_view module{};  // of targets service and actor: whose only; empty: of all
        std::string_view by{};      // the module that serves it
        /// What a payload must be about; empty: anything.
        std::function<bool(const xml::Element& payload)> about{};
    };
    /// What somebody asks.
    struct Question {
        IqTarget target;
        StanzaType type;
        const xml::Element& payload;
        std::string_view domain;    // that is concerned
        std::string_view module{};  // whose the service is; empty: none
        std::string_view except{};  // a module that does not answer
    };

    /// `type` get or set, `handler` or `async` set. One handler per (target, type, namespace,
    /// name), and one more for each thing that it may be about; `name` "*" matches any. One for
    /// what it is about goes before one for anything; of services, one for a module's own before
    /// one for all.
    void add(Entry entry);

    /// nullptr: nobody serves it there.
    const Entry* find(const Question& question) const;

private:
    std::unordered_map<std::string, std::vector<std::unique_ptr<Entry>>, TextHash, std::equal_to<>>
        by_namespace_;
};

}  // namespace clarion::core
