// The option registry as documents: for a terminal, for programs, docs/options.md and
// conf/clarion.reference.toml. All are generated from the declarations, so none can lag behind.
#include "base/option.h"
#include "base/text.h"

namespace clarion {
namespace {

constexpr std::size_t width = 98;

/// `text` in lines of at most `width`, each after `prefix`.
std::string wrapped(std::string_view text, const std::string& prefix) {
    std::string out;
    std::string line;
    for (const std::string_view word : split(text, ' ')) {
        if (!line.empty() && prefix.size() + line.size() + 1 + word.size() > width) {
            out += prefix + line + "\n";
            line.clear();
        }
        if (!line.empty()) line += ' ';
        line += word;
    }
    return out + prefix + line + "\n";
}

std::string heading(const SectionSpec& section) {
    switch (section.kind) {
        case SectionSpec::Kind::named: return "[" + section.name + ".\"NAME\"]";
        case SectionSpec::Kind::list: return "[[" + section.name + "]]";
        case SectionSpec::Kind::table: break;
    }
    return "[" + section.name + "]";
}

/// The default as one would write it; a secret's is not shown even if it has one.
std::string default_text(const OptionSpec& option) {
    if (option.secret) return quote("");
    return to_toml(option.fallback, option);
}

/// "whole number of bytes, at least 1"
std::string value_text(const OptionSpec& option) {
    std::string out = type_name(option);
    if (!option.unit.empty()) out += " of " + option.unit;
    if (const std::string bounds = bounds_text(option); !bounds.empty()) out += ", " + bounds;
    return out;
}

/// "whole number, at least 1; live; required"
std::string facts(const SectionSpec& section, const OptionSpec& option) {
    std::string out = value_text(option);
    out += section.is_live(option) ? "; applied by a reload" : "; needs a restart";
    if (option.required) out += "; required";
    if (option.secret) out += "; never shown";
    return out;
}

std::string json_list(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out.append(out.empty() ? "" : ",").append(quote(text));
    return "[" + out + "]";
}

std::string json_flag(std::string_view name, bool value) {
    return "," + quote(name) + (value ? ":true" : ":false");
}

std::string option_json(const SectionSpec& section, const OptionSpec& option) {
    std::string out = "{\"key\":" + quote(option.key) + ",\"type\":" + quote(type_name(option));
    if (!option.required) out += ",\"default\":" + default_text(option);
    if (!option.unit.empty()) out += ",\"unit\":" + quote(option.unit);
    if (option.min || option.max) out += ",\"bounds\":" + quote(bounds_text(option));
    if (!option.choices.empty()) out += ",\"choices\":" + json_list(option.choices);
    out += json_flag("live", section.is_live(option));
    out += json_flag("required", option.required) + json_flag("secret", option.secret);
    return out + ",\"doc\":" + quote(option.doc) + "}";
}

std::string section_json(const SectionSpec& section) {
    std::string options;
    for (const OptionSpec& option : section.options) {
        options.append(options.empty() ? "" : ",").append(option_json(section, option));
    }
    return "{\"section\":" + quote(section.name) + ",\"heading\":" + quote(heading(section)) +
           json_flag("per_host", section.host_overrides) + ",\"doc\":" + quote(section.doc) +
           ",\"options\":[" + options + "]}";
}

/// A cell of a Markdown table: a bar would end it.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

}  // namespace

std::string OptionRegistry::describe_text() const {
    std::string out;
    for (const SectionSpec& section : sections_) {
        out += heading(section) + (section.host_overrides ? "  (also for one host)" : "") + "\n";
        out += wrapped(section.doc, "  ");
        for (const OptionSpec& option : section.options) {
            out += "\n    " + option.key;
            if (!option.required) out += " = " + default_text(option);
            out += "\n" + wrapped(option.doc, "        ");
            out += wrapped("(" + facts(section, option) + ")", "        ");
        }
        out += "\n";
    }
    return out;
}

std::string OptionRegistry::describe_json() const {
    std::string out;
    for (const SectionSpec& section : sections_) {
        out.append(out.empty() ? "" : ",\n ").append(section_json(section));
    }
    return "[" + out + "]\n";
}

std::string OptionRegistry::describe_markdown() const {
    std::string out =
        "# Options\n\n"
        "Generated from the declarations by `clariond --describe`. A duration is a number (of\n"
        "seconds, unless it says days) or a text with a unit: `\"250ms\"`, `\"30s\"`, "
        "`\"10min\"`,\n"
        "`\"72h\"`, `\"3d\"`. *Live* options are applied by `clarionctl reload` or `SIGHUP`.\n";
    for (const SectionSpec& section : sections_) {
        out += "\n## `" + heading(section) + "`\n\n" + section.doc + "\n\n";
        if (section.host_overrides) {
            out += "For one domain only: `[host.\"DOMAIN\"." + section.name + "]`.\n\n";
        }
        out += "| option | default | value | live | what it does |\n|---|---|---|---|---|\n";
        for (const OptionSpec& option : section.options) {
            const std::string value =
                option.required ? "required" : "`" + cell(default_text(option)) + "`";
            out += "| `" + option.key + "` | " + value + " | " + cell(value_text(option)) +
                   (section.is_live(option) ? " | yes | " : " | no | ") + cell(option.doc) + " |\n";
        }
    }
    return out;
}

std::string OptionRegistry::reference_toml() const {
    std::string out =
        "# Every option of Clarion with its default. Generated by clariond --describe: copy what\n"
        "# you change into clarion.toml rather than editing this file.\n";
    for (const SectionSpec& section : sections_) {
        // Naming an entry creates one, so only plain sections stand uncommented.
        const bool plain = section.kind == SectionSpec::Kind::table;
        out += "\n" + wrapped(section.doc, "# ");
        if (section.host_overrides) {
            out += "# For one domain only: [host.\"DOMAIN\"." + section.name + "]\n";
        }
        out += (plain ? "" : "#") + heading(section) + "\n";
        for (const OptionSpec& option : section.options) {
            out += "\n" + wrapped(option.doc, "# ") +
                   wrapped("(" + facts(section, option) + ")", "# ");
            out += "#" + option.key + " = " + default_text(option) + "\n";
        }
    }
    return out;
}

}  // namespace clarion
