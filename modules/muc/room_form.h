// The configuration of a room as a form (XEP-0045, 10.1, 10.2 and 15.5.3), and what discovery says
// of it (6.4, 15.5.4). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modules/muc/muc_options.h"
#include "modules/muc/room_config.h"
#include "proto/data_form.h"

namespace clarion::muc {

/// Who runs it, as the form has them: bare addresses.
struct RoomStaff {
    std::vector<std::string> admins{}, owners{};
};

/// For an owner to fill in.
DataForm config_form(const RoomConfig& config, const RoomStaff& staff);

/// The same as an element, with what numbers may be (XEP-0122).
void add_config_form(xml::Element& parent, const RoomConfig& config, const RoomStaff& staff);

struct ConfigRead {
    RoomConfig config{};
    /// As they are to be from now on; nullopt: as they are.
    std::optional<std::vector<std::string>> admins{}, owners{};
};
/// What a submitted form says; fields that it has not stay as they are. Errors: "bad-request" with
/// the field that makes no sense, "not-acceptable" if something is beyond what the service allows.
Result<ConfigRead> read_config(const DataForm& form, const RoomConfig& before,
                               const MucOptions& options);

/// Features that disco#info says of a room with this configuration.
std::vector<std::string_view> config_features(const RoomConfig& config);
struct RoomFacts {
    std::size_t occupants = 0;
    std::optional<std::string_view> subject{};  // nullopt: not for everybody
    std::vector<std::string> pictures{};        // their hashes
    std::optional<double> messages_per_hour{};
    std::string logs{};  // a URL; empty: there are none for everybody
};
DataForm info_form(const RoomConfig& config, const RoomFacts& facts);

/// What is to be told of a change (10.2.1).
std::vector<int> codes_of_change(const RoomConfig& before, const RoomConfig& after);

}  // namespace clarion::muc
