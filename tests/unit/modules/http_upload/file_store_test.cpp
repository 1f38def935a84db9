#include "modules/http_upload/file_store.h"

#include <doctest/doctest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "modules/http_upload/slot.h"
#include "tests/support/directory.h"

namespace clarion::http_upload {
namespace {

constexpr storage::OwnerId owner{(1u << 10) + 5};

FileHead head(std::uint64_t size) { return {owner, {.name = "a", .type = "", .size = size}}; }

struct Scene {
    test::Directory directory;
    FileStore store{directory.path + "/deep/upload", true};
    std::string id = make_id();

    /// From nothing to a file that others may get.
    Result<> put(std::string_view content, std::string_view under) const {
        auto file = store.create(owner, std::string(under), content.size());
        if (!file) return file.error();
        if (auto written = FileStore::write(*file, 0, content); !written) return written;
        return store.publish(*file, std::string(under), head(content.size()));
    }
    bool is_there(const std::string& name) const {
        return std::filesystem::exists(directory.path + "/deep/upload/" + name);
    }
};

TEST_CASE_FIXTURE(Scene, "file store: how much is free is known before its directory is made") {
    CHECK_FALSE(is_there(""));
    CHECK(store.free_bytes() > 0);
    CHECK_FALSE(is_there(""));
    const FileStore no_directory("/dev/null/upload", true);
    CHECK(no_directory.free_bytes() == 0);
}

TEST_CASE_FIXTURE(Scene, "file store: a file is there when it is whole") {
    auto file = store.create(owner, id, 6);
    REQUIRE(file);
    CHECK(is_there("accounts/005/0000000000000405/" + id));
    CHECK_FALSE(store.find(id));
    REQUIRE(FileStore::write(*file, 3, "def"));
    REQUIRE(FileStore::write(*file, 0, "abc"));
    CHECK_FALSE(store.find(id));
    REQUIRE(store.publish(*file, id, head(6)));
    const auto found = store.find(id);
    REQUIRE(found);
    CHECK(found->head == head(6));
    std::string content(6, '\0');
    CHECK(::pread(found->file->get(), content.data(), 6, 0) == 6);
    CHECK(content == "abcdef");
    struct stat status {};
    REQUIRE(::fstat(found->file->get(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(static_cast<std::size_t>(status.st_size) == 6 + encode_tail(head(6)).size());
    REQUIRE(::stat((directory.path + "/deep/upload").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE_FIXTURE(Scene, "file store: nobody writes over a file") {
    REQUIRE(put("one", id));
    const auto again = put("two", id);
    REQUIRE_FALSE(again);
    CHECK(again.error().is(error_code::conflict));
    CHECK(store.find(id)->head == head(3));
}

TEST_CASE_FIXTURE(Scene, "file store: what is removed is gone, with the place it was in") {
    REQUIRE(put("one", id));
    store.remove(owner, id);
    CHECK_FALSE(store.find(id));
    CHECK_FALSE(is_there("accounts/005/0000000000000405"));
    store.remove(owner, id);
    const std::string other = make_id();
    REQUIRE(put("one", id));
    REQUIRE(put("two", other));
    CHECK(store.totals(owner).files == 2);
    store.remove_all(owner);
    CHECK_FALSE(store.find(id));
    CHECK_FALSE(store.find(other));
    CHECK(store.totals(owner).files == 0);
}

TEST_CASE_FIXTURE(Scene, "file store: who has files, and which") {
    CHECK(store.owners(PartitionSet::all()).empty());
    REQUIRE(put("one", id));
    CHECK(store.owners(PartitionSet::all()) == std::vector{owner});
    CHECK(store.owners(PartitionSet()).empty());
    PartitionSet some;
    some.add(storage::partition_of(owner));
    CHECK(store.owners(some) == std::vector{owner});
    CHECK(store.ids(owner) == std::vector{id});
    std::filesystem::create_directories(store.directory() + "/accounts/005/other");
    std::filesystem::create_directories(store.directory() + "/accounts/zzz/0000000000000405");
    std::ofstream(store.directory() + "/accounts/005/0000000000000405/readme") << "x";
    CHECK(store.owners(PartitionSet::all()) == std::vector{owner});
    CHECK(store.ids(owner) == std::vector{id});
    CHECK(store.free_bytes() > 0);
}

TEST_CASE_FIXTURE(Scene, "file store: what is being written is locked") {
    auto file = store.create(owner, id, 6);
    REQUIRE(file);
    CHECK_FALSE(store.lock(owner, id));
    CHECK(store.totals(owner).files == 0);
    file->reset();
    CHECK(store.lock(owner, id));
    CHECK_FALSE(store.lock(owner, make_id()));
}

TEST_CASE_FIXTURE(Scene, "file store: links and files that are none of ours are not given") {
    REQUIRE(put("one", id));
    const std::string other = make_id();
    const std::string place = store.directory() + "/files/" + other.substr(0, 2);
    std::filesystem::create_directories(place);
    REQUIRE(::symlink("/etc/passwd", (place + "/" + other).c_str()) == 0);
    REQUIRE_FALSE(store.find(other));
    CHECK(store.find(other).error().is(error_code::item_not_found));
    std::filesystem::remove(place + "/" + other);
    std::ofstream(place + "/" + other) << "no end";
    REQUIRE_FALSE(store.find(other));
    CHECK(store.find(other).error().is("bad-record"));
    // Cut off.
    const std::string path = store.directory() + "/files/" + id.substr(0, 2) + "/" + id;
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
    CHECK_FALSE(store.find(id));
}

TEST_CASE_FIXTURE(Scene, "file store: no room is known before anything is sent") {
    const auto file = store.create(owner, id, std::uint64_t{1} << 62);
    REQUIRE_FALSE(file);
    CHECK(file.error().is(no_space));
    CHECK_FALSE(is_there("accounts/005/0000000000000405"));
}

}  // namespace
}  // namespace clarion::http_upload
