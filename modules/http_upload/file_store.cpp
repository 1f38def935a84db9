#include "modules/http_upload/file_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/free_space.h"
#include "modules/http_upload/slot.h"
#include "server/core/http/http_file_response.h"

namespace clarion::http_upload {

namespace {

namespace fs = std::filesystem;

Error error_of(int why, const std::string& path) {
    if (why == ENOSPC || why == EDQUOT || why == EFBIG) return fail(no_space, "the disk is full");
    if (why == EEXIST) return fail(error_code::conflict, "the file exists already");
    if (why == ENOENT) return fail(error_code::item_not_found, path + " is not there");
    return fail("internal-server-error", path + ": " + std::strerror(why));
}

/// With all that are above it.
Result<> make_directories(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    if (errno != ENOENT) return error_of(errno, path);
    const auto slash = path.find_last_of('/');
    if (slash == 0 || slash == std::string::npos) return error_of(ENOENT, path);
    if (auto made = make_directories(path.substr(0, slash)); !made) return made;
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return error_of(errno, path);
}

/// What is in a directory, and in those above it up to `levels`, survives that the power fails.
Result<> sync_directories(std::string path, int levels) {
    for (int i = 0; i < levels; ++i) {
        const FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!directory || ::fsync(directory.get()) != 0) return error_of(errno, path);
        path = path.substr(0, path.find_last_of('/'));
    }
    return {};
}

std::string hex(std::uint64_t number, int digits) {
    std::array<char, 24> text{};
    const int size = std::snprintf(text.data(), text.size(), "%0*llx", digits,
                                   static_cast<unsigned long long>(number));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<std::uint64_t> parse_hex(std::string_view text, std::size_t digits) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, problem] = std::from_chars(text.data(), end, number, 16);
    if (text.size() != digits || stopped != end || problem != std::errc()) return std::nullopt;
    return number;
}

/// The names in a directory; none if there is no such directory.
std::vector<std::string> names_in(const std::string& path) {
    std::vector<std::string> names;
    std::error_code problem;
    for (fs::directory_iterator at(path, problem), end; !problem && at != end;
         at.increment(problem))
        names.push_back(at->path().filename().string());
    return names;
}

/// The last `size` bytes before `end`.
std::optional<std::string> read_before(const FileDescriptor& file, std::uint64_t end,
                                       std::size_t size) {
    if (end < size) return std::nullopt;
    std::string bytes(size, '\0');
    const auto got = ::pread(file.get(), bytes.data(), size, static_cast<off_t>(end - size));
    if (got != static_cast<ssize_t>(size)) return std::nullopt;
    return bytes;
}

Result<FileHead> read_head(const FileDescriptor& file, std::uint64_t file_size) {
    const auto end = read_before(file, file_size, tail_end_bytes);
    const std::size_t size = end ? tail_size(*end) : 0;
    const auto tail = size > 0 ? read_before(file, file_size, size) : std::nullopt;
    if (!tail) return fail("bad-record", "a file without its end");
    auto head = decode_tail(*tail);
    if (head && head->file.size + size != file_size)
        return fail("bad-record", "a file of another size");
    return head;
}

}  // namespace

std::string FileStore::owner_path(storage::OwnerId owner) const {
    const auto partition = PartitionSet::index(storage::partition_of(owner));
    return directory_ + "/accounts/" + hex(partition, 3) + "/" +
           hex(static_cast<std::uint64_t>(owner), 16);
}

std::string FileStore::public_directory(std::string_view id) const {
    return directory_ + "/files/" + std::string(id.substr(0, 2));
}

Result<FileDescriptor> FileStore::create(storage::OwnerId owner, const std::string& id,
                                         std::uint64_t size) const {
    const std::string place = owner_path(owner), path = place + "/" + id;
    if (auto made = make_directories(place); !made) return made.error();
    FileDescriptor file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return error_of(errno, path);
    struct stat status {};
    // Who looks for what a crash left may have been quicker.
    if (::flock(file.get(), LOCK_EX) != 0 || ::fstat(file.get(), &status) != 0 ||
        status.st_nlink == 0)
        return fail("internal-server-error", path + " cannot be locked");
    // Where room cannot be made in advance, writing shows whether there is any.
    const auto room = static_cast<off_t>(size + max_tail_bytes);
    if (::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, room) != 0) {
        const Error why = error_of(errno, path);
        if (!why.is(no_space)) return file;
        remove(owner, id);
        return why;
    }
    return file;
}

