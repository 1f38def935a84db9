// Turns: those who wait for a push service get their turn, in order, as soon as it may be sent to.
//
// Their account is loaded, their stanza read and the notification composed again, so that other
// modules judge it as it is then. One per shard.
#pragma once

#include <string>

#include "base/task.h"
#include "modules/push/pending_notification.h"
#include "modules/push/state.h"

namespace clarion::push {

class Composer;
class FailedAttempts;
class Outage;
class PublishLog;
class Sender;
class Services;

class Turns {
public:
    Turns(core::Context& context, core::AccountSlot<AccountPush> accounts, Services& services,
          Outage& outage, FailedAttempts& attempts, Composer& composer, PublishLog& publish_log,
          Sender& sender);

    /// Composes it again from what is stored, and submits it. For one whose stanza must be read
    /// this takes a moment.
    Task<> renew_stored(core::AccountPin account, StoredNotification stored);

private:
    /// Those who wait, as far as the service may be sent to.
    void take_turns(Service& service);
    Task<> renew(std::string jid, StoredNotification stored);
    /// Whether that is done: false, storage has failed.
    Task<bool> renew_loaded(std::string jid, StoredNotification& stored);
    void renewed(const std::string& jid, const RegistrationKey& key);
    void renew_with(core::Account& account, Registration& registration, StoredNotification stored,
                    const Stanza* stanza);

    core::Context& context_;
    core::AccountSlot<AccountPush> accounts_;
    Services& services_;
    Outage& outage_;
    FailedAttempts& attempts_;
    Composer& composer_;
    PublishLog& publish_log_;
    Sender& sender_;
};

}  // namespace clarion::push
