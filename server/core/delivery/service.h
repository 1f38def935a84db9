// Service: a domain of ours whose addresses are actors, and what all such domains do alike: loading
// who is addressed, and answering requests through the IQ table. A module derives from it:
//
//     class Rooms final : public core::Directory<Room, core::Service> { … };
//     setup.serve_domain(domain, setup.state<Rooms>(setup.context(), "room"));
//
// On each shard one; each has the actors that are at home there.
#pragma once

#include "server/core/actors/directory.h"
#include "server/core/routing/domain_links.h"

namespace clarion::core {

class Service : public ServicePort, public ActorTable {
public:
    using ActorTable::ActorTable;

    void deliver(Envelope envelope) final;
    void describe(xml::Element& query, Actor* actor) override = 0;

private:
    /// A message or presence for an actor, whatever the resource.
    virtual void on_message(Actor& actor, Envelope envelope) = 0;
    virtual void on_presence(Actor& actor, Envelope envelope) = 0;
    /// A request or an answer to a resource of an actor. Otherwise: there is no such resource.
    virtual void on_iq_to_resource(Actor& actor, Envelope envelope);
    /// A message or presence for the domain itself. Otherwise: messages are returned, presence is
    /// ignored.
    virtual void on_domain_stanza(Envelope envelope);
    /// Nobody is at the address, or (`why` not "item-not-found") it could not be read. Otherwise:
    /// it is returned with that.
    virtual void on_absent(Envelope envelope, const Error& why);

    void deliver_to_domain(Envelope envelope);
    void deliver_to_actor(Actor& actor, Envelope envelope);
};

}  // namespace clarion::core
