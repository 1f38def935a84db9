// [muc."rooms.example.org"]: a service of rooms at a domain of its own.
#pragma once

#include <cstdint>
#include <string>

#include "base/config.h"
#include "base/option.h"

namespace clarion::muc {

struct MucOptions {
    std::string name = "Chatrooms";
    std::string create = "local";
    bool lock_new_rooms = true;
    bool public_rooms = true;
    bool persistent_rooms = false;
    bool archived_rooms = true;
    std::int64_t max_rooms_of_creator = 100;
    std::int64_t max_occupants = 2000;
    std::int64_t max_sessions_of_user = 20;
    std::int64_t max_affiliations = 10000;
    std::int64_t max_outcasts = 10000;
    std::int64_t max_registrations = 5000;
    std::int64_t max_registrations_of_domain = 500;
    std::int64_t max_registration_bytes = 1 << 20;
    std::int64_t max_invitations = 200;
    std::int64_t max_private_messages = 200;
    std::int64_t max_requests = 1000;
    std::int64_t max_requests_of_user = 50;
    std::int64_t max_history = 50;
    std::int64_t max_nick_bytes = 256;
    std::int64_t max_subject_bytes = 4096;
    std::int64_t max_presence_bytes = 16 << 10;
    std::int64_t max_vcard_bytes = 128 << 10;
    double messages_per_second = 10;
    double presence_per_second = 5;
    double requests_per_second = 5;
    double joins_per_second = 50;
    double joins_of_user_per_second = 1;
    double joins_of_domain_per_second = 25;
    double wrong_passwords_per_minute = 10;
    std::string offline_delivery = "registered";
    bool occupants_answer_sets = false;
    bool enforce_registered_nicknames = false;
    std::string logs_url;
    static void declare(OptionTable<MucOptions>& table);
};

/// The options of a service at that domain (prepared); defaults if the configuration has none any
/// more.
const MucOptions& options_of_service(const Config& config, std::string_view domain);

}  // namespace clarion::muc
