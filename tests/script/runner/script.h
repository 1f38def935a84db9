// Script: a parsed .scs file. The format is described in tests/script/README.md.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clarion::script {

using Options = std::map<std::string, std::string, std::less<>>;

/// A [Client] or [Component] of the header: somebody who acts in the script.
struct Actor {
    enum class Kind { client, component };
    Kind kind = Kind::client;
    std::string name;
    Options options;  // jid, password, resource, ...
    int line = 0;

    /// The option's value, or `fallback`.
    std::string_view option(std::string_view key, std::string_view fallback = {}) const;
    /// The address without its resource.
    std::string_view bare_jid() const;
    /// Of the option 'resource' or of the jid; empty: the server chooses.
    std::string_view resource() const;
    std::string_view domain() const;
};

/// One thing that happens. `actor` is empty for "wait ...", "server ...", "clarionctl ...".
struct Step {
    int line = 0;
    std::string actor;
    std::string action;             // "sends", "receives nothing within 500ms"; without the colon
    std::vector<std::string> body;  // the indented lines below, without the common indentation
    std::string text() const;       // the body as one text
};

struct Script {
    std::string title;   // the comment in the first line
    Options settings;    // [Script]
    std::string config;  // [Server]: TOML
    std::vector<Actor> actors;
    std::vector<Step> steps;

    const Actor* find(std::string_view name) const;
    std::string_view setting(std::string_view key, std::string_view fallback = {}) const;
};

/// Errors: "bad-script" with the line number.
Result<Script> parse_script(std::string_view text);

/// Every address "local@domain" that occurs in `text`, without duplicates, in lower case.
std::vector<std::string> addresses_in(std::string_view text, std::string_view domain);

}  // namespace clarion::script
