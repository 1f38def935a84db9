// What the server implements of the XMPP Extension Protocols: one table, from which docs/xeps.md and
// docs/clarion.doap (XEP-0453) are generated.
//
// A module's row in modules/all.cpp names its own with the same versions (a test compares them).
// Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace clarion::specifications {

enum class Support : std::uint8_t {
    complete,    // of a server's part
    partial,     // but for what `missing` says
    recognised,  // clients speak it with each other, and the server treats its messages accordingly
    not_planned,  // for the reason that `missing` says
};

struct Specification {
    std::string_view number;  // "0115"
    std::string_view title;
    std::string_view version;  // of the document that was read; empty: of none
    Support support = Support::complete;
    std::string_view where;      // the module, or a part of the server
    std::string_view missing{};  // what is not done, or why; may be empty if it is complete
};

/// In order of their numbers.
std::span<const Specification> table();

/// docs/xeps.md
std::string to_markdown(std::span<const Specification> specifications);
/// docs/clarion.doap
std::string to_doap(std::span<const Specification> specifications);

}  // namespace clarion::specifications
