// The devices of one account as a random walk, with an archive, against rules of a few lines: each
// binds (anew, with presence at once or later), asks the archive before its presence or not, reads,
// acknowledges, loses its connection, comes back, or never does; the server is stopped or killed in
// between. Whatever happens:
//
// - No session is sent a message twice, by what way ever, but for what a resumption sends again.
// - What nobody acknowledged is with a session that is there or hibernates, or waits for the next;
//   of what was archived, a crash may take that from sessions that were live: a client finds it in
//   the archive.
// - What a page of the archive brought does not come again with presence; what it did not, does.
// - What is searched by time is found by the calendar as it was, and who hibernates does so for as
// long
//   as time goes on, wherever the calendar jumps.
// - What a client asks all at once behind a slow request is answered in order, and not refused.
//
// CLARION_MODEL_STEPS: how many steps (default 10,000).
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "base/text.h"
#include "modules/blocking/blocking.h"
#include "modules/carbons.h"
#include "modules/disco.h"
#include "modules/mam/mam.h"
#include "modules/offline.h"
#include "modules/ping.h"
#include "modules/push/push.h"
#include "modules/roster.h"
#include "modules/stream_management.h"
#include "proto/ns.h"
#include "server/core/accounts/hibernation_recovery.h"
#include "tests/support/world.h"

namespace clarion {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view account_jid = "juliet@example.org";
constexpr std::string_view enable = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
using Ids = std::vector<std::string>;

/// What was written to Juliet.
struct Letter {
    bool archived = true;
    bool to_device = false;
    bool acknowledged = false;  // by any of her devices
    bool excused = false;       // it may be lost to devices that do not read the archive
};

/// A device, and the session it has now.
struct Device {
    enum class State { none, live, hibernating } state = State::none;
    std::string name;
    bool available = false;
    bool carbons = false;  // may have asked for them
    test::Client* client = nullptr;
    test::FakePort* port = nullptr;
    std::string sm_id;
    std::uint64_t bound_after = 0;  // the number of the last letter before
    struct Sent {
        std::string id;  // empty: no letter
        bool of_page = false;
        bool is_copy = false;
    };
    std::vector<Sent> sent;  // since stream management was enabled
    std::size_t read = 0, acked = 0;
    std::set<std::string> seen;     // by its stream
    std::set<std::string> handed;   // by pages of the archive
    std::uint64_t known_after = 0;  // since a restart: the number of the last letter before
    Ids owed;                       // came while it hibernated
    Ids answers;                    // to requests of a burst: id and type

    std::string jid() const { return std::string(account_jid) + '/' + name; }
    /// Letters that its session has and that it did not acknowledge.
    Ids unacknowledged() const {
        Ids ids;
        for (std::size_t i = acked; i < sent.size(); ++i)
            if (!sent[i].id.empty() && !sent[i].of_page && !sent[i].is_copy)
                ids.push_back(sent[i].id);
        ids.insert(ids.end(), owed.begin(), owed.end());
        return ids;
    }
};

class Walk {
public:
    explicit Walk(unsigned seed) : random_(seed) {
        world_.add_account(account_jid);
        watch();
        for (std::size_t i = 0; i < devices_.size(); ++i)
            devices_[i].name = "device" + std::to_string(i);
    }

    void step() {
        world_.advance(1ms);
        Device& device = devices_[chance(devices_.size())];
        switch (chance(40)) {
            case 0: return crash();
            case 1: return stop();
            case 2: return expire();
            case 3: return time_out();
            case 4: return burst(device);
            case 5: return look_into_archive(device);
            case 6: return close(device);
            case 7: return bind(device);
            case 8: return read_and_acknowledge_all(device);
            case 9: return set_calendar(off_by[chance(off_by.size())]);
            case 10: return search_by_time(device);
            default: break;
        }
        switch (chance(8)) {
            case 0: return cut(device);
            case 1:
            case 2: return come_back(device);
            case 3: return read(device);
            case 4: return acknowledge(device);
            default: return arrive(device);
        }
    }

    /// All devices go, and a new one comes: it gets what nobody acknowledged.
    void end() {
        for (Device& device : devices_) end_session(device, core::SessionEnd::expired);
        bind(devices_[0]);
    }

    /// The last things that happened, for who reads a failure.
    std::string tell() const {
        std::string text;
        for (const auto& each : trail_) text += "\n    " + each;
        return text;
    }

private:
    using State = Device::State;

