#include "modules/registration/invitations/invitation.h"

#include <array>

#include "base/id.h"
#include "base/text.h"
#include "proto/crypto.h"
#include "storage/record_codec.h"

namespace clarion::registration::invitations {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::string_view alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
static_assert(alphabet.size() == 32);
constexpr std::size_t token_length = 26;

constexpr std::uint8_t befriends_flag = 1;
constexpr std::uint8_t registers_flag = 2;

}  // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::account: return "account";
        case Kind::contact: return "contact";
        case Kind::reset: break;
    }
    return "reset";
}

bool is_open(const Invitation& invitation, LastingTime now) {
    return now < invitation.expires && invitation.uses < invitation.most_uses;
}

std::string make_token() {
    std::array<unsigned char, token_length> random{};
    fill_random(random);
    std::string token;
    for (const unsigned char byte : random) token += alphabet[byte % alphabet.size()];
    return token;
}

std::string key_of_token(std::string_view token) { return hex_encode(crypto::sha256(token)); }

std::string id_of_key(std::string_view key) { return std::string(key.substr(0, id_length)); }

Result<> check_purpose(const Invitation& invitation, Purpose purpose) {
    const bool fits = [&] {
        switch (purpose) {
            case Purpose::register_: return invitation.kind != Kind::reset && invitation.registers;
            case Purpose::subscribe: return invitation.kind == Kind::contact;
            case Purpose::reset: break;
        }
        return invitation.kind == Kind::reset;
    }();
    if (fits) return {};
    return fail(error_code::item_not_found, "the invitation is for something else");
}

Result<> check_name(const Invitation& invitation, std::string_view localpart) {
    if (invitation.account.empty() || invitation.account == localpart) return {};
    return fail(error_code::not_acceptable,
                "the invitation is for the name " + invitation.account + " alone");
}

std::string encode(const Invitation& invitation) {
    const int flags =
        (invitation.befriends ? befriends_flag : 0) | (invitation.registers ? registers_flag : 0);
    return storage::Encoder(version)
        .u8(static_cast<std::uint8_t>(invitation.kind))
        .string(invitation.inviter)
        .string(invitation.account)
        .u8(static_cast<std::uint8_t>(flags))
        .time(invitation.created)
        .time(invitation.expires)
        .u32(invitation.most_uses)
        .u32(invitation.uses)
        .take();
}

Result<Invitation> decode_invitation(std::string_view value) {
    storage::Decoder in(value, version);
    Invitation read;
    const std::uint8_t kind = in.enumerator(static_cast<std::uint8_t>(Kind::reset));
    read.kind = static_cast<Kind>(kind);
    read.inviter = in.string();
    read.account = in.string();
    const std::uint8_t flags = in.enumerator(befriends_flag | registers_flag);
    read.befriends = (flags & befriends_flag) != 0;
    read.registers = (flags & registers_flag) != 0;
    read.created = in.lasting_time();
    read.expires = in.lasting_time();
    read.most_uses = in.u32();
    read.uses = in.u32();
    if (auto fits = in.finish("invitation"); !fits) return fits.error();
    if (kind == 0) return fail("bad-record", "an invitation of no kind");
    return read;
}

}  // namespace clarion::registration::invitations
