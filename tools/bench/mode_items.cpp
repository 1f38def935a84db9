#include <algorithm>
#include <vector>

#include "tools/bench/crowd.h"
#include "tools/bench/modes.h"
#include "tools/bench/proc.h"

namespace clarion::bench {

namespace {

constexpr double patience_seconds = 60;  // without any answer: the server is stuck
constexpr std::size_t fill_in_flight = 16;
constexpr std::string_view node = "urn:example:bench:items";

/// Sessions fill a node each, and page through it from the newest item to the oldest, again and
/// again (XEP-0060, 6.5.4, with XEP-0059).
class ItemsRun {
public:
    ItemsRun(const Settings& settings, Loop& loop, Report& report)
        : settings_(settings),
          paging_(settings.paging),
          loop_(loop),
          report_(report),
          crowd_(settings, loop) {}

    Result<void> run();

private:
    struct Reader {
        std::string cursor;         // RSM id to go on from
        std::uint64_t filled = 0;   // items it has published
        std::uint64_t stored = 0;   // of which the server has said that it has them
        std::uint64_t in_walk = 0;  // items of the walk under way
        std::int64_t asked_ns = 0;
    };

    void create(std::size_t index);
    void publish(std::size_t index);
    Result<void> fill();
    void ask(std::size_t index);
    void on_answer(Client& client, std::string_view iq);
    void on_page(std::size_t index, std::string_view iq);
    Result<void> measure();
    void tell(double seconds, double server_cpu);

