#include "tests/script/runner/xml_match.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "proto/ns.h"

namespace clarion::script {

namespace {

using xml::Element;

enum class Mode : std::uint8_t { lenient, exact, strict, ordered };
using Captures = std::vector<std::pair<std::string, std::string>>;
using Difference = std::optional<std::string>;

constexpr std::string_view any_value = "{scansion:any}";
constexpr std::string_view capture_prefix = "{scansion:capture:";

/// The mode of `expected`, and the one its children start from.
struct Modes {
    Mode own;
    Mode inherited;
};

Modes modes_of(const Element& expected, Mode inherited) {
    const auto asked = expected.find_attr("strict", scansion_ns);
    if (!asked) return {inherited, inherited};
    Mode mode = Mode::strict;
    if (*asked == "false" || *asked == "no") mode = Mode::lenient;
    if (*asked == "ordered") mode = Mode::ordered;
    return {mode, mode};
}

std::string label(const Element& element) { return "<" + std::string(element.name()) + ">"; }

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string text_of(const Element& element) {
    std::string all;
    for (const xml::Node* node = element.first_node(); node != nullptr; node = node->next) {
        if (node->kind == xml::Node::Kind::text) all += node->text;
    }
    return std::string(trim(all));
}

/// Whether `received` is what the pattern `expected` stands for: one placeholder, and what is around
/// it as it is.
bool value_matches(std::string_view expected, std::string_view received, Captures* captures) {
    const std::size_t from = expected.find("{scansion:");
    const std::size_t end = from == std::string_view::npos ? from : expected.find('}', from);
    if (end == std::string_view::npos) return expected == received;
    const std::string_view before = expected.substr(0, from), behind = expected.substr(end + 1);
    std::string_view placeholder = expected.substr(from, end + 1 - from);
    if (received.size() < before.size() + behind.size() || !received.starts_with(before) ||
        !received.ends_with(behind))
        return false;
    if (placeholder == any_value) return true;
    if (!placeholder.starts_with(capture_prefix)) return expected == received;
    placeholder.remove_prefix(capture_prefix.size());
    placeholder.remove_suffix(1);
    received.remove_prefix(before.size());
    received.remove_suffix(behind.size());
    if (captures != nullptr) captures->emplace_back(placeholder, received);
    return true;
}

bool is_lang(const xml::Attribute& attribute) {
    return attribute.ns == ns::xml && attribute.name == "lang";
}

Difference missing_attribute(const Element& expected, const Element& received, Captures* captures) {
    for (const auto* want = expected.first_attribute(); want != nullptr; want = want->next) {
        if (want->ns == scansion_ns) continue;
        const auto got = received.find_attr(want->name, want->ns);
        if (!got && is_lang(*want)) continue;
        const std::string name = quoted(want->name);
        if (!got) return label(received) + " has no attribute " + name;
        if (!value_matches(want->value, *got, captures)) {
            return label(received) + " has " + name + " " + quoted(*got) + ", not " +
                   quoted(want->value);
        }
    }
    return std::nullopt;
}

Difference extra_attribute(const Element& expected, const Element& received) {
    for (const auto* got = received.first_attribute(); got != nullptr; got = got->next) {
        if (is_lang(*got) || expected.find_attr(got->name, got->ns)) continue;
        return label(received) + " has an attribute " + quoted(got->name) + " that is not expected";
    }
    return std::nullopt;
}

Difference text_difference(const Element& expected, const Element& received, Mode mode,
                           Captures* captures) {
    const auto want = text_of(expected);
    const auto got = text_of(received);
    if (want.empty() && mode != Mode::strict && mode != Mode::ordered) return std::nullopt;
    if (value_matches(want, got, captures)) return std::nullopt;
    return label(received) + " has the text " + quoted(got) + ", not " + quoted(want);
}

Difference difference(const Element& expected, const Element& received, Mode inherited,
                      Captures* captures);

/// <text/> of an error: for people, optional, and different from server to server (RFC
/// 6120, 8.3.2).
bool is_error_text(const Element& element) {
    return element.is(ns::stanza_errors, "text") || element.is(ns::stream_errors, "text");
}

std::vector<const Element*> children_of(const Element& element, Mode mode) {
    const bool with_error_text = mode == Mode::strict || mode == Mode::ordered;
    std::vector<const Element*> list;
    for (const Element& child : element.children()) {
        if (with_error_text || !is_error_text(child)) list.push_back(&child);
    }
    return list;
}

/// Pairs expected children with received ones, one to one, so that as many as possible match
/// (augmenting paths). `partner_of_received[r]` is the index of an expected child, or -1.
class Pairing {
public:
    Pairing(const std::vector<const Element*>& expected,
            const std::vector<const Element*>& received, Mode mode)
        : partner_of_received_(received.size(), -1), fits_(expected.size()) {
        for (std::size_t e = 0; e < expected.size(); ++e) {
            for (const Element* candidate : received) {
                fits_[e].push_back(!difference(*expected[e], *candidate, mode, nullptr));
            }
        }
        for (std::size_t e = 0; e < expected.size(); ++e) {
            std::vector<bool> tried(received.size());
            if (!place(e, tried) && !unplaced_) unplaced_ = e;
        }
    }

