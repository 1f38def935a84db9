// How a vCard and what its account shows are kept (docs/formats.md). Plain values; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clarion::vcard {

/// What a client set.
struct StoredVcard {
    std::string xml{};  // <vCard/>
    /// Which of its children, counted from 0 and in order, a client had from the vCard4 node and
    /// gave back: they are shown to those only who may read that node.
    std::vector<std::uint32_t> from_node{};

    bool operator==(const StoredVcard&) const = default;
};

/// To whom a photo may be shown.
enum class Audience : std::uint8_t { nobody, contacts, everybody };

/// What an account shows, and where it is.
struct Standing {
    /// Of the photo shown, 20 bytes; empty: none.
    std::string photo{};
    Audience audience = Audience::everybody;
    /// Presence is told of a photo, or that there is none: the account has had a vCard or an avatar.
    bool in_presence = false;
    /// The avatar's nodes were written last (XEP-0084), not the photo of the vCard.
    bool photo_in_node = false;
    /// The same of the vCard4 node, and those fields of the vCard that both have.
    bool fields_in_node = false;
    /// What the vCard says is still to be published at the nodes.
    bool avatar_owed = false;
    bool vcard4_owed = false;
    /// What was last seen at the nodes of the avatar's metadata and of the vCard4: a hash of the
    /// newest item, 20 bytes; empty: nothing.
    std::string seen_avatar{};
    std::string seen_vcard4{};

    bool operator==(const Standing&) const = default;
};

/// All of these: error "bad-record".
std::string encode_vcard(const StoredVcard& vcard);
Result<StoredVcard> decode_vcard(std::string_view value);
std::string encode_standing(const Standing& standing);
Result<Standing> decode_standing(std::string_view value);

}  // namespace clarion::vcard