    void note(std::string text) {
        trail_.push_back(std::move(text));
        if (trail_.size() > 300) trail_.pop_front();
    }

    unsigned chance(std::size_t of) { return static_cast<unsigned>(random_() % of); }

    static test::World::Setup setup() {
        return {.modules = {{"ping", ping::install},
                            {"disco", disco::install},
                            {"roster", roster::install, roster::declare_options},
                            {"blocking", blocking::install, blocking::declare_options},
                            {"stream_management", stream_management::install,
                             stream_management::declare_options},
                            {"mam", mam::install, mam::declare_options},
                            {"carbons", carbons::install},
                            {"offline", offline::install, offline::declare_options},
                            {"push", push::install, push::declare_options}},
                .config = "[push]\nmax_hibernation_timeout = 600\n"};
    }

    void watch() {
        world_.post(account_jid, [](core::Context& core) {
            core.scope().spawn("deadlines", watch_deadlines(core));
            core.scope().spawn("clean_up", clean_up_crashed_sessions(core, core.partitions()));
        });
        world_.settle();
    }

    // ---- What the server does ------------------------------------------------------------------

    void arrive(const Device& device) {
        const std::string id = std::to_string(++last_id_);
        const WallTime now = world_.clock().wall();
        Letter letter{.archived = chance(3) > 0, .to_device = chance(4) == 0};
        const std::string to = letter.to_device ? device.jid() : std::string(account_jid);
        if (letter.archived) {
            archive_.push_back(id);
            archived_at_[id] = now;
        }
        letters_[id] = letter;
        note("letter " + id + " to " + to + (letter.archived ? "" : ", not archived"));
        for (Device* each : takers(letter.to_device ? &device : nullptr))
            if (each->state == State::hibernating) each->owed.push_back(id);
        for (const Device& each : devices_)  // has a copy in its queue, which goes nowhere else
            if (letter.to_device && letter.archived && each.state == State::hibernating &&
                each.carbons)
                letters_[id].excused = true;
        world_.arrive("<message from='romeo@example.com/m' to='" + to + "' type='chat' id='" + id +
                      "'><body>x</body>" +
                      (letter.archived ? "" : "<no-permanent-store xmlns='urn:xmpp:hints'/>") +
                      "</message>");
        collect();
        for (Device* each : takers(letter.to_device ? &device : nullptr))
            if (each->state == State::live) CHECK(each->seen.contains(id));
    }

    /// RFC 6121, 8.5.
    std::vector<Device*> takers(const Device* addressed) {
        std::vector<Device*> found;
        for (Device& each : devices_)
            if (each.state != State::none && &each == addressed) return {&each};
        for (Device& each : devices_)
            if (each.state != State::none && each.available) found.push_back(&each);
        return found;
    }

    void crash() {
        note("crash");
        lose_live_sessions();
        restart();
        if (chance(2) == 0) world_.advance(31s);  // those that were live are buried
    }

    void lose_live_sessions() {
        for (Device& device : devices_) {
            if (device.state != State::live) continue;
            for (const auto& id : held_by(device))
                if (letters_[id].archived) letters_[id].excused = true;
            device.state = State::none;
        }
    }

    void stop() {
        note("stop");
        world_.run(account_jid, [](core::Context& core) { return hibernate_everybody(core); });
        for (Device& device : devices_) {
            if (device.state != State::live) continue;
            collect(device);
            device.state = State::hibernating;
        }
        restart();
    }

    /// The calendar jumps; time goes on as it did, for who hibernates too.
    void set_calendar(Duration off) {
        note("the calendar is off by " + std::to_string(off / 1s) + " s");
        world_.clock().set_wall(world_.clock().wall() + (off - off_));
        jumped_ |= off != off_;
        off_ = off;
        world_.advance(2s);
    }

    void restart() {
        set_calendar(Duration{});  // at start it must be right, for the time that has passed
        world_.crash_and_restart();
        forget_seen();
        watch();
    }

    /// What a session was sent, the server knows while it runs (core/accounts/stretches.h). Later
    /// it takes for granted that a session has what came after its binding.
    void forget_seen() {
        for (const Device& device : devices_)
            for (std::uint64_t id = device.bound_after + 1; id <= last_id_; ++id)
                if (device.state == State::hibernating && !has(device, std::to_string(id)) &&
                    std::find(device.owed.begin(), device.owed.end(), std::to_string(id)) ==
                        device.owed.end())
                    letters_[std::to_string(id)].excused = true;
        if (std::exchange(jumped_, false))  // as the calendar tells
            for (auto& [id, letter] : letters_) letter.excused = true;
        for (Device& device : devices_) device.known_after = last_id_;
    }

