#include "modules/bookmarks/takeover.h"

#include <utility>

#include "base/id.h"
#include "base/log.h"
#include "modules/bookmarks/node_rules.h"
#include "proto/data_form.h"
#include "proto/ns.h"

namespace clarion::bookmarks {

namespace {

constexpr Logger logger{"bookmarks"};

/// A request of the account to itself.
std::shared_ptr<Stanza> make_request(const core::Account& account, StanzaType type) {
    return Stanza::make(StanzaKind::iq, type, account.jid(), account.jid(), random_token(9));
}

/// About one of the account's nodes, to its owner.
xml::Element& add_owner_request(Stanza& request, std::string_view name, std::string_view node) {
    xml::Element& child = request.root().add("pubsub", ns::pubsub_owner).add(name);
    child.set_attr("node", node);
    return child;
}

/// An element that may be kept as text.
xml::Document first_element(const xml::Element& parent) {
    for (const auto* node = parent.first_node(); node; node = node->next) {
        if (node->kind == xml::Node::Kind::raw) return xml::parse_element(node->text);
        if (const auto* element = node->as_element()) {
            xml::Document copy(element->name(), element->ns());
            for (const auto* child = element->first_child(); child; child = child->next_sibling())
                copy.root().add_copy(*child);
            return copy;
        }
    }
    return {};
}

/// What a list has, or a room that is no item of a list (as in the examples of XEP-0223).
void add_entries(xml::Element& storage, const xml::Document& from) {
    if (from.empty()) return;
    if (from.root().is(ns::bookmarks_legacy, "conference")) storage.add_copy(from.root());
    if (!is_list(from.root())) return;
    for (const xml::Element& child : from.root().children()) storage.add_copy(child);
}

}  // namespace

Task<> Takeover::once(core::Account& account, AccountState& state) const {
    if (std::exchange(state.taken_over, true)) co_return;
    co_await put_right(account);
    co_await lists_.finish(account, state);
    co_await lists_.forget_removed(account);
    xml::Document found("storage", ns::bookmarks_legacy);
    const bool old_node = co_await add_old_node(account, found.root());
    const bool document = co_await add_document(account, found.root());
    if (!old_node && !document) co_return;
    const OldList list = read_list(found.root());
    const Refused refused = co_await lists_.merge(account, state, list);
    if (has_no_nodes(refused)) co_return;  // the document is where they are kept
    if (refused) {
        logger.error("not-taken-over",
                     {{"account", account.jid().full()}, {"error", name(refused->condition)}});
        co_return;
    }
    logger.info("taken-over", {{"account", account.jid().full()},
                               {"rooms", list.rooms.size()},
                               {"malformed", list.malformed}});
    if (old_node) co_await remove_old_node(account);
    if (document) co_await remove_document(account);
}

/// A node that was made before may let others in.
Task<> Takeover::put_right(core::Account& account) const {
    StanzaPtr request = make_configure(account.jid());
    const Refused refused = co_await node().carry_out(account, std::move(request));
    if (!refused) co_await expel_others(account);
}

Task<> Takeover::expel_others(core::Account& account) const {
    auto request = make_request(account, StanzaType::get);
    add_owner_request(*request, "affiliations", ns::bookmarks);
    const core::IqAnswer answer = co_await node().ask(account, std::move(request));
    if (error_of(answer)) co_return;
    auto change = make_request(account, StanzaType::set);
    xml::Element& list = add_owner_request(*change, "affiliations", ns::bookmarks);
    const auto& root = std::get<std::shared_ptr<Stanza>>(answer)->root();
    const xml::Element* const pubsub = root.child(ns::pubsub_owner, "pubsub");
    const xml::Element* const all =
        pubsub ? pubsub->child(ns::pubsub_owner, "affiliations") : nullptr;
    for (const auto* each = all ? all->first_child() : nullptr; each; each = each->next_sibling())
        if (each->attr("jid") != account.jid().full())
            list.add("affiliation")
                .set_attr("jid", each->attr("jid"))
                .set_attr("affiliation", "none");
    if (!list.has_children()) co_return;
    const Refused refused = co_await node().carry_out(account, std::move(change));
    if (refused)
        logger.error("others-not-expelled",
                     {{"account", account.jid().full()}, {"error", name(refused->condition)}});
}

/// Of several items the newest goes first, so that it counts. False: there is no such node.
Task<bool> Takeover::add_old_node(core::Account& account, xml::Element& storage) const {
    const NodeItems old = co_await node().read(account, ns::bookmarks_legacy);
    for (auto item = old.items.rbegin(); item != old.items.rend(); ++item)
        add_entries(storage, xml::parse_element(item->payload));
    co_return old.exists;
}

/// False: there is nothing in it.
Task<bool> Takeover::add_document(core::Account& account, xml::Element& storage) const {
    auto request = make_request(account, StanzaType::get);
    request->root().add("query", ns::private_).add("storage", ns::bookmarks_legacy);
    const core::IqAnswer answer = co_await node().ask(account, std::move(request));
    if (error_of(answer)) co_return false;
    const auto& root = std::get<std::shared_ptr<Stanza>>(answer)->root();
    const xml::Element* const query = root.child(ns::private_, "query");
    if (!query) co_return false;
    const xml::Document document = first_element(*query);
    add_entries(storage, document);
    co_return !document.empty() && document.root().has_children();
}

/// Without telling who listens to it: for them it goes on.
Task<> Takeover::remove_old_node(core::Account& account) const {
    auto quiet = make_request(account, StanzaType::set);
    xml::Element& configure = add_owner_request(*quiet, "configure", ns::bookmarks_legacy);
    DataForm form = DataForm::make("submit", ns::pubsub_node_config);
    form.add_boolean("pubsub#notify_config", false);
    form.add_boolean("pubsub#notify_delete", false);
    form.append_to(configure);
    Refused refused = co_await node().carry_out(account, std::move(quiet));
    auto removal = make_request(account, StanzaType::set);
    add_owner_request(*removal, "delete", ns::bookmarks_legacy);
    if (!refused) refused = co_await node().carry_out(account, std::move(removal));
    if (refused)
        logger.error("old-node-stays",
                     {{"account", account.jid().full()}, {"error", name(refused->condition)}});
}

/// A document without content is not kept.
Task<> Takeover::remove_document(core::Account& account) const {
    auto request = make_request(account, StanzaType::set);
    request->root().add("query", ns::private_).add("storage", ns::bookmarks_legacy);
    const Refused refused = co_await node().carry_out(account, std::move(request));
    if (refused)
        logger.error("old-document-stays",
                     {{"account", account.jid().full()}, {"error", name(refused->condition)}});
}

}  // namespace clarion::bookmarks
