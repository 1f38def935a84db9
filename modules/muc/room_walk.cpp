#include "modules/muc/room_walk.h"

#include <utility>

#include "server/runtime/shard.h"
#include "storage/owners.h"
#include "storage/storage.h"

namespace clarion::muc {

namespace {

constexpr std::size_t slice_size = 50;

}  // namespace

bool is_findable(const RoomRecord& record) { return record.config.is_public && !record.is_locked; }

Task<std::optional<StoredRoom>> read_room(const Rooms& rooms, std::string address) {
    const auto id = co_await rooms.storage().owners().find(storage::OwnerKind::actor, address);
    if (!id || !*id) co_return std::nullopt;
    auto record = co_await rooms.store().stored_record(**id);
    if (!record) co_return std::nullopt;
    co_return StoredRoom{std::move(address), **id, std::move(*record)};
}

Task<Result<std::optional<StoredRoom>>> RoomWalk::next() {
    for (;;) {
        if (at_ == slice_.size()) {
            if (is_last_) co_return std::optional<StoredRoom>();
            const Result<> read = co_await read_slice();
            if (!read) co_return read.error();
            continue;
        }
        auto room = co_await read_room(rooms_, slice_[at_++]);
        if (room) co_return std::move(room);
    }
}

Task<Result<>> RoomWalk::read_slice() {
    if (!slice_.empty()) co_await rooms_.shard().sleep(Duration::zero());
    auto addresses = co_await rooms_.storage().owners().list(storage::OwnerKind::actor,
                                                             rooms_.domain(), after_, slice_size);
    if (!addresses) co_return addresses.error();
    slice_ = std::move(*addresses);
    at_ = 0;
    is_last_ = slice_.size() < slice_size;
    if (!slice_.empty()) after_ = slice_.back();
    co_return Result<>{};
}

}  // namespace clarion::muc
