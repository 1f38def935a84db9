#include "modules/caps/inquiries.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "modules/caps/caps_options.h"
#include "modules/caps/desk.h"
#include "proto/ns.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/events/caps_events.h"
#include "server/core/routing/pending_iq.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"

namespace clarion::caps {

namespace {

constexpr Logger logger{"caps"};
/// How many are asked before a hash is given up until somebody says it again.
constexpr std::size_t most_asked = 5;
/// Of what proves nothing: how much one resource may say, and how many of an account's contacts.
constexpr std::size_t most_unproven_bytes = 4096;
constexpr std::ptrdiff_t most_unproven = 50;

/// Calls the desk of that domain, at its home.
template <class Use>
void at_desk(core::Context& context, const std::string& host, Use use) {
    context.on_home_shard(owner_address(host),
                          [host, use = std::move(use)](core::Context& home) mutable {
                              events::CapsDeskSought sought{host};
                              home.bus().fire(sought);
                              if (sought.desk) use(*sought.desk);
                          });
}

bool has_room_for_unproven(SeenContacts& contacts) {
    return std::count_if(contacts.all().begin(), contacts.all().end(), [](const auto& each) {
               return each.seen.mark->is_private;
           }) < most_unproven;
}

}  // namespace

std::string mark_key(const CapsTag& tag) {
    return tag.can_verify() ? tag.key() : tag.key() + ' ' + tag.node;
}

Inquiries::Inquiries(core::ModuleSetup& setup, const Sightings& sightings, KnownCaps& known)
    : context_(setup.context()),
      sightings_(sightings),
      known_(known),
      questions_(metrics().counter("clarion_caps_questions_total",
                                   "Clients asked what they can do (XEP-0115)")),
      false_answers_(metrics().counter("clarion_caps_false_answers_total",
                                       "Answers of clients that were not what their hashes said")) {
}

void Inquiries::want(core::Account& account, const Jid& resource, const CapsTag& tag) {
    const bool proves = tag.can_verify();
    const std::string key = mark_key(tag);
    const std::string host(account.host());
    const std::string id =
        (proves ? host : std::string(resource.full()) + '\n' + std::string(account.jid().bare())) +
        '\n' + key;
    const auto [open, is_new] = open_.try_emplace(id, Inquiry{proves ? host : "", tag, key});
    Inquiry& inquiry = open->second;
    const auto same = [&](const Witness& each) {
        return each.resource == resource && each.account == account.jid().bare();
    };
    if (std::none_of(inquiry.witnesses.begin(), inquiry.witnesses.end(), same))
        inquiry.witnesses.push_back({std::string(account.jid().bare()), resource});
    if (inquiry.tag.node.empty()) inquiry.tag.node = tag.node;
    if (!is_new) return;
    if (proves) return look_up(id, inquiry);
    ask_next(open);
}

void Inquiries::recall(core::Account& account, const Jid& resource, std::string_view key) {
    const auto space = key.find(' ');
    want(account, resource,
         {std::string(key.substr(0, space)), {}, std::string(key.substr(space + 1))});
}

void Inquiries::look_up(const std::string& id, const Inquiry& inquiry) {
    at_desk(context_, inquiry.host,
            [this, id, host = inquiry.host, key = inquiry.key,
             shard = context_.shard().index()](Desk& desk) {
                desk.look_up(host, key, shard, [this, id](std::optional<std::string> text) {
                    on_looked_up(id, std::move(text));
                });
            });
}

void Inquiries::on_looked_up(const std::string& id, std::optional<std::string> text) {
    const auto open = open_.find(id);
    if (open == open_.end()) return;
    if (text) return learned(open, std::move(*text));
    ask_next(open);
}

/// One of each user: somebody's many resources must not be all that are asked.
void Inquiries::ask_next(Open::iterator open) {
    Inquiry& inquiry = open->second;
    while (inquiry.next < inquiry.witnesses.size() && inquiry.asked.size() < most_asked) {
        const Witness witness = inquiry.witnesses[inquiry.next++];
        if (ask(open, witness)) return;
    }
    const Inquiry given_up = std::move(inquiry);
    open_.erase(open);
    report(given_up, std::nullopt);
}

/// What the witness says still, if it does.
Seen* Inquiries::find(const Inquiry& inquiry, const Witness& witness, core::Account** account) {
    *account = context_.accounts().find(witness.account);
    Seen* seen = *account ? sightings_.find(**account, witness.resource) : nullptr;
    return seen && seen->mark && seen->mark->key == inquiry.key ? seen : nullptr;
}

bool Inquiries::ask(Open::iterator open, const Witness& witness) {
    Inquiry& inquiry = open->second;
    core::Account* account = nullptr;
    const Seen* seen = find(inquiry, witness, &account);
    if (!seen || seen->silent || inquiry.tag.node.empty()) return false;
    const std::string bare(witness.resource.bare());
    if (std::count(inquiry.asked.begin(), inquiry.asked.end(), bare) > 0) return false;
    if (bare == witness.account) {  // one that sleeps would have it in its queue
        core::Session* session = account->find_session(witness.resource.resource());
        if (!session || !session->is_live()) return false;
    }
    if (!has_room_to_ask(witness.resource.domain())) return false;
    ++all_waiting_;
    ++waiting_[std::string(witness.resource.domain())];
    inquiry.asked.push_back(bare);
    send_question(*account, inquiry.tag, witness.resource, open->first);
    return true;
}

bool Inquiries::has_room_to_ask(std::string_view domain) const {
    const auto most = static_cast<std::size_t>(context_.options<CapsOptions>().max_questions);
    const auto of_domain = waiting_.find(domain);
    return all_waiting_ < most &&
           (of_domain == waiting_.end() || of_domain->second < (most + 3) / 4);
}

void Inquiries::send_question(const core::Account& account, const CapsTag& tag, const Jid& resource,
                              const std::string& id) {
    auto request = Stanza::make(StanzaKind::iq, StanzaType::get, account.jid(), resource);
    request->root().add("query", ns::disco_info).set_attr("node", tag.query_node());
    questions_.add();
    context_.pending().send(
        account.jid().bare(), std::move(request), context_.options<CapsOptions>().question_time,
        [this, id, witness = Witness{std::string(account.jid().bare()), resource}](
            const Stanza* answer, bool) { on_answer(id, witness, answer); });
}

/// nullopt: none, an error, one that is ill-formed or too large.
std::optional<std::string> Inquiries::read(const Stanza* answer) const {
    if (!answer || answer->type() != StanzaType::result || !answer->payload()) return std::nullopt;
    auto text = caps_text(*answer->payload());
    const auto most = static_cast<std::size_t>(context_.options<CapsOptions>().max_size);
    if (!text || text->size() > most) return std::nullopt;
    return std::move(*text);
}

void Inquiries::on_answer(const std::string& id, const Witness& witness, const Stanza* answer) {
    --all_waiting_;
    const auto domain = waiting_.find(witness.resource.domain());
    if (--domain->second == 0) waiting_.erase(domain);
    const auto open = open_.find(id);
    if (open == open_.end()) return;
    Inquiry& inquiry = open->second;
    auto text = read(answer);
    if (text && caps_ver(inquiry.tag.hash, *text) == inquiry.tag.ver) {
        report(inquiry, *text);
        return learned(open, std::move(*text));
    }
    core::Account* account = nullptr;
    if (Seen* seen = find(inquiry, witness, &account)) seen->silent = true;
    if (text) note_own(inquiry, witness, std::move(*text));
    ask_next(open);
}

/// It holds for this resource alone, until it says something else.
void Inquiries::note_own(const Inquiry& inquiry, const Witness& witness, std::string text) {
    if (!inquiry.host.empty()) {
        false_answers_.add();
        logger.debug("false-hash", {{"jid", witness.resource.full()}, {"ver", inquiry.tag.ver}});
    }
    core::Account* account = nullptr;
    Seen* seen = find(inquiry, witness, &account);
    if (!seen || text.size() > most_unproven_bytes) return;
    const bool is_own = witness.resource.bare() == account->jid().bare();
    if (!is_own && !has_room_for_unproven(sightings_.contacts(*account))) return;
    seen->mark = KnownCaps::make_private(inquiry.key, std::move(text));
    tell(*account, witness.resource, *seen);
}

void Inquiries::report(const Inquiry& inquiry, std::optional<std::string> text) {
    if (inquiry.host.empty()) return;
    at_desk(context_, inquiry.host,
            [host = inquiry.host, key = inquiry.key, text = std::move(text)](Desk& desk) mutable {
                desk.answered(host, key, std::move(text));
            });
}

void Inquiries::learned(Open::iterator open, std::string text) {
    const Inquiry inquiry = std::move(open->second);
    open_.erase(open);
    const auto bound = static_cast<std::size_t>(context_.options<CapsOptions>().max_memory);
    known_.learn(known_.mark(inquiry.key), std::move(text), bound);
    for (const Witness& witness : inquiry.witnesses) {
        core::Account* account = nullptr;
        if (Seen* seen = find(inquiry, witness, &account)) tell(*account, witness.resource, *seen);
    }
}

void Inquiries::tell(core::Account& account, const Jid& resource, Seen& seen) {
    const auto now = known_.use(seen.mark);
    if (!now || seen.told == seen.mark) return;
    const MarkPtr last = std::exchange(seen.told, seen.mark);
    const auto before = last ? last->known : nullptr;
    context_.bus().fire(events::CapabilitiesKnown{account, resource, *now, before.get()});
}

}  // namespace clarion::caps
