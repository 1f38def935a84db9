// Rooms as they are on the wire: affiliations and roles, what is asked of a room, and what it says.
//
// Pure; plain values, any thread. Views are into the stanza that was read, which must outlive them.
// Source: XEP-0045; the sections are named where they matter.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "proto/stanza.h"

namespace clarion::muc {

/// What somebody is to a room for as long as it exists (5.2). The order is that of what they may;
/// stored: never renumber.
enum class Affiliation : std::uint8_t { outcast, none, member, admin, owner };
std::string_view name(Affiliation affiliation);
std::optional<Affiliation> parse_affiliation(std::string_view text);

/// What an occupant may while it is in the room (5.1). The order is that of what they may; stored:
/// never renumber.
enum class Role : std::uint8_t { none, visitor, participant, moderator };
std::string_view name(Role role);
std::optional<Role> parse_role(std::string_view text);

/// Status codes of the registry (15.6.2) that a room uses.
namespace status {
inline constexpr int jids_are_public = 100;
inline constexpr int config_changed = 104;
inline constexpr int self = 110;
inline constexpr int logging_on = 170;
inline constexpr int logging_off = 171;
inline constexpr int now_non_anonymous = 172;
inline constexpr int now_semi_anonymous = 173;
inline constexpr int room_created = 201;
inline constexpr int nick_assigned = 210;
inline constexpr int banned = 301;
inline constexpr int nick_changed = 303;
inline constexpr int kicked = 307;
inline constexpr int lost_affiliation = 321;
inline constexpr int members_only = 322;
inline constexpr int shut_down = 332;
inline constexpr int error_kick = 333;
}  // namespace status

// ---- What is asked -----------------------------------------------------------------------------

/// How much of what was said before somebody who enters wants (7.2.14). Not set: whatever the room
/// sends.
struct HistoryRequest {
    std::optional<std::uint64_t> max_chars{};
    std::optional<std::uint64_t> max_stanzas{};
    std::optional<std::uint64_t> seconds{};
    std::optional<WallTime> since{};
};

/// `<x xmlns='…/muc'/>` of presence (7.2).
struct EnterRequest {
    std::string_view password{};
    HistoryRequest history{};
};
/// nullopt: the presence does not ask to enter.
std::optional<EnterRequest> read_enter(const Stanza& presence);

/// One item of muc#admin (9 and 10). A jid is given bare.
struct AdminItem {
    std::string nick{};
    Jid jid{};
    std::optional<Affiliation> affiliation{};
    std::optional<Role> role{};
    std::string reason{};
    /// It has the jid of a user and a nickname, which is to be reserved; an empty one: none is (9.3,
    /// 9.5).
    bool reserves_nick = false;
};
/// All items of a request. Errors: "bad-request" if an item says neither or both of role and
/// affiliation, names nobody, or there is none; "jid-malformed".
Result<std::vector<AdminItem>> read_admin_items(const xml::Element& query);

/// `<invite/>` in muc#user (7.8.2).
struct Invitation {
    Jid to{};
    std::string reason{};
    const xml::Element* continued = nullptr;  // 7.9
};
/// `<decline/>` in muc#user (7.8.2).
struct Decline {
    Jid to{};
    std::string reason{};
};
struct InvitationsRead {
    std::vector<Invitation> invitations{};
    std::optional<Decline> decline{};
    bool empty() const { return invitations.empty() && !decline; }
};
/// What a message to a room says about invitations. Error: "jid-malformed".
Result<InvitationsRead> read_invitations(const Stanza& message);

/// `<destroy/>` in muc#owner (10.9).
struct Destruction {
    Jid venue{};  // empty: nowhere else
    std::string reason{};
    std::string password{};
};
/// Error: "jid-malformed".
Result<Destruction> read_destruction(const xml::Element& destroy);

/// Whether a message says the subject and nothing more (8.1): a subject, and neither body nor thread.
bool sets_subject(const Stanza& message);

// ---- What a room says --------------------------------------------------------------------------

/// What `<item/>` in muc#user says. Empty: not said.
struct UserItem {
    std::optional<Affiliation> affiliation{};
    std::optional<Role> role{};
    std::string_view jid{};
    std::string_view nick{};
    std::string_view actor_nick{};
    std::string_view reason{};
};
void add_item(xml::Element& x, const UserItem& item);
void add_status(xml::Element& x, std::initializer_list<int> codes);
void add_status(xml::Element& x, int code);

/// Removes what only a room may say, and what only a room is told: elements of muc and muc#user,
/// occupant ids, wherever they are among the stanza's children.
void strip_room_elements(xml::Element& stanza);
/// Whether it would remove something.
bool has_room_elements(const xml::Element& stanza);

}  // namespace clarion::muc
