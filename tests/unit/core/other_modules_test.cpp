// Modules that serve a view of what another one keeps.
#include "server/core/delivery/other_modules.h"

#include <doctest/doctest.h>

#include "proto/xml_writer.h"
#include "server/core/setup/module.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using test::Client;
using test::World;

namespace {

constexpr std::string_view kept_ns = "urn:kept";

/// Answers who it was asked by, to the owner alone.
void install_keeper(ModuleSetup& setup) {
    setup.serve(IqTarget::account, StanzaType::get, kept_ns, "q",
                [](IqRequest& request) -> IqAnswer {
                    auto answer = make_result(*request.stanza);
                    answer->root().add("kept", kept_ns).add_text(request.from.full());
                    return answer;
                });
}

/// Answers questions about "view" by what others say to the same one, in a view of its own.
void install_view(ModuleSetup& setup) {
    const auto& others = setup.state<OtherModules>(setup.other_modules());
    setup.serve_about(
        IqTarget::account, StanzaType::get, kept_ns, "q",
        [](const xml::Element& payload) { return payload.attr("about") == "view"; },
        [&others](IqRequest request) -> Task<IqAnswer> {
            IqAnswer answer = co_await others.ask(AccountPin(*request.account), request.stanza);
            if (const auto* error = std::get_if<StanzaError>(&answer)) co_return *error;
            auto viewed = make_result(*request.stanza);
            viewed->root()
                .add("view", kept_ns)
                .add_copy(std::get<std::shared_ptr<Stanza>>(answer)->root());
            co_return viewed;
        },
        Relation::stranger);
}

struct TwoModules {
    World world{{.modules = {{.name = "keeper", .install = install_keeper},
                             {.name = "view", .install = install_view}}}};
    Client* romeo = nullptr;
    Client* tybalt = nullptr;

    TwoModules() {
        world.add_account("romeo@example.org");
        world.add_account("tybalt@example.org");
        romeo = &world.log_in("romeo@example.org/orchard");
        tybalt = &world.log_in("tybalt@example.org/street");
    }
    static std::string ask(Client& client, std::string_view attributes) {
        const auto answer =
            client.ask("<iq type='get' id='q' to='romeo@example.org'><q xmlns='" +
                       std::string(kept_ns) + "' " + std::string(attributes) + "/></iq>");
        if (answer.root().attr("type") == "error")
            return std::string(name(read_error(answer.root()).condition));
        return std::string(answer.root().first_child()->name());
    }
};

TEST_CASE_FIXTURE(TwoModules, "other modules: who serves what it is about goes first") {
    CHECK(ask(*romeo, "") == "kept");
    CHECK(ask(*romeo, "about='view'") == "view");
    CHECK(ask(*romeo, "about='x'") == "kept");
}

TEST_CASE_FIXTURE(TwoModules, "other modules: a stranger is told through a view what it is told") {
    CHECK(ask(*tybalt, "") == "service-unavailable");
    CHECK(ask(*tybalt, "about='view'") == "service-unavailable");
}

}  // namespace
