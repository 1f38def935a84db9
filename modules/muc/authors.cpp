#include "modules/muc/authors.h"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "modules/muc/archive_search.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/context.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::muc {

namespace {

constexpr Logger logger{"muc"};
/// How exact it is kept when an author last said something: it is written so often.
constexpr auto exactness = std::chrono::hours(24);

// ---- Forgetting those of whom nothing is left ---------------------------------------------------

/// `pin` outlives it.
Task<Result<>> forget_outdated(const core::ActorPin<Room>& pin) {
    Room& room = *pin;
    const auto bounds = co_await room.context().storage().archive().bounds(room.id());
    if (!bounds) co_return bounds.error();
    if (!*bounds || !pin.alive()) co_return Result<>{};
    const std::function<bool(const AuthorRecord&)> speaks = [&room](const AuthorRecord& author) {
        for (const Occupant* each : room.occupants().of(author.address))
            if (each->noted != WallTime{}) return true;
        return false;
    };
    co_return co_await room.store().remove_authors(room.id(), (*bounds)->first_time - exactness,
                                                   speaks);
}

Task<> forget_some(core::ActorPin<Room> pin) {
    const std::string address = pin->jid().full();
    const Result<> done = co_await forget_outdated(pin);
    if (!done) logger.error("authors", {{"room", address}, {"error", done.error().text}});
}

// ---- Telling -----------------------------------------------------------------------------------

std::string_view occupant_id_of(const xml::Document& message) {
    if (message.empty()) return {};
    const xml::Element* const id = message.root().child(ns::occupant_id, "occupant-id");
    return id ? id->attr("id") : std::string_view();
}

/// What is known of them, by occupant id.
using Addresses = std::map<std::string, std::string, std::less<>>;

Task<Addresses> addresses_of(const Room& room, const std::vector<xml::Document>& messages) {
    Addresses found;
    for (const xml::Document& message : messages) {
        std::string id(occupant_id_of(message));
        if (id.empty() || found.contains(id)) continue;
        auto author = co_await room.store().author(room.id(), id);
        found.emplace(std::move(id), author ? std::move(*author) : std::string());
    }
    co_return found;
}

void add_author(storage::ArchivedMessage& archived, xml::Document& message,
                const Addresses& addresses) {
    const auto author = addresses.find(occupant_id_of(message));
    if (author == addresses.end() || author->second.empty()) return;
    message.root().add("x", ns::muc_user).add("item").set_attr("jid", author->second);
    archived.xml = xml::to_string(message.root());
}

}  // namespace

/// The first who speaks since the room was loaded has those forgotten whose messages have expired.
void note_author(Room& room, Occupant& occupant) {
    const WallTime now = room.context().clock().wall();
    if (occupant.noted != WallTime{} && now - occupant.noted < exactness) return;
    occupant.noted = now;
    room.store().put_author(room.id(), occupant.id, {occupant.user, now});
    if (room.begin_forgetting_authors())
        room.context().scope_of(room.id()).spawn("forget-authors",
                                                 forget_some(core::ActorPin<Room>(room)));
}

/// The right is looked at again when all is read: the asker may have lost it meanwhile.
Task<> add_authors(Room& room, Jid asker, storage::ArchivePage& page) {
    if (!knows_addresses(room, asker)) co_return;
    std::vector<xml::Document> messages;
    for (const storage::ArchivedMessage& each : page.messages)
        messages.push_back(xml::parse_element(each.xml, ns::client));
    const Addresses addresses = co_await addresses_of(room, messages);
    if (!knows_addresses(room, asker)) co_return;
    for (std::size_t i = 0; i < messages.size(); ++i)
        add_author(page.messages[i], messages[i], addresses);
}

}  // namespace clarion::muc
