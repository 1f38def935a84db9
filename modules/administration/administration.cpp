#include "modules/administration/administration.h"

#include "modules/administration/parts.h"

namespace clarion::administration {

void AdministrationOptions::declare(OptionTable<AdministrationOptions>& t) {
    t.joins("administration");
    t.add("max_items", &AdministrationOptions::max_items)
        .min(1)
        .max(100'000)
        .unit("accounts")
        .doc("What one list shows at most, and how many accounts one command may change.");
    t.add("max_text_bytes", &AdministrationOptions::max_text_bytes)
        .min(1)
        .max(200'000)
        .unit("bytes")
        .doc("The longest text that an administrator may send to all users.");
    t.add("max_listed", &AdministrationOptions::max_listed)
        .min(0)
        .max(10'000)
        .unit("addresses")
        .doc(
            "Addresses that the blacklist of a host may have, and its whitelist: servers, "
            "components and users elsewhere with whom its users may not talk, or alone may.");
    t.add("allow_stop", &AdministrationOptions::allow_stop)
        .doc("Let administrators of [server] admins stop and restart the server from a client.");
}

void declare_options(OptionRegistry& registry) { registry.add<AdministrationOptions>(); }

void install(core::ModuleSetup& setup) {
    install_accounts(setup);
    install_facts(setup);
    install_lists(setup);
    install_announcements(setup);
    install_administrators(setup);
    install_standing_messages(setup);
    install_address_lists(setup);
    install_stopping(setup);
}

}  // namespace clarion::administration