    /// Some session is over, however that is said.
    void expire() {
        using End = core::SessionEnd;
        for (Device& device : devices_)
            if (device.state == State::hibernating && chance(2) == 0) {
                end_session(device, chance(2) == 0 ? End::expired : End::kicked);
                return;
            }
    }

    /// All that hibernate have hibernated long enough: one with push longer, if what another held
    /// came to it in the end.
    void time_out() {
        note("those that hibernate time out");
        Ids held;
        for (Device& device : devices_) {
            if (device.state != State::hibernating) continue;
            const Ids its = held_by(device);
            held.insert(held.end(), its.begin(), its.end());
            device.state = State::none;
        }
        for (std::size_t i = 0; i < devices_.size(); ++i) {
            for (Device& device : devices_) read_and_acknowledge_all(device);  // or it would be cut
            world_.advance(601s);
            world_.advance(1s);
            collect();
        }
        check_taken(held);
    }

    void end_session(Device& device, core::SessionEnd why) {
        if (device.state == State::none) return;
        const Ids held = held_by(device);
        note(device.name + " ends: " + std::to_string(static_cast<int>(why)) + ", " + tell(held));
        on_session(device, [&](core::Session& session) { session.end(why); });
        device.state = State::none;
        collect();
        check_taken(held);
    }

    /// What an ended session held and nobody acknowledged is with one that is there, if one is.
    void check_taken(const Ids& held) {
        bool all_live = false;
        for (const Device& each : devices_) {
            if (each.state == State::hibernating && each.available) return;  // or with that one
            all_live |= each.state == State::live && each.available;
        }
        if (!all_live) return;
        for (const auto& id : held) {
            if (!is_owed(id)) continue;
            CAPTURE(id);
            CHECK(std::any_of(devices_.begin(), devices_.end(), [&](const Device& each) {
                return each.state == State::live && each.available && has(each, id);
            }));
        }
    }

    /// What a session that ends did not acknowledge. Pages of the archive and carbons are not sent
    /// anew to others: who reads the archive finds it there.
    Ids held_by(const Device& device) {
        for (std::size_t i = device.acked; i < device.sent.size(); ++i)
            if (device.sent[i].of_page || device.sent[i].is_copy)
                letters_[device.sent[i].id].excused |= letters_[device.sent[i].id].archived;
        return device.unacknowledged();
    }

    bool is_owed(const std::string& id) const {
        const Letter& letter = letters_.at(id);
        return !letter.acknowledged && !letter.excused;
    }

    static bool has(const Device& device, const std::string& id) {
        return device.seen.contains(id) || device.handed.contains(id);
    }

    // ---- What a device does --------------------------------------------------------------------

    /// Without resuming, whatever its session was.
    void bind(Device& device) {
        const Ids held = device.state == State::none ? Ids{} : held_by(device);
        const bool at_once = chance(2) == 0;
        note(device.name + " binds, held " + tell(held) + (at_once ? ", presence at once" : ""));
        std::vector<std::string> first{std::string(enable)};
        if (at_once) first.push_back("<presence/>");
        device = Device{.name = device.name};
        device.bound_after = last_id_;
        device.client = &world_.connect(device.jid(), {}, first);
        device.port = &device.client->port();
        device.state = State::live;
        device.available = at_once;
        device.sm_id = device.client->pop("enabled").root().attr("id");
        collect();
        if (!at_once) come_online(device);
        check_pending_publish(device);
        if (device.available) check_taken(held);
    }

    void come_online(Device& device) {
        for (unsigned more = chance(3); more > 0; --more) ask_archive(device);
        if (chance(3) == 0) acknowledge_all(device);
        if (chance(4) == 0) arrive(device);
        if (chance(8) == 0) return;  // it never does
        note(device.name + " is available");
        device.client->send("<presence/>");
        device.available = true;
        collect();
    }

    /// Alone, it has all that nobody acknowledged.
    void check_pending_publish(const Device& device) {
        if (!device.available) return;
        for (const Device& each : devices_)
            if (&each != &device && each.state != State::none) return;
        for (const auto& [id, letter] : letters_) {
            CAPTURE(id);
            if (is_owed(id)) CHECK(has(device, id));
        }
    }

