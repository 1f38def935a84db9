#include <fstream>
#include <iostream>

#include "tools/bench/modes.h"

namespace clarion::bench {

Result<void> write_accounts(const Settings& settings) {
    std::ofstream file;
    if (!settings.accounts_file.empty()) {
        file.open(settings.accounts_file);
        if (!file) return fail("accounts-file", "cannot write " + settings.accounts_file);
    }
    std::ostream& out = settings.accounts_file.empty() ? std::cout : file;
    for (std::size_t i = 0; i < settings.crowd.sessions; ++i) {
        out << account_jid(settings, i) << '\t' << settings.crowd.password << '\n';
    }
    out.flush();
    if (!out) return fail("accounts-file", "cannot write " + settings.accounts_file);
    return {};
}

}  // namespace clarion::bench
