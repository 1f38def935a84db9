// vCard4 (XEP-0292) and vcard-temp (XEP-0054), each of which says what the other does.
#include "tests/unit/modules/vcard/profile_scene.h"

namespace clarion::vcard {
namespace {

const std::string none = "service-unavailable";

std::string current(std::string_view inside) {
    return "current <vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>" + std::string(inside) +
           "</vcard>";
}

TEST_CASE_FIXTURE(Profile, "vCard4: what is published is in the vCard") {
    CHECK(publish_vcard4("<fn><text>Romeo</text></fn><gender><sex>M</sex></gender>", "open") ==
          "ok");
    for (Client* client : {romeo, juliet, tybalt}) CHECK(vcard_for(*client) == "<FN>Romeo</FN>");
    CHECK(vcard_for_elsewhere() == "<FN>Romeo</FN>");
    CHECK(juliet->pending() == 0);
    world.crash_and_restart();
    CHECK(vcard_for_elsewhere() == "<FN>Romeo</FN>");
}

TEST_CASE_FIXTURE(Profile, "vCard4: what a vCard says is published, for anybody, and told of") {
    pubsub::wishes()["juliet@example.net/balcony"] = {vcard4};
    CHECK(set_vcard("<FN>Romeo</FN><MAILER>x</MAILER>") == "ok");
    CHECK(held(*tybalt, vcard4) == current("<fn><text>Romeo</text></fn>"));
    CHECK(heard(*juliet) == "romeo@example.org urn:xmpp:vcard4 current=\n");
    CHECK(set_vcard("<FN>Romeo</FN><MAILER>y</MAILER>") == "ok");
    CHECK(juliet->pending() == 0);
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN><MAILER>y</MAILER>");
    CHECK(set_vcard("") == "ok");
    CHECK(held(*tybalt, vcard4) == "nothing");
    CHECK(vcard_for(*tybalt) == none);
}

TEST_CASE_FIXTURE(Profile, "vCard4: it is shown to those whom its node admits") {
    CHECK(set_vcard("<MAILER>x</MAILER>") == "ok");
    CHECK(publish_vcard4("<fn><text>Romeo</text></fn>", "whitelist") == "ok");
    for (Client* client : {juliet, tybalt}) CHECK(vcard_for(*client) == "<MAILER>x</MAILER>");
    CHECK(vcard_for_elsewhere() == "<MAILER>x</MAILER>");
    CHECK(vcard_for(*romeo) == "<MAILER>x</MAILER><FN>Romeo</FN>");
    CHECK(configure(*romeo, vcard4, "access_model", "presence") == "ok");
    CHECK(vcard_for(*juliet) == "<MAILER>x</MAILER><FN>Romeo</FN>");
    CHECK(vcard_for(*tybalt) == "<MAILER>x</MAILER>");
    CHECK(affiliate(*romeo, vcard4, "juliet@example.net", "outcast") == "ok");
    CHECK(vcard_for(*juliet) == "<MAILER>x</MAILER>");
}

TEST_CASE_FIXTURE(Profile, "vCard4: who gives back what was closed does not open it") {
    CHECK(publish_vcard4("<fn><text>Romeo</text></fn><tel><uri>tel:+1</uri></tel>", "whitelist") ==
          "ok");
    CHECK(vcard_for(*romeo) == "<FN>Romeo</FN><TEL><NUMBER>+1</NUMBER></TEL>");
    CHECK(set_vcard("<FN>Romeo</FN><TEL><NUMBER>+1</NUMBER></TEL><LABEL>x</LABEL>") == "ok");
    CHECK(vcard_for(*tybalt) == "<LABEL>x</LABEL>");
    CHECK(set_vcard("<FN>Montague</FN><TEL><NUMBER>+1</NUMBER></TEL>") == "ok");
    CHECK(vcard_for(*tybalt) == "<FN>Montague</FN>");
    CHECK(vcard_for(*romeo) == "<FN>Montague</FN><TEL><NUMBER>+1</NUMBER></TEL>");
    CHECK(held(*romeo, vcard4) ==
          current("<fn><text>Montague</text></fn><tel><uri>tel:+1</uri></tel>"));
    CHECK(held(*tybalt, vcard4) == "item-not-found");
    CHECK(set_vcard("<FN>Montague</FN><TEL><NUMBER>+1</NUMBER></TEL><ROLE>x</ROLE>") == "ok");
    CHECK(vcard_for(*tybalt) == "<FN>Montague</FN><ROLE>x</ROLE>");
}

TEST_CASE_FIXTURE(Profile, "vCard4: who wrote last says what there is") {
    CHECK(set_vcard("<FN>Romeo</FN><TEL><NUMBER>+1</NUMBER></TEL><LABEL>x</LABEL>") == "ok");
    CHECK(publish_vcard4("<fn><text>Montague</text></fn><gender><sex>M</sex></gender>") == "ok");
    CHECK(vcard_for(*tybalt) == "<LABEL>x</LABEL><FN>Montague</FN>");
    CHECK(set_vcard("<FN>Romeo</FN>") == "ok");
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>");
    CHECK(held(*tybalt, vcard4) ==
          current("<fn><text>Romeo</text></fn><gender><sex>M</sex></gender>"));
}

TEST_CASE_FIXTURE(Profile, "vCard4: a node that goes takes its fields with it") {
    CHECK(set_vcard("<FN>Romeo</FN><LABEL>x</LABEL>") == "ok");
    CHECK(outcome(own(*romeo, "set", "<delete node='urn:xmpp:vcard4'/>")) == "ok");
    CHECK(vcard_for(*romeo) == "<LABEL>x</LABEL>");
    CHECK(set_vcard("<FN>Romeo</FN>") == "ok");
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>");
    CHECK(held(*tybalt, vcard4) == current("<fn><text>Romeo</text></fn>"));
}

/// Stands before what keeps nodes, and cannot read the one of the vCard4.
bool can_read = true;

void install_damage(core::ModuleSetup& setup) {
    const auto& others = setup.state<core::OtherModules>(setup.other_modules());
    setup.serve_about(
        core::IqTarget::account, StanzaType::get, ns::pubsub, "pubsub",
        [](const xml::Element&) { return true; },
        [&others](core::IqRequest request) -> Task<core::IqAnswer> {
            if (!can_read) co_return StanzaError(StanzaErrorCondition::internal_server_error);
            core::AccountPin pin(*request.account);
            co_return co_await others.ask(std::move(pin), request.stanza);
        },
        core::Relation::stranger);
}

struct Damaged : Profile {
    Damaged() : Profile({{.name = "damage", .install = install_damage}}) { can_read = true; }
};

TEST_CASE_FIXTURE(Damaged,
                  "vCard4: one that cannot be read is not opened, and not taken for gone") {
    CHECK(publish_vcard4("<fn><text>Romeo</text></fn>", "whitelist") == "ok");
    CHECK(vcard_for(*romeo) == "<FN>Romeo</FN>");
    can_read = false;
    CHECK(set_vcard("<FN>Romeo</FN><LABEL>x</LABEL>") == "internal-server-error");
    world.crash_and_restart();
    CHECK(vcard_for_elsewhere() == none);
    can_read = true;
    log_in();
    CHECK(vcard_for(*romeo) == "<FN>Romeo</FN>");
    CHECK(vcard_for(*tybalt) == none);
}

TEST_CASE_FIXTURE(Profile, "vCard4: asked for without a node") {
    const auto ask = [](Client& client, std::string_view type, std::string_view inside,
                        std::string_view to = "romeo@example.org") {
        const auto answer =
            client.ask("<iq type='" + std::string(type) + "' id='v' to='" + std::string(to) +
                       "'><vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>" + std::string(inside) +
                       "</vcard></iq>");
        if (answer.root().attr("type") == "error") return outcome(answer);
        const xml::Element* payload = answer.root().first_child();
        return payload ? xml::to_string(*payload) : "ok";
    };
    CHECK(ask(*romeo, "get", "") == "item-not-found");
    CHECK(ask(*tybalt, "get", "") == none);
    CHECK(ask(*tybalt, "get", "", "nobody@example.org") == none);
    CHECK(ask(*tybalt, "set", "") == "forbidden");
    CHECK(ask(*tybalt, "set", "", "nobody@example.org") == "forbidden");
    CHECK(ask(*romeo, "set", "<fn><text>Romeo</text></fn>") == "ok");
    const std::string whole =
        "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Romeo</text></fn></vcard>";
    CHECK(ask(*tybalt, "get", "") == whole);
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>");
    CHECK(configure(*romeo, vcard4, "access_model", "whitelist") == "ok");
    CHECK(ask(*tybalt, "get", "") == none);
    CHECK(ask(*romeo, "get", "") == whole);
}

}  // namespace
}  // namespace clarion::vcard
