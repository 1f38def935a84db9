#include "modules/muc/muc.h"

#include <utility>

#include "modules/muc/admin_commands.h"
#include "modules/muc/admin_requests.h"
#include "modules/muc/archive_search.h"
#include "modules/muc/authors.h"
#include "modules/muc/moderation.h"
#include "modules/muc/muc_options.h"
#include "modules/muc/owner_requests.h"
#include "modules/muc/records.h"
#include "modules/muc/registering.h"
#include "modules/muc/room_discovery.h"
#include "modules/muc/room_vcard.h"
#include "modules/muc/services.h"
#include "proto/ns.h"
#include "server/core/context.h"
#include "server/core/events/archive_events.h"
#include "server/core/events/partition_events.h"
#include "server/runtime/event_bus.h"

namespace clarion::muc {

namespace {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using core::Relation;
using Condition = StanzaErrorCondition;

/// Who may do what is up to each room, so nobody is refused before.
constexpr Relation anybody = Relation::stranger;
/// Which stanzas a room passes on.
constexpr std::string_view traffic_node = "http://jabber.org/protocol/muc#traffic";

void serve_get(core::ModuleSetup& setup, std::string_view ns,
               IqAnswer (*answer)(Room&, const IqRequest&)) {
    setup.serve(
        IqTarget::actor, StanzaType::get, ns, "query",
        [answer](IqRequest& request) { return answer(Services::room_of(request), request); },
        anybody);
}

void serve_set(core::ModuleSetup& setup, Services& self, std::string_view ns,
               IqAnswer (*apply)(Room&, const IqRequest&)) {
    setup.serve_async(
        IqTarget::actor, StanzaType::set, ns, "query",
        [&self, apply](IqRequest request) { return self.change(std::move(request), apply); },
        anybody);
}

void serve_vcards(core::ModuleSetup& setup, Services& self) {
    for (const IqTarget target : {IqTarget::service, IqTarget::actor})
        setup.feature(target, ns::vcard);
    setup.serve_async(
        IqTarget::actor, StanzaType::get, ns::vcard, "vCard",
        [](IqRequest request) {
            Room& room = Services::room_of(request);
            return answer_vcard(room, std::move(request));
        },
        Relation::contact);
    setup.serve_async(
        IqTarget::actor, StanzaType::set, ns::vcard, "vCard",
        [&self](IqRequest request) { return self.change(std::move(request), take_vcard); },
        Relation::owner);
}

void serve_discovery(core::ModuleSetup& setup, Services& self) {
    setup.serve_async(
        IqTarget::service, StanzaType::get, ns::disco_items, "query",
        [&self](IqRequest request) { return self.list(std::move(request)); }, anybody);
    setup.feature(IqTarget::service, ns::channel_search);
    setup.serve_async(
        IqTarget::service, StanzaType::get, ns::channel_search, "search",
        [&self](IqRequest request) { return self.search(std::move(request)); }, anybody);
    setup.serve(
        IqTarget::actor, StanzaType::get, ns::disco_items, "query",
        [](IqRequest& request) { return list_occupants(Services::room_of(request), request); },
        anybody);
    setup.serve_about(
        IqTarget::actor, StanzaType::get, ns::disco_info, "query",
        [](const xml::Element& query) { return query.attr("node") == own_nickname_node; },
        [](IqRequest request) -> Task<IqAnswer> {
            co_return answer_own_nickname(Services::room_of(request), request);
        },
        anybody);
    // XEP-0045, "Allowable Traffic": who has no such list says so.
    setup.serve_about(
        IqTarget::actor, StanzaType::get, ns::disco_info, "query",
        [](const xml::Element& query) { return query.attr("node") == traffic_node; },
        [](IqRequest) -> Task<IqAnswer> {
            co_return StanzaError(Condition::feature_not_implemented);
        },
        anybody);
}

/// Archives of others, which other modules have, are not its affair.
core::Flow screen_search(Services& self, events::ActorArchiveSearching& search) {
    if (!self.find(search.owner.host())) return core::Flow::next;
    const auto& room = static_cast<const Room&>(search.owner);
    AuthorSought sought = find_author(room, search.asker, search.author);
    if (sought.refused) {
        search.refused = std::move(sought.refused);
        return core::Flow::stop;
    }
    search.author = std::move(sought.author);
    return core::Flow::next;
}

void complete_page(Services& self, events::ActorArchiveShowing& showing) {
    if (!self.find(showing.owner.host())) return;
    auto& room = static_cast<Room&>(showing.owner);
    showing.complete = [&room, asker = showing.asker](storage::ArchivePage& page) {
        return add_authors(room, asker, page);
    };
}

}  // namespace

void declare_options(OptionRegistry& registry) { registry.add<MucOptions>(); }

std::vector<core::ServiceDomain> service_domains(const Config& config,
                                                 std::span<const std::string>) {
    std::vector<core::ServiceDomain> all;
    for (const auto& [name, options] : config.named<MucOptions>()) {
        auto domain = prepare_domain(name);
        all.push_back({.domain = domain ? std::move(*domain) : name, .archives = true});
    }
    return all;
}

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    return check_record(key, value);
}

void install(core::ModuleSetup& setup) {
    // What a module without services serves it serves at all services.
    if (setup.services().empty()) return;
    Services& self = setup.state<Services>(setup);
    for (const IqTarget target : {IqTarget::service, IqTarget::actor})
        for (const std::string_view feature : {ns::muc, ns::occupant_id})
            setup.feature(target, feature);
    setup.on<RoomsSought>(RoomsSought::Stage::find,
                          [&self](RoomsSought& event) { event.found = self.find(event.domain); });
    setup.on<events::PartitionsAcquired>(
        events::PartitionsAcquired::Stage::recover,
        [&self](const events::PartitionsAcquired&) { self.forget_creators(); });
    setup.on<events::ActorArchiveSearching>(
        events::ActorArchiveSearching::Stage::screen,
        [&self](events::ActorArchiveSearching& search) { return screen_search(self, search); });
    setup.on<events::ActorArchiveShowing>(
        events::ActorArchiveShowing::Stage::complete,
        [&self](events::ActorArchiveShowing& showing) { complete_page(self, showing); });
    setup.feature(IqTarget::service, ns::commands);
    serve_discovery(setup, self);
    serve_vcards(setup, self);
    serve_get(setup, ns::muc_admin, answer_lists);
    serve_set(setup, self, ns::muc_admin, change_lists);
    serve_get(setup, ns::muc_owner, answer_config);
    setup.serve_async(
        IqTarget::actor, StanzaType::set, ns::muc_owner, "query",
        [&self](IqRequest request) { return self.change_as_owner(std::move(request)); }, anybody);
    serve_get(setup, ns::register_, answer_registration);
    serve_set(setup, self, ns::register_, take_registration);
    for (const auto& [space, name] :
         {std::pair(ns::moderate, "moderate"), std::pair(ns::fasten, "apply-to")})
        setup.serve_async(
            IqTarget::actor, StanzaType::set, space, name,
            [](IqRequest request) {
                Room& room = Services::room_of(request);
                return moderate(room, std::move(request));
            },
            anybody);
}

}  // namespace clarion::muc
