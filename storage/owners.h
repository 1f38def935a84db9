// Owners: whoever has data of modules, an archive, deadlines. Each has an address and an id.
//
// An account is an owner with credentials (storage/accounts.h has its record). An actor is any
// other address of ours that keeps something: a room, or one address of a service that a module
// serves. Everything kept under an owner's id goes when the owner is removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "storage/batch.h"
#include "storage/resident_data.h"

namespace clarion::storage {

/// Stored: never renumber.
enum class OwnerKind : std::uint8_t { account = 1, actor = 2 };

struct Owner {
    OwnerId id = OwnerId::none;
    OwnerKind kind = OwnerKind::account;
    std::string address;  // bare, prepared: a user's, or a domain's own
};

/// All that is loaded with an actor. What is loaded with an account: AccountSnapshot.
struct OwnerSnapshot {
    Owner owner;
    ArchiveId last_archive_id = ArchiveId::none;
    ResidentData resident{};  // of modules
};

class Owners {
public:
    virtual ~Owners() = default;

    /// nullopt: no owner of that kind has the address.
    virtual Task<Result<std::optional<OwnerId>>> find(OwnerKind kind, std::string address) = 0;
    /// The address of an id (deadlines name ids). nullopt: removed meanwhile.
    virtual Task<Result<std::optional<std::string>>> address_of(OwnerId id) = 0;
    /// An actor, with what is loaded with it. nullopt: there is none.
    virtual Task<Result<std::optional<OwnerSnapshot>>> load(std::string address) = 0;
    /// Addresses in order, after `after` (empty: from the start), at one domain or all (empty).
    virtual Task<Result<std::vector<std::string>>> list(OwnerKind kind, std::string domain,
                                                        std::string after, std::size_t limit) = 0;
    virtual Task<Result<std::uint64_t>> count(OwnerKind kind) = 0;

    /// A number no owner had before, for one with that address. Any thread.
    virtual OwnerId next_id(std::string_view address) = 0;
    /// Creates an actor. If another id has its address, the batch fails with "conflict". An account
    /// is created with its record (Accounts::put).
    virtual void put(Batch& batch, const Owner& actor) = 0;
    /// Removes the owner and everything kept under its id, by whatever repository. From then on
    /// whatever is written under its id is passed over.
    virtual void remove(Batch& batch, const Owner& owner) = 0;
};

}  // namespace clarion::storage
