#include "base/config.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "base/config_file.h"
#include "base/config_value.h"
#include "base/text.h"

namespace clarion {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out.append(out.empty() ? "" : ", ").append(word);
    return out;
}

/// A key as it stands in a heading: quoted if it has dots.
std::string heading_key(const std::string& name) {
    return name.find_first_of(". \"") == std::string::npos ? name : quote(name);
}

std::vector<std::string> keys_of(const SectionSpec& section) {
    std::vector<std::string> keys;
    for (const OptionSpec& option : section.options) keys.push_back(option.key);
    return keys;
}

}  // namespace

/// Walks the tree of one file, fills a Config, and collects everything that is wrong.
class ConfigBinder {
public:
    ConfigBinder(const OptionRegistry& registry, const std::string& filename)
        : registry_(registry),
          filename_(filename),
          directory_(std::filesystem::path(filename).parent_path().string()),
          config_(std::make_shared<Config>()) {
        config_->filename_ = filename;
    }

    Result<std::shared_ptr<const Config>> bind(const ConfigNode& root) {
        const ConfigTable& sections = *root.table();
        report_unknown_sections(sections);
        for (const SectionSpec& section : registry_.sections()) {
            const auto at = sections.find(section.name);
            bind_section(section, at == sections.end() ? nullptr : &at->second);
        }
        // Last, because a host's values start as a copy of the section's.
        if (const auto at = sections.find("host"); at != sections.end()) bind_hosts(at->second);
        if (!problems_.empty()) return all_problems();
        return std::shared_ptr<const Config>(std::move(config_));
    }

private:
    /// Where a struct's values come from, and how messages and diff() call the place.
    struct Place {
        std::string heading;  ///< [smacks], [host."a.example".smacks], [[listen]]
        std::string path;     ///< smacks, host."a.example".smacks, listen[0]
        int line;
    };

    /// The structs that hold a section's options, by OptionSpec::part.
    using Parts = std::vector<void*>;

    void problem(int line, const std::string& text) { problems_.emplace(line, text); }

    Error all_problems() const {
        std::string text;
        for (const auto& [line, what] : problems_) {
            if (!text.empty()) text += "\n";
            text += filename_ + (line > 0 ? ":" + std::to_string(line) : "") + ": " + what;
        }
        return fail(error_code::config, text);
    }

    void report_unknown_sections(const ConfigTable& sections) {
        for (const auto& [name, node] : sections) {
            if (name == "host" || registry_.find(name) != nullptr) continue;
            const std::string what = node.table() != nullptr || node.array() != nullptr
                                         ? "[" + heading_key(name) + "]: no such section"
                                         : heading_key(name) + ": no such option outside sections";
            problem(node.line, what + "; " + section_hint(name));
        }
    }

    std::string section_hint(const std::string& name) const {
        if (const std::string moved = elsewhere(name, nullptr); !moved.empty()) return moved;
        std::vector<std::string> names{"host"};
        for (const SectionSpec& section : registry_.sections())
            if (registry_.find(section.name) == &section) names.push_back(section.name);
        const std::string near = nearest(name, names);
        if (!near.empty()) return "did you mean [" + near + "]?";
        return "known sections: " + joined(names);
    }

    std::string option_hint(const std::string& key, const SectionSpec& section) const {
        const std::string near = nearest(key, keys_of(section));
        if (!near.empty()) return "did you mean " + near + "?";
        if (const std::string moved = elsewhere(key, &section); !moved.empty()) return moved;
        return "known here: " + joined(keys_of(section));
    }

    /// An option of another section: by its own key, or in the manner of other servers with the
    /// section in front (push_max_errors).
    std::string elsewhere(std::string_view key, const SectionSpec* except) const {
        for (const SectionSpec& section : registry_.sections()) {
            for (const OptionSpec& option : section.options) {
                const bool here = &section != except && option.key == key;
                if (here || section.name + "_" + option.key == key) {
                    return "did you mean [" + section.name + "] " + option.key + "?";
                }
            }
        }
        return {};
    }

    void bind_section(const SectionSpec& section, const ConfigNode* node) {
        Parts parts;
        for (const SectionSpec::Part& part : section.parts) {
            std::vector<Config::Section>& sections = config_->sections_;
            if (sections.size() <= part.type_id) sections.resize(part.type_id + 1);
            sections[part.type_id].base = part.make_storage();
            parts.push_back(sections[part.type_id].base.get());
        }
        switch (section.kind) {
            case SectionSpec::Kind::table: return bind_plain(section, node, parts);
            case SectionSpec::Kind::named: return bind_named(section, node, parts.front());
            case SectionSpec::Kind::list: return bind_list(section, node, parts.front());
        }
    }

