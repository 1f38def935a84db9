// AddressLists: the blacklist and the whitelist of each host, on one shard (XEP-0133, 4.11 and
// 4.12): with which other servers and components, and with whom there, its users may talk.
//
// A list is about what comes from outside and goes there (events::StanzaCrossing), in both
// directions, whoever of the host it concerns: its users, the host itself, and services that are its
// subdomains. Who is on the blacklist is shut out. While the whitelist is not empty, so is every
// other server that it does not have; components that the configuration names are not. The
// blacklist goes before the whitelist.
//
// What is asked or said across is answered with <not-allowed/>; presence that comes is dropped. A
// contact who is shut out while both are online stays in sight until one of them goes.
//
// Lists are stored with the host and in memory on every shard. Durable when a change returns.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "modules/administration/address_list.h"
#include "server/core/events/s2s_events.h"
#include "server/core/events/server_events.h"
#include "server/core/setup/module.h"

namespace clarion::administration {

enum class Listing : std::uint8_t { blacklist, whitelist };

std::string_view name_of(Listing which);

struct ListEdit {
    std::vector<std::string> added, removed;  // prepared addresses
};

/// Whether a host with these lists talks with somebody of another server, or of a component.
bool may_talk(const AddressList& blacklist, const AddressList& whitelist, const Jid& peer,
              bool is_component);

/// Fired at the home of the host: an administrator changes a list. Who has it changes it, in
/// memory and in the turn's batch.
struct AddressListEditing {
    enum class Stage { change };
    static constexpr std::string_view name = "AddressListEditing";
    static constexpr auto kind = core::EventKind::fill_in;
    std::string_view host;
    Listing which;
    storage::OwnerId owner;  // the host's
    const ListEdit& edit;
    Result<> outcome = fail(error_code::item_not_found, "that host has no such lists");
    AddressList before{}, after{};
};

/// Fired on every shard: a list is what it is now.
struct AddressListChanged {
    enum class Stage { remember };
    static constexpr std::string_view name = "AddressListChanged";
    std::string_view host;
    Listing which;
    const AddressList& list;
};

/// Whether a list may have it: not what is of this server, since lists are about what comes from
/// outside. Error "usage", with a sentence.
Result<> check_listable(const core::Domains& domains, const Jid& who);

/// Any shard: changes a list, and tells all shards. `by`: for the log. Errors: "not-acceptable" (more
/// than [administration] max_listed), storage errors.
Task<Result<>> edit_list(core::Context& here, std::string host, Listing which, ListEdit edit,
                         std::string by);
/// As it is stored. Storage errors.
Task<Result<AddressList>> read_list(core::Context& here, std::string host, Listing which);

class AddressLists {
public:
    explicit AddressLists(core::ModuleSetup& setup);

    void on_started(const events::ServerStarted& event);
    void on_editing(AddressListEditing& event);
    void on_changed(const AddressListChanged& event);
    core::Flow on_crossing(events::StanzaCrossing& event) const;

private:
    struct Lists {
        AddressList blacklist, whitelist;
        AddressList& of(Listing which) {
            return which == Listing::blacklist ? blacklist : whitelist;
        }
    };
    Task<> load(core::Context& context);
    const Lists* governing(std::string_view domain) const;
    void refuse(events::StanzaCrossing& event) const;

    core::Context& context_;
    core::StoredSpace stored_;
    std::map<std::string, Lists, std::less<>> hosts_;  // those that have any
};

}  // namespace clarion::administration
