// Options: declared once, next to the struct that holds them; read, checked, documented from there.
//
//     struct SmacksOptions {
//         Duration hibernation_time = 600s;
//         std::int64_t max_queue_size = 5000;
//         static void declare(OptionTable<SmacksOptions>& t);
//     };
//     void SmacksOptions::declare(OptionTable<SmacksOptions>& t) {
//         t.section("smacks", "Stream management (XEP-0198)").per_host().live();
//         t.add("hibernation_time", &SmacksOptions::hibernation_time).min(1s).doc("How long …");
//         t.add("max_queue_size", &SmacksOptions::max_queue_size).min(1).unit("stanzas").doc("…");
//     }
//
// What only one module reads of a section joins it as a struct of the module's (`t.joins("auth")`).
//
// The default is the member's initialiser. Types: bool, std::int64_t, double, std::string,
// std::vector<std::string>, Duration, and std::optional<Duration>, whose nullopt is the word
// "never". A registry is filled at start, before any thread runs, and never changes afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace clarion {

using OptionValue = std::variant<bool, std::int64_t, double, std::string, Duration,
                                 std::optional<Duration>, std::vector<std::string>>;

/// One declared option, its type erased. `assign` and `read` reach the member of a given struct.
struct OptionSpec {
    std::string key;
    std::string doc;
    std::string unit;                ///< "bytes", "stanzas"; empty for durations and plain numbers
    OptionValue fallback;            ///< the default; its alternative is the option's type
    Duration number_means{1000};     ///< what a bare number means for a duration: seconds or days
    std::optional<double> min, max;  ///< durations in seconds
    std::vector<std::string> choices;  ///< for a string, or for each string of a list
    bool live = false;                 ///< a reload applies it; else it needs a restart
    bool secret = false;               ///< never printed
    bool path = false;                 ///< relative to the directory of the configuration file
    bool required = false;             ///< has no default
    std::size_t part = 0;              ///< of its section, which has the struct
    std::function<void(void* options, OptionValue value)> assign;
    std::function<OptionValue(const void* options)> read;
};

/// One declared section: [name], [name."x"] or [[name]].
struct SectionSpec {
    enum class Kind { table, named, list };

    std::string name;
    std::string doc;
    Kind kind = Kind::table;
    bool host_overrides = false;  ///< [host."example.org".name] may set any of it
    bool all_live = false;
    bool is_joined = false;  ///< it is another type's section, which gets these options
    std::vector<OptionSpec> options;

    /// A struct that holds some of its options.
    struct Part {
        std::size_t type_id = 0;
        std::function<Result<void>(const void* options)> check;
        /// What Config keeps: one T, a map of them, or a vector of them; how to reach one inside.
        std::function<std::shared_ptr<void>()> make_storage;
        std::function<void*(void* storage, const std::string& name)> add_entry;
        std::function<std::shared_ptr<void>(const void* options)> copy;
    };
    std::vector<Part> parts;  ///< that which declares it, then those that joined it

    SectionSpec& per_host() { return host_overrides = true, *this; }
    SectionSpec& live() { return all_live = true, *this; }
    bool is_live(const OptionSpec& option) const { return all_live || option.live; }
};

/// What `add` returns: says more about the option just added. V is the member's type.
template <class V>
class OptionBuilder {
    using Bound = std::conditional_t<std::is_same_v<V, std::optional<Duration>>, Duration, V>;

public:
    explicit OptionBuilder(OptionSpec& spec) : spec_(spec) {}

    OptionBuilder& doc(std::string text) { return spec_.doc = std::move(text), *this; }
    OptionBuilder& min(Bound bound) { return spec_.min = as_number(bound), *this; }
    OptionBuilder& max(Bound bound) { return spec_.max = as_number(bound), *this; }
    OptionBuilder& unit(std::string name) { return spec_.unit = std::move(name), *this; }
    /// What a bare number means; seconds if nothing is said.
    OptionBuilder& seconds() { return spec_.number_means = std::chrono::seconds(1), *this; }
    OptionBuilder& days() { return spec_.number_means = std::chrono::hours(24), *this; }
    OptionBuilder& choices(std::vector<std::string> words) {
        return spec_.choices = std::move(words), *this;
    }
    OptionBuilder& never_allowed() {
        static_assert(std::is_same_v<V, std::optional<Duration>>, "only std::optional<Duration>");
        return *this;
    }
    OptionBuilder& live() { return spec_.live = true, *this; }
    OptionBuilder& secret() { return spec_.secret = true, *this; }
    OptionBuilder& path() { return spec_.path = true, *this; }
    OptionBuilder& required() { return spec_.required = true, *this; }

private:
    static double as_number(Bound bound) {
        if constexpr (std::is_same_v<Bound, Duration>) {
            return std::chrono::duration<double>(bound).count();
        } else {
            return static_cast<double>(bound);
        }
    }

