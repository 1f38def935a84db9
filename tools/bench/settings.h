// What one run of clarion-bench was asked to do. Filled once by command_line.cpp, then only read.
//
// Owner: main(). Every part keeps a reference; nothing changes while a run lasts.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace clarion::bench {

enum class Mode : std::uint8_t {
    accounts,
    idle,
    chat,
    mam,
    pep,
    items,
    room,
    push,
    outage,
    sleep,
    resume
};
enum class TlsMode : std::uint8_t { none, starttls, direct };
enum class PhoneState : std::uint8_t { offline, asleep };
enum class Direction : std::uint8_t { forward, backward, both };
enum class Auth : std::uint8_t { scram_sha_256, scram_sha_1, plain };

/// The server and how to get in.
struct Target {
    std::string host = "127.0.0.1";
    std::uint16_t port = 5222;
    std::string domain = "localhost";
    TlsMode tls = TlsMode::none;
    Auth auth = Auth::scram_sha_256;
    std::string websocket{};  // the path of a WebSocket; empty: TCP
    /// Local addresses 127.0.0.1, 127.0.0.2, … to connect from, in turn: each has 28,000 ports.
    std::size_t source_addresses = 1;
    pid_t server_pid = 0;  // 0: nothing of the server itself is measured
};

/// Who logs in: PREFIX0@domain, PREFIX1@domain, …, all with one password.
struct Crowding {
    std::size_t sessions = 100;
    std::size_t first_user = 0;
    std::string prefix = "user";
    std::string password = "bench-password";
    std::size_t parallel_logins = 64;
    double login_timeout = 30;  // seconds for each client
    bool stream_management = false;
    bool carbons = false;
    bool presence = true;
    double settle = 3;  // seconds of quiet before something is measured
};

/// Mode chat.
struct Chatting {
    std::size_t in_flight = 1;  // messages per session sent and not yet seen by the partner
    std::size_t body_bytes = 64;
    double warm_up = 1;     // seconds
    double duration = 10;   // seconds; ignored with `count`
    std::size_t count = 0;  // messages per session; 0: until `duration` is over
    double rate = 0;        // messages/s over all sessions at fixed times; 0: as fast as it goes
    std::size_t ack_every = 0;  // each session asks <r/> after so many messages; 0: never
};

/// Modes mam and items.
struct Paging {
    std::size_t page = 50;      // messages asked for at a time
    std::size_t in_flight = 1;  // readers of each archive; each has one page under way
    std::size_t fill = 1000;    // messages that each archive gets first; 0: reads what is there
    std::size_t body_bytes = 100;
    Direction direction = Direction::both;  // both: from end to end and back
    double warm_up = 1;                     // seconds
    double duration = 10;                   // seconds
};

/// Mode pep.
struct Publishing {
    std::size_t publishers = 1;  // of the sessions; all others are their contacts
    std::size_t in_flight = 4;   // publishes of each that not all contacts have heard of
    double rate = 0;             // publishes/s of all at fixed times; 0: as fast as it goes
    std::size_t payload_bytes = 100;
    double warm_up = 1;    // seconds
    double duration = 10;  // seconds
};

/// Mode room.
struct Talking {
    std::string service = "rooms.localhost";
    std::string name = "bench";
    std::size_t speakers = 10;  // of the sessions, in turn
    double rate = 50;           // messages/s of all at fixed times
    std::size_t body_bytes = 100;
    double warm_up = 1;    // seconds
    double duration = 10;  // seconds
};

/// Modes push and outage.
struct Pushing {
    std::string component_domain = "push.localhost";
    std::string component_secret = "bench-secret";
    std::uint16_t component_port = 5347;
    PhoneState state = PhoneState::offline;
    double rate = 1000;            // messages/s at fixed times; 0: as fast as it goes
    std::size_t in_flight = 1000;  // without a rate: messages that wait for their publish
    bool prime = true;             // one message to each phone before anything is measured
    std::size_t senders = 4;       // sessions that send in turn
    double warm_up = 2;            // seconds
    double duration = 10;          // seconds
    double spacing = 1.5;          // seconds between two messages to one phone, if it hibernates
    double patience = 10;          // seconds after which a message counts as without publish
    double outage = 60;            // seconds until the gateway attaches; mode outage
};

/// Modes hibernation and resume.
struct Sleeping {
    std::string state_file = "sleepers.txt";  // which sessions hibernate; written by hibernation
    std::size_t messages = 1;                 // to each session once all are hibernating
    std::size_t body_bytes = 100;
    bool until_stopped = false;  // wait for the server to cut them; no messages then
    bool rolling = false;        // cut each session when it is ready, not all together at the end
};

struct Settings {
    Mode mode = Mode::idle;
    Target target;
    Crowding crowd;
    Chatting chat;
    Paging paging;
    Publishing pep;
    Talking room;
    Pushing push;
    Sleeping sleeping;
    bool json = false;
    std::string accounts_file;  // mode accounts; empty: standard output
    std::string database;       // instead: the data_dir of a stopped clariond
};

/// The bare JID of account number `index`.
std::string account_jid(const Settings& settings, std::size_t index);
std::string account_name(const Settings& settings, std::size_t index);

}  // namespace clarion::bench