    std::optional<std::size_t> unplaced() const { return unplaced_; }
    const std::vector<int>& partner_of_received() const { return partner_of_received_; }

private:
    bool place(std::size_t e, std::vector<bool>& tried) {
        for (std::size_t r = 0; r < tried.size(); ++r) {
            if (!fits_[e][r] || tried[r]) continue;
            tried[r] = true;
            const int holder = partner_of_received_[r];
            if (holder < 0 || place(static_cast<std::size_t>(holder), tried)) {
                partner_of_received_[r] = static_cast<int>(e);
                return true;
            }
        }
        return false;
    }

    std::vector<int> partner_of_received_;
    std::vector<std::vector<bool>> fits_;
    std::optional<std::size_t> unplaced_;
};

/// Why no received child is the expected one: by the first of the same name, if there is one.
std::string why_missing(const Element& expected, const Element& parent, Mode mode) {
    const Element* nearest = parent.child(expected.ns(), expected.name());
    if (nearest != nullptr) {
        if (auto inner = difference(expected, *nearest, mode, nullptr)) {
            return label(parent) + " > " + *inner;
        }
        return label(parent) + " has too few " + label(expected);
    }
    return label(parent) + " has no " + label(expected) + " in " + quoted(expected.ns());
}

Difference children_unordered(const Element& expected, const Element& received, Modes modes,
                              Captures* captures) {
    const auto want = children_of(expected, modes.own);
    const auto got = children_of(received, modes.own);
    const Pairing pairing(want, got, modes.inherited);
    if (const auto missing = pairing.unplaced()) {
        return why_missing(*want[*missing], received, modes.inherited);
    }
    for (std::size_t r = 0; r < got.size(); ++r) {
        const int partner = pairing.partner_of_received()[r];
        if (partner < 0 && modes.own != Mode::lenient) {
            return label(received) + " has a child " + label(*got[r]) + " that is not expected";
        }
        if (partner >= 0 && captures != nullptr) {
            difference(*want[static_cast<std::size_t>(partner)], *got[r], modes.inherited,
                       captures);
        }
    }
    return std::nullopt;
}

Difference children_ordered(const Element& expected, const Element& received, Modes modes,
                            Captures* captures) {
    const auto want = children_of(expected, modes.own);
    const auto got = children_of(received, modes.own);
    if (want.size() != got.size()) {
        return label(received) + " has " + std::to_string(got.size()) + " children, not " +
               std::to_string(want.size());
    }
    for (std::size_t i = 0; i < want.size(); ++i) {
        if (auto inner = difference(*want[i], *got[i], modes.inherited, captures)) {
            return label(received) + " > " + *inner;
        }
    }
    return std::nullopt;
}

Difference content_difference(const Element& expected, const Element& received, Modes modes,
                              Captures* captures) {
    if (auto found = missing_attribute(expected, received, captures)) return found;
    if (modes.own != Mode::lenient) {
        if (auto found = extra_attribute(expected, received)) return found;
    }
    if (auto found = text_difference(expected, received, modes.own, captures)) return found;
    if (modes.own == Mode::exact && !expected.has_children()) return std::nullopt;
    return modes.own == Mode::ordered ? children_ordered(expected, received, modes, captures)
                                      : children_unordered(expected, received, modes, captures);
}

Difference difference(const Element& expected, const Element& received, Mode inherited,
                      Captures* captures) {
    if (!received.is(expected.ns(), expected.name())) {
        return label(received) + " in " + quoted(received.ns()) + " is not " + label(expected) +
               " in " + quoted(expected.ns());
    }
    return content_difference(expected, received, modes_of(expected, inherited), captures);
}

}  // namespace

Comparison compare(const Element& expected, const Element& received) {
    Comparison result;
    if (!received.is(expected.ns(), expected.name())) {
        result.difference = difference(expected, received, Mode::exact, nullptr);
        return result;
    }
    Modes modes = modes_of(expected, Mode::exact);
    if (!expected.find_attr("strict", scansion_ns)) modes.own = Mode::lenient;
    result.difference = content_difference(expected, received, modes, &result.captures);
    if (!result.matches()) result.captures.clear();
    return result;
}

void loosen_forms(Element& expected) {
    if (expected.is(ns::data_forms, "x") && !expected.find_attr("strict", scansion_ns))
        expected.set_attr("strict", "false", scansion_ns);
    for (Element* child = expected.first_child(); child; child = child->next_sibling())
        loosen_forms(*child);
}

xml::Document parse_step_xml(std::string_view text) {
    std::string wrapped = "<script xmlns='jabber:client' xmlns:scansion='";
    wrapped.append(scansion_ns).append("' xmlns:stream='").append(ns::streams);
    wrapped.append("' xmlns:db='").append(ns::dialback).append("'>");
    wrapped.append(text).append("</script>");
    return xml::parse_element(wrapped);
}

}  // namespace clarion::script
