#include "modules/pubsub/domain/domain_directory.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "server/core/accounts/administrators.h"
#include "server/core/actors/owner_maker.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/routing/router.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/owners.h"
#include "storage/storage.h"

namespace clarion::pubsub {

namespace {

constexpr Logger logger{"pubsub"};

}  // namespace

void DomainDirectory::describe(xml::Element& query, core::Actor*) {
    const ServiceOptions* const options = find_service_options(context().config(), domain_);
    xml::Element& identity = query.add("identity");
    identity.set_attr("category", "pubsub").set_attr("type", "service");
    if (options && !options->name.empty()) identity.set_attr("name", options->name);
}

// ---- Loading -----------------------------------------------------------------------------------

/// It is kept from its first use on, so that nothing that is kept for it has no owner.
Task<Result<std::unique_ptr<core::Actor>>> DomainDirectory::read(std::string address) {
    storage::Owners& owners = context().storage().owners();
    const auto made = co_await core::owner_maker(context()).find_or_make(address);
    if (!made) co_return made.error();
    auto stored = co_await owners.load(address);
    if (!stored) co_return stored.error();
    if (!*stored) co_return fail(error_code::item_not_found, "it was removed");
    core::Actor::Stored what{(*stored)->owner.id, (*stored)->last_archive_id,
                             std::move((*stored)->resident)};
    co_return std::unique_ptr<core::Actor>(std::make_unique<PubsubDomain>(
        context(), Jid::trusted(address), std::move(what), context().clock().wall()));
}

Task<Result<core::ActorPin<PubsubDomain>>> DomainDirectory::load_nodes() {
    auto domain = co_await load(domain_);
    if (domain) engine_.store().load(**domain, (*domain)->nodes());
    co_return domain;
}

bool DomainDirectory::may_evict(core::Actor& actor) {
    auto& domain = static_cast<PubsubDomain&>(actor);
    return domain.fan_out().waiting() == 0 && domain.bounces().empty();
}

/// What is to be sent is sent soon.
void DomainDirectory::drain(core::Actor& actor) {
    static_cast<PubsubDomain&>(actor).bounces().forget_all();
}

Task<DomainService> DomainDirectory::service_for(PubsubDomain& domain, Jid asker) const {
    const std::string host = context().domains().host_over(domain.host());
    auto administrators = core::configured_administrators(context().config(), host);
    std::erase_if(administrators, [&](const std::string& each) {
        return !context().domains().is_host(Jid::trusted(each).domain());
    });
    const bool known = std::find(administrators.begin(), administrators.end(), asker.bare()) !=
                       administrators.end();
    bool administers = false;
    if (!known) administers = co_await core::administers(context(), asker, host);
    if (administers) administrators.emplace_back(asker.bare());
    co_return DomainService(domain, std::move(administrators));
}

// ---- Messages ----------------------------------------------------------------------------------

void DomainDirectory::on_message(core::Actor&, core::Envelope envelope) {
    context().router().bounce(std::move(envelope), {StanzaErrorCondition::item_not_found});
}

/// Presence says nothing to it.
void DomainDirectory::on_domain_stanza(core::Envelope envelope) {
    if (!envelope.stanza->is_message()) return;
    with(domain_, [this, envelope = std::move(envelope)](Result<PubsubDomain*> found) mutable {
        if (found) return take_message(**found, std::move(envelope));
        if (found.error().is(error_code::moved))
            return context().router().route(std::move(envelope));
        context().router().bounce(std::move(envelope), to_stanza_error(found.error()));
    });
}

void DomainDirectory::take_message(PubsubDomain& domain, core::Envelope envelope) const {
    engine_.store().load(domain, domain.nodes());
    if (envelope.stanza->is_error()) return on_bounce(domain, envelope);
    context()
        .scope_of(domain.id())
        .spawn("pubsub-decision",
               decide(core::ActorPin<PubsubDomain>(domain), std::move(envelope)));
}

/// An owner's answer to somebody's request for a subscription; nothing else is said to a service.
Task<> DomainDirectory::decide(core::ActorPin<PubsubDomain> domain, core::Envelope envelope) const {
    const Jid asker = envelope.stanza->from();
    const DomainService service = co_await service_for(*domain, asker);
    if (!domain.alive()) co_return;
    auto outcome = engine_.answer_authorization(service, *envelope.stanza);
    if (!outcome)
        co_return context().router().bounce(std::move(envelope),
                                            {StanzaErrorCondition::service_unavailable});
    context().shard().hold(envelope.ticket);
    Outcome decided = std::move(*outcome);
    (void)co_await engine_.complete(service, std::move(decided));
}

/// A notification came back from whom it was sent to. Its own server says whose address that is, so
/// nobody ends what is somebody else's.
void DomainDirectory::on_bounce(PubsubDomain& domain, const core::Envelope& envelope) const {
    const Stanza& stanza = *envelope.stanza;
    const auto id = parse_notice_id(stanza.id());
    Node* const node = id ? domain.nodes().find(id->node) : nullptr;
    const std::string& subscriber = stanza.from().full();
    if (!node || !node->find_subscription(subscriber)) return;
    const StanzaError error = read_error(stanza.root());
    if (judge(error, envelope.local_bounce) == Verdict::passing) {
        const WallTime now = context().clock().wall();
        const auto since = domain.bounces().note(*id, subscriber, now);
        if (!since || now - *since < domain.options().unreachable_ends_after) return;
    }
    logger.info("subscriber-given-up", {{"service", domain_},
                                        {"node", node->name},
                                        {"subscriber", subscriber},
                                        {"error", name(error.condition)}});
    domain.bounces().forget(node->number, subscriber);
    engine_.store().unsubscribe(domain, *node, subscriber);
}

}  // namespace clarion::pubsub
