// push_encrypt: what a push service is told is encrypted for the app (tigase:push:encrypt:0).
//
// A registration that asked for it gets no summary form and nothing else in plaintext, only
// <encrypted/> and the priority: the push service and Apple or Google learn that there is
// something, and of a call that it is one (type='voip'), since phones ring in no other way. The
// options notification_with_body and _with_sender are about plaintext: the app is always told both.
//
// Of an end-to-end encrypted message the text is not known here, and its body, if any, says no more
// than that: `encrypted_message` stands for it. Without a text Siskin would not even say who wrote.
//
// Where there is no message (a ping, a cleared badge), and where not even its sender fits into
// max-size, the app is told the count and, as it insists on a sender, its own account's address.
//
// The privacy of all this is that of the key: it is kept with the registration, as it came, and
// never logged. AES-128-GCM with a random iv for each notification; the tag is appended.
#pragma once

#include <string>
#include <variant>

#include "base/option.h"
#include "modules/push/tigase/payload.h"
#include "proto/stanza.h"
#include "server/core/setup/module.h"

namespace clarion::push::tigase {

struct EncryptOptions {
    std::string encrypted_message = "New encrypted message";
    static void declare(OptionTable<EncryptOptions>& table);
};
void declare_encrypt_options(OptionRegistry& registry);
void install_encrypt(core::ModuleSetup& setup);

/// What an <encrypt/> asks for.
struct Encryption {
    std::string key;  // 16 bytes
    std::size_t max_size = 3000;
    static constexpr std::size_t least_size = 256;
    static constexpr std::size_t most_size = 1 << 16;
};
/// Errors: feature-not-implemented (another algorithm), bad-request (no such key; no such size). A
/// size beyond the bounds above is brought to them.
std::variant<Encryption, StanzaError> read_encrypt(const xml::Element& encrypt);

/// A message as the app is told of it. `carried`: in its wrapper, if it has one, see policy.h.
/// `known_text`: what stands for the body of an encrypted one. Views live as long as both.
Payload describe(const xml::Element& carried, bool own, std::string_view known_text);

/// `<encrypted/>` with that JSON in it.
void add_encrypted(xml::Element& notification, const Encryption& encryption, std::string_view json,
                   bool is_call);

}  // namespace clarion::push::tigase
