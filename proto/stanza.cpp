#include "proto/stanza.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <utility>

#include "proto/ns.h"
#include "proto/xml_shared.h"

namespace clarion {

namespace {

constexpr std::array<std::string_view, 3> kind_names{"message", "presence", "iq"};

constexpr std::array<std::string_view, 15> type_names{
    "normal",      "chat",      "groupchat",  "headline",    "available",
    "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed",
    "probe",       "get",       "set",        "result",      "error",
};

std::string_view name(StanzaType type) { return type_names[static_cast<std::size_t>(type)]; }
std::string_view name(StanzaKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::optional<StanzaKind> kind_of(const xml::Element& element) {
    if (element.ns() != ns::client) return std::nullopt;
    for (std::size_t i = 0; i < kind_names.size(); ++i) {
        if (element.name() == kind_names[i]) return static_cast<StanzaKind>(i);
    }
    return std::nullopt;
}

/// The types of a kind other than `error` lie next to each other in StanzaType.
struct TypeRange {
    StanzaType first;
    StanzaType last;
};
constexpr std::array<TypeRange, 3> type_ranges{{
    {StanzaType::normal, StanzaType::headline},
    {StanzaType::unavailable, StanzaType::probe},
    {StanzaType::get, StanzaType::result},
}};

std::optional<StanzaType> find_type(StanzaKind kind, std::string_view text) {
    if (text == "error") return StanzaType::error;
    const TypeRange range = type_ranges[static_cast<std::size_t>(kind)];
    for (auto i = static_cast<std::size_t>(range.first); i <= static_cast<std::size_t>(range.last);
         ++i) {
        if (text == type_names[i]) return static_cast<StanzaType>(i);
    }
    return std::nullopt;
}

Result<StanzaType> parse_type(const xml::Element& root, StanzaKind kind) {
    const auto text = root.find_attr("type");
    if (!text && kind == StanzaKind::message) return StanzaType::normal;
    if (!text && kind == StanzaKind::presence) return StanzaType::available;
    if (!text) return fail("bad-request", "an iq needs a type");
    if (const auto known = find_type(kind, *text)) return *known;
    if (kind == StanzaKind::message) return StanzaType::normal;
    return fail("bad-request", "unknown type of " + std::string(name(kind)));
}

Result<Jid> parse_address(const xml::Element& root, std::string_view attribute) {
    const auto text = root.find_attr(attribute);
    if (!text) return Jid{};
    auto jid = Jid::parse(*text);
    if (!jid.ok()) {
        return fail(error_code::jid_malformed,
                    "'" + std::string(attribute) + "': " + jid.error().text);
    }
    return jid;
}

/// RFC 6120, 8.2.3: an id, and exactly one child in a request, at most one in a result.
Result<> check_iq(const xml::Element& root, StanzaType type) {
    if (type == StanzaType::error) return {};
    if (root.attr("id").empty()) return fail("bad-request", "an iq needs an id");
    const xml::Element* first = root.first_child();
    if (first != nullptr && first->next_sibling() != nullptr) {
        return fail("bad-request", "an iq has one child only");
    }
    if (first == nullptr && type != StanzaType::result) {
        return fail("bad-request", "an iq of type get or set needs a child");
    }
    return {};
}

void set_or_remove(xml::Element& root, std::string_view attribute, const Jid& jid) {
    if (jid.empty()) {
        root.remove_attr(attribute);
    } else {
        root.set_attr(attribute, jid.full());
    }
}

bool is_written(StanzaType type) {
    return type != StanzaType::normal && type != StanzaType::available;
}

}  // namespace

Stanza::Stanza(xml::Document&& document, StanzaKind kind, StanzaType type, Jid from, Jid to)
    : document_(std::move(document)),
      from_(std::move(from)),
      to_(std::move(to)),
      kind_(kind),
      type_(type) {}

Result<std::shared_ptr<Stanza>> Stanza::from_document(xml::Document&& document) {
    if (document.empty()) return fail(error_code::bad_format, "no element");
    const xml::Element& root = document.root();
    const auto kind = kind_of(root);
    if (!kind) return fail(error_code::bad_format, "not a message, presence or iq");
    auto from = parse_address(root, "from");
    if (!from.ok()) return from.error();
    auto to = parse_address(root, "to");
    if (!to.ok()) return to.error();
    const auto type = parse_type(root, *kind);
    if (!type.ok()) return type.error();
    if (*kind == StanzaKind::iq) {
        if (auto checked = check_iq(root, *type); !checked.ok()) return checked.error();
    }
    return std::make_shared<Stanza>(std::move(document), *kind, *type, std::move(from).value(),
                                    std::move(to).value());
}

Result<std::shared_ptr<Stanza>> Stanza::from_stored(xml::Document&& document) {
    auto parsed = from_document(std::move(document));
    if (parsed || document.empty() || document.root().attr("type") != "error") return parsed;
    const xml::Element& root = document.root();
    const auto kind = kind_of(root);
    auto to = parse_address(root, "to");
    if (!kind || !to) return parsed;
    return std::make_shared<Stanza>(std::move(document), *kind, StanzaType::error, Jid{},
                                    std::move(to).value());
}

std::shared_ptr<Stanza> Stanza::make(StanzaKind kind, StanzaType type, const Jid& from,
                                     const Jid& to, std::string_view id) {
    xml::Document document(name(kind), ns::client);
    xml::Element& root = document.root();
    if (!from.empty()) root.set_attr("from", from.full());
    if (!to.empty()) root.set_attr("to", to.full());
    if (!id.empty()) root.set_attr("id", id);
    if (is_written(type)) root.set_attr("type", name(type));
    return std::make_shared<Stanza>(std::move(document), kind, type, from, to);
}

std::string_view Stanza::lang() const { return root().find_attr("lang", ns::xml).value_or(""); }

std::string_view Stanza::body() const { return root().child_text(ns::client, "body"); }

void Stanza::set_from(const Jid& from) {
    set_or_remove(root(), "from", from);
    from_ = from;
}

void Stanza::set_to(const Jid& to) {
    set_or_remove(root(), "to", to);
    to_ = to;
}

void Stanza::set_type(StanzaType type) {
    if (is_written(type)) {
        root().set_attr("type", name(type));
    } else {
        root().remove_attr("type");
    }
    type_ = type;
}

std::shared_ptr<Stanza> Stanza::clone() const {
    return std::make_shared<Stanza>(document_.clone(), kind_, type_, from(), to_);
}

std::shared_ptr<Stanza> Stanza::compact() const {
    return std::make_shared<Stanza>(document_.compact(), kind_, type_, from(), to_);
}

std::shared_ptr<Stanza> editable(StanzaPtr&& stanza) {
    const StanzaPtr held = std::move(stanza);
    if (held.use_count() != 1 || held->shares_content()) return held->clone();
    // Another thread may just have let go of it: what it read must lie before what we write.
    std::atomic_thread_fence(std::memory_order_acquire);
    return std::const_pointer_cast<Stanza>(held);
}

/// In one allocation.
struct SaidToMany::Copy {
    Copy(const SaidToMany& said, const Jid& addressee)
        : root(*said.content_),
          stanza(xml::Document(root, said.content_), said.stanza_->kind_, said.stanza_->type_, {},
                 addressee) {
        stanza.shared_from_ = &said.stanza_->from();
        if (!addressee.empty()) root.set_own(stanza.to().full());
    }
    xml::SharedRoot root;
    Stanza stanza;
};

SaidToMany::SaidToMany(StanzaPtr stanza)
    : stanza_(std::move(stanza)), content_(stanza_->document_.shared_content()) {
    if (content_) return;
    std::shared_ptr<const xml::Document> whole(stanza_, &stanza_->document_);
    content_ = std::make_shared<const xml::SharedContent>(std::move(whole), "to");
}

StanzaPtr SaidToMany::to(const Jid& addressee) const {
    const auto copy = std::make_shared<Copy>(*this, addressee);
    return {copy, &copy->stanza};
}

// --- answers ------------------------------------------------------------------------------------

std::shared_ptr<Stanza> make_result(const Stanza& request) {
    return Stanza::make(StanzaKind::iq, StanzaType::result, request.to(), request.from(),
                        request.id());
}

bool may_answer_with_error(const Stanza& stanza) {
    return !stanza.is_error() && stanza.type() != StanzaType::result;
}

namespace {

/// What is longer comes back without its content: a person's message fits many times over, while a
/// flood of large stanzas must not cause another one on its way back.
constexpr std::size_t longest_echo = 8192;

/// Whether what `element` contains takes less than `room` bytes, about as it is written; `room`
/// becomes what is left. Ends as soon as it does not.
bool fits(const xml::Element& element, std::size_t& room) {
    const auto takes = [&room](std::size_t bytes) {
        room -= std::min(room, bytes);
        return room > 0;
    };
    for (const xml::Node* node = element.first_node(); node != nullptr; node = node->next) {
        const xml::Element* child = node->as_element();
        if (child == nullptr && !takes(node->text.size())) return false;
        if (child == nullptr) continue;
        if (!takes(2 * child->name().size() + child->ns().size())) return false;
        for (const auto* each = child->first_attribute(); each != nullptr; each = each->next)
            if (!takes(each->name.size() + each->value.size())) return false;
        if (!fits(*child, room)) return false;
    }
    return true;
}

void add_echo(xml::Element& answer, const xml::Element& original) {
    std::size_t room = longest_echo;
    if (!fits(original, room)) return;
    for (const xml::Element& child : original.children())
        if (!child.is(ns::client, "error")) answer.add_copy(child);
}

}  // namespace

std::shared_ptr<Stanza> make_error(const Stanza& stanza, const StanzaError& error) {
    auto answer =
        Stanza::make(stanza.kind(), StanzaType::error, stanza.to(), stanza.from(), stanza.id());
    add_echo(answer->root(), stanza.root());
    add_error(answer->root(), error);
    return answer;
}

std::shared_ptr<Stanza> make_refusal(const xml::Element& refused, const Error& why) {
    const auto kind = kind_of(refused);
    const std::string_view type = refused.attr("type");
    if (!kind || type == "error" || (*kind == StanzaKind::iq && type == "result")) return nullptr;
    xml::Document answer(refused.name(), ns::client);
    xml::Element& root = answer.root();
    const auto from = refused.find_attr("to");
    const Jid to = Jid::parse(refused.attr("from")).value_or({});
    if (from) root.set_attr("from", *from);
    set_or_remove(root, "to", to);
    if (const auto id = refused.find_attr("id")) root.set_attr("id", *id);
    root.set_attr("type", "error");
    add_echo(root, refused);
    const auto condition = parse_stanza_error_condition(why.code);
    add_error(root, {condition.value_or(StanzaErrorCondition::bad_request), why.text});
    return std::make_shared<Stanza>(std::move(answer), *kind, StanzaType::error,
                                    Jid::parse(from.value_or("")).value_or({}), to);
}

}  // namespace clarion
