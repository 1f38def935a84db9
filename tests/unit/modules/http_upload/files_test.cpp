// Files come, are given to others, and go.
#include <chrono>

#include "modules/http_upload/receiving.h"
#include "server/core/accounts/account_registry.h"
#include "tests/unit/modules/http_upload/uploads_scene.h"

namespace clarion::http_upload {
namespace {

using namespace std::chrono_literals;

constexpr auto expire_at = "<ephemeral xmlns='urn:xmpp:http:upload:purpose:0' expire-before='";
constexpr auto profile = "<profile xmlns='urn:xmpp:http:upload:purpose:0'/>";

TEST_CASE("upload: from a slot to a file that others get") {
    Scene scene;
    const std::string content = std::string(2500, 'x') + "end";
    const auto slot = scene.slot(content.size(), "content-type='image/png'");
    CHECK(scene.get(slot.path).status == 404);
    CHECK(scene.put(slot, content).status == 201);
    const auto got = scene.get(slot.path);
    CHECK(got.status == 200);
    CHECK(got.body == content);
    CHECK(got.field("Content-Type") == "image/png");
    CHECK(got.field("Content-Disposition").starts_with("inline; filename=\"a.png\""));
    CHECK(got.field("Cache-Control") == "public, max-age=31536000, immutable");
    CHECK(scene.get(slot.path, {{"If-None-Match", got.field("ETag")}}).status == 304);
    const auto part = scene.get(slot.path, {{"Range", "bytes=2500-"}});
    CHECK(part.status == 206);
    CHECK(part.body == "end");
    CHECK(scene.get(slot.path, {{"Range", "bytes=2503-"}}).status == 416);
    CHECK(scene.get(slot.path, {}, "HEAD").status == 200);
    CHECK(scene.usage() ==
          Usage{.bytes = 2503, .files = 1, .daily = 2503, .daily_at = scene.usage().daily_at});
    CHECK(scene.get(slot.path.substr(0, slot.path.size() - 1)).status == 404);
    CHECK(scene.get("/upload/").status == 404);
}

TEST_CASE("upload: what may run is given as bytes to be saved") {
    Scene scene;
    for (const char* type : {"text/html", "image/svg+xml", "application/xhtml+xml"}) {
        const auto slot = scene.slot(6, "content-type='" + std::string(type) + "'");
        CHECK(scene.put(slot, "<html>").status == 201);
        const auto got = scene.get(slot.path);
        CHECK(got.field("Content-Type") == "application/octet-stream");
        CHECK(got.field("Content-Disposition").starts_with("attachment"));
        CHECK(got.field("X-Content-Type-Options") == "nosniff");
        CHECK(got.field("Content-Security-Policy").find("sandbox") != std::string::npos);
    }
}

TEST_CASE("upload: who has no slot, or one for something else") {
    Scene scene;
    const auto slot = scene.slot(5), other = scene.slot(5);
    CHECK(scene.put(slot.path, {"12345", 5}).status == 403);
    CHECK(scene.put(slot.path, {"12345", 5, {{"Authorization", "Bearer x.y"}}}).status == 403);
    CHECK(scene.put(slot.path, {"12345", 5, {{"Authorization", other.authorization}}}).status ==
          403);
    CHECK(scene.put(other.path, {"12345", 5, {{"Authorization", slot.authorization}}}).status ==
          403);
    CHECK(scene.files_on_disk() == 0);
    CHECK(scene.put(slot, "12345").status == 201);
}

TEST_CASE("upload: what does not fit its slot") {
    Scene scene;
    const auto slot = scene.slot(5, "content-type='image/png'");
    const core::HttpField auth{"Authorization", slot.authorization};
    CHECK(scene.put(slot.path, {"12345", std::nullopt, {auth}}).status == 411);
    CHECK(scene.put(slot.path, {"123456", 6, {auth}}).status == 413);
    CHECK(scene.put(slot.path, {"1234", 4, {auth}}).status == 400);
    CHECK(scene.put(slot.path, {"12345", 5, {auth, {"Content-Type", "text/html"}}}).status == 415);
    CHECK(scene.files_on_disk() == 0);
    // None of that has used it.
    CHECK(scene.put(slot.path, {"12345", 5, {auth, {"Content-Type", "image/PNG; a=b"}}}).status ==
          201);
}

TEST_CASE("upload: a type that is said with the file only") {
    Scene scene;
    const auto slot = scene.slot(5);
    CHECK(scene
              .put(slot.path,
                   {"12345",
                    5,
                    {{"Authorization", slot.authorization}, {"Content-Type", "image/gif"}}})
              .status == 201);
    CHECK(scene.get(slot.path).field("Content-Type") == "image/gif");
}

TEST_CASE("upload: a body that says one length and has another") {
    Scene scene;
    for (const char* content : {"123456", "1234"}) {
        const auto slot = scene.slot(5);
        const auto answer =
            scene.put(slot.path, {content, 5, {{"Authorization", slot.authorization}}});
        CHECK(answer.status == (std::string(content).size() > 5 ? 413 : 400));
        CHECK(scene.get(slot.path).status == 404);
        CHECK(scene.files_on_disk() == 0);
        CHECK(scene.put(slot, "12345").status == 410);
    }
    CHECK(scene.usage().daily == 0);
}

TEST_CASE("upload: a slot is used once, also when its file is gone") {
    Scene scene;
    const auto slot = scene.slot(5);
    CHECK(scene.put(slot, "12345").status == 201);
    CHECK(scene.put(slot, "54321").status == 409);
    CHECK(scene.get(slot.path).body == "12345");
    const std::string key = [&] {
        std::string found;
        scene.world.run("romeo@example.org", [&](core::Context&) -> Task<> {
            const auto id = scene.world.account("romeo@example.org").id();
            const auto page = co_await scene.uploads().ledger().files(id, {});
            found = page->entries.at(0).key;
        });
        return found;
    }();
    int removed = 0;
    for (int i = 0; i < 2; ++i)
        scene.world.run("romeo@example.org", [&](core::Context&) -> Task<> {
            const auto done = co_await scene.uploads().remove("romeo@example.org", key);
            removed += done.ok() && *done ? 1 : 0;
        });
    CHECK(removed == 1);
    CHECK(scene.usage().files == 0);
    CHECK(scene.usage().bytes == 0);
    CHECK(scene.get(slot.path).status == 404);
    CHECK(scene.put(slot, "12345").status == 409);
    scene.world.advance(10min);
    CHECK(scene.put(slot, "12345").status == 410);
}

TEST_CASE("upload: a slot that is over") {
    Scene scene;
    const auto slot = scene.slot(5);
    scene.world.advance(10min);
    CHECK(scene.put(slot, "12345").status == 410);
}

TEST_CASE("upload: one that breaks off leaves nothing, and its bytes are free again") {
    Scene scene("quota = 5000\ndaily_quota = 5000");
    const auto slot = scene.slot(5000);
    scene.put(slot.path,
              {std::string(3000, 'x'), 5000, {{"Authorization", slot.authorization}}, true});
    scene.world.settle_until([&] { return scene.files_on_disk() == 0; });
    scene.world.settle_until([&] { return scene.usage().daily == 0; });
    CHECK(scene.put(slot, std::string(5000, 'x')).status == 410);
    CHECK(scene.put(scene.slot(5000), std::string(5000, 'x')).status == 201);
}

TEST_CASE("upload: it is all there after a restart") {
    Scene scene;
    const auto used = scene.slot(5), open = scene.slot(5);
    CHECK(scene.put(used, "12345").status == 201);
    scene.world.crash_and_restart();
    scene.listen();
    CHECK(scene.get(used.path).body == "12345");
    CHECK(scene.put(used, "12345").status == 409);
    CHECK(scene.put(open, "12345").status == 201);
    CHECK(scene.usage().files == 2);
}

TEST_CASE("upload: what a crash left is removed") {
    Scene scene;
    const auto slot = scene.slot(5);
    const std::string id = slot.path.substr(8, 2 * id_bytes);
    const auto owner = scene.world.account("romeo@example.org").id();
    const FileStore store(scene.directory.path, false);
    {
        // As an upload that somebody goes on with: it stays.
        auto file = store.create(owner, id, 5);
        REQUIRE(file);
        scene.sweep();
        CHECK(store.ids(owner).size() == 1);
    }
    scene.sweep();
    CHECK(store.ids(owner).empty());
    CHECK(scene.usage().daily == 0);
    CHECK(scene.put(slot, "12345").status == 410);
    // Complete, but the account never knew of it.
    auto file = store.create(owner, id, 5);
    REQUIRE(file);
    REQUIRE(store.publish(*file, id, {owner, {.name = "a.png", .type = "", .size = 5}}));
    file->reset();
    scene.sweep();
    CHECK(scene.get(slot.path).status == 404);
    // What it knows of stays.
    const auto kept = scene.slot(5);
    CHECK(scene.put(kept, "12345").status == 201);
    scene.sweep();
    CHECK(scene.get(kept.path).status == 200);
}

TEST_CASE("upload: files grow old, but not those of profiles") {
    Scene scene("expire_after = 2");
    const auto message = scene.slot(5), avatar = scene.slot(5, "", profile);
    CHECK(scene.put(message, "12345").status == 201);
    CHECK(scene.put(avatar, "12345").status == 201);
    scene.world.advance(47h);
    scene.sweep();
    CHECK(scene.get(message.path).status == 200);
    scene.world.advance(1h);
    scene.sweep();
    CHECK(scene.get(message.path).status == 404);
    CHECK(scene.get(avatar.path).status == 200);
    CHECK(scene.usage().files == 1);
    CHECK(scene.usage().bytes == 0);
    CHECK(scene.usage().profile_bytes == 5);
    Scene never("expire_after = \"never\"");
    const auto stays = never.slot(5);
    CHECK(never.put(stays, "12345").status == 201);
    never.world.advance(24h * 400);
    never.sweep();
    CHECK(never.get(stays.path).status == 200);
}

TEST_CASE("upload: an ephemeral file is not given when its time is over") {
    Scene scene;
    const WallTime before =
        std::chrono::ceil<std::chrono::seconds>(scene.world.clock().wall() + 1h);
    const auto slot = scene.slot(5, "", expire_at + format_datetime(before) + "'/>");
    CHECK(scene.put(slot, "12345").status == 201);
    CHECK(scene.get(slot.path).status == 200);
    scene.world.advance(61min);
    CHECK(scene.get(slot.path).status == 404);
    CHECK(scene.files_on_disk() == 1);
    scene.sweep();
    CHECK(scene.files_on_disk() == 0);
}

TEST_CASE("upload: files go with their account") {
    Scene scene;
    const auto slot = scene.slot(5), open = scene.slot(5);
    CHECK(scene.put(slot, "12345").status == 201);
    scene.world.run("romeo@example.org", [](core::Context& core) -> Task<> {
        const Jid jid = *Jid::parse("romeo@example.org");
        const auto removed = co_await core.account_registry().remove(jid);
        CHECK(removed);
    });
    scene.world.settle_until([&] { return scene.files_on_disk() == 0; });
    CHECK(scene.get(slot.path).status == 404);
    CHECK(scene.put(open, "12345").status == 403);
    // Who has the name next has nothing of it.
    scene.world.run("romeo@example.org", [](core::Context& core) -> Task<> {
        const Jid jid = *Jid::parse("romeo@example.org");
        const auto made = co_await core.account_registry().create(jid, "secret");
        CHECK(made);
    });
    CHECK(scene.put(open, "12345").status == 410);
    CHECK(scene.usage() == Usage{});
}

TEST_CASE("upload: what belonged to nobody is removed") {
    Scene scene;
    const FileStore store(scene.directory.path, false);
    const storage::OwnerId nobody{(std::uint64_t{77} << 40) + 7};
    auto file = store.create(nobody, make_id(), 5);
    REQUIRE(file);
    file->reset();
    scene.sweep();
    CHECK(store.owners(PartitionSet::all()).empty());
}

TEST_CASE("upload: an account that was disabled uploads nothing") {
    Scene scene;
    const auto slot = scene.slot(5);
    scene.world.run("romeo@example.org", [](core::Context& core) -> Task<> {
        const Jid jid = *Jid::parse("romeo@example.org");
        const auto done = co_await core.account_registry().set_disabled(jid, true);
        CHECK(done);
    });
    CHECK(scene.put(slot, "12345").status == 403);
}

}  // namespace
}  // namespace clarion::http_upload
