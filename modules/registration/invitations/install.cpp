#include "modules/registration/invitations/install.h"

#include "modules/registration/invitations/book.h"
#include "modules/registration/invitations/commands.h"
#include "modules/registration/invitations/options.h"
#include "modules/registration/invitations/pages.h"
#include "modules/registration/invitations/stream_tokens.h"
#include "modules/registration/invitations/subscribe_requests.h"
#include "proto/ns.h"
#include "server/core/events/server_events.h"
#include "server/runtime/scope.h"

namespace clarion::registration::invitations {

namespace {

constexpr std::size_t key_length = 64;

}  // namespace

void declare_options(OptionRegistry& registry) { registry.add<InvitationOptions>(); }

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    if (key.size() != key_length) return fail("bad-record", "an invitation under another key");
    const auto invitation = decode_invitation(value);
    return invitation ? Result<>() : invitation.error();
}

void install(core::ModuleSetup& setup) {
    using namespace events;
    Book& book = setup.state<Book>(setup);
    setup.on(BookSought::Stage::find, book, &Book::on_sought);
    setup.on(AccountDeleted::Stage::drop, book, &Book::on_account_deleted);
    setup.on(PartitionsReleased::Stage::hand_over, book, &Book::on_released);
    setup.on(PartitionsLost::Stage::drop, book, &Book::on_lost);
    setup.on<ServerStarted>(ServerStarted::Stage::react, [&book](const ServerStarted& event) {
        event.context.scope().spawn("invitations", book.clear_away());
    });

    const StreamTokens& tokens = setup.state<StreamTokens>(setup);
    setup.on(PresentedSought::Stage::find, tokens, &StreamTokens::on_sought);
    setup.on(LoginFeatures::Stage::offer, tokens, &StreamTokens::offer);
    setup.serve_before_login(
        ns::pars, "preauth",
        [&tokens](core::C2sStream& stream, core::Context& here, const xml::Element& iq) {
            return tokens.on_preauth(stream, here, iq);
        });

    SubscribeRequests& requests = setup.state<SubscribeRequests>(setup);
    setup.on(PresenceReceiving::Stage::screen, requests, &SubscribeRequests::on_presence);
    install_commands(setup);
    serve_pages(setup);
}

}  // namespace clarion::registration::invitations
