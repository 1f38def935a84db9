#include "modules/muc/room_vcard.h"

#include <utility>

#include "base/text.h"
#include "modules/muc/announce.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"

namespace clarion::muc {

using core::IqAnswer;
using core::IqRequest;
using Condition = StanzaErrorCondition;

namespace {

/// More are of no use: all show the same (XEP-0486, "Multiple Stored Version of an Avatar").
constexpr std::size_t most_pictures = 10;

/// It may be broken into lines anywhere (RFC 2045, 6.8).
std::string without_space(std::string_view text) {
    std::string dense(text);
    std::erase_if(dense, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    return dense;
}

Error malformed_picture() { return fail("bad-request", "a picture is not base64"); }

void tell_picture(Room& room, std::string_view hash) {
    room.outbox().send(picture_presence(room, hash),
                       room.occupants().sessions_of([](const Occupant&) { return true; }));
}

std::string first_of(const std::vector<std::string>& hashes) {
    return hashes.empty() ? std::string() : hashes.front();
}

}  // namespace

Result<std::vector<std::string>> hashes_of_pictures(const xml::Element& vcard) {
    std::vector<std::string> hashes;
    for (const xml::Element& photo : vcard.children()) {
        if (!photo.is(ns::vcard, "PHOTO")) continue;
        const std::string data = without_space(photo.child_text(ns::vcard, "BINVAL"));
        if (data.empty()) continue;  // a link, or nothing
        if (hashes.size() == most_pictures) return fail("bad-request", "too many pictures");
        const auto image = base64_decode(data);
        if (!image || image->empty()) return malformed_picture();
        hashes.push_back(hex_encode(crypto::sha1(*image)));
    }
    return hashes;
}

std::shared_ptr<Stanza> picture_presence(const Room& room, std::string_view hash) {
    auto presence = Stanza::make(StanzaKind::presence, StanzaType::available, room.jid(), {});
    xml::Element& photo = presence->root().add("x", ns::vcard_update).add("photo");
    if (!hash.empty()) photo.add_text(hash);
    return presence;
}

Task<IqAnswer> answer_vcard(Room& room, IqRequest request) {
    (void)co_await room.context().shard().committed();  // what was just set
    const auto vcard = co_await room.store().vcard(room.id());
    if (!vcard) co_return to_stanza_error(vcard.error());
    auto result = make_result(*request.stanza);
    if (vcard->empty())
        result->root().add("vCard", ns::vcard);
    else
        result->root().add_raw(*vcard);
    co_return result;
}

IqAnswer take_vcard(Room& room, const IqRequest& request) {
    const xml::Element& vcard = request.payload();
    const std::string xml = vcard.has_children() ? xml::to_string(vcard) : std::string();
    if (xml.size() > static_cast<std::size_t>(room.options().max_vcard_bytes))
        return StanzaError(Condition::policy_violation, "the vCard is too large");
    const auto hashes = hashes_of_pictures(vcard);
    if (!hashes) return to_stanza_error(hashes.error());
    const std::string before = first_of(room.store().pictures(room.owner()));
    if (auto kept = room.store().put_vcard(room.owner(), xml, *hashes); !kept)
        return to_stanza_error(kept.error());
    tell_codes(room, {status::config_changed});
    if (first_of(*hashes) != before) tell_picture(room, first_of(*hashes));
    return make_result(*request.stanza);
}

}  // namespace clarion::muc
