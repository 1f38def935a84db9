#include "base/config_value.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/text.h"

namespace clarion {
namespace {

Error mismatch(const ConfigNode& node, const OptionSpec& option) {
    const std::string got = option.secret ? "something else" : describe(node);
    const bool counts = std::holds_alternative<std::int64_t>(option.fallback);
    const std::string of = counts && !option.unit.empty() ? " of " + option.unit : "";
    return fail(error_code::config, "expected " + type_name(option) + of + ", got " + got);
}

std::optional<double> as_number(const ConfigNode& node) {
    if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
        return static_cast<double>(*whole);
    }
    const auto* real = std::get_if<double>(&node.value);
    return real != nullptr && std::isfinite(*real) ? std::optional(*real) : std::nullopt;
}

Result<void> within_bounds(double value, const OptionSpec& option, const std::string& shown) {
    const bool low = option.min && value < *option.min;
    const bool high = option.max && value > *option.max;
    if (!low && !high) return {};
    return fail(error_code::config, "expected " + bounds_text(option) + ", got " + shown);
}

Result<void> is_choice(const std::string& word, const OptionSpec& option) {
    const std::vector<std::string>& words = option.choices;
    if (words.empty() || std::find(words.begin(), words.end(), word) != words.end()) return {};
    return fail(error_code::config, "expected " + type_name(option) + ", got " +
                                        (option.secret ? "something else" : quote(word)));
}

Result<Duration> to_duration(const ConfigNode& node, const OptionSpec& option) {
    Duration value{};
    if (const std::optional<double> number = as_number(node)) {
        const double length =
            std::round(*number * static_cast<double>(option.number_means.count()));
        constexpr double limit = 3.2e13;  // a thousand years, as for texts
        if (!(std::abs(length) < limit)) return mismatch(node, option);
        value = Duration(static_cast<Duration::rep>(length));
    } else if (const auto* text = std::get_if<std::string>(&node.value)) {
        const Result<Duration> parsed = parse_duration(*text);
        if (!parsed) {
            return fail(error_code::config,
                        mismatch(node, option).text + ": " + parsed.error().text);
        }
        value = *parsed;
    } else {
        return mismatch(node, option);
    }
    if (value < Duration(0)) return fail(error_code::config, "a duration cannot be negative");
    const double seconds = std::chrono::duration<double>(value).count();
    if (auto bounds = within_bounds(seconds, option, format_duration(value)); !bounds) {
        return bounds.error();
    }
    return value;
}

Result<std::vector<std::string>> to_list(const ConfigNode& node, const OptionSpec& option) {
    const ConfigArray* array = node.array();
    if (array == nullptr) return mismatch(node, option);
    std::vector<std::string> texts;
    texts.reserve(array->size());
    for (const ConfigNode& item : *array) {
        const auto* text = std::get_if<std::string>(&item.value);
        if (text == nullptr) {
            const std::string got = option.secret ? "something else" : describe(item);
            return fail(error_code::config,
                        "expected " + type_name(option) + ", got " + got + " in it");
        }
        if (auto choice = is_choice(*text, option); !choice) return choice.error();
        texts.push_back(*text);
    }
    return texts;
}

/// Picks the conversion by the type of the option's default.
struct Convert {
    const ConfigNode& node;
    const OptionSpec& option;

    Result<OptionValue> operator()(bool) const {
        const auto* flag = std::get_if<bool>(&node.value);
        if (flag == nullptr) return mismatch(node, option);
        return OptionValue(*flag);
    }
    Result<OptionValue> operator()(std::int64_t) const {
        const auto* number = std::get_if<std::int64_t>(&node.value);
        if (number == nullptr) return mismatch(node, option);
        auto bounds = within_bounds(static_cast<double>(*number), option, std::to_string(*number));
        if (!bounds) return bounds.error();
        return OptionValue(*number);
    }
    Result<OptionValue> operator()(double) const {
        const std::optional<double> number = as_number(node);
        if (!number) return mismatch(node, option);
        if (auto bounds = within_bounds(*number, option, describe(node)); !bounds) {
            return bounds.error();
        }
        return OptionValue(*number);
    }
    Result<OptionValue> operator()(const std::string&) const {
        const auto* text = std::get_if<std::string>(&node.value);
        if (text == nullptr) return mismatch(node, option);
        if (auto choice = is_choice(*text, option); !choice) return choice.error();
        return OptionValue(*text);
    }
    Result<OptionValue> operator()(Duration) const {
        const Result<Duration> value = to_duration(node, option);
        if (!value) return value.error();
        return OptionValue(*value);
    }
    Result<OptionValue> operator()(const std::optional<Duration>&) const {
        const auto* word = std::get_if<std::string>(&node.value);
        if (word != nullptr && *word == "never") return OptionValue(std::optional<Duration>());
        const Result<Duration> value = to_duration(node, option);
        if (!value) return value.error();
        return OptionValue(std::optional(*value));
    }
    Result<OptionValue> operator()(const std::vector<std::string>&) const {
        Result<std::vector<std::string>> texts = to_list(node, option);
        if (!texts) return texts.error();
        return OptionValue(std::move(*texts));
    }
};

std::string resolved(const std::string& path, const std::string& directory) {
    if (path.empty() || path.front() == '/') return path;
    return (std::filesystem::path(directory) / path).lexically_normal().string();
}

}  // namespace

Result<OptionValue> to_option_value(const ConfigNode& node, const OptionSpec& option) {
    return std::visit(Convert{node, option}, option.fallback);
}

OptionValue resolve_path(OptionValue value, const std::string& directory) {
    if (auto* path = std::get_if<std::string>(&value)) *path = resolved(*path, directory);
    if (auto* paths = std::get_if<std::vector<std::string>>(&value)) {
        for (std::string& path : *paths) path = resolved(path, directory);
    }
    return value;
}

}  // namespace clarion
