#include "tests/script/runner/script.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace clarion::script {

namespace {

bool is_separator(std::string_view line) {
    return line.size() >= 3 && line.find_first_not_of('-') == line.npos;
}

bool is_comment(std::string_view line) {
    return line.starts_with('#') || line.starts_with("//") || line.starts_with("--");
}

bool is_indented(std::string_view line) { return line.starts_with(' ') || line.starts_with('\t'); }

std::string_view indentation(std::string_view line) {
    return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

/// Takes the indentation of the first line off all of them.
void dedent(std::vector<std::string>& lines) {
    if (lines.empty()) return;
    const std::string common(indentation(lines.front()));
    for (auto& line : lines) {
        if (line.starts_with(common)) {
            line.erase(0, common.size());
        } else {
            line.erase(0, indentation(line).size());
        }
    }
}

std::string join(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines) all.append(line).append("\n");
    return all;
}

class Parser {
public:
    Result<Script> run(std::string_view text) {
        for (std::string_view line : split(text, '\n')) {
            ++number_;
            if (line.ends_with('\r')) line.remove_suffix(1);
            take(line);
            if (!problem_.empty()) return refuse();
        }
        end_section();
        if (in_header_) complain("there is no line of dashes that ends the header");
        if (!problem_.empty()) return refuse();
        for (auto& step : script_.steps) dedent(step.body);
        return std::move(script_);
    }

private:
    void take(std::string_view line) {
        if (trim(line).empty()) return;
        if (is_indented(line)) {
            take_indented(line);
        } else if (is_separator(line)) {
            end_section();
            in_header_ = false;
        } else if (is_comment(line)) {
            if (number_ == 1) script_.title = trim(line.substr(1));
        } else if (in_header_) {
            begin_section(line);
        } else {
            add_step(line);
        }
    }

    void take_indented(std::string_view line) {
        if (in_header_) {
            if (section_.empty()) return complain("options belong below a [Section]");
            section_lines_.emplace_back(line);
        } else {
            if (script_.steps.empty()) return complain("indented text belongs below an action");
            script_.steps.back().body.emplace_back(line);
        }
    }

    void begin_section(std::string_view line) {
        end_section();
        const auto close = line.find(']');
        if (!line.starts_with('[') || close == line.npos) {
            return complain("expected [Client] NAME or a line of dashes");
        }
        section_ = to_lower_ascii(line.substr(1, close - 1));
        section_name_ = trim(line.substr(close + 1));
        section_line_ = number_;
    }

    void end_section() {
        if (section_.empty()) return;
        if (section_ == "server") {
            dedent(section_lines_);
            script_.config += join(section_lines_);
        } else if (section_ == "script") {
            script_.settings.merge(options());
        } else if (section_ == "client" || section_ == "component") {
            add_actor();
        } else {
            complain("unknown section [" + section_ + "]");
        }
        section_.clear();
        section_lines_.clear();
    }

    void add_actor() {
        Actor actor;
        actor.kind = section_ == "client" ? Actor::Kind::client : Actor::Kind::component;
        actor.name = section_name_;
        actor.line = section_line_;
        actor.options = options();
        if (actor.name.empty()) return complain("this section needs a name");
        if (actor.option("jid").empty()) return complain(actor.name + " has no jid");
        if (script_.find(actor.name) != nullptr) return complain(actor.name + " is there twice");
        script_.actors.push_back(std::move(actor));
    }

    Options options() {
        Options all;
        for (std::string_view line : section_lines_) {
            line = trim(line);
            if (line.starts_with('#')) continue;
            const auto at = line.find(':');
            if (at == line.npos) {
                complain("an option reads 'name: value'");
                continue;
            }
            all.insert_or_assign(to_lower_ascii(trim(line.substr(0, at))),
                                 std::string(trim(line.substr(at + 1))));
        }
        return all;
    }

    void add_step(std::string_view line) {
        line = trim(line);
        if (line.ends_with(':')) line.remove_suffix(1);
        Step step;
        step.line = number_;
        if (const Actor* actor = actor_of(line)) {
            step.actor = actor->name;
            line.remove_prefix(actor->name.size());
        }
        step.action = trim(line);
        script_.steps.push_back(std::move(step));
    }

    /// The actor with the longest name that `line` starts with: "Juliet's phone" before "Juliet".
    const Actor* actor_of(std::string_view line) const {
        const Actor* best = nullptr;
        for (const auto& actor : script_.actors) {
            if (!line.starts_with(actor.name)) continue;
            const auto rest = line.substr(actor.name.size());
            if (!rest.starts_with(' ') && !rest.starts_with("'s ")) continue;
            if (best == nullptr || actor.name.size() > best->name.size()) best = &actor;
        }
        return best;
    }

    void complain(std::string text) {
        if (problem_.empty()) problem_ = std::move(text);
    }

    Error refuse() const {
        return fail("bad-script", "line " + std::to_string(number_) + ": " + problem_);
    }

    Script script_;
    std::string problem_;
    std::string section_;
    std::string section_name_;
    std::vector<std::string> section_lines_;
    int section_line_ = 0;
    int number_ = 0;
    bool in_header_ = true;
};

std::string_view lookup(const Options& options, std::string_view key, std::string_view fallback) {
    const auto found = options.find(key);
    return found == options.end() ? fallback : std::string_view(found->second);
}

bool is_local_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("._-+%").find(c) != std::string_view::npos;
}

}  // namespace

std::string_view Actor::option(std::string_view key, std::string_view fallback) const {
    return lookup(options, key, fallback);
}

std::string_view Actor::bare_jid() const {
    const auto jid = option("jid");
    return jid.substr(0, jid.find('/'));
}

std::string_view Actor::resource() const {
    const auto jid = option("jid");
    const auto slash = jid.find('/');
    return option("resource", slash == jid.npos ? std::string_view{} : jid.substr(slash + 1));
}

std::string_view Actor::domain() const {
    const auto bare = bare_jid();
    return bare.substr(bare.find('@') + 1);
}

std::string Step::text() const { return join(body); }

const Actor* Script::find(std::string_view name) const {
    const auto found = std::find_if(actors.begin(), actors.end(),
                                    [&](const Actor& actor) { return actor.name == name; });
    return found == actors.end() ? nullptr : &*found;
}

std::string_view Script::setting(std::string_view key, std::string_view fallback) const {
    return lookup(settings, key, fallback);
}

Result<Script> parse_script(std::string_view text) { return Parser().run(text); }

std::vector<std::string> addresses_in(std::string_view text, std::string_view domain) {
    std::vector<std::string> found;
    const std::string needle = "@" + std::string(domain);
    for (auto at = text.find(needle); at != text.npos; at = text.find(needle, at + 1)) {
        const auto after = at + needle.size();
        if (after < text.size() && is_local_char(text[after])) continue;
        auto start = at;
        while (start > 0 && is_local_char(text[start - 1])) --start;
        if (start == at) continue;
        auto jid = to_lower_ascii(text.substr(start, after - start));
        if (std::find(found.begin(), found.end(), jid) == found.end()) found.push_back(jid);
    }
    return found;
}

}  // namespace clarion::script