    void come_back(Device& device) {
        if (device.state == State::none) return bind(device);
        if (device.state == State::live) return;
        note(device.name + " resumes, read " + std::to_string(device.read) + " of " +
             std::to_string(device.sent.size()));
        test::FakePort& port = new_port();
        std::string outcome;
        world_.run(account_jid,
                   [&](core::Context& core) { return resume(core, device, port, outcome); });
        REQUIRE(outcome == "ok");
        device.acked = device.read;
        note_acknowledged(device);
        device.port = &port;
        device.state = State::live;
        collect_resumed(device);
        collect();
        if (!device.available && chance(2) == 0) {
            say(device, "<presence/>");
            device.available = true;
            collect();
        }
    }

    static Task<> resume(core::Context& core, const Device& device, test::FakePort& port,
                         std::string& outcome) {
        auto pin = co_await core.accounts().load(std::string(account_jid));
        REQUIRE(pin);
        core::Session* found = (*pin)->find_session(device.name);
        REQUIRE(found);
        REQUIRE(found->sm()->id() == device.sm_id);
        const auto session = found->shared_from_this();
        const auto done =
            co_await test::resume_session(*session, port, static_cast<std::uint32_t>(device.read));
        outcome = done ? "ok" : done.error().code;
    }

    void cut(Device& device) {
        if (device.state != State::live) return;
        on_session(device, [](core::Session& session) { session.on_detached(); });
        device.state = State::hibernating;
        note(device.name + " is cut");
        collect();
    }

    void close(Device& device) {
        if (device.state == State::live) end_session(device, core::SessionEnd::closed);
    }

    void read(Device& device) {
        if (device.state == State::live)
            device.read += chance(device.sent.size() - device.read + 1);
    }

    void acknowledge(Device& device) {
        if (device.state != State::live) return;
        device.acked += chance(device.read - device.acked + 1);
        say_acked(device);
    }

    void acknowledge_all(Device& device) {
        device.acked = device.read = device.sent.size();
        say_acked(device);
    }

    void read_and_acknowledge_all(Device& device) {
        if (device.state == State::live) acknowledge_all(device);
    }

    void say_acked(Device& device) {
        note_acknowledged(device);
        on_session(device, [&](core::Session& session) {
            CHECK(session.sm()->on_ack(static_cast<std::uint32_t>(device.acked)));
        });
        collect();
    }

    void note_acknowledged(const Device& device) {
        note(device.name + " acknowledged " + std::to_string(device.acked));
        for (std::size_t i = 0; i < device.acked; ++i)
            if (!device.sent[i].id.empty()) letters_[device.sent[i].id].acknowledged = true;
    }

    // ---- Requests ------------------------------------------------------------------------------

    std::string query(const std::string& paging, const std::string& form = {}) {
        std::string fields;
        if (!form.empty())
            fields =
                "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
                "<value>urn:xmpp:mam:2</value></field>" +
                form + "</x>";
        return "<iq type='set' id='q" + std::to_string(++last_query_) +
               "'><query xmlns='urn:xmpp:mam:2'>" + fields +
               "<set xmlns='http://jabber.org/protocol/rsm'>" + paging + "</set></query></iq>";
    }

    /// As clients do before they are there: they count, look for a contact, or catch up.
    void ask_archive(Device& device) {
        const auto with = [](const std::string& jid) {
            return "<field var='with'><value>" + jid + "</value></field>";
        };
        switch (chance(5)) {
            case 0: return expect_page(device, query("<max>0</max>"), {});
            case 1: return expect_page(device, query("", with("mercutio@example.com")), {});
            case 2:
                return expect_page(
                    device, query("<max>3</max><before/>", with("romeo@example.com")), newest(3));
            case 3: return expect_page(device, query("<max>50</max><before/>"), newest(50));
            default: return expect_page(device, query("<max>1</max><before/>"), newest(1));
        }
    }

    Ids newest(std::size_t most) const {
        const auto count = std::min(most, archive_.size());
        return {archive_.end() - static_cast<std::ptrdiff_t>(count), archive_.end()};
    }

    void expect_page(Device& device, const std::string& iq, const Ids& expected) {
        note(device.name + " asks for " + tell(expected));
        const std::size_t before = device.sent.size();
        say(device, iq);
        collect();
        Ids page;
        for (std::size_t i = before; i < device.sent.size(); ++i)
            if (device.sent[i].of_page) page.push_back(device.sent[i].id);
        CHECK(page == expected);
    }

