// Pubsub services (XEP-0060) at domains of their own: [pubsub."pubsub.example.org"].
//
// A domain is one actor, at home where its partition is, with all its nodes. What is asked of it is
// carried out by the engine that accounts have as well (modules/pubsub/engine.h), for whoever asks:
// users of this server, of others, and components. The administrators of its host own all its
// nodes; who else may make some is said by an option. Access models that need presence or a roster
// are not offered.
//
// Notifications are messages of type headline from the domain. Who cannot be reached is not
// notified for ever.
//
// pubsub_domain.h: the actor. domain_directory.h: who loads it, and what is not a request.
// service_disco.h: what is found. bounces.h: what comes back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/option.h"
#include "modules/pubsub/domain/domain_directory.h"
#include "modules/pubsub/domain/turns.h"
#include "server/core/setup/module.h"

namespace clarion::pubsub {

/// All of them on one shard.
class Services {
public:
    explicit Services(core::ModuleSetup& setup);

    /// A <pubsub/> of either namespace.
    Task<core::IqAnswer> answer(core::IqRequest request);

    /// What changes nothing is answered once the nodes are loaded, by one of these.
    using Reader = Task<core::IqAnswer> (Services::*)(const DomainService& service,
                                                      core::IqRequest request);
    Task<core::IqAnswer> ask(core::IqRequest request, Reader reader);
    /// disco#info of a node.
    Task<core::IqAnswer> answer_node_info(const DomainService& service, core::IqRequest request);
    /// disco#items of a service, or of a node.
    Task<core::IqAnswer> answer_items(const DomainService& service, core::IqRequest request);
    /// The command get-pending (modules/pubsub/pending_command.h), and the list of commands, for who
    /// owns a node.
    Task<core::IqAnswer> answer_get_pending(const DomainService& service, core::IqRequest request);
    Task<core::IqAnswer> list_commands(const DomainService& service, core::IqRequest request);

    // ---- For administrators ----
    const Engine& engine() const { return engine_; }
    /// nullptr: there is no such service.
    DomainDirectory* find(std::string_view domain);

private:
    /// Who asks for something there was, by then, at home elsewhere: it goes on to there.
    core::IqAnswer pass_on(const core::IqRequest& request, const Error& why) const;
    Task<core::IqAnswer> answer_in_turn(PubsubDomain& domain, core::IqRequest request);

    core::Context& context_;
    Engine engine_;
    Turns turns_;
    std::map<std::string, DomainDirectory, std::less<>> directories_;
};

/// Fired by an administrator's command: those of this shard; nullptr: the module is off, or there is
/// no service.
struct ServicesSought {
    enum class Stage { find };
    static constexpr std::string_view name = "ServicesSought";
    static constexpr auto kind = core::EventKind::fill_in;
    Services* found = nullptr;
};

void declare_service_options(OptionRegistry& registry);
std::vector<core::ServiceDomain> service_domains(const Config& config,
                                                 std::span<const std::string> hosts);
void install_services(core::ModuleSetup& setup);

}  // namespace clarion::pubsub
