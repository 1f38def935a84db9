// StoredCaps: the verified texts of a domain on disk, and how many there may be.
//
// Kept as stored data of an owner of the module's own, caps@DOMAIN, at whose home all is read and
// written. An entry proves itself: its key is the hash of its text. When there is no more room the
// quarter that was used longest ago goes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "modules/caps/stored_text.h"
#include "server/core/setup/module.h"

namespace clarion::caps {

/// The address at whose home a domain's are kept.
std::string owner_address(std::string_view host);

class StoredCaps {
public:
    explicit StoredCaps(core::ModuleSetup& setup);

    // REQUIRES for both: the home of owner_address(host).
    /// nullopt: it is not there, or cannot be read.
    Task<std::optional<std::string>> get(std::string host, std::string key);
    Task<> put(std::string host, std::string key, std::string text);

private:
    Task<storage::OwnerId> find_owner(std::string host);
    Task<> make_room(storage::OwnerId owner);

    core::Context& context_;
    core::StoredSpace space_;
    bool keeps_;
};

}  // namespace clarion::caps
