#include "modules/blocking/blocking.h"

#include <algorithm>

#include "base/clock.h"
#include "base/id.h"
#include "modules/blocking/reports.h"
#include "modules/blocking/stored_lists.h"
#include "proto/forward.h"
#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/delivery/presence.h"
#include "server/core/events/account_events.h"
#include "server/core/events/iq_events.h"
#include "server/core/events/message_events.h"
#include "server/core/events/presence_events.h"
#include "server/core/events/session_events.h"
#include "server/core/routing/message_rules.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"

namespace clarion::blocking {

using core::Flow;
using core::IqAnswer;
using core::IqRequest;

// ---- Options -----------------------------------------------------------------------------------

void BlockingOptions::declare(OptionTable<BlockingOptions>& t) {
    t.section("blocking", "Blocking and reporting other users (XEP-0191, XEP-0377).")
        .per_host()
        .live();
    t.add("max_items", &BlockingOptions::max_items)
        .min(0)
        .unit("addresses")
        .doc(
            "Addresses that one account may block. One more is refused with policy-violation; what "
            "is blocked already stays when this is lowered.");
    t.add("max_reports", &BlockingOptions::max_reports)
        .min(0)
        .unit("reports")
        .doc(
            "Reports of spam or abuse that are logged and counted for one account in an hour. The "
            "address is blocked in any case.");
    t.add("kept_reports", &BlockingOptions::kept_reports)
        .min(0)
        .max(10'000)
        .unit("reports")
        .doc(
            "Newest reports by users of a domain that are kept until somebody dismisses them "
            "(`clarionctl report list`), without the messages that they are about. 0: none.");
}

void declare_options(OptionRegistry& registry) { registry.add<BlockingOptions>(); }

namespace {

constexpr std::string_view part_name = "blocking";

// ---- Who is concerned --------------------------------------------------------------------------

/// A user's own devices and server may not be blocked (XEP-0191, section 5, note; see the header).
bool is_own(const core::Account& account, const Jid& jid) {
    if (!jid.has_local()) return jid.domain() == account.host();
    return jid.bare() == account.jid().bare();
}

bool blocks(const core::Account& account, const Blocklist& list, const Jid& jid) {
    return matches(list, jid) && !is_own(account, jid);
}

/// The contacts that `changed` matches, without their resources. Only a domain has them all looked
/// at.
std::vector<Jid> contacts_of(const core::Account& account, const Blocklist& changed) {
    std::vector<Jid> found;
    const core::Roster& roster = account.roster();
    const auto is_domain = [](const std::string& jid) {
        return jid.find_first_of("@/") == std::string::npos;
    };
    if (std::none_of(changed.jids().begin(), changed.jids().end(), is_domain)) {
        for (const std::string& jid : changed.jids())
            if (roster.find(jid)) found.push_back(Jid::trusted(jid));
        return found;
    }
    for (const auto& contact : roster.items()) {
        std::string_view domain = std::string_view(contact.jid).substr(0, contact.jid.find('/'));
        domain.remove_prefix(domain.find('@') + 1);  // nothing, if there is none
        if (changed.contains(domain) || changed.contains(contact.jid))
            found.push_back(Jid::trusted(contact.jid));
    }
    return found;
}

/// Those of the account's contacts that `changed` blocks and the `others` in the list do not; of a
/// contact of which only a resource is concerned, that.
std::vector<Jid> concerned(const core::Account& account, const Blocklist& changed,
                           const Blocklist& others) {
    std::vector<Jid> found = contacts_of(account, changed);
    std::erase_if(found,
                  [&](const Jid& jid) { return is_own(account, jid) || matches(others, jid); });
    for (const std::string& text : changed.jids()) {
        Jid jid = Jid::trusted(text);
        if (jid.is_full() && account.roster().find(jid.bare()) && !is_own(account, jid) &&
            !matches(others, jid) && !matches(changed, jid.to_bare()))
            found.push_back(std::move(jid));
    }
    return found;
}

core::SubscriptionState state_with(const core::Account& account, const Jid& contact) {
    return core::state_of(account.roster().find(contact.bare()));
}

/// Who wrote what a stanza brings: of a received message's carbon the author of that message.
Jid author_of(const Stanza& stanza) {
    const xml::Element* copy =
        core::is_carbon(stanza) ? stanza.root().child(ns::carbons, "received") : nullptr;
    const xml::Element* inner = copy ? find_forwarded(*copy) : nullptr;
    if (!inner) return stanza.from();
    return Jid::parse(inner->attr("from")).value_or(stanza.from());
}

void say_unavailable(core::Session& session, const Jid& who) {
    session.send(Stanza::make(StanzaKind::presence, StanzaType::unavailable, who, session.jid()));
}

/// The addresses outside the roster that know a session by directed presence: they hear that it has
/// gone, and it hears that they have.
void leave_blocked(core::Account& account, core::Session& session, const Blocklist& list) {
    const auto blocked =
        core::forget_directed_if(session, [&](const Jid& to) { return blocks(account, list, to); });
    for (const Jid& to : blocked) {
        account.context().router().route(
            Stanza::make(StanzaKind::presence, StanzaType::unavailable, session.jid(), to));
        say_unavailable(session, to);
    }
}

/// Who becomes blocked sees the user go, and the user sees them go. REQUIRES: `added` is not yet in
/// force.
void hide_from_blocked(core::Account& account, const Blocklist& added, const Blocklist& before) {
    for (const Jid& contact : concerned(account, added, before)) {
        const auto state = state_with(account, contact);
        if (state.shown()) core::hide_presence(account, contact);
        if (!state.seen()) continue;
        for (const auto& session : account.sessions())
            if (session->available()) say_unavailable(*session, contact);
    }
    for (const auto& session : account.sessions()) leave_blocked(account, *session, added);
}

void show_to_unblocked(core::Account& account, const std::vector<Jid>& contacts) {
    for (const Jid& contact : contacts) {
        const auto state = state_with(account, contact);
        if (state.shown()) core::show_presence(account, contact);
        if (state.seen()) core::probe_contact(account, contact.to_bare());
    }
}

// ---- The module on one shard -------------------------------------------------------------------

class Blocking {
public:
    explicit Blocking(core::ModuleSetup& setup)
        : context_(setup.context()),
          lists_(setup),
          reports_(setup.account_slot<ReportCount>()),
          asked_(setup.session_slot<bool>()) {}

    void on_loaded(const events::AccountLoaded& event) const { lists_.load(event.account); }
    void on_exporting(events::AccountExporting& event) const { lists_.on_exporting(event); }

    // ---- Commands ------------------------------------------------------------------------------

    IqAnswer get_list(IqRequest& request) const {
        if (request.session) asked_.of(*request.session) = true;
        auto answer = make_result(*request.stanza);
        xml::Element& list = answer->root().add("blocklist", ns::blocking);
        if (const Blocklist* known = lists_.find(*request.account))
            for (const std::string& jid : known->jids()) list.add("item").set_attr("jid", jid);
        return answer;
    }

    IqAnswer block(IqRequest& request) const {
        auto read = read_items(request.payload());
        if (const auto* refused = std::get_if<StanzaError>(&read)) return *refused;
        const auto& items = std::get<std::vector<Item>>(read);
        if (items.empty()) return StanzaError(StanzaErrorCondition::bad_request, "block whom?");
        core::Account& account = *request.account;
        const Blocklist& list = lists_.of(account);
        const auto added = list.missing(items);
        if (!added.empty() && !has_room(account, list.size(), added))
            return StanzaError(StanzaErrorCondition::policy_violation, "too much is blocked");

        confirm(request);
        report(account, items);
        hide_from_blocked(account, Blocklist(added), list);
        lists_.add(account, added);
        push(account, "block", items);
        return std::shared_ptr<Stanza>();
    }

    IqAnswer unblock(IqRequest& request) const {
        auto read = read_items(request.payload());
        if (const auto* refused = std::get_if<StanzaError>(&read)) return *refused;
        const auto& items = std::get<std::vector<Item>>(read);
        core::Account& account = *request.account;
        const Blocklist& list = lists_.of(account);
        const auto removed = items.empty() ? list.jids() : list.present(items);

        confirm(request);
        lists_.remove(account, removed);
        push(account, "unblock", items);
        show_to_unblocked(account, concerned(account, Blocklist(removed), list));
        return std::shared_ptr<Stanza>();
    }

    // ---- Messages ------------------------------------------------------------------------------

    Flow on_message_out(events::MessageSending& event) const {
        return screen_outgoing(event.account, event.session, *event.envelope.stanza);
    }

    Flow on_message_in(events::MessageReceiving& event) const {
        if (!is_blocked(event.account, event.envelope.stanza->from())) return Flow::next;
        const StanzaType type = event.envelope.stanza->type();
        if (type == StanzaType::chat || type == StanzaType::normal) refuse(event.envelope);
        return Flow::stop;
    }

    // ---- Presence ------------------------------------------------------------------------------

    Flow on_presence_out(events::PresenceSending& event) const {
        if (event.addressed)
            return screen_outgoing(event.account, *event.session, *event.addressed);
        return is_blocked(event.account, event.to) ? Flow::stop : Flow::next;
    }

    Flow on_presence_in(events::PresenceReceiving& event) const {
        return is_blocked(event.account, event.presence.from()) ? Flow::stop : Flow::next;
    }

    // ---- IQs -----------------------------------------------------------------------------------

    Flow on_iq_out(events::IqSending& event) const {
        return screen_outgoing(event.account, event.session, *event.envelope.stanza);
    }

    Flow on_iq_in(events::IqReceiving& event) const {
        if (!is_blocked(event.account, event.envelope.stanza->from())) return Flow::next;
        if (event.envelope.stanza->is_request()) refuse(event.envelope);
        return Flow::stop;
    }

    // ---- What waited since before the block
    // ------------------------------------------------------

    /// That a blocked contact is gone is said by us (say_unavailable()), and is not kept back.
    Flow on_handing_over(events::HandingOver& event) const {
        const Blocklist* list = lists_.find(event.account);
        if (!list || list->empty()) return Flow::next;
        const Stanza& stanza = event.stanza;
        if (stanza.is_presence() && stanza.type() == StanzaType::unavailable) return Flow::next;
        return blocks(event.account, *list, author_of(stanza)) ? Flow::stop : Flow::next;
    }

    // ---- Hibernation
    // ---------------------------------------------------------------------------------

    void on_recording(events::SessionRecording& event) const {
        if (has_asked(event.session)) event.record.parts.emplace_back(part_name, "1");
    }
    void on_restored(const events::SessionRestored& event) const {
        for (const auto& [name, value] : event.record.parts)
            if (name == part_name) asked_.of(event.session) = value == "1";
    }

private:
    const BlockingOptions& options_of(const core::Account& account) const {
        return context_.options<BlockingOptions>(account.host());
    }
    bool has_room(const core::Account& account, std::size_t blocked,
                  const std::vector<std::string>& added) const {
        const auto most = static_cast<std::size_t>(options_of(account).max_items);
        return blocked + added.size() <= most && lists_.has_room(account, added);
    }
    bool has_asked(core::Session& session) const {
        const bool* asked = asked_.find(session);
        return asked && *asked;
    }

    /// On everybody's path: with an empty list it is one look at the slot.
    bool is_blocked(core::Account& account, const Jid& who) const {
        const Blocklist* list = lists_.find(account);
        return list && !list->empty() && blocks(account, *list, who);
    }

    /// From a client: what may be answered is, directly, as what comes from that address is
    /// blocked.
    Flow screen_outgoing(core::Account& account, core::Session& session,
                         const Stanza& stanza) const {
        if (!is_blocked(account, stanza.to())) return Flow::next;
        if (may_answer_with_error(stanza)) {
            StanzaError error(StanzaErrorCondition::not_acceptable, StanzaErrorType::cancel,
                              "You have blocked this JID");
            error.app_ns = ns::blocking_errors;
            error.app_name = "blocked";
            context_.refusals().on_stanza(stanza, error);
            session.send(make_error(stanza, error));
        }
        return Flow::stop;
    }

    /// The same as if nobody were there.
    void refuse(core::Envelope& envelope) const {
        context_.router().bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
    }

    /// The result goes out before the pushes, in the order of XEP-0191, 3.3.
    void confirm(const IqRequest& request) const {
        auto result = make_result(*request.stanza);
        if (request.session)
            request.session->send(std::move(result));
        else
            context_.router().route(std::move(result));
    }

    /// To all sessions that asked for the list. No answer is waited for.
    void push(core::Account& account, std::string_view command,
              const std::vector<Item>& items) const {
        auto push = Stanza::make(StanzaKind::iq, StanzaType::set, {}, {}, random_token(15));
        xml::Element& list = push->root().add(command, ns::blocking);
        for (const Item& item : items) list.add("item").set_attr("jid", item.jid.full());
        const SaidToMany copies(std::move(push));
        for (const auto& session : account.sessions())
            if (has_asked(*session)) session->send(copies.to(session->jid()));
    }

    void report(core::Account& account, const std::vector<Item>& items) const {
        std::vector<Report> taken;
        for (const Item& item : items) {
            if (!item.report) continue;
            Report report =
                read_report(context_.clock().wall(), account.jid(), item.jid, *item.report);
            if (take_report(reports_.of(account), context_.clock().steady(),
                            options_of(account).max_reports, report))
                taken.push_back(std::move(report));
        }
        if (!taken.empty()) file_reports(context_, std::string(account.host()), std::move(taken));
    }

    core::Context& context_;
    StoredLists lists_;
    core::AccountSlot<ReportCount> reports_;
    core::SessionSlot<bool> asked_;
};

void serve_commands(core::ModuleSetup& setup, const Blocking& self) {
    using core::IqTarget;
    setup.serve(IqTarget::account, StanzaType::get, ns::blocking, "blocklist",
                [&self](IqRequest& request) { return self.get_list(request); });
    setup.serve(IqTarget::account, StanzaType::set, ns::blocking, "block",
                [&self](IqRequest& request) { return self.block(request); });
    setup.serve(IqTarget::account, StanzaType::set, ns::blocking, "unblock",
                [&self](IqRequest& request) { return self.unblock(request); });
}

}  // namespace

void install(core::ModuleSetup& setup) {
    using namespace events;
    const Blocking& self = setup.state<Blocking>(setup);
    KeptReports& kept = setup.state<KeptReports>(setup);
    setup.host_feature(ns::blocking);
    setup.host_feature(ns::reporting);
    serve_commands(setup, self);
    setup.on(AccountLoaded::Stage::load, self, &Blocking::on_loaded);
    setup.on(AccountExporting::Stage::add, self, &Blocking::on_exporting);
    setup.on(MessageSending::Stage::screen, self, &Blocking::on_message_out);
    setup.on(MessageReceiving::Stage::screen, self, &Blocking::on_message_in);
    setup.on(PresenceSending::Stage::screen, self, &Blocking::on_presence_out);
    setup.on(PresenceReceiving::Stage::screen, self, &Blocking::on_presence_in);
    setup.on(IqSending::Stage::screen, self, &Blocking::on_iq_out);
    setup.on(IqReceiving::Stage::screen, self, &Blocking::on_iq_in);
    setup.on(HandingOver::Stage::screen, self, &Blocking::on_handing_over);
    setup.on(SessionRecording::Stage::add, self, &Blocking::on_recording);
    setup.on(SessionRestored::Stage::read, self, &Blocking::on_restored);
    setup.on(ReportsFiled::Stage::keep, kept, &KeptReports::on_filed);
}

}  // namespace clarion::blocking
