#include "modules/push/tigase/payload.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "proto/ns.h"

namespace clarion::push::tigase {

namespace {

constexpr std::string_view ns_rtp = "urn:xmpp:jingle:apps:rtp:1";  // XEP-0167

std::vector<std::string_view> read_media(const xml::Element& proposal) {
    std::vector<std::string_view> media;
    for (const xml::Element& description : proposal.children()) {
        if (!description.is(ns_rtp, "description")) continue;
        const auto kind = description.attr("media");
        if (kind != "audio" && kind != "video") continue;
        if (std::find(media.begin(), media.end(), kind) == media.end()) media.push_back(kind);
    }
    return media;
}

/// Bytes of one byte of text within a JSON string.
std::size_t escaped_size(char c) { return quote({&c, 1}).size() - 2; }

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

void add(std::string& json, std::string_view key, std::string_view value) {
    if (value.empty()) return;
    json += ',' + quote(key) + ':' + quote(value);
}

}  // namespace

std::optional<CallStep> read_call(const xml::Element& message) {
    for (const auto action : {"propose", "proceed", "accept", "reject"}) {
        const xml::Element* step = message.child(ns::jingle_message, action);
        if (!step || step->attr("id").empty()) continue;
        CallStep call{action, step->attr("id"), {}};
        if (call.is_proposal()) call.media = read_media(*step);
        return call;
    }
    return std::nullopt;
}

std::string to_json(const Payload& payload) {
    std::string json = "{\"unread\":" + std::to_string(payload.unread);
    add(json, "sender", payload.sender);
    add(json, "type", payload.type);
    add(json, "message", payload.message);
    add(json, "nickname", payload.nickname);
    add(json, "sid", payload.sid);
    if (payload.media) {
        json += ",\"media\":[";
        for (const auto kind : *payload.media)
            json += (json.back() == '[' ? "" : ",") + quote(kind);
        json += ']';
    }
    return json + '}';
}

std::string_view shortened(std::string_view text, std::size_t excess) {
    std::size_t saved = 0;
    std::size_t end = text.size();
    while (end > 0 && saved < excess) saved += escaped_size(text[--end]);
    while (end > 0 && end < text.size() && continues_character(text[end])) --end;
    return text.substr(0, end);
}

std::optional<std::string> fitting_json(Payload payload, std::size_t limit) {
    std::string json = to_json(payload);
    if (json.size() <= limit) return json;
    payload.message = shortened(payload.message, json.size() - limit);
    json = to_json(payload);
    if (json.size() <= limit) return json;
    payload.nickname = {};
    json = to_json(payload);
    if (json.size() <= limit) return json;
    return std::nullopt;
}

}  // namespace clarion::push::tigase