Result<> FileStore::write(const FileDescriptor& file, std::uint64_t at, std::string_view piece) {
    while (!piece.empty()) {
        const auto done = ::pwrite(file.get(), piece.data(), piece.size(), static_cast<off_t>(at));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return error_of(done < 0 ? errno : ENOSPC, "an upload");
        piece.remove_prefix(static_cast<std::size_t>(done));
        at += static_cast<std::uint64_t>(done);
    }
    return {};
}

Result<> FileStore::publish(const FileDescriptor& file, const std::string& id,
                            const FileHead& head) const {
    const std::string tail = encode_tail(head);
    if (auto written = write(file, head.file.size, tail); !written) return written;
    // Also gives back what was too much of the room that was made for it.
    if (::ftruncate(file.get(), static_cast<off_t>(head.file.size + tail.size())) != 0)
        return error_of(errno, id);
    if (durable_ && ::fsync(file.get()) != 0) return error_of(errno, id);
    const std::string from = owner_path(head.owner), to = public_directory(id);
    if (auto made = make_directories(to); !made) return made;
    if (::link((from + "/" + id).c_str(), (to + "/" + id).c_str()) != 0)
        return error_of(errno, to + "/" + id);
    if (!durable_) return {};
    if (auto synced = sync_directories(from, 4); !synced) return synced;
    return sync_directories(to, 3);
}

Result<FileStore::Found> FileStore::find(const std::string& id) const {
    auto opened = core::open_regular_file(public_directory(id) + "/" + id);
    if (!opened) return opened.error();
    auto head = read_head(*opened->file, opened->size);
    if (!head) return head.error();
    return Found{std::move(opened->file), std::move(*head)};
}

void FileStore::remove(storage::OwnerId owner, const std::string& id) const {
    const std::string place = owner_path(owner);
    ::unlink((public_directory(id) + "/" + id).c_str());
    ::unlink((place + "/" + id).c_str());
    ::rmdir(place.c_str());  // if it was the last one
}

void FileStore::remove_all(storage::OwnerId owner) const {
    for (const std::string& id : ids(owner)) remove(owner, id);
    ::rmdir(owner_path(owner).c_str());
}

std::vector<storage::OwnerId> FileStore::owners(const PartitionSet& partitions) const {
    std::vector<storage::OwnerId> all;
    for (const std::string& name : names_in(directory_ + "/accounts")) {
        const auto partition = parse_hex(name, 3);
        if (!partition || *partition >= partition_count ||
            !partitions.contains(Partition{static_cast<std::uint16_t>(*partition)}))
            continue;
        for (const std::string& owner : names_in(directory_ + "/accounts/" + name))
            if (const auto number = parse_hex(owner, 16)) all.push_back(storage::OwnerId{*number});
    }
    return all;
}

std::vector<std::string> FileStore::ids(storage::OwnerId owner) const {
    std::vector<std::string> all = names_in(owner_path(owner));
    std::erase_if(all, [](const std::string& name) { return !is_id(name); });
    return all;
}

FileDescriptor FileStore::lock(storage::OwnerId owner, const std::string& id) const {
    const std::string path = owner_path(owner) + "/" + id;
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) file.reset();
    return file;
}

FileStore::Totals FileStore::totals(storage::OwnerId owner) const {
    Totals totals;
    for (const std::string& id : ids(owner)) {
        struct stat status {};
        const std::string path = owner_path(owner) + "/" + id;
        if (::lstat(path.c_str(), &status) != 0 || status.st_nlink < 2) continue;
        ++totals.files;
        totals.bytes += static_cast<std::uint64_t>(status.st_size);
    }
    return totals;
}

std::uint64_t FileStore::free_bytes() const { return clarion::free_bytes(directory_).value_or(0); }

}  // namespace clarion::http_upload
