// The table of modules: what must hold of each row.
#include <doctest/doctest.h>

#include <set>

#include "modules/administration/standing_message.h"
#include "modules/all.h"
#include "modules/blocking/blocklist.h"
#include "modules/caps/stored_text.h"
#include "modules/http_upload/records.h"
#include "modules/last_activity/departure.h"
#include "modules/mam/preferences.h"
#include "modules/muc/records.h"
#include "modules/private_xml/document.h"
#include "modules/pubsub/records.h"
#include "modules/push/registration_codec.h"
#include "modules/registration/invitations/invitation.h"
#include "modules/registration/tombstone_codec.h"
#include "modules/vcard/vcard_codec.h"
#include "proto/entity_caps.h"
#include "storage/module_data.h"

namespace clarion {
namespace {

const core::ModuleRow& row(std::string_view name) {
    for (const auto& each : modules::standard())
        if (each.name == name) return each;
    throw std::runtime_error("no module " + std::string(name));
}

TEST_CASE("modules have names that can be kept in keys, each its own") {
    std::set<std::string_view> names;
    for (const auto& each : modules::standard()) {
        CHECK(names.insert(each.name).second);
        CHECK(each.name.size() <= storage::max_module_name);
        CHECK(each.name.find('\0') == std::string_view::npos);
        CHECK(bool(each.install));
        CHECK(!each.summary.empty());
    }
}

TEST_CASE("modules that keep something can say whether an entry is theirs") {
    struct Case {
        const char* module;
        std::string key, value;
    };
    const std::string jid = "paris@example.org";
    const std::string features = "client/phone//<urn:tern<";
    for (const auto& [module, key, value] :
         {Case{"caps", "sha-1 " + *caps_ver("sha-1", features), caps::encode({{}, features})},
          Case{"administration", "motd", administration::encode_mark(WallTime{})},
          Case{"blocking", blocking::blocked_key(jid), blocking::encode_blocked(jid)},
          Case{"mam", "preferences", mam::encode(mam::ArchivePreferences{})},
          Case{"muc", "c", muc::encode(muc::RoomRecord{})},
          Case{"muc", "k", std::string(muc::secret_size, 's')},
          Case{"muc", "s", muc::encode(muc::SubjectRecord{})},
          Case{"muc", "a" + jid, muc::encode(muc::AffiliationRecord{jid})},
          Case{"muc", "nparis", muc::encode(muc::ReservationRecord{"Paris", jid})},
          Case{"muc", "o" + jid + "/ida", muc::encode(muc::OccupantRecord{jid + "/ida"})},
          Case{"pubsub", pubsub::node_key(1), pubsub::encode(pubsub::Node{})},
          Case{"push", push::registration_key(7), push::encode(events::PushRegistration{})},
          Case{"private_xml", "a urn:x", private_xml::encode_document("<a xmlns='urn:x'>1</a>")},
          Case{"invitations", registration::invitations::key_of_token("t"),
               registration::invitations::encode({})},
          Case{"registration", "deleted", registration::encode_tombstone(LastingTime{})},
          Case{"vcard", "photo", vcard::encode_standing({})},
          Case{"http_upload", "u", http_upload::encode(http_upload::Usage{})},
          Case{"last_activity", "departure", last_activity::encode(last_activity::Departure{})}}) {
        CAPTURE(module);
        const auto check = row(module).check_entry;
        REQUIRE(bool(check));
        constexpr auto kind = storage::DataKind::resident;
        CHECK(check(kind, key, value).ok());
        CHECK(!check(kind, "another key", value).ok());
        CHECK(!check(kind, key, value + "x").ok());
        CHECK(!check(kind, key, "").ok());
        CHECK(!check(kind, key, "\xff" + value).ok());
    }
}

}  // namespace
}  // namespace clarion
