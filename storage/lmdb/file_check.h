// A look at a data file before LMDB maps it.
//
// LMDB trusts its file: one that lost its end kills the process with SIGBUS at some later read, and
// an empty one is silently begun anew. So length, magic, version and page size are checked first,
// with ordinary reads. Blocks; called once at start, by whoever opens the storage.
#pragma once

#include <string>

#include "base/result.h"

namespace clarion::storage {

/// Succeeds if `path` does not exist or is an LMDB file whose pages in use are all there. A file
/// that is only shorter than its header counts (the last pages were free and never written) is
/// lengthened, if it may be written to. Errors: a sentence for the operator with path and cause.
Result<> check_data_file(const std::string& path, bool may_write = true);

}  // namespace clarion::storage
