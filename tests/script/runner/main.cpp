// script_runner: plays .scs scripts against clariond. Usage and format: tests/script/README.md.
#include <signal.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "tests/script/runner/stage.h"

namespace {

using namespace clarion;
using namespace clarion::script;

constexpr const char* usage =
    "usage: script_runner [--clariond PATH] [--clarionctl PATH] [--keep] [--verbose]\n"
    "                     [--server HOST:PORT] [--component-server HOST:PORT]\n"
    "                     [--options TOML_FILE] [--patience FACTOR] [--loose-forms] [--loose-ids] SCRIPT...\n";

struct Arguments {
    StageOptions options;
    std::vector<std::string> scripts;
};

std::optional<Endpoint> endpoint_of(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    const auto port = parse_int(text.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return std::nullopt;
    return Endpoint{std::string(text.substr(0, colon)), static_cast<std::uint16_t>(*port)};
}

/// The other programs are usually in the same directory.
std::string sibling(std::string_view self, std::string_view name) {
    const auto slash = self.rfind('/');
    const auto folder = slash == self.npos ? std::string_view("./") : self.substr(0, slash + 1);
    return std::string(folder).append(name);
}

bool read_file(const std::string& file, std::string& contents) {
    std::ifstream in(file, std::ios::binary);
    contents.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    return bool(in);
}

bool set_option(StageOptions& options, std::string_view name, const std::string& value) {
    if (name == "--clariond") {
        options.programs.clariond = value;
    } else if (name == "--clarionctl") {
        options.programs.clarionctl = value;
    } else if (name == "--server") {
        return (options.external = endpoint_of(value)).has_value();
    } else if (name == "--component-server") {
        return (options.external_component = endpoint_of(value)).has_value();
    } else if (name == "--options") {
        return read_file(value, options.toml);
    } else if (name == "--patience") {
        options.patience = std::strtod(value.c_str(), nullptr);
        return options.patience > 0;
    } else {
        return false;
    }
    return true;
}

std::optional<Arguments> parse_arguments(int argc, char** argv) {
    Arguments arguments;
    auto& options = arguments.options;
    options.programs = {sibling(argv[0], "clariond"), sibling(argv[0], "clarionctl")};
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--keep") {
            options.keep = true;
        } else if (word == "--verbose") {
            options.verbose = true;
        } else if (word == "--loose-forms") {
            options.loose_forms = true;
        } else if (word == "--loose-ids") {
            options.loose_ids = true;
        } else if (!word.starts_with("--")) {
            arguments.scripts.emplace_back(word);
        } else if (i + 1 >= argc || !set_option(options, word, argv[++i])) {
            return std::nullopt;
        }
    }
    if (arguments.scripts.empty()) return std::nullopt;
    return arguments;
}

bool play(const std::string& file, const StageOptions& options) {
    std::string source;
    if (!read_file(file, source)) {
        std::printf("FAIL %s: cannot read it\n", file.c_str());
        return false;
    }
    const auto script = parse_script(source);
    if (!script) {
        std::printf("FAIL %s: %s\n", file.c_str(), script.error().text.c_str());
        return false;
    }
    Stage stage(*script, source, options);
    if (const auto done = stage.play(); !done) {
        std::printf("%s\nFAIL %s: %s\n", stage.evidence().c_str(), file.c_str(),
                    done.error().text.c_str());
        return false;
    }
    std::printf("PASS %s%s%s\n", file.c_str(), script->title.empty() ? "" : ": ",
                script->title.c_str());
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);
    const auto arguments = parse_arguments(argc, argv);
    if (!arguments) {
        std::fputs(usage, stderr);
        return 2;
    }
    std::size_t failed = 0;
    for (const auto& file : arguments->scripts) {
        failed += play(file, arguments->options) ? 0 : 1;
    }
    std::printf("%zu of %zu scripts passed\n", arguments->scripts.size() - failed,
                arguments->scripts.size());
    return failed == 0 ? 0 : 1;
}
