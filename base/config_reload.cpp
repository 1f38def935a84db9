// What a reload makes of a configuration that runs and one that was read anew.
#include <algorithm>
#include <set>

#include "base/config.h"

namespace clarion {

namespace {

/// Of a path into a table that comes and goes with all its options, [section."NAME"] or
/// [[section]]: the table's. What is made for each of them is made at the start. Else empty.
std::string_view entry_of(std::string_view path) {
    if (path.starts_with("host.")) return {};
    const auto dot = path.rfind('.');
    const std::string_view table = path.substr(0, dot == std::string_view::npos ? 0 : dot);
    const bool is_entry = table.ends_with(']') || table.find(".\"") != std::string_view::npos;
    return is_entry ? table : std::string_view();
}

constexpr std::string_view whole_table = "(the table)";

}  // namespace

class ConfigReload {
public:
    ConfigReload(const Config& running, const Config& fresh)
        : running_(running), fresh_(fresh), result_(std::make_shared<Config>(fresh)) {}

    std::shared_ptr<const Config> apply(const OptionRegistry& registry) {
        for (const SectionSpec& section : registry.sections()) {
            switch (section.kind) {
                case SectionSpec::Kind::table: apply_plain(section); break;
                case SectionSpec::Kind::named: apply_named(section); break;
                // What is made for each is made at the start, and they have no names.
                case SectionSpec::Kind::list: keep(section.parts.front()); break;
            }
        }
        result_->hosts_ = running_.hosts_;
        apply_shown();
        return result_;
    }

private:
    const Config::Section& old_of(const SectionSpec::Part& part) const {
        return running_.sections_[part.type_id];
    }
    const Config::Section& fresh_of(const SectionSpec::Part& part) const {
        return fresh_.sections_[part.type_id];
    }

    void keep(const SectionSpec::Part& part) { result_->sections_[part.type_id] = old_of(part); }

    /// The options of one struct; `old` and `fresh` are what each configuration has for it.
    static std::shared_ptr<void> merged(const SectionSpec& section, std::size_t part,
                                        const void* old, const void* fresh) {
        std::shared_ptr<void> own = section.parts[part].copy(old);
        for (const OptionSpec& option : section.options)
            if (option.part == part && section.is_live(option))
                option.assign(own.get(), option.read(fresh));
        return own;
    }

    void apply_plain(const SectionSpec& section) {
        for (std::size_t i = 0; i < section.parts.size(); ++i) {
            const std::size_t type_id = section.parts[i].type_id;
            Config::Section& own = result_->sections_[type_id];
            own.base = merged(section, i, running_.find(type_id, {}), fresh_.find(type_id, {}));
            std::set<std::string> hosts;
            for (const auto* each : {&old_of(section.parts[i]), &fresh_of(section.parts[i])})
                for (const auto& [host, options] : each->hosts) hosts.insert(host);
            own.hosts.clear();
            for (const std::string& host : hosts)
                own.hosts[host] =
                    merged(section, i, running_.find(type_id, host), fresh_.find(type_id, host));
        }
    }

    void apply_named(const SectionSpec& section) {
        const SectionSpec::Part& part = section.parts.front();
        const Config::Section& old = old_of(part);
        const Config::Section& fresh = fresh_of(part);
        Config::Section own{part.make_storage(), {}, old.names};
        for (const std::string& name : old.names) {
            const bool is_there =
                std::find(fresh.names.begin(), fresh.names.end(), name) != fresh.names.end();
            void* const options = part.add_entry(own.base.get(), name);
            void* const before = part.add_entry(old.base.get(), name);
            void* const now = is_there ? part.add_entry(fresh.base.get(), name) : before;
            for (const OptionSpec& option : section.options)
                option.assign(options, option.read(section.is_live(option) ? now : before));
        }
        result_->sections_[part.type_id] = std::move(own);
    }

    /// What diff() compares the next file with.
    void apply_shown() {
        result_->shown_ = running_.shown_;
        for (const auto& change : diff(running_, fresh_)) {
            if (!change.live) continue;
            const auto now = fresh_.shown_.find(change.path);
            if (now == fresh_.shown_.end())
                result_->shown_.erase(change.path);
            else
                result_->shown_[change.path] = now->second;
        }
    }

    const Config& running_;
    const Config& fresh_;
    std::shared_ptr<Config> result_;
};

std::shared_ptr<const Config> reloaded(const OptionRegistry& registry, const Config& running,
                                       const Config& fresh) {
    return ConfigReload(running, fresh).apply(registry);
}

std::vector<OptionChange> diff(const Config& old, const Config& now) {
    std::vector<OptionChange> changes;
    const auto text = [](const Config::Shown& shown) {
        return shown.secret ? std::string("(hidden)") : shown.text;
    };
    const auto has_entry = [](const Config& config, const std::string& entry) {
        const auto at = config.shown_.lower_bound(entry + ".");
        return at != config.shown_.end() && at->first.starts_with(entry + ".");
    };
    std::set<std::string> told;  // tables that came or went
    const auto is_told = [&](const Config& other, const std::string& path, bool came) {
        const std::string entry(entry_of(path));
        if (entry.empty() || has_entry(other, entry)) return false;
        if (told.insert(entry).second)
            changes.push_back({entry, std::string(came ? "" : whole_table),
                               std::string(came ? whole_table : ""), false});
        return true;
    };
    for (const auto& [path, before] : old.shown_) {
        const auto after = now.shown_.find(path);
        if (after == now.shown_.end()) {
            if (!is_told(now, path, false))
                changes.push_back({path, text(before), "", before.live});
        } else if (!(after->second == before)) {
            changes.push_back({path, text(before), text(after->second), before.live});
        }
    }
    for (const auto& [path, after] : now.shown_)
        if (!old.shown_.contains(path) && !is_told(old, path, true))
            changes.push_back({path, "", text(after), after.live});
    for (OptionChange& change : changes) change.line = now.line_of(change.path);
    return changes;
}

}  // namespace clarion
