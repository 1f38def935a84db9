// AdminCommand: one thing that whoever administers the server may ask for, declared once, where it
// is carried out.
//
//     const AdminArea& admin_area() {
//         static const AdminArea area{"push", "push notifications", {
//             {.name = "push list",
//              .help = "registrations of an account, or of all",
//              .arguments = {{.name = "jid", .kind = Kind::jid, .use = Use::optional}},
//              .columns = {{"account", "account"}, {"errors", "errors", ColumnKind::number}},
//              .none = "no push registrations",
//              .run = list}}};
//         return area;
//     }
//
// The admin server serves the declarations as JSON (POST /v1/commands). `clarionctl` has its help,
// its suggestions and its completion from there, makes a request of what is typed, and a table of
// what is answered: a new command needs no line of it. What only a program beside the person can do
// (a file there, waiting, following) is named in `client`; what one shape alone fits, in `shape`.
//
// An area is declared for the whole server, not for each shard: its commands run on shard 0 and ask
// others with call_on_shard(). They are there also if the module is off: what it kept still is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "proto/jid.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace clarion::core {

class Context;
class Domains;

enum class ArgumentKind : std::uint8_t {
    text,
    jid,
    domain,
    number,
    flag,         // typed as --name, sent as true
    password,     // asked for if it is not given
    server_file,  // the server reads or writes it; sent as an absolute path
    local_file,   // whoever types it does
    for_table,    // never typed: sent as true if the answer is to be shown as a table
};

enum class ArgumentUse : std::uint8_t { required, optional, option };

struct AdminArgument {
    std::string_view name;  // in the request; typed as a word, or as --name
    ArgumentKind kind = ArgumentKind::text;
    ArgumentUse use = ArgumentUse::option;
    std::string_view help{};
    std::int64_t usual = 0;  // of a number: what is sent if it is not given
    std::int64_t most = 0;   // of a number; the least is 1
};

enum class ColumnKind : std::uint8_t {
    text,
    number,  // to the right
    mark,    // the title where it is true, nothing where it is not
    alarms,  // of a record: "what" and "next" each, behind the rest
};

/// What is answered under `key`, for a person. A list has the columns that are declared, or else
/// all; one that no record has is left out.
struct AdminColumn {
    std::string_view key;
    std::string_view title;
    ColumnKind kind = ColumnKind::text;
};

/// Asked before something is deleted, at a terminal, unless --yes. "{jid}" stands for that
/// argument.
struct AdminQuestion {
    std::string_view given;  // asked if this argument is given; empty: in any case
    std::string_view text;
};

/// Who asks for a command: who is at the server itself, or an administrator from a client or the
/// console.
struct AdminAsker {
    std::string name = "clarionctl";  // an address, for the log
    bool is_operator = true;          // at the server itself, who may do what no account may
    /// Accounts (bare) on which this administrator may not act, because they administer more: what
    /// is about a whole domain leaves them out, and says how many.
    std::vector<std::string> spared{};

    bool spares(std::string_view account) const;
};

/// `here` is shard 0's core, on whose thread it runs. `arguments` and `asker` outlive the coroutine.
/// Errors: "usage" (400), "forbidden" (403), "item-not-found" (404), "conflict" (409), others 500.
class AdminHandler {
public:
    using Answer = Task<Result<boost::json::value>>;
    AdminHandler() = default;
    /// Of a function of these three, or of the first two: most do not mind who asks.
    template <class F>
    AdminHandler(F function) {
        if constexpr (std::is_invocable_v<F&, Context&, const boost::json::object&,
                                          const AdminAsker&>)
            function_ = std::move(function);
        else
            function_ = [function](Context& here, const boost::json::object& arguments,
                                   const AdminAsker&) { return function(here, arguments); };
    }
    explicit operator bool() const { return static_cast<bool>(function_); }
    Answer operator()(Context& here, const boost::json::object& arguments,
                      const AdminAsker& asker) const;

private:
    std::function<Answer(Context&, const boost::json::object&, const AdminAsker&)> function_;
};

struct AdminCommand {
    std::string_view name;  // "push list"; asked for as /v1/push/list
    std::string_view help;
    std::vector<AdminArgument> arguments{};  // those that are words in their order
    std::vector<AdminColumn> columns{};      // of a record, or of each in a list
    std::string_view none{};                 // what an empty list means: "no sessions"
    std::vector<AdminQuestion> questions{};  // the first that fits is asked
    std::string_view client{};               // what in clarionctl carries it out; empty: nothing
    std::string_view shape{};                // what in clarionctl shows it; empty: as a table
    AdminHandler run{};                      // empty: an answer without an end (trace)
    /// The argument that says at which service it acts: a domain, or an address there. Empty: it is
    /// about no service.
    std::string_view place{};
    /// Only who administers the server as a whole runs it, whomever it is about.
    bool whole_server = false;
    /// A specification has a command for it, which the module offers to clients in its own words;
    /// so it is not offered in ours, too (admin_as_command.h).
    bool has_node = false;
};

/// Whether an answer is that of a test which failed: its last step says what came of it.
bool ended_badly(const boost::json::value& answer);

/// Something to worry about, for `status`.
struct AdminAlarm {
    std::string what;  // a sentence
    std::string next;  // the command to type
};
using AdminAlarms = std::function<Task<std::vector<AdminAlarm>>(Context& here)>;

/// Commands that belong together: "push list", "push ping".
struct AdminArea {
    std::string_view name;  // the first word of all its commands; empty: they have one word only
    std::string_view help;
    std::vector<AdminCommand> commands;
    AdminAlarms alarms{};
};

/// All areas as clarionctl reads them: {"groups": [...], "commands": [...]}.
boost::json::value describe(std::span<const AdminArea* const> areas);

// ---- what commands read of their arguments ----

/// A string argument; empty if it is absent, or no string.
std::string_view text(const boost::json::object& arguments, std::string_view name);
bool flag(const boost::json::object& arguments, std::string_view name);
/// The argument "jid": a domain of ours, or an account there, bare. Errors: "usage",
/// "item-not-found".
Result<Jid> address_argument(const Domains& domains, const boost::json::object& arguments);
/// The same of accounts only.
Result<Jid> account_argument(const Domains& domains, const boost::json::object& arguments);
/// The host of ours that the argument `name` says, or all of them if there is none. Error
/// "item-not-found".
Result<std::vector<std::string>> hosts_argument(const Domains& domains,
                                                const boost::json::object& arguments,
                                                std::string_view name = "host");

}  // namespace clarion::core
