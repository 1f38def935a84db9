// Uploads: the module on one shard, and what its parts share: whose files are where, under which
// options, and what happens at an account's home.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "modules/http_upload/file_store.h"
#include "modules/http_upload/ledger.h"
#include "modules/http_upload/options.h"
#include "server/core/accounts/account.h"
#include "server/core/events/account_events.h"
#include "server/core/setup/module.h"
#include "server/runtime/event_bus.h"

namespace clarion::http_upload {

/// Counted by the process.
struct Counts {
    Counter& slots;
    Counter& refused;
    Counter& files;
    Counter& bytes;
    Counter& failed;
    Counter& removed;
    Counter& downloads;
};
Counts& counts();

class Uploads {
public:
    /// `key`: signs slots.
    Uploads(core::ModuleSetup& setup, std::string key);

    core::Context& context() const { return context_; }
    const std::string& key() const { return key_; }
    Ledger& ledger() { return ledger_; }

    /// Those of the service or host that gave a slot.
    const UploadOptions& options(std::string_view domain) const {
        return options_of(context_.config(), domain);
    }
    /// The domain at which accounts of that host ask for slots: a service's, or its own.
    std::string domain_for(std::string_view host) const;
    /// Whether it is a service's, or a host that offers uploads itself.
    bool offers(std::string_view domain) const;
    /// What addresses of files begin with; empty: nothing listens.
    std::string base_url(std::string_view domain) const;

    std::shared_ptr<const FileStore> store_of(std::string_view domain);
    std::vector<std::shared_ptr<const FileStore>> stores();

    /// Removes a file, if nobody else does, from disk and from what its account has. On its home
    /// shard. Whether it did.
    Task<Result<bool>> remove(std::string account, std::string key);

    void on_deleted(const events::AccountDeleted& event);

private:
    Task<> remove_all(std::string account, storage::OwnerId owner);
    std::shared_ptr<const FileStore> store_in(const std::string& directory);

    core::Context& context_;
    std::string key_;
    Ledger ledger_;
    std::vector<std::string> services_;
    std::map<std::string, std::shared_ptr<const FileStore>> stores_;  // by directory
};

/// Fired at an account's home: the module there; nullptr: its host does not have it.
struct UploadsSought {
    enum class Stage { find };
    static constexpr std::string_view name = "UploadsSought";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    Uploads* found = nullptr;
};

/// Does something with an account at its home, in one turn; durable when it returns. Errors:
/// "item-not-found" (there is no such account), "forbidden" (it may not upload), those of `work`.
using AtHome = std::function<Result<>(Uploads& there, core::Account& account)>;
Task<Result<>> change_at_home(core::Context& here, std::string account, AtHome work);

}  // namespace clarion::http_upload