    void look_into_archive(Device& device) {
        if (device.state == State::live)
            expect_page(device, query("<max>30</max><before/>"), newest(30));
    }

    /// By the calendar as it was when a letter came, whatever it was before and after.
    void search_by_time(Device& device) {
        if (device.state != State::live || archive_.empty()) return;
        const auto second_of = [&](const std::string& id) {
            return std::chrono::floor<std::chrono::seconds>(archived_at_.at(id));
        };
        WallTime start = second_of(archive_[chance(archive_.size())]);
        WallTime end = second_of(archive_[chance(archive_.size())]) + 1s;
        if (end < start) std::swap(start, end);
        Ids expected;
        for (const auto& id : archive_)
            if (archived_at_.at(id) >= start && archived_at_.at(id) <= end && expected.size() < 40)
                expected.push_back(id);
        const auto field = [](const std::string& var, WallTime at) {
            return "<field var='" + var + "'><value>" + format_datetime(at) + "</value></field>";
        };
        expect_page(device, query("<max>40</max>", field("start", start) + field("end", end)),
                    expected);
    }

    /// All at once, behind an archive query that takes as long as storage likes; or the server dies
    /// meanwhile, and the client comes back and asks again.
    void burst(Device& device) {
        if (device.state != State::live) return;
        const std::vector<std::string> requests = make_burst();
        device.carbons = true;
        device.answers.clear();
        note(device.name + " asks in a burst");
        world_.storage().hold_commits();
        std::size_t said = say_while_read(device, requests, 0);
        if (chance(4) == 0) {
            lose_live_sessions();
            world_.crash_while_held();
            forget_seen();
            watch();
            bind(device);
            return burst(device);
        }
        world_.storage().release_commits();
        world_.settle();
        while (said < requests.size()) {
            const std::size_t before = std::exchange(said, say_while_read(device, requests, said));
            REQUIRE(said > before);
            world_.settle();
        }
        collect();
        Ids expected;
        for (std::size_t i = 0; i < requests.size(); ++i)
            expected.push_back("b" + std::to_string(i) + " result");
        CHECK(device.answers == expected);
    }

    std::vector<std::string> make_burst() {
        static constexpr std::array<std::array<std::string_view, 2>, 6> kinds{
            {{"set",
              "<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'>"
              "<max>2</max><before/></set></query>"},
             {"set", "<enable xmlns='urn:xmpp:push:0' jid='push.example.com' node='n'/>"},
             {"get", "<ping xmlns='urn:xmpp:ping'/>"},
             {"get", "<query xmlns='jabber:iq:roster'/>"},
             {"get", "<blocklist xmlns='urn:xmpp:blocking'/>"},
             {"set", "<enable xmlns='urn:xmpp:carbons:2'/>"}}};
        std::vector<std::string> requests;
        for (unsigned i = 0, most = 20 + chance(20); i < most; ++i) {
            const auto& [type, payload] = kinds[i < 2 ? i : chance(kinds.size())];
            requests.push_back("<iq type='" + std::string(type) + "' id='b" + std::to_string(i) +
                               "'>" + std::string(payload) + "</iq>");
        }
        return requests;
    }

    /// As a connection reads: while the session says that it may. How many were read.
    std::size_t say_while_read(const Device& device, const std::vector<std::string>& requests,
                               std::size_t next) {
        world_.post(account_jid, [&](core::Context& core) {
            core::Session& session = *core.accounts().find(account_jid)->find_session(device.name);
            while (next < requests.size() && session.may_read())
                session.on_element(xml::parse_element(requests[next++], ns::client));
        });
        world_.run_shards();
        return next;
    }

    void say(const Device& device, const std::string& xml) {
        on_session(device, [&](core::Session& session) {
            session.on_element(xml::parse_element(xml, ns::client));
        });
    }

    void on_session(const Device& device, const std::function<void(core::Session&)>& fn) {
        world_.at(account_jid, [&](core::Context& core) {
            core.accounts().with(account_jid, [&](Result<core::Account*> account) {
                REQUIRE(account);
                core::Session* session = (*account)->find_session(device.name);
                REQUIRE(session);
                fn(*session);
            });
        });
    }

    static std::string tell(const Ids& ids) {
        std::string text;
        for (const auto& id : ids) text += id + ' ';
        return text.empty() ? "nothing" : text;
    }

    // ---- Looking -------------------------------------------------------------------------------

