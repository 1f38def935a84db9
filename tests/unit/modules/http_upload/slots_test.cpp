// Who asks for a slot, where, and what is discovered.
#include <chrono>
#include <set>

#include "base/text.h"
#include "tests/unit/modules/http_upload/uploads_scene.h"

namespace clarion::http_upload {
namespace {

using namespace std::chrono_literals;

std::set<std::string> features(const xml::Document& info) {
    std::set<std::string> all;
    for (const xml::Element& each : info.root().first_child()->children())
        if (each.name() == "feature") all.insert(std::string(each.attr("var")));
    return all;
}

xml::Document discover(Scene& scene, const std::string& domain) {
    return scene.romeo->ask("<iq type='get' id='d' to='" + domain +
                            "'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
}

const xml::Element* retry_of(const Scene::Given& refused) {
    const xml::Element* error = refused.answer.root().child(ns::client, "error");
    REQUIRE(error);
    return error->child(ns::http_upload, "retry");
}

TEST_CASE("uploads: a host offers them if something listens") {
    Scene scene("max_file_size = 5000\npurposes = [\"message\", \"profile\"]");
    const auto info = discover(scene, "example.org");
    const auto found = features(info);
    CHECK(found.contains("urn:xmpp:http:upload:0"));
    CHECK(found.contains("urn:xmpp:http:upload:purpose:0#message"));
    CHECK(found.contains("urn:xmpp:http:upload:purpose:0#profile"));
    CHECK_FALSE(found.contains("urn:xmpp:http:upload:purpose:0#permanent"));
    const auto form = DataForm::find_in(*info.root().first_child(), "urn:xmpp:http:upload:0");
    REQUIRE(form);
    CHECK(form->value("max-file-size") == "5000");
    for (unsigned i = 0; i < 2; ++i) scene.world.core(i).http_routes().set_listener("", 0);
    CHECK_FALSE(features(discover(scene, "example.org")).contains("urn:xmpp:http:upload:0"));
    CHECK(scene.ask("filename='a' size='1'").error == "service-unavailable");
}

TEST_CASE("uploads: a service of its own domain takes the place of its host") {
    Scene scene("", "[upload.\"Upload.example.org\"]\nmax_file_size = 7000\n");
    const auto info = discover(scene, "upload.example.org");
    CHECK(features(info).contains("urn:xmpp:http:upload:0"));
    bool is_store = false;
    for (const xml::Element& each : info.root().first_child()->children())
        is_store |= each.attr("category") == "store" && each.attr("type") == "file";
    CHECK(is_store);
    CHECK(DataForm::find_in(*info.root().first_child(), "urn:xmpp:http:upload:0")
              ->value("max-file-size") == "7000");
    CHECK_FALSE(features(discover(scene, "example.org")).contains("urn:xmpp:http:upload:0"));
    CHECK(features(discover(scene, "example.net")).contains("urn:xmpp:http:upload:0"));
    const auto given = scene.ask("filename='a' size='7000'", "", "upload.example.org");
    CHECK(given.error.empty());
    CHECK(scene.ask("filename='a' size='7001'", "", "upload.example.org").error ==
          "not-acceptable");
    CHECK(scene.ask("filename='a' size='1'").error == "service-unavailable");
    // Another host of this server has nothing to do with it.
    scene.world.add_account("juliet@example.net");
    auto& juliet = scene.world.connect("juliet@example.net/balcony");
    auto refused = juliet.ask(
        "<iq type='get' id='s' to='upload.example.org'><request xmlns='urn:xmpp:http:upload:0' "
        "filename='a' size='1'/></iq>");
    CHECK(Scene::read(std::move(refused)).error == "forbidden");
}

TEST_CASE("uploads: options of one host") {
    Scene scene("", "[host.\"example.org\".upload]\nmax_file_size = 10\n");
    CHECK(scene.ask("filename='a' size='11'").error == "not-acceptable");
    CHECK(scene.ask("filename='a' size='10'").error.empty());
}

TEST_CASE("uploads: nobody from elsewhere is given a slot") {
    Scene scene("", "[component.\"gateway.example.org\"]\nsecret = \"s\"\n");
    test::FakeLink& gateway = scene.world.attach_component("gateway.example.org");
    const std::string rest =
        "' to='example.org'><request xmlns='urn:xmpp:http:upload:0' filename='a' size='1'/></iq>";
    scene.world.arrive("<iq type='get' id='s' from='tybalt@example.com/square" + rest);
    scene.world.settle_until([&] { return scene.world.remote().pending() > 0; });
    CHECK(read_error(scene.world.remote().pop()->root()).condition ==
          StanzaErrorCondition::forbidden);
    scene.world.arrive("<iq type='get' id='s' from='user@gateway.example.org" + rest);
    scene.world.settle_until([&] { return gateway.pending() > 0; });
    CHECK(read_error(gateway.pop()->root()).condition == StanzaErrorCondition::forbidden);
}

TEST_CASE("uploads: addresses cannot be guessed, and keep the name") {
    Scene scene;
    const auto one = scene.ask("filename='très cool.jpg' size='5'");
    const auto two = scene.ask("filename='très cool.jpg' size='5'");
    CHECK(one.path.starts_with("/upload/"));
    CHECK(one.path.ends_with("/tr%C3%A8s%20cool.jpg"));
    CHECK(one.path != two.path);
    CHECK(one.authorization.starts_with("Bearer "));
    CHECK(one.path.find(one.authorization.substr(7)) == std::string::npos);
}

TEST_CASE("uploads: quotas, and when to come again") {
    Scene scene("quota = 1000\nmax_slots = 3");
    scene.slot(600);
    const auto full = scene.ask("filename='a' size='401'");
    CHECK(full.error == "resource-constraint");
    REQUIRE(retry_of(full));
    const auto again = parse_datetime(retry_of(full)->attr("stamp"));
    REQUIRE(again);
    CHECK(*again >= scene.world.clock().wall() + 10min);
    CHECK(*again <= scene.world.clock().wall() + 10min + 1s);
    scene.slot(400);
    scene.world.advance(10min + 1s);  // the slots were not used
    scene.slot(1000);
    CHECK(scene.usage().files == 0);
}

TEST_CASE("uploads: slots and bytes within a time") {
    Scene slots("max_slots = 2");
    slots.slot(1);
    slots.slot(1);
    CHECK(slots.ask("filename='a' size='1'").error == "resource-constraint");
    slots.world.advance(10min + 1s);
    slots.slot(1);

    Scene day("daily_quota = 2400");
    const auto used = day.slot(2400);
    CHECK(day.put(used, std::string(2400, 'x')).status == 201);
    const auto refused = day.ask("filename='a' size='100'");
    CHECK(refused.error == "resource-constraint");
    REQUIRE(retry_of(refused));
    day.world.advance(61min);
    day.slot(100);
}

TEST_CASE("uploads: an unused slot costs nothing of the day") {
    Scene scene("daily_quota = 1000");
    scene.slot(1000);
    CHECK(scene.ask("filename='a' size='1000'").error == "resource-constraint");
    scene.world.advance(10min + 1s);
    scene.slot(1000);
}

TEST_CASE("uploads: another server keeps the files") {
    Scene scene(
        "external_base_url = \"https://files.example.org/up/\"\nexternal_secret = \"s3cret\"\n"
        "daily_quota = 10");
    const auto answer = scene.romeo->ask(
        "<iq type='get' id='x' to='example.org'><request xmlns='urn:xmpp:http:upload:0' "
        "filename='a' size='9'/></iq>");
    const xml::Element* slot = answer.root().child(ns::http_upload, "slot");
    REQUIRE(slot);
    const xml::Element* put = slot->child(ns::http_upload, "put");
    CHECK(put->attr("url").starts_with("https://files.example.org/up/"));
    CHECK(put->attr("url").find("/a?v2=") != std::string_view::npos);
    CHECK_FALSE(put->has_children());
    CHECK(put->attr("url").starts_with(slot->child(ns::http_upload, "get")->attr("url")));
    scene.world.advance(10min + 1s);  // it may have been used: it counts
    CHECK(scene.ask("filename='a' size='9'").error == "resource-constraint");
}

TEST_CASE("uploads: what the administrator may not write") {
    OptionRegistry registry;
    declare_options(registry);
    const auto taken = [&](const std::string& options) {
        return parse_config(registry, "[upload]\n" + options, "test.toml").ok() &&
               parse_config(registry, "[upload.\"a.example\"]\n" + options, "test.toml").ok();
    };
    CHECK(taken(""));
    CHECK(taken("base_url = \"https://a.example\"\nexpire_after = \"never\""));
    CHECK(taken("allowed_types = [\"image/*\"]\nexpire_after = 7"));
    CHECK_FALSE(taken("base_url = \"http://a.example\""));
    CHECK_FALSE(taken("external_base_url = \"https://a.example\""));
    CHECK_FALSE(taken("external_secret = \"s\""));
    CHECK_FALSE(taken("external_base_url = \"http://a\"\nexternal_secret = \"s\""));
    CHECK_FALSE(taken("allowed_types = [\"images\"]"));
    CHECK_FALSE(taken("purposes = [\"party\"]"));
    CHECK_FALSE(taken("max_file_size = 0"));
}

}  // namespace
}  // namespace clarion::http_upload
