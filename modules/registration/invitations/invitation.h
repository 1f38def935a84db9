// Invitation: what a token is worth, as it is kept with a host. Pure, but for make_token().
//
// The token itself is shown once, to who asked for it, and then known to nobody here: an invitation
// is kept under the token's SHA-256, so that neither a backup nor a list reveals one. The first
// digits of that, its id, name it to people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace clarion::registration::invitations {

enum class Kind : std::uint8_t {
    account = 1,  // to make an account
    contact = 2,  // to become a contact of who invites, by subscribing or with a new account
    reset = 3,    // to set another password
};

/// "account", "contact", "reset".
std::string_view name_of(Kind kind);

struct Invitation {
    Kind kind = Kind::account;
    std::string inviter{};   // bare; empty: the operator
    std::string account{};   // localpart: of a reset whose, else which alone may be made; or empty
    bool befriends = false;  // who makes an account and who invited them become contacts
    bool registers = true;   // it may make an account
    LastingTime created{};
    LastingTime expires{};
    std::uint32_t most_uses = 1;
    std::uint32_t uses = 0;

    bool operator==(const Invitation&) const = default;
};

/// Whether it is not over yet.
bool is_open(const Invitation& invitation, LastingTime now);

/// What a stream presented in time it may finish a while later (XEP-0445, section 4): so long what
/// has expired is kept. Streams that do not log in are closed earlier.
inline constexpr Duration kept_when_over = std::chrono::minutes(10);

/// 26 letters and digits that nobody can guess (130 bits), none of which is taken for another.
std::string make_token();
/// Under which its invitation is kept: 64 hexadecimal digits.
std::string key_of_token(std::string_view token);
std::string id_of_key(std::string_view key);
inline constexpr std::size_t id_length = 10;

/// Who comes with an invitation.
enum class Purpose : std::uint8_t { register_, subscribe, reset };
/// Whether it is good for that. Error "item-not-found": whatever it is else, for this it is nothing.
Result<> check_purpose(const Invitation& invitation, Purpose purpose);
/// Whether an account of this name may be made with it, or set anew. Error "not-acceptable".
Result<> check_name(const Invitation& invitation, std::string_view localpart);

/// As it is stored (docs/formats.md).
std::string encode(const Invitation& invitation);
/// Error "bad-record".
Result<Invitation> decode_invitation(std::string_view value);

}  // namespace clarion::registration::invitations