    test::FakePort& new_port() {
        if (ports_.size() > 20) ports_.pop_front();  // closed long ago
        return ports_.emplace_back();
    }

    void collect() {
        for (Device& device : devices_)
            if (device.state == State::live) collect(device);
    }

    /// What was written to it is part of its session.
    void collect(Device& device) {
        for (const auto& element : device.port->elements()) {
            const auto sent = read_sent(element.root());
            if (!sent) continue;
            device.sent.push_back(*sent);
            if (!sent->id.empty())
                note(device.name + " gets " + sent->id + (sent->of_page ? " of a page" : ""));
            note_answer(device, element.root());
            if (sent->id.empty()) continue;
            CAPTURE(device.name);
            CAPTURE(sent->id);
            if (sent->of_page) {
                device.handed.insert(sent->id);
                continue;
            }
            if (std::stoull(sent->id) > device.known_after) CHECK_FALSE(has(device, sent->id));
            if (!sent->is_copy || letters_[sent->id].archived) device.seen.insert(sent->id);
        }
        device.port->drop_all();
    }

    /// After <resumed/>: all it had not read, in order, then what came while it hibernated.
    void collect_resumed(Device& device) {
        CHECK(device.port->pop().root().name() == "resumed");
        std::vector<Device::Sent> got;
        for (const auto& element : device.port->elements())
            if (auto sent = read_sent(element.root())) got.push_back(*sent);
        const std::size_t again = device.sent.size() - device.read;
        REQUIRE(got.size() >= again);
        for (std::size_t i = 0; i < again; ++i) CHECK(got[i].id == device.sent[device.read + i].id);
        std::size_t skip = again;
        auto& elements = device.port->elements();
        std::erase_if(elements, [&skip](const xml::Document& element) {
            return read_sent(element.root()) && skip > 0 && skip-- > 0;
        });
        const Ids owed = std::exchange(device.owed, {});
        collect(device);
        for (const auto& id : owed) {
            CAPTURE(id);
            CHECK(device.seen.contains(id));
        }
    }

    /// nullopt: it does not count.
    static std::optional<Device::Sent> read_sent(const xml::Element& element) {
        if (element.name() == "presence" || element.name() == "iq") return Device::Sent{};
        if (element.name() != "message") return std::nullopt;
        if (const auto* result = element.child(ns::mam, "result"))
            return Device::Sent{forwarded_id(*result), true};
        if (const auto* copy = element.child(ns::carbons, "received"))
            return Device::Sent{forwarded_id(*copy), false, true};
        return Device::Sent{std::string(element.attr("id"))};
    }

    static std::string forwarded_id(const xml::Element& wrapper) {
        const auto* message = wrapper.child(ns::forward, "forwarded")->child(ns::client, "message");
        REQUIRE(message);
        return std::string(message->attr("id"));
    }

    static void note_answer(Device& device, const xml::Element& element) {
        if (element.name() == "iq" && element.attr("id").starts_with('b'))
            device.answers.push_back(std::string(element.attr("id")) + ' ' +
                                     std::string(element.attr("type")));
    }

    std::mt19937 random_;
    test::World world_{setup()};
    std::array<Device, 3> devices_;
    std::map<std::string, Letter> letters_;
    Ids archive_;  // ids of what is archived, in order
    static constexpr std::array<Duration, 6> off_by{0h, -2h, 1h, 24h, -24h, 0h};
    Duration off_{};       // of the calendar, from the truth
    bool jumped_ = false;  // since the last start
    std::map<std::string, WallTime> archived_at_;
    std::uint64_t last_id_ = 0, last_query_ = 0;
    std::deque<test::FakePort> ports_;
    std::deque<std::string> trail_;
};

TEST_CASE("devices of an account lose nothing and see nothing twice, whatever happens") {
    const char* const wanted = std::getenv("CLARION_MODEL_STEPS");
    const int steps = wanted ? std::atoi(wanted) : 10000;
    constexpr int steps_per_walk = 1000;  // then with a fresh world
    for (int done = 0; done < steps; done += steps_per_walk) {
        const unsigned seed = 20261129u + static_cast<unsigned>(done / steps_per_walk);
        CAPTURE(seed);
        Walk walk(seed);
        for (int i = 0; i < std::min(steps_per_walk, steps - done); ++i) {
            CAPTURE(i);
            CAPTURE(walk.tell());
            walk.step();
        }
        walk.end();
    }
}

}  // namespace
}  // namespace clarion
