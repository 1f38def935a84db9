#include "modules/displayed_sync.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/log.h"
#include "proto/ns.h"
#include "proto/pubsub_client.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/session.h"
#include "server/core/events/message_events.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/refusal_log.h"
#include "server/runtime/scope.h"

namespace clarion::displayed_sync {

namespace {

constexpr Logger logger{"displayed_sync"};

bool is_displayed(const xml::Element& child) { return child.is(ns::displayed_sync, "displayed"); }

/// "MUST contain exactly one <stanza-id/> element."
bool is_well_formed(const xml::Element& displayed) {
    const xml::Element* id = displayed.first_child();
    return id && !id->next_sibling() && id->is(ns::stanza_id, "stanza-id");
}

}  // namespace

std::optional<Displayed> read_displayed(const Stanza& message) {
    const xml::Element* displayed = message.root().child(ns::displayed_sync, "displayed");
    if (!displayed || !is_well_formed(*displayed) || message.is_error()) return std::nullopt;
    return Displayed{std::string(message.root().attr("to")), xml::to_string(*displayed)};
}

void Waiting::add(Displayed displayed, const Jid& by, const core::Ticket& ticket) {
    auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.displayed.chat == displayed.chat;
    });
    if (at == entries_.end()) at = entries_.insert(at, Entry{});
    at->displayed = std::move(displayed);
    at->by = by;
    at->tickets.push_back(ticket);
}

Waiting::Entry Waiting::take() {
    Entry entry = std::move(entries_.front());
    entries_.erase(entries_.begin());
    return entry;
}

namespace {

/// Business rules and security considerations of the XEP: for the owner alone, all chats, and
/// nothing unasked for who comes.
const std::vector<pubsub::PublishOption>& usual_options() {
    static const std::vector<pubsub::PublishOption> options{
        {"pubsub#persist_items", "true"},
        {"pubsub#max_items", "max"},
        {"pubsub#send_last_published_item", "never"},
        {"pubsub#access_model", "whitelist"}};
    return options;
}

/// What a node must be that somebody has configured otherwise.
const std::vector<pubsub::PublishOption>& needed_options() {
    static const std::vector<pubsub::PublishOption> options{{"pubsub#access_model", "whitelist"}};
    return options;
}

struct State {
    Waiting waiting;
    bool under_way = false;
};

class DisplayedSync {
public:
    explicit DisplayedSync(core::ModuleSetup& setup)
        : context_(setup.context()),
          others_(setup.other_modules()),
          states_(setup.account_slot<State>()) {}

    void on_sending(events::MessageSending& event) const {
        auto displayed = read_displayed(*event.envelope.stanza);
        if (!displayed) return;
        State& state = states_.of(event.account);
        event.envelope.ticket.charge(displayed->payload.size());
        state.waiting.add(std::move(*displayed), event.session.jid(), event.envelope.ticket);
        if (!std::exchange(state.under_way, true)) begin(event.account);
    }

    static void strip(core::Envelope& envelope) {
        if (!envelope.stanza->root().child(ns::displayed_sync, "displayed")) return;
        xml::Element& message = envelope.edit().root();
        for (const xml::Element& child : message.children())
            if (is_displayed(child)) message.remove(child);
    }

private:
    /// Not in the middle of the message's way.
    void begin(core::Account& account) const {
        context_.deliveries().push(
            [this, pin = core::AccountPin(account)](core::Context& here) mutable {
                core::Scope& scope = here.scope_of(pin->id());
                scope.spawn("displayed-sync", publish_all(std::move(pin)));
            });
    }

    Task<> publish_all(core::AccountPin account) const {
        State& state = states_.of(*account);
        while (!state.waiting.empty() && !account->gone()) {
            Waiting::Entry entry = state.waiting.take();
            co_await publish(*account, std::move(entry));
        }
        state.under_way = false;
    }

    /// Who said it is not told what came of it: the message went its way.
    Task<> publish(core::Account& account, Waiting::Entry entry) const {
        auto refused = co_await try_to_publish(account, entry, usual_options());
        if (refused && refused->condition == StanzaErrorCondition::conflict)
            refused = co_await try_to_publish(account, entry, needed_options());
        if (refused)
            context_.refusals().tell(logger, account.jid().bare(), "not-published",
                                     {{"account", account.jid().bare()},
                                      {"condition", name(refused->condition)},
                                      {"text", refused->text}});
    }

    Task<std::optional<StanzaError>> try_to_publish(
        core::Account& account, const Waiting::Entry& entry,
        const std::vector<pubsub::PublishOption>& options) const {
        const std::vector<pubsub::ItemText> items{{entry.displayed.chat, entry.displayed.payload}};
        StanzaPtr request =
            pubsub::make_publish({entry.by, account.jid()}, ns::displayed_sync, items, options);
        core::AccountPin pin(account);
        const core::IqAnswer answer = co_await others_.ask(std::move(pin), std::move(request));
        if (const auto* error = std::get_if<StanzaError>(&answer)) co_return *error;
        const auto& said = std::get<std::shared_ptr<Stanza>>(answer);
        if (said && said->is_error()) co_return read_error(said->root());
        co_return std::nullopt;
    }

    core::Context& context_;
    const core::OtherModules others_;
    core::AccountSlot<State> states_;
};

/// On every host: it is nobody's business but the account's.
void strip_everywhere(core::ModuleSetup& setup) {
    using namespace events;
    core::EventBus& bus = setup.context().bus();
    bus.on<MessageSending>(MessageSending::Stage::normalise, setup.name(),
                           [](MessageSending& event) { DisplayedSync::strip(event.envelope); });
    bus.on<MessageReceiving>(MessageReceiving::Stage::normalise, setup.name(),
                             [](MessageReceiving& event) { DisplayedSync::strip(event.envelope); });
}

}  // namespace

void install(core::ModuleSetup& setup) {
    const DisplayedSync& self = setup.state<DisplayedSync>(setup);
    setup.account_feature(ns::displayed_sync_assist, ns::pubsub);
    setup.on(events::MessageSending::Stage::normalise, self, &DisplayedSync::on_sending);
    strip_everywhere(setup);
}

}  // namespace clarion::displayed_sync
