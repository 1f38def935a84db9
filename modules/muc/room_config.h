// RoomConfig: how a room is configured (XEP-0045, 10.1 and 15.5.3). A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/muc.h"

namespace clarion::muc {

/// A set of roles: those to whom something applies.
class Roles {
public:
    constexpr Roles() = default;
    constexpr explicit Roles(std::uint8_t bits) : bits_(bits) {}
    static constexpr Roles all() { return Roles(0b1110); }
    static constexpr Roles none() { return Roles(0); }
    constexpr bool contains(Role role) const { return (bits_ >> bit(role) & 1) != 0; }
    constexpr Roles& add(Role role) {
        bits_ = static_cast<std::uint8_t>(bits_ | 1u << bit(role));
        return *this;
    }
    constexpr std::uint8_t bits() const { return bits_; }
    constexpr bool operator==(const Roles&) const = default;

private:
    static constexpr unsigned bit(Role role) { return static_cast<unsigned>(role); }
    std::uint8_t bits_ = 0;
};

/// Who sees the real address of an occupant.
enum class WhoIs : std::uint8_t { moderators, anyone };
/// Who may send private messages.
enum class AllowPm : std::uint8_t { anyone, participants, moderators, none };

/// Stored: an enumerator is never renumbered.
struct RoomConfig {
    std::string name{}, description{}, language{};
    std::vector<std::string> contacts{};  // addresses
    std::string password{};               // empty: none is needed
    bool is_persistent = false;
    bool is_public = true;  // listed, and its occupants may be
    bool is_members_only = false;
    bool is_moderated = false;  // who enters without affiliation has no voice
    bool allows_invites =
        true;  // by any occupant; otherwise by admins only, of a members-only room
    bool changes_subject = false;  // participants may; otherwise moderators only
    bool is_archived = true;
    bool allows_voice_requests = true;
    WhoIs who_is = WhoIs::moderators;
    AllowPm allow_pm = AllowPm::anyone;
    Roles presence_broadcast = Roles::all();
    Roles member_list = Roles::all();  // who may have the lists of those affiliated
    std::uint32_t max_users = 0;       // 0: as many as the service allows
    std::uint32_t slow_mode = 0;       // seconds between two messages of one occupant (XEP-0500)
    std::uint32_t history = 20;        // messages at most that who enters is sent

    bool operator==(const RoomConfig&) const = default;
};

/// The role of somebody who enters (5.1.2).
Role default_role(const RoomConfig& config, Affiliation affiliation);

}  // namespace clarion::muc
