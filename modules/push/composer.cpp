#include "modules/push/composer.h"

#include <algorithm>

#include "modules/push/counters.h"
#include "modules/push/push.h"
#include "modules/push/registrations.h"
#include "proto/ns.h"
#include "server/core/events/push_events.h"
#include "server/runtime/event_bus.h"
#include "storage/storage.h"

namespace clarion::push {

Summary Composer::summary(core::Account& account, const Registration& registration,
                          const Stanza* stanza, const StoredNotification& stored) const {
    const PushOptions& options = context_.options<PushOptions>(account.host());
    Summary summary;
    if (options.message_count == "unread")
        summary.message_count = std::max<std::uint64_t>(1, registration.record.unread);
    if (stored.clear) summary.message_count = 0;
    if (stored.important) summary.last_message_body = options.notification_important_body;
    if (!stanza || !stanza->is_message()) return summary;
    const Carried inner = carried(*stanza, account.jid().bare());
    if (options.notification_with_sender) summary.last_message_sender = inner.sender();
    if (stored.important && options.notification_with_body && !inner.body().empty())
        summary.last_message_body = inner.body();
    return summary;
}

NotificationPtr Composer::compose(core::Account& account, const Registration& registration,
                                  const Stanza* stanza, StoredNotification stored) const {
    xml::Document document = make_notification(summary(account, registration, stanza, stored));
    const xml::Document asked = asked_of(registration.record);
    events::PushSending event{account,
                              registration.record,
                              asked.root(),
                              stanza,
                              stored.important,
                              stored.urgent,
                              stored.clear ? 0 : registration.record.unread,
                              document.root()};
    if (context_.bus().fire(event) == core::Flow::stop) {
        counters_.note(account, registration.record, Reason::filtered);
        return nullptr;
    }
    auto notification = std::make_shared<PendingNotification>();
    notification->account = account.jid().bare();
    notification->epoch = epoch_of(context_, account.id());
    notification->publish =
        make_publish(account.host(), registration.service, registration.record, document.root());
    if (stored.queue) notification->share = *stored.queue;
    notification->stored = std::move(stored);
    return notification;
}

Task<StanzaPtr> Composer::read_stanza(const StoredNotification& stored) const {
    auto& storage = context_.storage();
    const storage::LogId log_id = stored.log_id;
    const std::uint64_t seq = stored.offline_seq;
    std::string text;
    if (log_id != storage::LogId::none) {
        auto logged = co_await storage.archive().read_log(log_id);
        if (logged && logged->has_value()) text = std::move(**logged);
    } else if (seq != 0) {
        auto kept = co_await storage.offline().read(stored.key.account, seq - 1, {.count = 1});
        if (kept && !kept->messages.empty() && kept->messages.front().seq == seq)
            text = std::move(kept->messages.front().stanza.xml);
    }
    if (text.empty()) co_return nullptr;
    auto parsed = Stanza::from_document(xml::parse_element(text, ns::client));
    if (!parsed) co_return nullptr;
    co_return std::move(*parsed);
}

}  // namespace clarion::push
