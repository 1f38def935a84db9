#include "modules/push/tigase/encrypt.h"

#include <algorithm>

#include "base/text.h"
#include "modules/push/policy.h"
#include "modules/push/tigase/names.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "server/core/events/push_events.h"

namespace clarion::push::tigase {

namespace {

using core::Flow;

StanzaError refusal(StanzaErrorCondition condition, std::string text) {
    return {condition, StanzaErrorType::modify, std::move(text)};
}

std::string_view bare(std::string_view jid) { return jid.substr(0, jid.find('/')); }
std::string_view resource(std::string_view jid) {
    const auto slash = jid.find('/');
    return slash == std::string_view::npos ? std::string_view{} : jid.substr(slash + 1);
}

/// Whatever its hints say: its body is not its text.
bool is_encrypted(const xml::Element& message) {
    return has_ciphertext(message) || message.child(ns::eme, "encryption");
}

/// The call that was proposed last, so that who answered it elsewhere can be told apart from who
/// called: the app ends the call it has from that sender.
struct LastCall {
    std::string sid, caller;
};

/// The module on one shard.
class Encrypt {
public:
    explicit Encrypt(core::ModuleSetup& setup)
        : context_(setup.context()), calls_(setup.account_slot<LastCall>()) {}

    Flow on_registering(events::PushRegistering& event) const {
        const xml::Element* encrypt = event.enable.child(ns_encrypt, "encrypt");
        if (!encrypt) return Flow::next;
        auto read = read_encrypt(*encrypt);
        if (auto* error = std::get_if<StanzaError>(&read)) event.error = std::move(*error);
        return event.error ? Flow::stop : Flow::next;
    }

    void on_sending(events::PushSending& event) const {
        const xml::Element* encrypt = event.enable.child(ns_encrypt, "encrypt");
        if (!encrypt) return;
        remove_plaintext(event.notification);
        const auto read = read_encrypt(*encrypt);
        const auto* encryption = std::get_if<Encryption>(&read);
        // Enabled while this module was off: the app is woken, and nothing is said.
        if (!encryption) return;
        const std::size_t limit = json_limit(encryption->max_size);
        Payload payload = compose(event);
        bool is_call = payload.type == "call";
        auto json = fitting_json(payload, limit);
        if (!json) {
            is_call = false;
            json = to_json({event.unread, event.account.jid().bare()});
        }
        add_encrypted(event.notification, *encryption, *json, is_call);
    }

private:
    static void remove_plaintext(xml::Element& notification) {
        xml::Element* next = nullptr;
        for (xml::Element* child = notification.first_child(); child; child = next) {
            next = child->next_sibling();
            if (child->ns() != ns_priority) notification.remove(*child);
        }
    }

    Payload compose(const events::PushSending& event) const {
        Payload payload;
        payload.sender = event.account.jid().bare();
        if (event.cause && event.cause->is_message()) {
            const Carried inner = carried(*event.cause, event.account.jid().bare());
            const auto call = event.urgent ? read_call(*inner.message) : std::nullopt;
            const auto& options = context_.options<EncryptOptions>(event.account.host());
            payload = call ? describe_call(event.account, *inner.message, *call)
                           : describe(*inner.message, inner.own, options.encrypted_message);
        } else if (event.cause && !event.cause->from().empty()) {
            payload.sender = event.cause->from().bare();
        }
        payload.unread = event.unread;
        return payload;
    }

    Payload describe_call(core::Account& account, const xml::Element& message,
                          const CallStep& step) const {
        Payload payload;
        payload.type = "call";
        payload.sid = step.sid;
        LastCall& last = calls_.of(account);
        if (step.is_proposal()) {
            payload.sender = message.attr("from");
            payload.media = step.media;
            last = {std::string(step.sid), std::string(payload.sender)};
            return payload;
        }
        const auto to = message.attr("to");
        if (last.sid == step.sid)
            payload.sender = last.caller;
        else
            payload.sender = bare(to) == account.jid().bare() ? message.attr("from") : to;
        return payload;
    }

    core::Context& context_;
    core::AccountSlot<LastCall> calls_;
};

}  // namespace

void EncryptOptions::declare(OptionTable<EncryptOptions>& t) {
    t.section("push_encrypt", "Encrypted push notifications (tigase:push:encrypt:0).")
        .per_host()
        .live();
    t.add("encrypted_message", &EncryptOptions::encrypted_message)
        .doc(
            "Stands for the text of an end-to-end encrypted message; empty: nothing does, and some "
            "apps do not say then who wrote.");
}

void declare_encrypt_options(OptionRegistry& registry) { registry.add<EncryptOptions>(); }

std::variant<Encryption, StanzaError> read_encrypt(const xml::Element& encrypt) {
    using Condition = StanzaErrorCondition;
    if (to_lower_ascii(encrypt.attr("alg")) != "aes-128-gcm")
        return refusal(Condition::feature_not_implemented, "the algorithm is aes-128-gcm");
    Encryption result;
    auto key = base64_decode(trim(encrypt.text()));
    if (!key || key->size() != crypto::aes_128_key_size)
        return refusal(Condition::bad_request, "the key is base64 of 16 bytes");
    result.key = std::move(*key);
    if (const auto text = encrypt.find_attr("max-size")) {
        const auto size = parse_int(*text);
        if (!size || *size <= 0) return refusal(Condition::bad_request, "max-size is no size");
        const auto most = static_cast<std::int64_t>(Encryption::most_size);
        result.max_size =
            std::max(Encryption::least_size, static_cast<std::size_t>(std::min(*size, most)));
    }
    return result;
}

Payload describe(const xml::Element& carried, bool own, std::string_view known_text) {
    Payload payload;
    const auto from = carried.attr("from");
    payload.sender = bare(from);
    if (carried.attr("type") == "error") return payload;
    const bool in_room = carried.attr("type") == "groupchat";
    payload.type = in_room ? "groupchat" : "chat";
    if (in_room) payload.nickname = resource(from);
    if (own) return payload;
    payload.message = is_encrypted(carried) ? known_text : carried.child_text(carried.ns(), "body");
    return payload;
}

void add_encrypted(xml::Element& notification, const Encryption& encryption, std::string_view json,
                   bool is_call) {
    const std::string iv = crypto::random_bytes(crypto::gcm_iv_size);
    xml::Element& encrypted = notification.add("encrypted", ns_encrypt);
    encrypted.set_attr("iv", base64_encode(iv));
    if (is_call) encrypted.set_attr("type", "voip");
    encrypted.add_text(base64_encode(crypto::aes_128_gcm_encrypt(encryption.key, iv, json)));
}

void install_encrypt(core::ModuleSetup& setup) {
    const Encrypt& self = setup.state<Encrypt>(setup);
    setup.account_feature(ns_encrypt);
    setup.account_feature(aes_128_gcm_feature);
    setup.on(events::PushRegistering::Stage::check, self, &Encrypt::on_registering);
    setup.on(events::PushSending::Stage::encrypt, self, &Encrypt::on_sending);
}

}  // namespace clarion::push::tigase
