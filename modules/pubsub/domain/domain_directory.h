// DomainDirectory: the domain of one pubsub service on one shard: loads its actor where it is at
// home, and takes what comes for it. Requests are answered by Services (services.h).
#pragma once

#include <memory>
#include <string>

#include "modules/pubsub/domain/pubsub_domain.h"
#include "modules/pubsub/engine.h"
#include "server/core/delivery/service.h"

namespace clarion::pubsub {

class DomainDirectory final : public core::Directory<PubsubDomain, core::Service> {
public:
    /// `engine` lasts as long as the shard.
    DomainDirectory(core::Context& context, std::string domain, const Engine& engine)
        : Directory(context, "pubsub service"), domain_(std::move(domain)), engine_(engine) {}

    void describe(xml::Element& query, core::Actor* actor) override;

    /// With its nodes, of whose items none need have been read. Error "moved": it is at home
    /// elsewhere.
    Task<Result<core::ActorPin<PubsubDomain>>> load_nodes();
    /// As the engine sees it for that asker. Reads whether that is an administrator of the host.
    Task<DomainService> service_for(PubsubDomain& domain, Jid asker) const;

private:
    Task<Result<std::unique_ptr<core::Actor>>> read(std::string address) override;
    bool may_evict(core::Actor& actor) override;
    void drain(core::Actor& actor) override;
    bool drained(core::Actor& actor) override { return may_evict(actor); }
    // Nobody is in it but itself.
    void on_message(core::Actor&, core::Envelope envelope) override;
    void on_presence(core::Actor&, core::Envelope) override {}

    void on_domain_stanza(core::Envelope envelope) override;
    void take_message(PubsubDomain& domain, core::Envelope envelope) const;
    Task<> decide(core::ActorPin<PubsubDomain> domain, core::Envelope envelope) const;
    void on_bounce(PubsubDomain& domain, const core::Envelope& envelope) const;

    const std::string domain_;
    const Engine& engine_;
};

}  // namespace clarion::pubsub
