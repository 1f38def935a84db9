// A server without sockets whose users upload files: requests go to the routes as net would send
// them.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "modules/disco.h"
#include "modules/http_upload/http_upload.h"
#include "modules/http_upload/sweep.h"
#include "modules/http_upload/uploads.h"
#include "proto/ns.h"
#include "server/core/http/http_routes.h"
#include "server/core/http/http_target.h"
#include "server/runtime/scope.h"
#include "tests/support/directory.h"
#include "tests/support/world.h"

namespace clarion::http_upload {

inline Task<> sweep_to_end(Uploads& self, bool& ended) {
    co_await sweep_once(self);
    ended = true;
}

struct Scene {
    test::Directory directory;
    test::World world;
    test::Client* romeo = nullptr;
    int asked = 0;

    explicit Scene(const std::string& options = {}, const std::string& more = {})
        : world({.modules = {{.name = "disco", .install = disco::install},
                             {.name = "http_upload",
                              .install = install,
                              .declare_options = declare_options,
                              .domains = service_domains,
                              .check_entry = check_entry}},
                 .config = "[upload]\ndirectory = \"" + directory.path + "\"\n" + options + "\n" +
                           more}) {
        listen();
        world.add_account("romeo@example.org");
        romeo = &world.connect("romeo@example.org/orchard");
    }

    void listen() {
        for (unsigned i = 0; i < 2; ++i) world.core(i).http_routes().set_listener("https", 443);
    }

    // ---- Slots ----
    struct Given {
        std::string error;  // its condition; empty: there is none
        xml::Document answer;
        std::string path, authorization;
    };
    Given ask(const std::string& attributes, const std::string& inside = {},
              const std::string& to = "example.org") {
        return read(romeo->ask("<iq type='get' id='s" + std::to_string(++asked) + "' to='" + to +
                               "'><request xmlns='urn:xmpp:http:upload:0' " + attributes + ">" +
                               inside + "</request></iq>"));
    }
    static Given read(xml::Document answer) {
        Given given{{}, std::move(answer), {}, {}};
        const xml::Element& root = given.answer.root();
        if (root.attr("type") == "error") {
            given.error = name(read_error(root).condition);
            return given;
        }
        const xml::Element* slot = root.child(ns::http_upload, "slot");
        REQUIRE(slot);
        const xml::Element* put = slot->child(ns::http_upload, "put");
        const xml::Element* get = slot->child(ns::http_upload, "get");
        REQUIRE(put);
        REQUIRE(get);
        const std::string_view url = put->attr("url");
        CHECK(get->attr("url") == url);
        REQUIRE(url.starts_with("https://example.org/"));
        given.path = url.substr(std::string_view("https://example.org").size());
        given.authorization = put->child_text(ns::http_upload, "header");
        return given;
    }
    /// A slot for a file of that size.
    Given slot(std::size_t size, const std::string& more = {}, const std::string& inside = {}) {
        Given given = ask("filename='a.png' size='" + std::to_string(size) + "' " + more, inside);
        REQUIRE(given.error.empty());
        return given;
    }

    // ---- Files ----
    struct Answer {
        unsigned status = 0;
        std::vector<core::HttpField> fields;
        std::string body;
        std::string field(std::string_view key) const {
            for (const auto& [name, value] : fields)
                if (name == key) return value;
            return {};
        }
    };
    static core::HttpRequest request(std::string method, const std::string& path) {
        auto target = core::parse_http_target(path);
        REQUIRE(target);
        core::HttpRequest made;
        made.method = std::move(method);
        made.path = std::move(target->path);
        made.host = "example.org";
        return made;
    }
    static Answer read(const core::HttpResponse& response) {
        Answer answer{response.status, response.fields, {}};
        if (const auto* text = std::get_if<std::string>(&response.body)) answer.body = *text;
        if (const auto* file = std::get_if<core::HttpFile>(&response.body)) {
            answer.body.resize(file->size);
            const auto got = ::pread(file->file->get(), answer.body.data(), file->size,
                                     static_cast<off_t>(file->offset));
            CHECK(got == static_cast<ssize_t>(file->size));
        }
        return answer;
    }
    /// On the shard that is not the account's home.
    core::Core& front() {
        return world.core(1 - world.home_of("romeo@example.org").shard().index());
    }
    Answer get(const std::string& path, std::vector<core::HttpField> fields = {},
               std::string method = "GET") {
        core::HttpResponse response;
        core::HttpRequest asking = request(std::move(method), path);
        asking.fields = std::move(fields);
        const auto* route = front().http_routes().find(asking.path);
        REQUIRE(route);
        world.run_on(front().shard().index(), [&](core::Context& here) -> Task<> {
            response = co_await route->handle(here, std::move(asking));
        });
        return read(response);
    }

    /// What a client sends, and how far it comes.
    struct Sending {
        std::string content;
        std::optional<std::uint64_t> length;
        std::vector<core::HttpField> fields{};
        bool breaks_off = false;
    };
    Answer put(const Given& slot, const std::string& content) {
        Sending sending{content, content.size(), {{"Authorization", slot.authorization}}};
        return put(slot.path, std::move(sending));
    }
    Answer put(const std::string& path, Sending sending) {
        core::HttpResponse response;
        core::HttpRequest asking = request("PUT", path);
        asking.length = sending.length;
        asking.fields = sending.fields;
        const auto* route = front().http_routes().find(asking.path);
        REQUIRE(route);
        world.run_on(front().shard().index(), [&](core::Context& here) -> Task<> {
            core::HttpReceipt receipt = co_await route->receive(here, std::move(asking));
            if (auto* answered = std::get_if<core::HttpResponse>(&receipt)) {
                response = std::move(*answered);
                co_return;
            }
            auto& sink = std::get<std::unique_ptr<core::HttpBodySink>>(receipt);
            for (std::size_t at = 0; at < sending.content.size(); at += 1000) {
                const std::string piece = sending.content.substr(at, 1000);
                auto answered = co_await sink->write(piece);
                if (!answered) continue;
                response = std::move(*answered);
                co_return;
            }
            if (!sending.breaks_off) response = co_await sink->finish();
        });
        return read(response);
    }

    // ---- What is kept ----
    Uploads& uploads(const std::string& account = "romeo@example.org") {
        UploadsSought sought{world.account(account)};
        world.home_of(account).bus().fire(sought);
        REQUIRE(sought.found);
        return *sought.found;
    }
    Usage usage() { return uploads().ledger().usage(world.account("romeo@example.org")); }
    std::size_t files_on_disk() const {
        std::size_t count = 0;
        for (const auto& each : std::filesystem::recursive_directory_iterator(directory.path))
            count += each.is_regular_file() ? 1 : 0;
        return count / 2 + count % 2;  // each twice, once it is complete
    }
    void sweep() {
        for (unsigned i = 0; i < 2; ++i) {
            bool ended = false;
            core::Core& core = world.core(i);
            Uploads& self = on_shard(i);
            core.shard().after({}, [&] { core.scope().spawn("sweep", sweep_to_end(self, ended)); });
            world.settle_until([&] {
                world.clock().advance(std::chrono::milliseconds(20));
                return ended;
            });
        }
        world.settle();
    }
    /// The module on that shard, whoever is at home there.
    Uploads& on_shard(unsigned shard) {
        UploadsSought sought{world.account("romeo@example.org")};
        world.core(shard).bus().fire(sought);
        REQUIRE(sought.found);
        return *sought.found;
    }
};

}  // namespace clarion::http_upload