    void bind_plain(const SectionSpec& section, const ConfigNode* node, const Parts& parts) {
        static const ConfigTable nothing;
        const ConfigTable* table = node == nullptr ? &nothing : node->table();
        const std::string heading = "[" + section.name + "]";
        if (table == nullptr) {
            return problem(node->line, heading + ": expected a table, got " + describe(*node));
        }
        const Place place{heading, section.name, node == nullptr ? 0 : node->line};
        bind_entry(section, without_entries(section, *table), place, parts);
    }

    /// Of a plain section and the named ones of the same name: what is whose.
    ConfigTable without_entries(const SectionSpec& plain, const ConfigTable& table) const {
        ConfigTable own = table;
        if (has_named(plain.name))
            std::erase_if(own, [&](const auto& each) { return is_entry(plain, each); });
        return own;
    }
    ConfigTable entries_of(const SectionSpec& named, const ConfigTable& table) const {
        ConfigTable entries = table;
        if (const SectionSpec* plain = registry_.find(named.name); plain != &named)
            std::erase_if(entries, [&](const auto& each) { return !is_entry(*plain, each); });
        return entries;
    }
    static bool is_entry(const SectionSpec& plain, const ConfigTable::value_type& each) {
        const auto is_it = [&](const OptionSpec& option) { return option.key == each.first; };
        return each.second.table() != nullptr &&
               std::none_of(plain.options.begin(), plain.options.end(), is_it);
    }
    bool has_named(const std::string& name) const {
        return std::any_of(registry_.sections().begin(), registry_.sections().end(),
                           [&](const SectionSpec& section) {
                               return section.name == name &&
                                      section.kind == SectionSpec::Kind::named;
                           });
    }

    void bind_named(const SectionSpec& section, const ConfigNode* node, void* storage) {
        if (node == nullptr) return;
        const std::string wanted = "[" + section.name + ".\"NAME\"]";
        if (node->table() == nullptr) {
            return problem(node->line, "expected " + wanted + ", got " + describe(*node));
        }
        for (const auto& [name, entry] : entries_of(section, *node->table())) {
            const std::string path = section.name + "." + quote(name);
            if (const ConfigTable* table = entry.table()) {
                config_->sections_[section.parts.front().type_id].names.push_back(name);
                bind_entry(section, *table, {"[" + path + "]", path, entry.line},
                           {section.parts.front().add_entry(storage, name)});
            } else {
                problem(entry.line, "[" + section.name + "] " + heading_key(name) + ": expected " +
                                        wanted + ", got " + describe(entry));
            }
        }
    }

    void bind_list(const SectionSpec& section, const ConfigNode* node, void* storage) {
        if (node == nullptr) return;
        const std::string heading = "[[" + section.name + "]]";
        if (node->array() == nullptr) {
            return problem(node->line, "expected " + heading + ", got " + describe(*node));
        }
        std::size_t index = 0;
        for (const ConfigNode& entry : *node->array()) {
            const std::string path = section.name + "[" + std::to_string(index++) + "]";
            if (const ConfigTable* table = entry.table()) {
                bind_entry(section, *table, {heading, path, entry.line},
                           {section.parts.front().add_entry(storage, {})});
            } else {
                problem(entry.line, "expected " + heading + ", got a list with " + describe(entry));
            }
        }
    }

    /// Structs of its own: defaults, then the table, then what concerns the whole.
    void bind_entry(const SectionSpec& section, const ConfigTable& table, const Place& place,
                    const Parts& parts) {
        for (const OptionSpec& option : section.options) {
            void* const options = parts[option.part];
            if (option.path) {
                option.assign(options, resolve_path(option.read(options), directory_));
            }
            if (option.required && !table.contains(option.key)) {
                problem(place.line,
                        place.heading + " " + option.key + ": is required: " + type_name(option));
            }
        }
        assign_all(section, table, place, parts);
        for (const OptionSpec& option : section.options) show(section, option, place, parts);
    }