    const Settings& settings_;
    const Paging& paging_;
    Loop& loop_;
    Report& report_;
    Crowd crowd_;
    std::vector<Reader> readers_;
    Histogram pages_;
    std::uint64_t items_ = 0;
    std::uint64_t whole_walks_ = 0;
    std::uint64_t wrong_walks_ = 0;
    std::uint64_t progress_ = 0;
    std::string refusal_;
    double fill_seconds_ = 0;
    bool filling_ = true;
    bool measuring_ = false;
};

void ItemsRun::publish(std::size_t index) {
    Reader& reader = readers_[index];
    if (reader.filled == paging_.fill) return;
    const auto number = std::to_string(reader.filled++);
    crowd_.client(index).send(
        "<iq type='set' id='p" + number +
        "'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='" + std::string(node) +
        "'><item id='item" + number + "'><event xmlns='urn:example:bench'>" +
        std::string(paging_.body_bytes, 'x') + "</event></item></publish></pubsub></iq>");
}

/// Its owner has the node keep that many items. (XEP-0060, 8.1.3)
void ItemsRun::create(std::size_t index) {
    crowd_.client(index).send(
        "<iq type='set' id='create'><pubsub xmlns='http://jabber.org/protocol/pubsub'><create "
        "node='" +
        std::string(node) +
        "'/><configure><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
        "http://jabber.org/protocol/pubsub#node_config</value></field><field "
        "var='pubsub#persist_items'><value>1</value></field><field "
        "var='pubsub#max_items'><value>" +
        std::to_string(paging_.fill) + "</value></field></x></configure></pubsub></iq>");
}

Result<void> ItemsRun::fill() {
    const auto begin = now_ns();
    for (std::size_t i = 0; i < readers_.size(); ++i) create(i);
    const auto all = [this] {
        return std::all_of(readers_.begin(), readers_.end(),
                           [this](const Reader& one) { return one.stored == paging_.fill; });
    };
    auto seen = progress_;
    auto seen_ns = now_ns();
    while (!all() && refusal_.empty()) {
        loop_.run_once(std::chrono::milliseconds(20));
        if (progress_ != seen) {
            seen = progress_;
            seen_ns = now_ns();
        } else if (static_cast<double>(now_ns() - seen_ns) > patience_seconds * 1e9) {
            return fail("items", "publishes are not answered any more");
        }
    }
    if (!refusal_.empty()) return fail("items", "the server refused: " + refusal_);
    fill_seconds_ = static_cast<double>(now_ns() - begin) / 1e9;
    filling_ = false;
    return {};
}

void ItemsRun::ask(std::size_t index) {
    Reader& reader = readers_[index];
    reader.asked_ns = now_ns();
    crowd_.client(index).send(
        "<iq type='get' id='q'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='" +
        std::string(node) + "'/><set xmlns='http://jabber.org/protocol/rsm'><max>" +
        std::to_string(paging_.page) + "</max>" +
        (reader.cursor.empty() ? "" : "<after>" + reader.cursor + "</after>") +
        "</set></pubsub></iq>");
}

void ItemsRun::on_answer(Client& client, std::string_view iq) {
    if (!iq.starts_with("<iq")) return;
    ++progress_;
    const auto type = attribute(iq, "type");
    if (type != "result") {
        if (type == "error" && refusal_.empty())
            refusal_ = iq.substr(std::min(iq.find("<error"), iq.size()));
        return;
    }
    if (!filling_) return on_page(client.index(), iq);
    const bool is_created = attribute(iq, "id") == "create";
    if (!is_created) ++readers_[client.index()].stored;
    for (std::size_t i = 0; i < (is_created ? fill_in_flight : 1); ++i) publish(client.index());
}

void ItemsRun::on_page(std::size_t index, std::string_view iq) {
    Reader& reader = readers_[index];
    if (reader.asked_ns == 0) return;
    std::uint64_t count = 0;
    for (auto at = iq.find("<item "); at != iq.npos; at = iq.find("<item ", at + 1)) ++count;
    if (measuring_) {
        pages_.add(now_ns() - reader.asked_ns);
        items_ += count;
    }
    reader.in_walk += count;
    const auto last = iq.find("<last");
    if (count < paging_.page || last == iq.npos) {
        ++(reader.in_walk == paging_.fill ? whole_walks_ : wrong_walks_);
        reader.in_walk = 0;
        reader.cursor.clear();
    } else {
        reader.cursor = inner_text(iq.substr(last));
    }
    ask(index);
}

Result<void> ItemsRun::measure() {
    for (std::size_t i = 0; i < readers_.size(); ++i) ask(i);
    loop_.run_for(paging_.warm_up);
    measuring_ = true;
    const CpuClock server_cpu(settings_.target.server_pid);
    const auto begin = now_ns();
    loop_.run_for(paging_.duration);
    measuring_ = false;
    const auto seconds = static_cast<double>(now_ns() - begin) / 1e9;
    if (!refusal_.empty()) return fail("items", "the server refused a page: " + refusal_);
    tell(seconds, server_cpu.seconds());
    return {};
}

void ItemsRun::tell(double seconds, double server_cpu) {
    const auto pages = static_cast<double>(pages_.count());
    report_.add("items_per_node", static_cast<double>(paging_.fill));
    report_.add("fill_seconds", fill_seconds_, 2);
    report_.add("fill_items_per_second",
                static_cast<double>(paging_.fill * readers_.size()) / fill_seconds_);
    report_.add("pages_per_second", pages / seconds);
    report_.add("items_per_second", static_cast<double>(items_) / seconds);
    report_.add("page", pages_);
    if (settings_.target.server_pid && pages > 0) {
        report_.add("server_cpu_us_per_page", server_cpu * 1e6 / pages, 1);
        report_.add("server_cpu_percent", server_cpu / seconds * 100);
    }
    report_.add("whole_walks", static_cast<double>(whole_walks_));
    report_.add("walks_of_another_length", static_cast<double>(wrong_walks_));
}

Result<void> ItemsRun::run() {
    if (paging_.fill == 0) return fail("usage", "items needs --fill");
    readers_.resize(settings_.crowd.sessions);
    crowd_.on_stanzas([this](Client& client, std::string_view iq) { on_answer(client, iq); });
    if (auto done = crowd_.log_in(settings_.crowd.sessions); !done) return done;
    if (auto done = fill(); !done) return done;
    loop_.run_for(std::min(settings_.crowd.settle, 1.0));
    if (auto done = measure(); !done) return done;
    crowd_.tell(report_);
    crowd_.log_out();
    return {};
}

}  // namespace

Result<void> run_items(const Settings& settings, Loop& loop, Report& report) {
    return ItemsRun(settings, loop, report).run();
}

}  // namespace clarion::bench
