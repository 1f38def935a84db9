#include "base/option.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <stdexcept>

#include "base/text.h"

namespace clarion {
namespace {

std::string number_text(double value) {
    std::array<char, 64> buffer{};
    char* const end = buffer.data() + buffer.size();
    return {buffer.data(), std::to_chars(buffer.data(), end, value, std::chars_format::fixed).ptr};
}

/// A plain number where that is exact and reads well, else text with its unit.
std::string duration_toml(Duration value, Duration number_means) {
    if (value % number_means == Duration(0)) return std::to_string(value / number_means);
    if (number_means != std::chrono::seconds(1)) return quote(format_duration(value));
    return number_text(std::chrono::duration<double>(value).count());
}

bool is_duration(const OptionSpec& option) {
    return std::holds_alternative<Duration>(option.fallback) ||
           std::holds_alternative<std::optional<Duration>>(option.fallback);
}

std::string bound_text(double bound, const OptionSpec& option) {
    if (!is_duration(option)) return number_text(bound);
    const std::chrono::duration<double> seconds(bound);
    return format_duration(std::chrono::duration_cast<Duration>(seconds));
}

struct TomlText {
    const OptionSpec& option;

    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return number_text(value); }
    std::string operator()(const std::string& value) const { return quote(value); }
    std::string operator()(Duration value) const {
        return duration_toml(value, option.number_means);
    }
    std::string operator()(const std::optional<Duration>& value) const {
        return value ? (*this)(*value) : quote("never");
    }
    std::string operator()(const std::vector<std::string>& values) const {
        std::string out = "[";
        for (const std::string& value : values) {
            if (out.size() > 1) out += ", ";
            out += quote(value);
        }
        return out + "]";
    }
};

struct TypeText {
    const OptionSpec& option;

    std::string operator()(bool) const { return "true or false"; }
    std::string operator()(std::int64_t) const { return "whole number"; }
    std::string operator()(double) const { return "number"; }
    std::string operator()(const std::string&) const {
        if (option.choices.empty()) return option.path ? "path" : "text";
        return "one of " + words();
    }
    std::string operator()(Duration) const {
        const bool days = option.number_means == std::chrono::hours(24);
        return std::string("duration (a number means ") + (days ? "days)" : "seconds)");
    }
    std::string operator()(const std::optional<Duration>&) const {
        return (*this)(Duration()) + " or \"never\"";
    }
    std::string operator()(const std::vector<std::string>&) const {
        return option.choices.empty() ? "list of texts" : "list of any of " + words();
    }

    std::string words() const {
        std::string out;
        for (const std::string& choice : option.choices) {
            if (!out.empty()) out += ", ";
            out += quote(choice);
        }
        return out;
    }
};

}  // namespace

namespace {

/// [name], and [name."x"] for each x, of one name: what is a table there, and no option of the
/// plain one, is an entry. The plain one is declared first.
bool may_stand_beside(const SectionSpec& plain, const SectionSpec& named) {
    return plain.kind == SectionSpec::Kind::table && named.kind == SectionSpec::Kind::named;
}

}  // namespace

std::size_t next_option_type_id() {
    static std::atomic<std::size_t> next{0};
    return next.fetch_add(1);
}

std::string to_toml(const OptionValue& value, const OptionSpec& option) {
    return std::visit(TomlText{option}, value);
}

std::string type_name(const OptionSpec& option) {
    return std::visit(TypeText{option}, option.fallback);
}

std::string bounds_text(const OptionSpec& option) {
    if (option.min && option.max) {
        return bound_text(*option.min, option) + " to " + bound_text(*option.max, option);
    }
    if (option.min) return "at least " + bound_text(*option.min, option);
    if (option.max) return "at most " + bound_text(*option.max, option);
    return {};
}

/// A plain section goes before named ones beside it.
const SectionSpec* OptionRegistry::find(std::string_view name) const {
    for (const SectionSpec& section : sections_) {
        if (section.name == name) return &section;
    }
    return nullptr;
}

void OptionRegistry::join(SectionSpec more) {
    const auto section = std::find_if(sections_.begin(), sections_.end(),
                                      [&](const auto& each) { return each.name == more.name; });
    if (section == sections_.end() || section->kind != SectionSpec::Kind::table)
        throw std::logic_error("there is no plain section [" + more.name + "] to join");
    for (OptionSpec& option : more.options) {
        option.part = section->parts.size();
        section->options.push_back(std::move(option));
    }
    section->parts.push_back(std::move(more.parts.front()));
}

void OptionRegistry::add_section(SectionSpec section) {
    if (section.is_joined) return join(std::move(section));
    const bool is_taken =
        std::any_of(sections_.begin(), sections_.end(), [&](const SectionSpec& other) {
            return other.name == section.name && !may_stand_beside(other, section);
        });
    if (section.name.empty() || section.name == "host" || is_taken) {
        throw std::logic_error("section [" + section.name + "] is declared twice or not at all");
    }
    sections_.push_back(std::move(section));
}

}  // namespace clarion
