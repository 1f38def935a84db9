#include "modules/push/mentions.h"

#include <algorithm>

#include "base/text.h"
#include "modules/push/policy.h"
#include "proto/jid.h"
#include "proto/nickname.h"
#include "proto/ns.h"
#include "proto/unicode_text.h"

namespace clarion::push {

namespace {

/// Of a longer text the rest is not searched.
constexpr std::size_t longest_text = 8u << 10;

/// As in a URI (RFC 3986, 2.1).
std::string percent_decode(std::string_view text) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = hex_decode(text[at] == '%' ? text.substr(at + 1, 2) : "");
        const bool is_escape = byte && byte->size() == 1;
        decoded += is_escape ? byte->front() : text[at];
        if (is_escape) at += 2;
    }
    return decoded;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Whether the character that begins with this byte goes on a word: letters of alphabets (up to
/// U+07FF). What comes behind them are scripts that put no spaces between words, signs and pictures.
bool is_of_word(char lead) {
    const auto byte = static_cast<unsigned char>(lead);
    const bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z' && byte < 0x80;
    const bool is_digit = byte >= '0' && byte <= '9';
    return is_letter || is_digit || byte == '_' || (byte >= 0xc3 && byte <= 0xdf);
}

std::size_t begin_of_character(std::string_view text, std::size_t at) {
    while (at > 0 && is_continuation(text[at])) --at;
    return at;
}

/// Whether two neighbours belong to different words. `at`: of the second one.
bool is_boundary(std::string_view text, std::size_t at) {
    if (at == 0 || at >= text.size()) return true;
    return !is_of_word(text[at]) || !is_of_word(text[begin_of_character(text, at - 1)]);
}

bool is_encrypted(const xml::Element& message) {
    return has_ciphertext(message) || message.child(ns::eme, "encryption");
}

bool is_in_body(const xml::Element& message, const OwnPlace& own) {
    if (is_encrypted(message)) return false;  // what stands there is for who cannot decrypt
    for (const xml::Element& child : message.children()) {
        if (!child.is(message.ns(), "body")) continue;
        for (const std::string& nick : own.nicks)
            if (has_word(child.text(), nick)) return true;
    }
    return false;
}

/// Not to notify, or who is active only: who is to be woken is not.
bool is_silent(const xml::Element& mention) {
    return mention.child(ns::mentions, "noping") || mention.child(ns::mentions, "active");
}

bool is_meant(const xml::Element& mention, const OwnPlace& own) {
    if (is_silent(mention)) return false;
    const std::string_view group = mention.attr("mentions");
    if (!group.empty()) {
        const std::string_view uri = mention.attr("uri");
        return group == std::string(ns::mentions) + "#channel" &&
               (uri.empty() || uri == "xmpp:" + std::string(own.room));
    }
    if (!own.occupant_id.empty() && mention.attr("occupantid") == own.occupant_id) return true;
    const auto jid = Jid::parse(mention.attr("jid"));
    return jid && jid->bare() == own.account;
}

bool is_own_address(std::string_view written, const OwnPlace& own) {
    const auto jid = Jid::parse(written);
    if (!jid || jid->bare() != own.room) return false;
    return std::find(own.nicks.begin(), own.nicks.end(), jid->resource()) != own.nicks.end();
}

}  // namespace

bool is_referenced(const xml::Element& message, std::string_view account, std::string_view room,
                   std::string_view nick) {
    const std::string me = "xmpp:" + std::string(account);
    const std::string occupant = "xmpp:" + std::string(room) + '/' + std::string(nick);
    for (const xml::Element& child : message.children()) {
        if (!child.is(ns::reference, "reference") || child.attr("type") != "mention") continue;
        const std::string uri = percent_decode(child.attr("uri"));
        if (uri == me || uri == occupant) return true;
    }
    return false;
}

bool has_word(std::string_view text, std::string_view nick) {
    const std::string word = nickname_key(nick);
    if (word.empty()) return false;
    const std::string words = nickname_key(utf8_truncate(text, longest_text));
    for (auto at = words.find(word); at != std::string::npos; at = words.find(word, at + 1))
        if (is_boundary(words, at) && is_boundary(words, at + word.size())) return true;
    return false;
}

bool is_mentioned(const xml::Element& message, const OwnPlace& own) {
    if (is_in_body(message, own)) return true;
    if (is_referenced(message, own.account, own.room, {})) return true;
    for (const std::string& nick : own.nicks)
        if (is_referenced(message, own.account, own.room, nick)) return true;
    for (const xml::Element& child : message.children()) {
        if (child.is(ns::mentions, "mention") && is_meant(child, own)) return true;
        if (child.is(ns::reply, "reply") && is_own_address(child.attr("to"), own)) return true;
    }
    return false;
}

}  // namespace clarion::push
