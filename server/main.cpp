// clariond: the server. Reads its arguments, then App does everything.
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "modules/all.h"
#include "server/app/app.h"
#include "server/base/log.h"
#include "server/core/options.h"

namespace {

using namespace clarion;

constexpr std::string_view usage =
    "clariond, an XMPP server for phones that sleep.\n"
    "\n"
    "  clariond --config FILE           run in the foreground, log to standard error\n"
    "  clariond --config FILE --check   verify configuration, certificates and storage, then exit\n"
    "  clariond --describe              every option and module (--json, --markdown, --reference)\n"
    "  clariond --version\n"
    "\n"
    "SIGTERM stops it in order: sessions sleep and resume after the next start. SIGHUP reads the "
    "file again.\n"
    "Accounts and everything else: clarionctl --help\n";

struct Arguments {
    std::string config;
    bool check = false, describe = false, json = false, markdown = false, reference = false,
         version = false, help = false;
};

Result<Arguments> parse(int argc, char** argv) {
    Arguments result;
    for (int i = 1; i < argc; ++i) {
        const std::string_view arg = argv[i];
        if (arg == "--config" && i + 1 < argc)
            result.config = argv[++i];
        else if (arg.starts_with("--config="))
            result.config = arg.substr(9);
        else if (arg == "--check")
            result.check = true;
        else if (arg == "--describe")
            result.describe = true;
        else if (arg == "--json")
            result.json = true;
        else if (arg == "--markdown")
            result.markdown = true;
        else if (arg == "--reference")
            result.reference = true;
        else if (arg == "--version")
            result.version = true;
        else if (arg == "--help" || arg == "-h")
            result.help = true;
        else
            return fail("usage", "unknown or incomplete argument: " + std::string(arg));
    }
    return result;
}

int describe(const Arguments& arguments) {
    const OptionRegistry registry = app::all_options();
    if (arguments.json)
        std::cout << registry.describe_json();
    else if (arguments.markdown)
        std::cout << registry.describe_markdown();
    else if (arguments.reference)
        std::cout << registry.reference_toml();
    else {
        std::cout << registry.describe_text() << "\nModules\n\n";
        for (const auto& row : modules::all())
            std::cout << "  " << row.name
                      << std::string(row.name.size() < 20 ? 20 - row.name.size() : 1, ' ')
                      << row.summary << " (" << row.specifications << ")\n";
    }
    return 0;
}

int serve(const std::shared_ptr<const Config>& config) {
    app::App server(config);
    if (auto started = server.start(); !started) {
        std::cerr << "clariond: " << started.error().text << '\n';
        flush_log();
        return 1;
    }
    server.run();
    flush_log();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto arguments = parse(argc, argv);
    if (!arguments || arguments->help || argc == 1) {
        if (!arguments) std::cerr << "clariond: " << arguments.error().text << "\n\n";
        (arguments && arguments->help ? std::cout : std::cerr) << usage;
        return arguments && arguments->help ? 0 : 2;
    }
    if (arguments->version) {
        std::cout << "clariond " CLARION_VERSION "\n";
        return 0;
    }
    if (arguments->describe) return describe(*arguments);
    if (arguments->config.empty()) {
        std::cerr << "clariond: --config FILE is needed\n";
        return 2;
    }
    const auto config = load_config(app::all_options(), arguments->config);
    if (!config) {
        std::cerr << config.error().text << '\n';
        return 1;
    }
    if (const auto level = parse_log_level((*config)->get<core::LogOptions>().level))
        set_log_level(*level);
    if (!arguments->check) return serve(*config);
    const auto checked = app::check(**config);
    if (!checked)
        std::cerr << "clariond: " << checked.error().text << '\n';
    else
        std::cout << "the configuration is good\n";
    return checked ? 0 : 1;
}
