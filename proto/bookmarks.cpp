#include "proto/bookmarks.h"

#include <algorithm>
#include <unordered_set>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::bookmarks {

namespace {

bool is_true(std::string_view boolean) { return boolean == "1" || boolean == "true"; }

/// Whether it is one of those that a list has all of: what it does not say is not.
bool is_told(std::string_view name) { return name == "nick" || name == "password"; }

/// What is in the namespace of the one form is in that of the other there, and the other way round:
/// so nothing is changed by going there and back.
std::string_view in_other_form(std::string_view ns) {
    if (ns == ns::bookmarks) return ns::bookmarks_legacy;
    return ns == ns::bookmarks_legacy ? ns::bookmarks : ns;
}

void copy_attributes(xml::Element& to, const xml::Element& from) {
    for (const auto* at = from.first_attribute(); at; at = at->next)
        to.set_attr(at->name, at->value, at->ns);
}

/// A copy for the other form. What is in an element of yet another namespace is that one's.
void add_converted(xml::Element& parent, const xml::Element& element) {
    const std::string_view space = in_other_form(element.ns());
    if (space == element.ns()) {
        parent.add_copy(element);
        return;
    }
    xml::Element& copy = parent.add(element.name(), space);
    copy_attributes(copy, element);
    for (const auto* node = element.first_node(); node; node = node->next) {
        if (const auto* child = node->as_element())
            add_converted(copy, *child);
        else
            copy.add_text(node->text);
    }
}

std::string name_in(std::string_view ns, std::string_view name) {
    return std::string(name) + ' ' + std::string(ns);
}

/// What there is of <nick/> and <password/>, each once.
void add_told(xml::Element& item, const xml::Element& conference) {
    for (const std::string_view name : {"nick", "password"})
        if (const auto* child = conference.child(ns::bookmarks_legacy, name))
            add_converted(item, *child);
}

/// What `kept` has and the list does not: without it that is not known to have been meant.
void add_kept(xml::Element& item, const xml::Element& kept,
              const std::unordered_set<std::string>& listed) {
    for (const xml::Element& child : kept.children()) {
        if (child.ns() == ns::bookmarks && is_told(child.name())) continue;
        const bool is_extensions = child.is(ns::bookmarks, "extensions");
        if (is_extensions || !listed.contains(name_in(child.ns(), child.name())))
            item.add_copy(child);
    }
}

/// What the list has beside what is told by all.
void add_listed(xml::Element& item, const xml::Element& conference, bool has_extensions) {
    for (const xml::Element& child : conference.children()) {
        const bool is_its_own = child.ns() == ns::bookmarks_legacy;
        if (is_its_own && is_told(child.name())) continue;
        if (is_its_own && child.name() == "extensions" && has_extensions) continue;
        add_converted(item, child);
    }
}

// ---- What an element says, as a text that is the same for all that say it ----------------------

void say(std::string& out, const xml::Element& element);

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

void say_attributes(std::string& out, const xml::Element& element, bool of_conference) {
    std::vector<std::string> all;
    for (const auto* at = element.first_attribute(); at; at = at->next) {
        std::string value(at->value);
        if (of_conference && at->ns.empty()) {
            if (at->name == "autojoin") value = is_true(value) ? "true" : "";
            if (value.empty() && (at->name == "autojoin" || at->name == "name")) continue;
        }
        std::string text = name_in(at->ns, at->name) + "='";
        xml::escape(text, value);
        all.push_back(text + '\'');
    }
    std::sort(all.begin(), all.end());
    for (const std::string& text : all) out += text;
}

/// White space between elements says nothing.
void say_content(std::string& out, const xml::Element& element) {
    for (const auto* node = element.first_node(); node; node = node->next) {
        if (const auto* child = node->as_element())
            say(out, *child);
        else if (!is_blank(node->text) || !element.has_children())
            xml::escape(out, node->text);
    }
}

void say(std::string& out, const xml::Element& element) {
    out += '<' + name_in(element.ns(), element.name()) + ' ';
    say_attributes(out, element, false);
    out += '>';
    say_content(out, element);
    out += "</>";
}

std::string said(const xml::Element& conference) {
    std::string out;
    say_attributes(out, conference, true);
    std::vector<std::string> children;
    for (const xml::Element& child : conference.children()) {
        const bool told = child.ns() == ns::bookmarks && is_told(child.name());
        if (told && child.text().empty()) continue;
        say(children.emplace_back(), child);
    }
    std::sort(children.begin(), children.end());
    for (const std::string& text : children) out += text;
    return out;
}

}  // namespace

std::optional<Bookmark> read_item(std::string_view id, const xml::Element& payload) {
    if (!payload.is(ns::bookmarks, "conference")) return std::nullopt;
    auto room = Jid::parse(id);
    if (!room) return std::nullopt;
    return Bookmark{.room = std::move(*room),
                    .name = std::string(payload.attr("name")),
                    .nick = std::string(payload.child_text(ns::bookmarks, "nick")),
                    .password = std::string(payload.child_text(ns::bookmarks, "password")),
                    .autojoin = is_true(payload.attr("autojoin"))};
}

bool is_list(const xml::Element& element) { return element.is(ns::bookmarks_legacy, "storage"); }

OldList read_list(const xml::Element& storage) {
    OldList list;
    std::unordered_set<std::string> known;
    for (const xml::Element& child : storage.children()) {
        if (!child.is(ns::bookmarks_legacy, "conference")) {
            list.others.push_back(&child);
            continue;
        }
        const auto jid = Jid::parse(child.attr("jid"));
        if (!jid)
            ++list.malformed;
        else if (known.insert(jid->full()).second)
            list.rooms.push_back({jid->full(), &child});
    }
    return list;
}

void add_to_list(xml::Element& storage, std::string_view room, const xml::Element& payload) {
    xml::Element& conference = storage.add("conference", ns::bookmarks_legacy);
    copy_attributes(conference, payload);
    conference.set_attr("jid", room);
    for (const xml::Element& child : payload.children())
        if (!child.is(ns::bookmarks, "extensions")) add_converted(conference, child);
}

xml::Document to_item(const xml::Element& conference, const xml::Element* kept) {
    xml::Document document("conference", ns::bookmarks);
    xml::Element& item = document.root();
    if (kept) copy_attributes(item, *kept);
    for (const std::string_view told : {"name", "autojoin"}) item.remove_attr(told);
    copy_attributes(item, conference);
    item.remove_attr("jid");
    add_told(item, conference);
    std::unordered_set<std::string> listed;
    for (const xml::Element& child : conference.children())
        listed.insert(name_in(in_other_form(child.ns()), child.name()));
    if (kept) add_kept(item, *kept, listed);
    add_listed(item, conference, item.child(ns::bookmarks, "extensions") != nullptr);
    return document;
}

bool same(const xml::Element& item, const xml::Element& other) { return said(item) == said(other); }

}  // namespace clarion::bookmarks
