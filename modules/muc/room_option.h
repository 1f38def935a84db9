// Options of a room one by one, as an operator sees and types them (`room config`): fields of its
// form (XEP-0045, 10.2) without what they begin with.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace boost::json {
class object;
}

namespace clarion::muc {

class Room;

/// All with their values, but for passwords, and for lists of people, which have a command of their
/// own.
boost::json::object options_of(const Room& room);
/// The name of an option as it is typed: as the list has it, with spaces, or as errors and clients
/// call it.
std::string option_typed(std::string_view typed);
/// Errors: as configure(), with what is possible.
Result<> change_option(Room& room, const std::string& option, std::string value);

}  // namespace clarion::muc
