#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "tools/bench/crowd.h"
#include "tools/bench/modes.h"
#include "tools/bench/proc.h"

namespace clarion::bench {

namespace {

constexpr double patience_seconds = 60;         // without any progress: the server is stuck
constexpr std::uint64_t fill_in_flight = 16;    // messages under way per session
constexpr std::string_view fill_prefix = "f.";  // of the ids of what fills the archives

/// Fills the archives: sessions 2i and 2i+1 send each other messages.
class Filling {
public:
    Filling(const Settings& settings, Loop& loop, Crowd& crowd)
        : paging_(settings.paging), loop_(loop), crowd_(crowd), sent_(crowd.size()) {
        for (std::size_t i = 0; i < crowd.size(); ++i)
            openings_.push_back("<message type='chat' to='" + account_jid(settings, i ^ 1U) +
                                "' id='" + std::string(fill_prefix));
        closing_ = "'><body>" + std::string(paging_.body_bytes, 'x') + "</body></message>";
    }

    /// Until every archive has got its share.
    Result<void> run();

private:
    void say(std::size_t index);
    std::uint64_t each() const { return (paging_.fill + 1) / 2; }

    const Paging& paging_;
    Loop& loop_;
    Crowd& crowd_;
    std::vector<std::string> openings_;  // by session: the message up to its number
    std::string closing_;
    std::vector<std::uint64_t> sent_;  // by session
    std::uint64_t received_ = 0;
};

void Filling::say(std::size_t index) {
    if (sent_[index] == each()) return;
    crowd_.client(index).send(openings_[index] + std::to_string(sent_[index]++) + closing_);
}

Result<void> Filling::run() {
    crowd_.on_stanzas([this](Client& client, std::string_view stanza) {
        if (!stanza.starts_with("<message")) return;
        if (!attribute(stanza, "id").starts_with(fill_prefix)) return;
        ++received_;
        say(client.index() ^ 1U);
    });
    for (std::uint64_t round = 0; round < fill_in_flight; ++round) {
        for (std::size_t i = 0; i < crowd_.size(); ++i) say(i);
    }
    const auto wanted = each() * crowd_.size();
    auto progress = received_;
    auto progress_ns = now_ns();
    while (received_ < wanted) {
        loop_.run_once(std::chrono::milliseconds(20));
        if (received_ != progress) {
            progress = received_;
            progress_ns = now_ns();
        } else if (static_cast<double>(now_ns() - progress_ns) > patience_seconds * 1e9) {
            return fail("fill", std::to_string(wanted - received_) + " messages never arrived");
        }
    }
    return {};
}

/// One reader of one archive: it goes from end to end, page by page, again and again.
struct Walker {
    std::string cursor;         // RSM id to go on from; empty: at the archive's end
    std::uint64_t in_page = 0;  // messages of the page that is arriving
    std::uint64_t in_walk = 0;  // messages since the cursor was empty
    std::int64_t asked_ns = 0;  // when the page was asked for; 0: none is under way
    bool backwards = false;
};

class MamRun {
public:
    MamRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings),
          paging_(settings.paging),
          loop_(loop),
          report_(report),
          crowd_(settings, loop) {}

    Result<void> run();

private:
    Result<void> fill();
    void prepare();
    void ask(std::size_t index, std::size_t walker);
    void on_stanza(Client& client, std::string_view stanza);
    void on_result(std::size_t index, std::string_view message);
    void on_fin(std::size_t index, std::string_view iq);
    void count_page(Walker& walker);
    void end_walk(std::size_t index, Walker& walker);
    Result<void> measure();
    Result<void> still_fine() const;
    void tell_archives();
    void tell(double seconds, double server_cpu, double own_cpu);

    Walker* walker_of(std::size_t index, std::string_view number);

