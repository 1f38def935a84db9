#include "modules/push/tigase/away.h"

#include <algorithm>

#include "modules/push/policy.h"
#include "modules/push/tigase/names.h"
#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/events/message_events.h"
#include "server/core/events/presence_events.h"
#include "server/core/events/push_events.h"
#include "server/core/events/session_events.h"
#include "server/runtime/event_bus.h"

namespace clarion::push::tigase {

namespace {

using events::PushRegistration;

template <class Is>
bool any_session(const core::Account& account, Is is) {
    return std::any_of(account.sessions().begin(), account.sessions().end(),
                       [&](const auto& session) { return is(*session); });
}

bool anybody_online(const core::Account& account) { return any_session(account, is_online); }

bool anybody_connected(const core::Account& account) {
    return any_session(account, [](const core::Session& session) {
        return session.is_live() && session.available();
    });
}

bool sleeps(const core::Account& account, std::string_view device) {
    return any_session(account, [&](const core::Session& session) {
        return session.is_hibernating() && session.device() == device;
    });
}

bool is_between_two(const Stanza& message) {
    return message.type() == StanzaType::chat || message.type() == StanzaType::normal;
}

/// Of an account: whether a registration was told of something that nobody has come to read.
struct Unseen {
    bool any = false;
};

/// The module on one shard.
class Away {
public:
    explicit Away(core::ModuleSetup& setup)
        : context_(setup.context()), unseen_(setup.account_slot<Unseen>()) {}

    void on_receiving(const events::MessageReceiving& event) const {
        core::Account& account = event.account;
        const Stanza& message = *event.envelope.stanza;
        if (!is_between_two(message) || anybody_online(account) || !anybody_connected(account))
            return;
        if (!judge(message, account.jid().bare(), false).important) return;
        context_.bus().fire(events::PushRequested{
            account, &event.envelope, false, [&account](const PushRegistration& registration) {
                return wants_away(registration) && !sleeps(account, registration.device);
            }});
    }

    void on_sending(const events::PushSending& event) const {
        if (event.cause && event.important && wants_away(event.registration) &&
            !anybody_online(event.account))
            unseen_.of(event.account).any = true;
    }

    void on_changed(const events::AvailabilityChanged& event) const { on_available(event.session); }
    void on_resumed(const events::SessionResumed& event) const { on_available(event.session); }

private:
    void on_available(core::Session& session) const {
        core::Account& account = session.account();
        const Unseen* unseen = unseen_.find(account);
        if (!unseen || !unseen->any || !is_online(session)) return;
        unseen_.of(account).any = false;
        context_.bus().fire(events::PushRequested{
            account, nullptr, true, [&session](const PushRegistration& registration) {
                return wants_away(registration) && registration.device != session.device();
            }});
    }

    core::Context& context_;
    core::AccountSlot<Unseen> unseen_;
};

}  // namespace

bool wants_away(const PushRegistration& registration) {
    if (registration.attributes.find("away") == std::string::npos) return false;
    const auto enable = xml::parse_element(registration.attributes);
    if (enable.empty()) return false;
    const auto away = enable.root().attr("away");
    return away == "true" || away == "1";
}

bool is_online(const core::Session& session) {
    if (session.is_hibernating() || session.state() == core::SessionState::ended) return false;
    if (!session.available() || session.priority() < 0) return false;
    const auto show = session.presence()->root().child_text(ns::client, "show");
    return show.empty() || show == "chat";
}

void install_away(core::ModuleSetup& setup) {
    const Away& self = setup.state<Away>(setup);
    setup.account_feature(away_feature);
    using namespace events;
    // After the archive, so that the message is known by its id there, and after the rules, which
    // do not ask whether anybody is at a device (R2): its row in modules/all.cpp is after push.
    setup.on(MessageReceiving::Stage::notify, self, &Away::on_receiving);
    setup.on(PushSending::Stage::compose, self, &Away::on_sending);
    setup.on(AvailabilityChanged::Stage::notify, self, &Away::on_changed);
    setup.on(SessionResumed::Stage::go_on, self, &Away::on_resumed);
}

}  // namespace clarion::push::tigase
