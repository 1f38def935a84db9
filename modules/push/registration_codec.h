// How a push registration is kept: the key and the bytes of its entry among the module's resident
// data (docs/formats.md). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/core/events/push_registration.h"
#include "storage/module_data.h"

namespace clarion::push {

/// Of the registration with this number; keys are in the order of enabling.
std::string registration_key(std::uint64_t seq);

std::string encode(const events::PushRegistration& registration);
/// Error "bad-record": it is no such entry.
Result<events::PushRegistration> decode_registration(std::string_view key, std::string_view value);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);

}  // namespace clarion::push
