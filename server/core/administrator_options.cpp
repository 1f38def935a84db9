#include "server/core/administrator_options.h"

namespace clarion::core {

void ServerAdministrators::declare(OptionTable<ServerAdministrators>& t) {
    t.joins("server");
    t.add("admins", &ServerAdministrators::admins)
        .live()
        .doc(
            "Accounts that administer every domain of this server from their clients, such as "
            "[\"romeo@example.org\"]. An account that stands here is made with `clarionctl user "
            "add`: nobody can register it. Administrators of one domain: [administration] admins, "
            "and "
            "`clarionctl user admin`.");
}

void HostAdministrators::declare(OptionTable<HostAdministrators>& t) {
    t.section("administration",
              "Administration of the server from a client (XEP-0133); [server] admins says who may "
              "everywhere.")
        .per_host()
        .live();
    t.add("admins", &HostAdministrators::admins)
        .doc(
            "Accounts of this server that administer a domain beside those of [server] admins: "
            "in [host.\"example.org\".administration] that domain alone, in [administration] "
            "every domain that has no such list of its own. Make the account before it stands "
            "here.");
}

}  // namespace clarion::core
