// Checking a database that no server uses: every table in its order, every record, and whatever
// refers to something else: what StorageTools::check() says (docs/design/002-storage.md, "Check").
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "storage/module_data.h"

namespace clarion::storage {

struct CheckReport {
    std::uint64_t format = 0;
    std::uint64_t total = 0;                                     // sum of entries
    std::vector<std::pair<std::string, std::uint64_t>> entries;  // by table, as walked
    std::uint64_t problems = 0;
    std::vector<std::string> first;  // of the problems: "queues: account 5, session 1, seq 7: …"
};

/// How many problems are described.
inline constexpr std::size_t described_problems = 20;

/// Called now and then: in which table the check is, and how far.
using CheckProgress =
    std::function<void(std::string_view table, std::uint64_t done, std::uint64_t total)>;

/// Whether a module can read what it keeps under a key: storage cannot. Error: why not.
using ModuleCheck =
    std::function<Result<>(const DataSpace& space, std::string_view key, std::string_view value)>;

}  // namespace clarion::storage
