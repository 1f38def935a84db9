// FileStore: the files of one directory. Everything here blocks: it runs on a worker
// (Shard::offload). Any thread.
//
//   accounts/PARTITION/OWNER/ID   what an account uploaded, or uploads just now
//   files/ab/ID                   the same file again, once it is complete: what others are given
//
// A file appears in files/ whole, by a link, or not at all. While it is written, and until its
// account knows of it, it is locked: what nobody has locked, and no account knows of, a crash has
// left. Behind the content each file says what it is (records.h), so that it can be given to others
// without asking its account; and all that an account had is found, also when the account is not
// any more.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "modules/http_upload/records.h"
#include "proto/partition.h"
#include "storage/ids.h"

namespace clarion::http_upload {

/// The disk, or what the system allows on it, is full.
inline constexpr std::string_view no_space = "no-space";

class FileStore {
public:
    /// `durable`: what is complete survives that the power fails.
    FileStore(std::string directory, bool durable)
        : directory_(std::move(directory)), durable_(durable) {}

    const std::string& directory() const { return directory_; }

    // ---- One file on its way. Errors: "no-space", "conflict" (there is one), others. ----
    /// Makes room for it, and locks it.
    Result<FileDescriptor> create(storage::OwnerId owner, const std::string& id,
                                  std::uint64_t size) const;
    static Result<> write(const FileDescriptor& file, std::uint64_t at, std::string_view piece);
    /// All of its content is written: others may be given it when this returns.
    Result<> publish(const FileDescriptor& file, const std::string& id, const FileHead& head) const;

    // ---- Files that are there ----
    struct Found {
        std::shared_ptr<const FileDescriptor> file;
        FileHead head;
    };
    /// Errors: "item-not-found", others.
    Result<Found> find(const std::string& id) const;
    /// It need not be there.
    void remove(storage::OwnerId owner, const std::string& id) const;
    void remove_all(storage::OwnerId owner) const;

    // ---- For who looks after them ----
    /// Those of these partitions that have, or had, files.
    std::vector<storage::OwnerId> owners(const PartitionSet& partitions) const;
    /// All files of one, those that are not complete among them.
    std::vector<std::string> ids(storage::OwnerId owner) const;
    /// Locks a file; empty: somebody else has, or it is gone.
    FileDescriptor lock(storage::OwnerId owner, const std::string& id) const;
    struct Totals {
        std::uint64_t files = 0, bytes = 0;
    };
    Totals totals(storage::OwnerId owner) const;
    /// What is left on its disk for this process.
    std::uint64_t free_bytes() const;

private:
    std::string owner_path(storage::OwnerId owner) const;
    std::string public_directory(std::string_view id) const;

    std::string directory_;
    bool durable_;
};

}  // namespace clarion::http_upload
