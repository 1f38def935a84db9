// Rooms: the rooms of one service on one shard: loads them, makes them, and gives each stanza to
// what takes it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "modules/muc/creators.h"
#include "modules/muc/one_at_a_time.h"
#include "modules/muc/room.h"
#include "modules/muc/service_owner.h"
#include "server/core/delivery/service.h"

namespace clarion::muc {

class Rooms final : public core::Directory<Room, core::Service> {
public:
    Rooms(core::ModuleSetup& setup, std::string domain, const RoomStore& store);

    void describe(xml::Element& query, core::Actor* actor) override;
    const std::string& domain() const { return domain_; }
    storage::Storage& storage() const { return context().storage(); }
    const RoomStore& store() const { return store_; }
    ServiceOwner& service() { return service_; }
    /// Of who is at home on this shard.
    Creators& creators() { return creators_; }
    core::Shard& shard() const;
    /// Who walks over all rooms takes its turn, so that however many ask, one walks at a time.
    OneAtATime& walking() const { return walking_; }

    /// Makes a room that is open and stays, for an administrator. Errors: "conflict" if there is one.
    Task<Result<>> create(std::string address, Jid owner);
    /// A room is to go, with all that is kept of it. Who is in it was told.
    void destroy(Room& room);
    /// The same, unless it is to stay.
    void destroy_if_over(Room& room);

private:
    Task<Result<std::unique_ptr<core::Actor>>> read(std::string address) override;
    Task<Result<>> fill(Room& room);
    void count(Room& room) const;
    bool may_evict(core::Actor& actor) override;

    void on_message(core::Actor& actor, core::Envelope envelope) override;
    void on_presence(core::Actor& actor, core::Envelope envelope) override;
    void on_iq_to_resource(core::Actor& actor, core::Envelope envelope) override;
    void on_absent(core::Envelope envelope, const Error& why) override;
    void take_failure(Room& room, const core::Envelope& envelope);
    void take_message(Room& room, core::Envelope envelope);
    void take_presence(Room& room, core::Envelope envelope);

    // ---- Making one ----
    void make(core::Envelope envelope);
    void refuse(core::Envelope envelope, const StanzaError& error) const;
    Task<> make_for(std::string address, Jid creator);
    Task<std::optional<StanzaError>> make_alone(std::string address, Jid creator);
    Task<std::optional<StanzaError>> refuse_creation(Jid creator);
    Task<std::optional<StanzaError>> take_place(Jid creator, bool administers);
    RoomRecord new_record(const Jid& creator) const;
    Task<Result<>> create(std::string address, Jid creator, RoomRecord record);
    Task<Result<>> write_new(const std::string& address, const Jid& creator, RoomRecord record);
    void give_to_waiting(const std::string& address, const StanzaError* refused);

    Task<> end_destruction(std::string address, std::string creator);

    const std::string domain_;
    const RoomStore& store_;
    ServiceOwner service_;
    Creators creators_;
    mutable OneAtATime walking_;
    /// What came for rooms that are being made, in order; the first asked for it.
    std::map<std::string, std::vector<core::Envelope>, std::less<>> waiting_;
    std::map<std::string, Jid, std::less<>> just_made_;       // by whom
    std::map<std::string, std::size_t, std::less<>> making_;  // how many, by whom
};

}  // namespace clarion::muc