    const Settings& settings_;
    const Paging& paging_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    std::vector<Walker> walkers_;              // in_flight for each session
    std::vector<std::uint64_t> archive_size_;  // by session, as its first whole walk found it
    Histogram page_;
    Histogram first_page_;
    std::uint64_t pages_ = 0;
    std::uint64_t messages_ = 0;
    std::uint64_t walks_ = 0;
    std::uint64_t wrong_walks_ = 0;
    std::string refusal_;
    double fill_seconds_ = 0;
    bool asking_ = false;
    bool measuring_ = false;
};

Walker* MamRun::walker_of(std::size_t index, std::string_view number) {
    const auto walker = parse_int(number);
    if (!walker || *walker < 0 || static_cast<std::size_t>(*walker) >= paging_.in_flight)
        return nullptr;
    return &walkers_[index * paging_.in_flight + static_cast<std::size_t>(*walker)];
}

void MamRun::ask(std::size_t index, std::size_t number) {
    Walker& walker = walkers_[index * paging_.in_flight + number];
    const auto id = std::to_string(number);
    std::string query = "<iq type='set' id='" + id + "'><query xmlns='urn:xmpp:mam:2' queryid='" +
                        id + "'><set xmlns='http://jabber.org/protocol/rsm'><max>" +
                        std::to_string(paging_.page) + "</max>";
    if (walker.backwards) {
        query += walker.cursor.empty() ? "<before/>" : "<before>" + walker.cursor + "</before>";
    } else if (!walker.cursor.empty()) {
        query += "<after>" + walker.cursor + "</after>";
    }
    walker.in_page = 0;
    walker.asked_ns = now_ns();
    crowd_.client(index).send(query + "</set></query></iq>");
}

void MamRun::on_stanza(Client& client, std::string_view stanza) {
    if (stanza.starts_with("<message")) return on_result(client.index(), stanza);
    if (stanza.starts_with("<iq")) return on_fin(client.index(), stanza);
}

void MamRun::on_result(std::size_t index, std::string_view message) {
    const auto at = message.find("<result");
    if (at == std::string_view::npos) return;
    Walker* walker = walker_of(index, attribute(message.substr(at), "queryid"));
    if (walker) ++walker->in_page;
}

void MamRun::on_fin(std::size_t index, std::string_view iq) {
    Walker* walker = walker_of(index, attribute(iq, "id"));
    if (!walker || walker->asked_ns == 0) return;
    const auto fin = iq.find("<fin");
    if (attribute(iq, "type") != "result" || fin == std::string_view::npos) {
        if (refusal_.empty()) refusal_ = iq.substr(0, 400);
        asking_ = false;
        return;
    }
    count_page(*walker);
    const auto edge = iq.find(walker->backwards ? "<first" : "<last");
    const bool is_last = attribute(iq.substr(fin), "complete") == "true" ||
                         edge == std::string_view::npos || walker->in_page == 0;
    if (is_last) {
        end_walk(index, *walker);
    } else {
        walker->cursor = inner_text(iq.substr(edge));
    }
    walker->asked_ns = 0;
    if (asking_) ask(index, static_cast<std::size_t>(walker - walkers_.data()) % paging_.in_flight);
}

void MamRun::count_page(Walker& walker) {
    walker.in_walk += walker.in_page;
    if (!measuring_) return;
    const auto took = now_ns() - walker.asked_ns;
    page_.add(took);
    if (walker.cursor.empty()) first_page_.add(took);
    ++pages_;
    messages_ += walker.in_page;
}

/// Nothing is added meanwhile, so every walk must have found the same number of messages.
void MamRun::end_walk(std::size_t index, Walker& walker) {
    auto& size = archive_size_[index];
    if (size == 0) size = walker.in_walk;
    if (size != walker.in_walk) ++wrong_walks_;
    ++walks_;
    walker.in_walk = 0;
    walker.cursor.clear();
    if (paging_.direction == Direction::both) walker.backwards = !walker.backwards;
}

Result<void> MamRun::fill() {
    if (paging_.fill == 0) return {};
    const auto begin = now_ns();
    auto done = Filling(settings_, loop_, crowd_).run();
    fill_seconds_ = static_cast<double>(now_ns() - begin) / 1e9;
    return done;
}

void MamRun::prepare() {
    walkers_.resize(crowd_.size() * paging_.in_flight);
    archive_size_.resize(crowd_.size());
    for (std::size_t i = 0; i < walkers_.size(); ++i) {
        walkers_[i].backwards = paging_.direction == Direction::backward ||
                                (paging_.direction == Direction::both && i % 2 == 1);
    }
    crowd_.on_stanzas(
        [this](Client& client, std::string_view stanza) { on_stanza(client, stanza); });
}

Result<void> MamRun::still_fine() const {
    if (!refusal_.empty()) return fail("mam", "the server refused a page: " + refusal_);
    return {};
}

Result<void> MamRun::measure() {
    asking_ = true;
    for (std::size_t i = 0; i < crowd_.size(); ++i) {
        for (std::size_t number = 0; number < paging_.in_flight; ++number) ask(i, number);
    }
    loop_.run_for(paging_.warm_up);
    measuring_ = true;
    const CpuClock server_cpu(settings_.target.server_pid);
    const CpuClock own_cpu(::getpid());
    const auto begin = now_ns();
    loop_.run_for(paging_.duration);
    const auto seconds = static_cast<double>(now_ns() - begin) / 1e9;
    measuring_ = asking_ = false;
    const auto server_seconds = server_cpu.seconds();
    const auto own_seconds = own_cpu.seconds();
    if (const auto fine = still_fine(); !fine) return fine;
    if (pages_ == 0) return fail("mam", "no page came in time");
    tell(seconds, server_seconds, own_seconds);
    return {};
}

void MamRun::tell_archives() {
    const auto unread = std::count(archive_size_.begin(), archive_size_.end(), 0U);
    if (unread > 0) {
        report_.add("archives_not_read_to_the_end", static_cast<double>(unread));
        return;
    }
    const auto [least, most] = std::minmax_element(archive_size_.begin(), archive_size_.end());
    report_.add("archive_messages_least", static_cast<double>(*least));
    report_.add("archive_messages_most", static_cast<double>(*most));
}

void MamRun::tell(double seconds, double server_cpu, double own_cpu) {
    const auto messages = static_cast<double>(messages_);
    const auto pages = static_cast<double>(pages_);
    report_.add("pages_per_second", pages / seconds);
    report_.add("messages_per_second", messages / seconds);
    report_.add("pages", pages);
    report_.add("messages", messages);
    report_.add("seconds", seconds, 2);
    report_.add("page", page_);
    report_.add("first_page", first_page_);
    if (settings_.target.server_pid && messages_ > 0) {
        report_.add("server_cpu_seconds_per_1000_messages", server_cpu * 1000 / messages, 5);
        report_.add("server_cpu_us_per_page", server_cpu * 1e6 / pages, 1);
        report_.add("server_cpu_percent", server_cpu / seconds * 100);
    }
    report_.add("own_cpu_percent", own_cpu / seconds * 100);
    tell_archives();
    report_.add("whole_walks", static_cast<double>(walks_));
    report_.add("walks_of_another_length", static_cast<double>(wrong_walks_));
    if (fill_seconds_ > 0) {
        const auto filled = static_cast<double>((paging_.fill + 1) / 2 * crowd_.size());
        report_.add("fill_seconds", fill_seconds_, 2);
        report_.add("fill_messages_per_second", filled / fill_seconds_);
    }
}

Result<void> MamRun::run() {
    if (paging_.fill > 0 && settings_.crowd.sessions % 2 != 0)
        return fail("usage", "filling archives needs an even --sessions");
    if (settings_.target.server_pid) {
        if (const auto readable = memory_of(settings_.target.server_pid); !readable)
            return readable.error();
    }
    if (auto done = crowd_.log_in(settings_.crowd.sessions); !done) return done;
    if (auto done = fill(); !done) return done;
    loop_.run_for(std::min(settings_.crowd.settle, 1.0));
    prepare();
    if (auto done = measure(); !done) return done;
    crowd_.tell(report_);
    crowd_.log_out();
    return {};
}

}  // namespace

Result<void> run_mam(const Settings& settings, Loop& loop, Report& report) {
    return MamRun(settings, loop, report).run();
}

}  // namespace clarion::bench
