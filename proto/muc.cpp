#include "proto/muc.h"

#include <array>

#include "base/text.h"
#include "proto/ns.h"

namespace clarion::muc {

namespace {

constexpr std::array<std::string_view, 5> affiliation_names{"outcast", "none", "member", "admin",
                                                            "owner"};
constexpr std::array<std::string_view, 4> role_names{"none", "visitor", "participant", "moderator"};

template <class E, std::size_t N>
std::optional<E> parse(const std::array<std::string_view, N>& names, std::string_view text) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == text) return static_cast<E>(i);
    return std::nullopt;
}

/// What is no number says nothing.
std::optional<std::uint64_t> number(const xml::Element& element, std::string_view attribute) {
    const auto value = parse_int(element.attr(attribute));
    if (!value || *value < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

HistoryRequest read_history(const xml::Element& x) {
    HistoryRequest wanted;
    const xml::Element* const history = x.child(ns::muc, "history");
    if (!history) return wanted;
    wanted.max_chars = number(*history, "maxchars");
    wanted.max_stanzas = number(*history, "maxstanzas");
    wanted.seconds = number(*history, "seconds");
    if (const auto since = parse_datetime(history->attr("since"))) wanted.since = *since;
    return wanted;
}

Result<Jid> read_jid(const xml::Element& element, std::string_view attribute) {
    const std::string_view text = element.attr(attribute);
    if (text.empty()) return Jid{};
    return Jid::parse(text);
}

Error bad_item(std::string_view why) { return fail("bad-request", std::string(why)); }

Result<AdminItem> read_item(const xml::Element& item) {
    AdminItem read;
    read.nick = item.attr("nick");
    auto jid = read_jid(item, "jid");
    if (!jid) return jid.error();
    read.jid = jid->to_bare();
    if (item.has_attr("affiliation")) {
        read.affiliation = parse_affiliation(item.attr("affiliation"));
        if (!read.affiliation) return bad_item("there is no such affiliation");
    }
    if (item.has_attr("role")) {
        read.role = parse_role(item.attr("role"));
        if (!read.role) return bad_item("there is no such role");
    }
    if (read.nick.empty() && read.jid.empty()) return bad_item("an item is about somebody");
    if (read.affiliation.has_value() == read.role.has_value())
        return bad_item("an item has either a role or an affiliation");
    read.reason = item.child_text(ns::muc_admin, "reason");
    read.reserves_nick = read.affiliation && read.jid.has_local() && item.has_attr("nick");
    return read;
}

}  // namespace

std::string_view name(Affiliation affiliation) {
    return affiliation_names[static_cast<std::size_t>(affiliation)];
}

std::optional<Affiliation> parse_affiliation(std::string_view text) {
    return parse<Affiliation>(affiliation_names, text);
}

std::string_view name(Role role) { return role_names[static_cast<std::size_t>(role)]; }

std::optional<Role> parse_role(std::string_view text) { return parse<Role>(role_names, text); }

// ---- Requests ----------------------------------------------------------------------------------

std::optional<EnterRequest> read_enter(const Stanza& presence) {
    const xml::Element* const x = presence.root().child(ns::muc, "x");
    if (!x) return std::nullopt;
    return EnterRequest{x->child_text(ns::muc, "password"), read_history(*x)};
}

Result<std::vector<AdminItem>> read_admin_items(const xml::Element& query) {
    std::vector<AdminItem> items;
    for (const xml::Element& child : query.children()) {
        if (!child.is(ns::muc_admin, "item")) continue;
        auto item = read_item(child);
        if (!item) return item.error();
        items.push_back(std::move(*item));
    }
    if (items.empty()) return bad_item("there is no item");
    return items;
}

Result<InvitationsRead> read_invitations(const Stanza& message) {
    InvitationsRead read;
    const xml::Element* const x = message.root().child(ns::muc_user, "x");
    if (!x || message.is_error()) return read;
    for (const xml::Element& child : x->children()) {
        const bool invites = child.is(ns::muc_user, "invite");
        if (!invites && !child.is(ns::muc_user, "decline")) continue;
        auto to = read_jid(child, "to");
        if (!to) return to.error();
        if (to->empty()) return fail("jid-malformed", "it does not say whom");
        std::string reason(child.child_text(ns::muc_user, "reason"));
        if (invites)
            read.invitations.push_back(
                {std::move(*to), std::move(reason), child.child(ns::muc_user, "continue")});
        else
            read.decline = Decline{std::move(*to), std::move(reason)};
    }
    return read;
}

Result<Destruction> read_destruction(const xml::Element& destroy) {
    auto venue = read_jid(destroy, "jid");
    if (!venue) return venue.error();
    return Destruction{std::move(*venue), std::string(destroy.child_text(ns::muc_owner, "reason")),
                       std::string(destroy.child_text(ns::muc_owner, "password"))};
}

bool sets_subject(const Stanza& message) {
    const xml::Element& root = message.root();
    return root.child(ns::client, "subject") && !root.child(ns::client, "body") &&
           !root.child(ns::client, "thread");
}

// ---- What a room says --------------------------------------------------------------------------

void add_item(xml::Element& x, const UserItem& item) {
    xml::Element& added = x.add("item");
    if (item.affiliation) added.set_attr("affiliation", name(*item.affiliation));
    if (item.role) added.set_attr("role", name(*item.role));
    if (!item.jid.empty()) added.set_attr("jid", item.jid);
    if (!item.nick.empty()) added.set_attr("nick", item.nick);
    if (!item.actor_nick.empty()) added.add("actor").set_attr("nick", item.actor_nick);
    if (!item.reason.empty()) added.add_text_child("reason", item.reason);
}

void add_status(xml::Element& x, int code) {
    x.add("status").set_attr("code", std::to_string(code));
}

void add_status(xml::Element& x, std::initializer_list<int> codes) {
    for (const int code : codes) add_status(x, code);
}

namespace {

bool is_room_element(const xml::Element& child) {
    return child.ns() == ns::muc || child.ns() == ns::muc_user ||
           child.is(ns::occupant_id, "occupant-id");
}

}  // namespace

void strip_room_elements(xml::Element& stanza) {
    for (const xml::Element* child = stanza.first_child(); child;) {
        const xml::Element* const next = child->next_sibling();
        if (is_room_element(*child)) stanza.remove(*child);
        child = next;
    }
}

bool has_room_elements(const xml::Element& stanza) {
    for (const xml::Element& child : stanza.children())
        if (is_room_element(child)) return true;
    return false;
}

}  // namespace clarion::muc
