// Private XML storage (XEP-0049): documents that a user's clients keep here for themselves, each
// known by the name and namespace of its root.
//
// Stored data of the account (core/actors/module_data.h), one entry for one document. Those of one
// request are written together, or none of them. A document without content is not kept: asking for
// what is not there gives it back empty, which is the same. Nobody else may ask: they are refused
// alike whether there is such an account or not.
//
// document.h: a document.
#pragma once

#include <cstdint>

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::private_xml {

struct PrivateXmlOptions {
    std::int64_t max_document_size = 128 << 10;
    std::int64_t max_documents = 200;
    std::int64_t max_bytes = 1 << 20;
    static void declare(OptionTable<PrivateXmlOptions>& table);
};

void declare_options(OptionRegistry& registry);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);

}  // namespace clarion::private_xml
