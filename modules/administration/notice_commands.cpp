// notice send, set, delete, list: what administrators say to everybody on a host.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "modules/administration/administration.h"
#include "modules/administration/announcements.h"
#include "modules/administration/rows.h"
#include "modules/administration/standing_messages.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"

namespace clarion::administration {

namespace json = boost::json;
using core::Context;
using core::text;

namespace {

Result<std::string> host_of(const Context& here, const json::object& arguments) {
    if (text(arguments, "domain").empty())
        return fail(error_code::usage, "domain: which domain of this server?");
    const auto hosts = core::hosts_argument(here.domains(), arguments, "domain");
    if (!hosts) return hosts.error();
    return hosts->front();
}

Result<std::string> words_of(const Context& here, const std::string& host,
                             const json::object& arguments) {
    const auto most =
        static_cast<std::size_t>(here.options<AdministrationOptions>(host).max_text_bytes);
    const std::string_view words = text(arguments, "text");
    if (words.empty()) return fail(error_code::usage, "text: what is to be said?");
    if (words.size() > most)
        return fail(error_code::usage, "text: at most " + std::to_string(most) + " bytes");
    return std::string(words);
}

Result<Standing> kind_of(const json::object& arguments) {
    const std::string_view kind = text(arguments, "kind");
    if (kind == motd_key) return Standing::motd;
    if (kind == welcome_key) return Standing::welcome;
    return fail(error_code::usage, "kind: expected motd or welcome");
}

Task<Result<json::value>> send(Context& here, const json::object& arguments) {
    const auto host = host_of(here, arguments);
    if (!host) co_return host.error();
    auto words = words_of(here, *host, arguments);
    if (!words) co_return words.error();
    std::string domain = *host;
    const std::uint64_t reached = co_await announce_to(here, std::move(domain), std::move(*words));
    co_return json::value{{"sessions", reached}};
}

Task<Result<json::value>> set(Context& here, const json::object& arguments) {
    const auto host = host_of(here, arguments);
    if (!host) co_return host.error();
    const auto kind = kind_of(arguments);
    if (!kind) co_return kind.error();
    auto words = words_of(here, *host, arguments);
    if (!words) co_return words.error();
    const auto before = co_await StandingMessages::read(here, *host, *kind);
    if (!before) co_return before.error();
    const bool again = core::flag(arguments, "edit");
    if (again && !*before) co_return fail(error_code::item_not_found, "there is none to edit");
    StandingMessage message;
    message.since = again ? (*before)->since : here.clock().wall();
    message.text = std::move(*words);
    std::optional<StandingMessage> wanted = std::move(message);
    const Result<> done = co_await StandingMessages::set(here, *host, *kind, std::move(wanted));
    if (!done) co_return done.error();
    co_return json::value{{"domain", *host}};
}

Task<Result<json::value>> remove(Context& here, const json::object& arguments) {
    const auto host = host_of(here, arguments);
    if (!host) co_return host.error();
    const auto kind = kind_of(arguments);
    if (!kind) co_return kind.error();
    const auto before = co_await StandingMessages::read(here, *host, *kind);
    if (!before) co_return before.error();
    if (!*before) co_return fail(error_code::item_not_found, "there is no such notice");
    const Result<> done = co_await StandingMessages::set(here, *host, *kind, std::nullopt);
    if (!done) co_return done.error();
    co_return json::value{{"domain", *host}};
}

Task<Result<json::value>> list(Context& here, const json::object& arguments) {
    const auto hosts = core::hosts_argument(here.domains(), arguments, "domain");
    if (!hosts) co_return hosts.error();
    json::array rows;
    for (const std::string& host : *hosts) {
        for (const Standing kind : {Standing::motd, Standing::welcome}) {
            const auto message = co_await StandingMessages::read(here, host, kind);
            if (!message) co_return message.error();
            if (!*message) continue;
            json::object row{{"domain", host},
                             {"kind", kind == Standing::motd ? motd_key : welcome_key},
                             {"since", format_datetime((*message)->since)},
                             {"text", (*message)->text}};
            rows.push_back(std::move(row));
        }
    }
    co_return json::value(std::move(rows));
}

using Use = core::ArgumentUse;

constexpr core::AdminArgument domain{.name = "domain",
                                     .kind = core::ArgumentKind::domain,
                                     .use = Use::required,
                                     .help = "a domain of this server"};
constexpr core::AdminArgument kind{
    .name = "kind",
    .use = Use::required,
    .help = "motd (of the day: everybody sees it once) or welcome (who makes an account sees it)"};
constexpr core::AdminArgument words{.name = "text", .use = Use::required, .help = "what is said"};

}  // namespace

const core::AdminArea& notice_area() {
    static const core::AdminArea area{
        .name = "notice",
        .help = "what is said to everybody on a domain",
        .commands = {
            {.name = "notice send",
             .help = "say something to everybody who is online now",
             .arguments = {domain, words},
             .run = send,
             .has_node = true},
            {.name = "notice set",
             .help = "the message of the day, or of welcome",
             .arguments = {domain,
                           kind,
                           words,
                           {.name = "edit",
                            .kind = core::ArgumentKind::flag,
                            .help = "the one before in other words: who has seen that does not "
                                    "see it again"}},
             .run = set,
             .has_node = true},
            {.name = "notice delete",
             .help = "say it no more",
             .arguments = {domain, kind},
             .run = remove,
             .has_node = true},
            {.name = "notice list",
             .help = "the messages of the day and of welcome",
             .arguments = {{.name = "domain",
                            .kind = core::ArgumentKind::domain,
                            .use = Use::optional,
                            .help = "only of this domain"}},
             .columns =
                 {{"domain", "domain"}, {"kind", "kind"}, {"since", "since"}, {"text", "text"}},
             .none = "nothing is said",
             .run = list}}};
    return area;
}

}  // namespace clarion::administration
