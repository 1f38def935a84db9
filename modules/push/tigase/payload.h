// What an app is told in an encrypted notification: a JSON object that fits its size. Pure.
//
// The keys are those that Siskin decodes. It ends its notification extension
// at a `type` or a `media` it does not know, so no other is ever written: `type` is chat, groupchat
// or call, or is left out; media are audio and video. A call without `media` is one that is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/xml.h"

namespace clarion::push::tigase {

/// A step of a call (XEP-0353) in a message.
struct CallStep {
    std::string_view action;  // propose, proceed, accept or reject
    std::string_view sid;
    std::vector<std::string_view> media;  // of a proposal: audio, video, each once

    bool is_proposal() const { return action == "propose"; }
};
/// Nothing: no such step, or it does not say of which call. The views live as long as `message`.
std::optional<CallStep> read_call(const xml::Element& message);

struct Payload {
    std::uint64_t unread = 0;
    std::string_view sender;
    std::string_view type;  // this and what follows: not written if empty
    std::string_view message;
    std::string_view nickname;
    std::string_view sid;
    std::optional<std::vector<std::string_view>> media;
};
std::string to_json(const Payload& payload);

/// The end of `text` is cut off so that to_json() of the rest, as one of the values, is `excess`
/// bytes shorter; never within a character.
std::string_view shortened(std::string_view text, std::size_t excess);

/// JSON of at most `limit` bytes: the message is cut, then left out, then the nickname; nullopt: it
/// does not fit without them either.
std::optional<std::string> fitting_json(Payload payload, std::size_t limit);

/// How long the JSON may be if what is published has `max_size` bytes: base64 of ciphertext and
/// tag, and 64 bytes for what stands around it (tigase-server counts so too).
constexpr std::size_t json_limit(std::size_t max_size) { return (max_size - 64) * 6 / 8 - 16; }

}  // namespace clarion::push::tigase
