// Administrators: accounts of ours that may administer a host from their clients (XEP-0133).
//
//   [server] admins            every host
//   [administration] admins    the hosts for which it is said
//   an account's record        the host of the account (clarionctl user admin)
//
// A right is never kept: it is looked up whenever something is asked for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/task.h"
#include "proto/jid.h"

namespace clarion::core {

class Context;
class Domains;

/// Whom the configuration makes an administrator of this host: bare, prepared, each once. What is no
/// address is left out.
std::vector<std::string> configured_administrators(const Config& config, std::string_view host);

/// Whether [server] names them: they administer the server as a whole.
bool is_server_administrator(const Config& config, const Jid& who);

/// Whether the configuration makes this account an administrator of anything, be there one or not.
bool is_named_administrator(const Config& config, const Domains& domains, const Jid& who);

/// The hosts that the configuration, but not [server], makes this account an administrator of.
std::vector<std::string> configured_hosts(const Config& config, const Domains& domains,
                                          const Jid& who);

/// Whether that account administers this host. Nobody does who has no account here, whatever the
/// configuration says. Reads storage, but where the configuration says yes. Any shard.
Task<bool> administers(Context& context, Jid who, std::string host);

/// Who can give an account another password gets what that account may: so only who administers all
/// that it does acts on it. Error "forbidden", with a sentence.
Task<Result<>> check_rank(Context& context, Jid who, Jid account);

/// The accounts of a host whose records make them administrators of it, in order: looks at every
/// account of the host, in slices. Storage errors.
Task<Result<std::vector<std::string>>> recorded_administrators(Context& context, std::string host);

/// All who administer it, by their records and by the configuration, in order. Storage errors.
Task<Result<std::vector<std::string>>> all_administrators(Context& context, std::string host);

/// Whether somebody can log in to that account. Storage errors.
Task<Result<bool>> is_usable_account(Context& context, std::string name);

/// Those of all_administrators() who can log in. Storage errors.
Task<Result<std::vector<std::string>>> usable_administrators(Context& context, std::string host);

/// A host that would have no administrator left without this account; empty: there is none. What
/// the account itself may not do then: go. Storage errors.
Task<Result<std::string>> host_left_without(Context& context, Jid who);

}  // namespace clarion::core