    /// The values that the table has. Checks of the whole run only on values that are right.
    void assign_all(const SectionSpec& section, const ConfigTable& table, const Place& place,
                    const Parts& parts) {
        if (place.line > 0) config_->lines_[place.path] = place.line;
        const std::size_t before = problems_.size();
        for (const auto& [key, node] : table) assign(section, key, node, place, parts);
        if (problems_.size() != before) return;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (!section.parts[i].check) continue;
            const Result<void> verdict = section.parts[i].check(parts[i]);
            if (!verdict) problem(place.line, place.heading + ": " + verdict.error().text);
        }
    }

    void assign(const SectionSpec& section, const std::string& key, const ConfigNode& node,
                const Place& place, const Parts& parts) {
        const std::string name = place.heading + " " + heading_key(key);
        const auto option =
            std::find_if(section.options.begin(), section.options.end(),
                         [&](const OptionSpec& candidate) { return candidate.key == key; });
        if (option == section.options.end()) {
            if (section.kind == SectionSpec::Kind::named && node.table() != nullptr)
                return problem(node.line, "[" + section.name + "]: a domain stands in quotes: [" +
                                              section.name + "." +
                                              quote(name_with(place.path, key)) + "]");
            return problem(node.line, name + ": no such option; " + option_hint(key, section));
        }
        config_->lines_[place.path + "." + key] = node.line;
        Result<OptionValue> value = to_option_value(node, *option);
        if (!value) return problem(node.line, name + ": " + value.error().text);
        if (option->path) *value = resolve_path(std::move(*value), directory_);
        option->assign(parts[option->part], std::move(*value));
    }

    /// What was meant to be the NAME of [section.NAME.key], where the quotes are missing.
    static std::string name_with(std::string_view path, const std::string& key) {
        std::string name(path.substr(path.find('.') + 1));
        std::erase(name, '"');
        return name + "." + key;
    }

    void show(const SectionSpec& section, const OptionSpec& option, const Place& place,
              const Parts& parts) {
        config_->shown_[place.path + "." + option.key] = {
            to_toml(option.read(parts[option.part]), option),
            section.kind != SectionSpec::Kind::list && section.is_live(option), option.secret};
    }

    void bind_hosts(const ConfigNode& node) {
        if (node.table() == nullptr) {
            return problem(node.line,
                           "expected [host.\"DOMAIN\".SECTION], got host as " + describe(node));
        }
        for (const auto& [name, sections] : *node.table()) {
            const std::string host = to_lower_ascii(name);
            if (sections.table() == nullptr) {
                problem(sections.line, "[host] " + heading_key(name) +
                                           ": expected [host.\"DOMAIN\".SECTION], got " +
                                           describe(sections));
                continue;
            }
            config_->hosts_.push_back(host);
            config_->lines_["host." + quote(host)] = sections.line;
            for (const auto& [section, table] : *sections.table()) bind_host(host, section, table);
        }
    }

    void bind_host(const std::string& host, const std::string& name, const ConfigNode& node) {
        const std::string path = "host." + quote(host) + "." + heading_key(name);
        const SectionSpec* section = registry_.find(name);
        if (section == nullptr || !section->host_overrides) {
            const std::string why =
                section == nullptr ? "no such section; " : "cannot be set for one host; ";
            return problem(node.line, "[" + path + "]: " + why + "these can: " + host_sections());
        }
        if (node.table() == nullptr) {
            return problem(node.line, "[" + path + "]: expected a table, got " + describe(node));
        }
        Parts own;
        for (const SectionSpec::Part& part : section->parts) {
            Config::Section& stored = config_->sections_[part.type_id];
            std::shared_ptr<void> copy = part.copy(stored.base.get());
            own.push_back(copy.get());
            stored.hosts.insert_or_assign(host, std::move(copy));
        }
        assign_all(*section, *node.table(), {"[" + path + "]", path, node.line}, own);
        for (const OptionSpec& option : section->options) {
            if (node.table()->contains(option.key)) {
                show(*section, option, {{}, path, node.line}, own);
            }
        }
    }

    std::string host_sections() const {
        std::vector<std::string> names;
        for (const SectionSpec& section : registry_.sections()) {
            if (section.host_overrides) names.push_back(section.name);
        }
        return joined(names);
    }

    const OptionRegistry& registry_;
    const std::string filename_;
    const std::string directory_;
    std::shared_ptr<Config> config_;
    std::set<std::pair<int, std::string>> problems_;  // by line
};

const void* Config::find(std::size_t type_id, std::string_view host) const {
    if (type_id >= sections_.size() || !sections_[type_id].base) {
        throw std::logic_error("these options were not in the registry the config was read with");
    }
    const Section& section = sections_[type_id];
    if (!host.empty() && !section.hosts.empty()) {
        if (const auto at = section.hosts.find(host); at != section.hosts.end()) {
            return at->second.get();
        }
    }
    return section.base.get();
}

int Config::line_of(std::string_view path) const {
    const auto at = lines_.find(path);
    return at == lines_.end() ? 0 : at->second;
}

Result<std::shared_ptr<const Config>> parse_config(const OptionRegistry& registry,
                                                   std::string_view text,
                                                   const std::string& filename) {
    const Result<ConfigNode> root = parse_config_text(text, filename);
    if (!root) return root.error();
    return ConfigBinder(registry, filename).bind(*root);
}

Result<std::shared_ptr<const Config>> load_config(const OptionRegistry& registry,
                                                  const std::string& path) {
    // Not an ifstream: that one throws when `path` is a directory.
    std::FILE* const file = std::fopen(path.c_str(), "rbe");
    if (file == nullptr)
        return fail(error_code::config, path + ": cannot be read: " + std::strerror(errno));
    std::string text;
    std::array<char, 4096> block;
    while (const std::size_t got = std::fread(block.data(), 1, block.size(), file)) {
        text.append(block.data(), got);
    }
    const int problem = std::ferror(file) != 0 ? errno : 0;
    std::fclose(file);
    if (problem != 0)
        return fail(error_code::config, path + ": cannot be read: " + std::strerror(problem));
    return parse_config(registry, text, path);
}

}  // namespace clarion
