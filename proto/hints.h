// Message processing hints: what a sender asks the servers on the way to do with a message.
//
// Pure functions, any thread. Source: XEP-0334.
#pragma once

#include <string_view>

#include "proto/xml.h"

namespace clarion {

struct Hints {
    bool no_store = false;            // keep it nowhere, not even until the recipient is back
    bool no_permanent_store = false;  // keep it out of archives
    bool no_copy = false;             // no carbons
    bool store = false;               // keep it, although it may not look worth it

    /// Whether an archive may hold it at all.
    bool forbids_archive() const { return no_store || no_permanent_store; }
};

/// The hints among the children of `message`.
Hints read_hints(const xml::Element& message);

}  // namespace clarion
