// HTTP File Upload (XEP-0363): users put files on this server, and send their addresses.
//
// A host offers it itself, or a service at a domain of its own does: [upload."upload.example.org"].
// Who has an account there asks for a slot, uploads the file with it (PUT), and sends the address to
// others, who get the file (GET).
//
// service.h: slots are asked for. slot.h: what one says. ledger.h, quota.h: what an account has and
// may have. receiving.h, giving.h: files come and go. file_store.h: the disk. sweep.h: what is over.
// content.h: how others see a file. docs/web.md tells operators.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/setup/module.h"

namespace clarion::http_upload {

void declare_options(OptionRegistry& registry);
std::vector<core::ServiceDomain> service_domains(const Config& config,
                                                 std::span<const std::string> hosts);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);

}  // namespace clarion::http_upload
