// DiscoInfo: what an entity says it is and can do.
//
// A plain value that owns its texts; any thread. Collected from many modules in any order, written
// in one: identities, then features, sorted and each once, then forms. Source: XEP-0030, XEP-0128
// (forms).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/data_form.h"
#include "proto/xml.h"

namespace clarion {

struct DiscoIdentity {
    std::string category;
    std::string type;
    std::string name;
    std::string lang;

    auto operator<=>(const DiscoIdentity&) const = default;
};

struct DiscoInfo {
    std::vector<DiscoIdentity> identities;
    std::vector<std::string> features;
    std::vector<DataForm> forms;

    DiscoInfo& add_identity(std::string_view category, std::string_view type,
                            std::string_view name = {}, std::string_view lang = {});
    DiscoInfo& add_feature(std::string_view feature);
    bool has_feature(std::string_view feature) const;

    /// Appends everything to `query`, a <query xmlns='…disco#info'/>.
    void append_to(xml::Element& query) const;
    /// Reads such a query. Errors: "bad-request" if it is none, or an identity lacks category or
    /// type.
    static Result<DiscoInfo> from_element(const xml::Element& query);
};

}  // namespace clarion