    OptionSpec& spec_;
};

/// What T::declare fills.
template <class T>
class OptionTable {
public:
    explicit OptionTable(SectionSpec& spec) : spec_(spec) {}

    /// [name]: one T, which `.per_host()` lets every domain override in part.
    SectionSpec& section(std::string name, std::string doc) {
        return start(SectionSpec::Kind::table, std::move(name), std::move(doc));
    }
    /// More options of [name], which another type has declared. That says what holds for all.
    SectionSpec& joins(std::string name) {
        spec_.is_joined = true;
        return start(SectionSpec::Kind::table, std::move(name), {});
    }
    /// [name."x"]: a T for each x that the file names.
    SectionSpec& named(std::string name, std::string doc) {
        return start(SectionSpec::Kind::named, std::move(name), std::move(doc));
    }
    /// [[name]]: as many as the file has.
    SectionSpec& list(std::string name, std::string doc) {
        return start(SectionSpec::Kind::list, std::move(name), std::move(doc));
    }

    /// The builder is for the same statement only: the next add() ends its life.
    template <class V>
    OptionBuilder<V> add(std::string key, V T::*member) {
        OptionSpec& option = spec_.options.emplace_back();
        option.key = std::move(key);
        option.fallback = OptionValue(T{}.*member);
        option.assign = [member](void* options, OptionValue value) {
            static_cast<T*>(options)->*member = std::get<V>(std::move(value));
        };
        option.read = [member](const void* options) {
            return OptionValue(static_cast<const T*>(options)->*member);
        };
        return OptionBuilder<V>(option);
    }

    /// What no single option can say: "the key without the certificate". Runs on the final values.
    void check(std::function<Result<void>(const T&)> rule) {
        spec_.parts.front().check = [rule = std::move(rule)](const void* options) {
            return rule(*static_cast<const T*>(options));
        };
    }

private:
    SectionSpec& start(SectionSpec::Kind kind, std::string name, std::string doc) {
        spec_.kind = kind;
        spec_.name = std::move(name);
        spec_.doc = std::move(doc);
        return spec_;
    }

    SectionSpec& spec_;
};

/// A small number for each type of options: Config finds its structs by it.
std::size_t next_option_type_id();
template <class T>
std::size_t option_type_id() {
    static const std::size_t id = next_option_type_id();
    return id;
}

/// Every section there is, in the order they were added.
class OptionRegistry {
public:
    /// REQUIRES: T has a static declare(OptionTable<T>&); no two declare one section.
    template <class T>
    void add();

    const std::vector<SectionSpec>& sections() const { return sections_; }
    const SectionSpec* find(std::string_view name) const;

    std::string describe_text() const;      ///< for a terminal: clariond --describe
    std::string describe_json() const;      ///< for programs: --describe --json
    std::string describe_markdown() const;  ///< docs/options.md
    std::string reference_toml() const;     ///< conf/clarion.reference.toml

private:
    void add_section(SectionSpec section);
    void join(SectionSpec more);

    std::vector<SectionSpec> sections_;
};

/// The value as one would write it in the file: 600, "72h", ["a", "b"].
std::string to_toml(const OptionValue& value, const OptionSpec& option);
/// What may stand there: "text", "whole number", "duration (a number means days)".
std::string type_name(const OptionSpec& option);
/// "1s to 7d", "at least 1", "at most 65535"; empty if there are no bounds.
std::string bounds_text(const OptionSpec& option);

template <class T>
void OptionRegistry::add() {
    SectionSpec spec;
    SectionSpec::Part& part = spec.parts.emplace_back();
    part.type_id = option_type_id<T>();
    OptionTable<T> table(spec);
    T::declare(table);
    part.copy = [](const void* from) -> std::shared_ptr<void> {
        return std::make_shared<T>(*static_cast<const T*>(from));
    };
    switch (spec.kind) {
        case SectionSpec::Kind::table:
            part.make_storage = [] { return std::make_shared<T>(); };
            part.add_entry = [](void* storage, const std::string&) { return storage; };
            break;
        case SectionSpec::Kind::named:
            part.make_storage = [] { return std::make_shared<std::map<std::string, T>>(); };
            part.add_entry = [](void* storage, const std::string& name) -> void* {
                return &(*static_cast<std::map<std::string, T>*>(storage))[name];
            };
            break;
        case SectionSpec::Kind::list:
            part.make_storage = [] { return std::make_shared<std::vector<T>>(); };
            part.add_entry = [](void* storage, const std::string&) -> void* {
                return &static_cast<std::vector<T>*>(storage)->emplace_back();
            };
            break;
    }
    add_section(std::move(spec));
}

}  // namespace clarion
