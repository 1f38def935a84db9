// Variables: what ${...} in a script stands for.
//
// Two kinds live in one table: what the runner knows ("Romeo's full JID", "Romeo's JID",
// "Romeo's session id") and what {scansion:capture:NAME} took from a received stanza. A later value
// replaces an earlier one. Owner: the Stage that plays the script.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::script {

class Variables {
public:
    void set(std::string_view name, std::string_view value);
    const std::string* find(std::string_view name) const;

    enum class Escape { none, xml };
    /// `text` with every ${NAME} replaced; values are escaped for XML if asked.
    /// Error "unknown-variable" if one has no value yet.
    Result<std::string> expand(std::string_view text, Escape escape) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace clarion::script
