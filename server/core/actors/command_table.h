// CommandTable: commands that modules offer to administrators, and some of them to all accounts of a
// host (XEP-0050), by node. One per shard.
//
//     setup.command({.node = "http://jabber.org/protocol/admin#delete-user",
//                    .name = "Delete users",
//                    .forms = {ask_for_accounts},
//                    .run = delete_users});
//
// modules/commands serves them: who may, which form comes next, what a form must have. A command
// says which forms are to be filled in, and what then happens.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "proto/data_form.h"
#include "proto/jid.h"
#include "server/core/actors/features.h"

namespace clarion::core {

class Context;

/// Code of an Error: a form says what cannot be; who filled it in may do so again. Any other ends
/// nothing either: a command that failed may be tried again, or cancelled.
inline constexpr std::string_view bad_payload = "bad-payload";

/// Who runs a command, and what was filled in so far. It outlives the coroutine that is given it.
struct CommandCall {
    Context& context;  // of the shard on which it runs; of no account in particular
    Jid from;          // full; one of those for whom the command is at `host`
    std::string host;  // which the command is about: a host, or the domain of a service
    std::vector<DataForm> submitted{};
    DataForm offered{};   // the form that the last of them answers
    std::string about{};  // the command says: on whom or what, for the log
};

struct CommandNote {
    enum class Type : std::uint8_t { info, warn, error };
    Type type = Type::info;
    std::string text;
};

/// What a command has done. If it did a part only, a note of type error says so.
struct CommandOutcome {
    std::optional<DataForm> form{};  // of type "result"
    std::vector<CommandNote> notes{};
    /// Adds to the form, when it is written, what is no field.
    std::function<void(xml::Element& form)> add_to_form{};
};

using CommandForm = std::function<Task<Result<DataForm>>(const CommandCall&)>;
using CommandRun = std::function<Task<Result<CommandOutcome>>(CommandCall&)>;

/// For whom a command is.
enum class CommandAudience : std::uint8_t {
    accounts,        // all accounts of the host
    administrators,  // who administers the host, or the host of the service
};

/// Who asks for commands, and what they are there.
struct CommandAsker {
    Jid who;
    bool is_account = false;  // of the host itself
    bool administers = false;

    bool is_in(CommandAudience audience) const {
        return audience == CommandAudience::accounts ? is_account : administers;
    }
};

struct Command {
    std::string node;
    std::string name;                  // for humans
    std::vector<CommandForm> forms{};  // in their order; none: it runs at once
    CommandRun run;                    // with all of them submitted
    CommandAudience audience = CommandAudience::administrators;
    /// Whether this one of them may run it at that host; empty: all may. To others it is not there.
    std::function<bool(const Context&, const Jid& who, std::string_view host)> allowed{};
    /// At these domains of services, for the administrators of their hosts, and nowhere else. Empty:
    /// at hosts and accounts.
    std::vector<std::string> services{};
};

class CommandTable {
public:
    /// REQUIRES: no other has its node.
    void add(Command command, OffHosts off);
    /// nullptr: for them there is no such command at that host. It lasts as long as the shard.
    const Command* find(const Context& context, std::string_view node, const CommandAsker& asker,
                        std::string_view host) const;
    /// All that are, in the order in which they were added.
    std::vector<const Command*> of(const Context& context, const CommandAsker& asker,
                                   std::string_view host) const;
    bool has(std::string_view node) const;

private:
    struct Entry {
        Command command;
        OffHosts off;
    };
    static bool is_for(const Entry& entry, const Context& context, const CommandAsker& asker,
                       std::string_view host);
    std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace clarion::core
