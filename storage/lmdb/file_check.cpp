#include "storage/lmdb/file_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace clarion::storage {
namespace {

// LMDB 0.9's file format (lmdb 0.9.24, mdb.c), in the byte order of the machine.
constexpr std::uint32_t lmdb_magic = 0xBEEFC0DE;
constexpr std::uint32_t lmdb_version = 1;
constexpr std::size_t page_header_size = 16;
constexpr std::size_t node_header_size = 8;
enum PageFlags : std::uint16_t { page_branch = 0x01, page_leaf = 0x02, page_meta = 0x08 };
enum NodeFlags : std::uint16_t { node_big_data = 0x01, node_sub_tree = 0x02 };
constexpr std::uint64_t no_page = UINT64_MAX;

struct Tree {  // MDB_db
    std::uint32_t pad;
    std::uint16_t flags, depth;
    std::uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
};
static_assert(sizeof(Tree) == 48);

struct Meta {  // MDB_meta
    std::uint32_t magic, version;
    std::uint64_t address, map_size;
    Tree trees[2];  // free pages, main; trees[0].pad is the page size
    std::uint64_t last_page, transaction;
};
static_assert(sizeof(Meta) == 136);

class File {
public:
    File(const std::string& path, bool may_write)
        : fd_(::open(path.c_str(), (may_write ? O_RDWR : O_RDONLY) | O_CLOEXEC)),
          may_write_(may_write) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool is_open() const { return fd_ >= 0; }
    std::uint64_t size() const {
        struct stat status {};
        return ::fstat(fd_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
    }
    bool read(std::uint64_t offset, void* out, std::size_t size) const {
        return ::pread(fd_, out, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
    }
    /// Who only reads never comes to where the file ends too early.
    bool lengthen(std::uint64_t size) const {
        return !may_write_ || ::ftruncate(fd_, static_cast<off_t>(size)) == 0;
    }

private:
    int fd_;
    bool may_write_;
};

template <class Value>
Value value_at(const std::vector<char>& page, std::size_t offset) {
    Value value{};
    if (offset + sizeof value <= page.size()) {
        std::memcpy(&value, page.data() + offset, sizeof value);
    }
    return value;
}

/// Walks the trees of a short file, to see whether a page in use is among the missing.
class PageWalk {
public:
    PageWalk(const File& file, const Meta& meta)
        : file_(file), page_size_(meta.trees[0].pad), pages_(file.size() / page_size_) {}

    bool all_there(std::uint64_t root) {
        pending_ = {root};
        while (!pending_.empty()) {
            const std::uint64_t number = pending_.back();
            pending_.pop_back();
            if (number != no_page && !visit(number)) return false;
        }
        return true;
    }

private:
    bool visit(std::uint64_t number) {
        if (++visited_ > pages_) return false;  // a cycle: the file is damaged
        std::vector<char> page(page_size_);
        if (number >= pages_ || !file_.read(number * page_size_, page.data(), page.size())) {
            return false;
        }
        const auto flags = value_at<std::uint16_t>(page, 10);
        if ((flags & (page_branch | page_leaf)) == 0) return false;
        const std::size_t nodes = (value_at<std::uint16_t>(page, 12) - page_header_size) / 2;
        for (std::size_t i = 0; i < nodes && i < page_size_ / 2; ++i) {
            const std::size_t node = value_at<std::uint16_t>(page, page_header_size + 2 * i);
            if (!visit_node(page, node, (flags & page_branch) != 0)) return false;
        }
        return true;
    }

    bool visit_node(const std::vector<char>& page, std::size_t node, bool is_branch) {
        const std::uint64_t low = value_at<std::uint16_t>(page, node);
        const std::uint64_t high = value_at<std::uint16_t>(page, node + 2);
        const auto flags = value_at<std::uint16_t>(page, node + 4);
        const std::size_t key_size = value_at<std::uint16_t>(page, node + 6);
        const std::size_t data = node + node_header_size + key_size;
        if (is_branch) {
            pending_.push_back(low | high << 16 | std::uint64_t{flags} << 32);
        } else if (flags & node_sub_tree) {
            pending_.push_back(value_at<Tree>(page, data).root);
        } else if (flags & node_big_data) {
            const std::uint64_t size = low | high << 16;
            const std::uint64_t count = (page_header_size + size + page_size_ - 1) / page_size_;
            return value_at<std::uint64_t>(page, data) + count <= pages_;
        }
        return true;
    }

    const File& file_;
    const std::uint64_t page_size_;
    const std::uint64_t pages_;
    std::uint64_t visited_ = 0;
    std::vector<std::uint64_t> pending_;
};

bool read_meta(const File& file, std::uint64_t page_offset, Meta& meta) {
    return file.read(page_offset + page_header_size, &meta, sizeof meta);
}

bool plausible_page_size(std::uint64_t size) {
    return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

/// The newer of the two headers.
Result<Meta> newest_meta(const File& file, const std::string& path) {
    Meta first{}, second{};
    std::uint16_t flags = 0;
    if (!read_meta(file, 0, first) || !file.read(10, &flags, sizeof flags)) {
        return fail("damaged", path +
                                   " is too short to be a database: it was cut off. Restore it "
                                   "from a backup");
    }
    if (first.magic != lmdb_magic || (flags & page_meta) == 0 ||
        !plausible_page_size(first.trees[0].pad)) {
        return fail("not-a-database", path +
                                          " is not a database of Clarion (nor of LMDB). Move it "
                                          "away, or set another data_dir");
    }
    if (first.version != lmdb_version) {
        return fail("unsupported-format", path + " is of version " + std::to_string(first.version) +
                                              " of LMDB's format; this server reads version 1");
    }
    if (!read_meta(file, first.trees[0].pad, second) || second.magic != lmdb_magic) {
        return fail("damaged", path +
                                   " has lost its second header: it was cut off. Restore it from "
                                   "a backup");
    }
    return second.transaction > first.transaction ? second : first;
}

Result<> check_length(const File& file, const Meta& meta, const std::string& path) {
    const std::uint64_t expected = (meta.last_page + 1) * meta.trees[0].pad;
    const std::uint64_t actual = file.size();
    if (actual >= expected) return {};
    PageWalk walk(file, meta);
    const bool whole = walk.all_there(meta.trees[0].root) && walk.all_there(meta.trees[1].root);
    if (whole && file.lengthen(expected)) return {};
    return fail("damaged", path + " was cut off: it has " + std::to_string(actual) + " bytes of " +
                               std::to_string(expected) + ". Restore it from a backup");
}

}  // namespace

Result<> check_data_file(const std::string& path, bool may_write) {
    const File file(path, may_write);
    if (!file.is_open()) {
        if (errno == ENOENT) return {};
        return fail("unreadable", "cannot open " + path + ": " + std::strerror(errno));
    }
    if (file.size() == 0) {
        return fail("damaged", path +
                                   " is empty (0 bytes). Restore it from a backup, or remove it "
                                   "to begin without any accounts");
    }
    const auto meta = newest_meta(file, path);
    if (!meta) return meta.error();
    return check_length(file, *meta, path);
}

}  // namespace clarion::storage
