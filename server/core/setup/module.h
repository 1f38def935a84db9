// ModuleSetup: what a module may do when it is installed. See HACKING.md, "A module in seven
// steps".
//
// install() runs once per shard, before anything else; everything it registers lives as long as the
// shard. The row in modules/all.cpp is the only central mention of a module.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/config.h"
#include "server/core/accounts/session.h"
#include "server/core/actors/command_table.h"
#include "server/core/actors/iq_table.h"
#include "server/core/actors/module_data.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/delivery/other_modules.h"
#include "server/core/http/http_routes.h"
#include "server/core/routing/domain_links.h"
#include "server/core/streams/c2s_stream.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/slots.h"

namespace clarion::core {

/// The host an event is about, where it says so.
template <class E>
std::string_view host_of(const E& event) {
    if constexpr (requires { event.account.host(); })
        return event.account.host();
    else if constexpr (requires { event.session.account().host(); })
        return event.session.account().host();
    else if constexpr (requires { event.owner.host(); })
        return event.owner.host();
    else if constexpr (requires { event.stream.host; })
        return event.stream.host;
    else if constexpr (requires { std::string_view(event.host); })
        return event.host;
    else
        return {};
}

class Core;

class ModuleSetup {
public:
    /// Reads from the configuration for which hosts the module is off.
    ModuleSetup(Core& core, std::string_view name);

    Context& context() const;
    std::string_view name() const { return name_; }

    /// Subscribes to a stage of an event, under the module's name: a member function of its state,
    /// which says by its parameter of which event. See EventBus for what it may be.
    template <class Self, class F>
    void on(StageOf<HandledBy<F>> stage, Self& self, F handler) {
        on<HandledBy<F>>(stage, [&self, handler](auto& event) { return (self.*handler)(event); });
    }
    /// The same with a function that needs no state.
    template <class R, class E>
    void on(StageOf<E> stage, R (*handler)(E&)) {
        on<std::remove_const_t<E>>(stage, [handler](E& event) { return handler(event); });
    }
    /// The same with any callable.
    template <class E, class F>
    void on(StageOf<E> stage, F fn) {
        if (!off_) return bus_.on<E>(stage, name_, std::move(fn));
        bus_.on<E>(stage, name_, [off = off_, fn = std::move(fn)](auto& event) {
            const bool runs = !off->contains(host_of(event));
            if constexpr (std::is_void_v<decltype(fn(event))>) {
                if (runs) fn(event);
            } else {
                return runs ? fn(event) : Flow::next;
            }
        });
    }
    /// Answers requests. Of targets service and actor: a module that has services answers for its
    /// own only, any other for all.
    void serve(IqTarget target, StanzaType type, std::string_view ns, std::string_view name,
               IqHandler handler, Relation audience = Relation::owner);
    void serve_async(IqTarget target, StanzaType type, std::string_view ns, std::string_view name,
                     AsyncIqHandler handler, Relation audience = Relation::owner);
    /// The same of payloads that are about such a thing only, a node for one (XEP-0030, 3): it goes
    /// before handlers for anything. Who is not in the audience is refused, and gets no answer of
    /// theirs.
    void serve_about(IqTarget target, StanzaType type, std::string_view ns, std::string_view name,
                     std::function<bool(const xml::Element& payload)> about, AsyncIqHandler handler,
                     Relation audience = Relation::owner);
    /// What other modules of an account answer: for a module that serves a view of what they keep,
    /// or publishes in the account's name. It may be kept as long as the shard.
    OtherModules other_modules() const { return {context(), name_}; }
    /// Offers a command to those it is for (XEP-0050), on hosts that have the module.
    void command(Command command);
    /// Answers requests that come over HTTP. The module itself sees which hosts have it: a request
    /// says its host (HttpRequest::host).
    void serve_http(HttpRoute route);
    /// All that are offered on this shard, by then: for who serves them.
    const CommandTable& commands() const;
    /// An element on an authenticated stream that has no session yet (<resume/>): see C2sStream.
    void serve_stream(std::string_view ns, std::string_view name, StreamHandler handler);
    /// The same on a stream that may log in and has not yet; of an iq, `ns` and `name` are its
    /// payload's. See also events::LoginFeatures.
    void serve_before_login(std::string_view ns, std::string_view name, StreamHandler handler);
    /// The same at any time before a session is bound, where nobody else serves it: for elements
    /// that come too early and have an answer of their own.
    void serve_too_early(std::string_view ns, std::string_view name, StreamHandler handler);
    /// A <feature/> that such targets say; of services as in serve(). `needs`: only where they say
    /// that feature as well, which may be another module's.
    void feature(IqTarget target, std::string_view var, std::string_view needs = {});
    void host_feature(std::string_view var) { feature(IqTarget::host, var); }
    void account_feature(std::string_view var, std::string_view needs = {}) {
        feature(IqTarget::account, var, needs);
    }

