// The spool of a remote domain: stanzas accepted for it and not yet written to the peer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "proto/partition.h"
#include "storage/batch.h"
#include "storage/page_size.h"

namespace clarion::storage {

struct SpooledStanza {
    std::uint64_t seq = 0;
    WallTime time{};
    std::string xml;
};

class Spool {
public:
    virtual ~Spool() = default;
    /// A sequence number no spooled stanza had before. Any thread.
    virtual std::uint64_t next_seq() = 0;
    virtual void put(Batch& batch, std::string_view domain, const SpooledStanza& stanza) = 0;
    virtual void remove(Batch& batch, std::string_view domain, std::uint64_t seq) = 0;
    /// In their order, behind number `after`; empty: there are no more.
    virtual Task<Result<std::vector<SpooledStanza>>> read(std::string domain, std::uint64_t after,
                                                          PageSize size) = 0;
    /// Domains in these partitions that have spooled stanzas (read once at start).
    virtual Task<Result<std::vector<std::string>>> domains(PartitionSet partitions) = 0;
};

}  // namespace clarion::storage