    /// The domains that the module serves (ModuleRow::domains).
    std::vector<std::string> services() const;
    /// Takes what is for one of them, on this shard, and lasts as long.
    void serve_domain(std::string domain, ServicePort& port);
    /// What is served and subscribed from now on leaves out services of which `leaves` is true.
    void leave_out(const std::function<bool(const ServiceDomain&)>& leaves);

    template <class T>
    SessionSlot<T> session_slot() {
        return SessionSlot<T>(next_slot(slot_counts_.session));
    }
    template <class T>
    AccountSlot<T> account_slot() {
        return AccountSlot<T>(next_slot(slot_counts_.account));
    }
    template <class T>
    StreamSlot<T> stream_slot() {
        return StreamSlot<T>(next_slot(slot_counts_.stream));
    }
    /// Space for what the module keeps with each owner, loaded with it. `bound`: of the module's
    /// own, in bytes, for what an option bounds by number; 0: storage::max_resident_of_module.
    ResidentSpace resident_data(std::size_t bound = 0);
    /// Space for what it keeps for each owner and reads when it is asked for.
    StoredSpace stored_data(DataQuota quota = {});

    /// State of the module on this shard, kept as long as the shard.
    template <class T, class... Args>
    T& state(Args&&... args) {
        auto made = std::make_shared<T>(std::forward<Args>(args)...);
        T& result = *made;
        keep(std::move(made));
        return result;
    }

private:
    std::string_view whose(IqTarget target) const;
    void add(IqTable::Entry entry);
    void add(std::string_view ns, std::string_view name, StreamHandler handler, StreamPhase phase);
    void keep(std::shared_ptr<void> state);

    Core& core_;
    EventBus& bus_;
    SlotCounts& slot_counts_;
    std::string_view name_;
    OffHosts off_;
};

struct AdminArea;  // server/core/setup/admin_command.h

/// The service domains of a module, one entry each. `hosts`: the virtual hosts.
using DeclareDomains = std::vector<ServiceDomain> (*)(const Config& config,
                                                      std::span<const std::string> hosts);

struct ModuleRow;
/// Adds the domains that these modules serve. Error "config": one of them is taken.
Result<> declare_services(std::span<const ModuleRow> rows, const Config& config, Domains& domains);

/// One row of the module table (modules/all.cpp).
struct ModuleRow {
    std::string_view name;
    void (*install)(ModuleSetup&);
    void (*declare_options)(OptionRegistry&) = nullptr;  // nullptr: none
    std::string_view specifications;                     // "XEP-0280 1.0.1"
    std::string_view summary;                            // one line for humans
    std::vector<const AdminArea& (*)()> admin_areas{};   // commands for administrators
    DeclareDomains domains = nullptr;                    // nullptr: it serves none
    /// Whether it can read an entry that it keeps, for `clariond --check`; nullptr: it keeps none.
    Result<> (*check_entry)(storage::DataKind kind, std::string_view key,
                            std::string_view value) = nullptr;
    /// Modules whose handlers of a stage must run before this one's; see install_order().
    std::vector<std::string_view> after{};
};

/// Installs it on a shard, and offers its commands for administrators to their clients
/// (admin_as_command.h).
void install_module(Core& core, const ModuleRow& row);

}  // namespace clarion::core
