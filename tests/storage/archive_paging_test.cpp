// Paging while others write: an archive that grows at one end and expires at the other while the
// clock jumps, and readers that page through it, against a simple model, on both back ends.
#include <algorithm>
#include <deque>
#include <random>
#include <set>

#include "storage/kv/archive_scan.h"
#include "storage/kv/read.h"
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

constexpr std::chrono::microseconds tick{1};
constexpr std::string_view stanza = "<message/>";
const std::vector<std::string> contacts{"a@x", "a@x/1", "a@x/2", "b@x", "b@x/1"};
const std::vector<std::string> filters{"", "", "", "a@x", "a@x/1", "b@x", "b@x/2", "c@x"};

bool matches(const std::string& filter, const std::string& with) {
    if (filter.empty() || filter == with) return true;
    return filter.find('/') == std::string::npos && with.substr(0, with.find('/')) == filter;
}

struct Entry {
    ArchiveId id;
    WallTime time{};
    std::string with;
    bool emptied = false;  // expired, and the newest: no message, but a cursor still finds it
};

/// What the archive should hold, and what a query should find there.
struct Model {
    std::deque<Entry> entries;

    const Entry* find(ArchiveId id) const {
        const auto at = std::find_if(entries.begin(), entries.end(),
                                     [id](const Entry& entry) { return entry.id == id; });
        return at == entries.end() ? nullptr : &*at;
    }
    bool has_message(ArchiveId id) const {
        const Entry* entry = find(id);
        return entry && !entry->emptied;
    }
    bool refuses(const ArchiveQuery& query) const {
        for (const auto& id : {query.before_id, query.after_id, query.rsm_after, query.rsm_before})
            if (id && !find(*id)) return true;
        return !std::all_of(query.ids.begin(), query.ids.end(),
                            [this](ArchiveId id) { return has_message(id); });
    }
    static bool selects(const ArchiveQuery& query, const Entry& entry) {
        if (entry.emptied || !matches(query.with, entry.with)) return false;
        if (query.start && entry.time < *query.start) return false;
        if (query.end && entry.time > *query.end) return false;
        if (query.before_id && entry.id >= *query.before_id) return false;
        if (query.after_id && entry.id <= *query.after_id) return false;
        return query.ids.empty() ||
               std::find(query.ids.begin(), query.ids.end(), entry.id) != query.ids.end();
    }
    /// Everything the query selects, whatever the cursor.
    std::vector<ArchiveId> result(const ArchiveQuery& query) const {
        std::vector<ArchiveId> ids;
        for (const Entry& entry : entries)
            if (selects(query, entry)) ids.push_back(entry.id);
        return ids;
    }
    /// Of an entry from the future that is when the next one was written that is not.
    WallTime written(std::size_t n, WallTime now) const {
        while (entries[n].time > now)
            if (++n == entries.size()) return now;
        return entries[n].time;
    }
    /// The last one of those that go; none: all stay.
    ArchiveId last_expired(const Keep& keep) const {
        ArchiveId last = ArchiveId::none;
        const std::size_t surplus =
            keep.newest > 0 && entries.size() > keep.newest ? entries.size() - keep.newest : 0;
        for (std::size_t n = 0; n < entries.size(); ++n) {
            if (n >= surplus && written(n, keep.now) >= keep.since) break;
            last = entries[n].id;
        }
        const bool nothing_left = entries.size() == 1 && entries.front().emptied;
        return nothing_left ? ArchiveId::none : last;
    }
    std::pair<std::vector<ArchiveId>, bool> page(const ArchiveQuery& query) const {
        auto ids = result(query);
        std::erase_if(ids, [&](ArchiveId id) {
            return (query.rsm_after && id <= *query.rsm_after) ||
                   (query.rsm_before && id >= *query.rsm_before);
        });
        const std::size_t fit = std::max<std::size_t>(query.max_bytes / stanza.size(), 1);
        const std::size_t most = query.max_bytes == 0 ? query.limit : std::min(query.limit, fit);
        const bool complete = ids.size() <= most;
        const auto surplus = static_cast<std::ptrdiff_t>(complete ? 0 : ids.size() - most);
        if (query.from_end || query.rsm_before)
            ids.erase(ids.begin(), ids.begin() + surplus);
        else
            ids.erase(ids.end() - surplus, ids.end());
        return {ids, complete};
    }
};

std::vector<ArchiveId> ids_of(const ArchivePage& page) {
    std::vector<ArchiveId> ids;
    for (const auto& message : page.messages) ids.push_back(message.id);
    return ids;
}

/// Somebody who pages through all that a query selects.
struct Reader {
    ArchiveQuery query;
    bool backwards = false;
    std::vector<ArchiveId> owed;  // what there was when it began
    std::vector<ArchiveId> got;   // in the order of paging
};

template <class Backend>
class PagingFixture : public Fixture<Backend> {
public:
    explicit PagingFixture(unsigned seed) : random_(seed) { append(20); }

    void run(int turns) {
        for (int i = 0; i < turns; ++i) {
            if (chance(4)) write();
            if (readers_.size() < 6) readers_.push_back(begin());
            const std::size_t who = below(readers_.size());
            if (turn(readers_[who])) continue;
            readers_.erase(readers_.begin() + static_cast<std::ptrdiff_t>(who));
        }
    }
    int finished = 0, refused = 0, clock_steps = 0;

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    bool chance(unsigned one_in) { return random_() % one_in == 0; }
    Entry any_entry() {
        if (model_.entries.empty()) return {ArchiveId{1}, {}, {}};
        return model_.entries[below(model_.entries.size())];
    }
    ArchiveId any() { return any_entry().id; }
    WallTime any_time() { return any_entry().time + std::chrono::microseconds(below(3)) - tick; }

    void write() {
        if (model_.entries.size() > 60 || chance(4))
            expire();
        else
            append(1 + below(5));
    }
    void move_clock() {
        clock_ += tick * (1 + static_cast<std::int64_t>(below(3)));
        if (!chance(20)) return;
        ++clock_steps;
        const auto step = tick * static_cast<std::int64_t>(below(200));
        clock_ += chance(2) ? step : -step;
    }
    void append(std::size_t count) {
        this->commit([&](Batch& batch) {
            for (; count > 0; --count) {
                Archive& archive = this->storage().archive();
                const LogId log = archive.next_log_id();
                move_clock();
                const auto by_clock = clock_.time_since_epoch().count();
                last_ = std::max(last_ + 1, static_cast<std::uint64_t>(by_clock));
                const Entry entry{ArchiveId{last_}, clock_, contacts[below(contacts.size())]};
                put_log(batch, log, entry.time, std::string(stanza));
                archive.put_index(batch, account_, {entry.id, log, entry.time, entry.with});
                model_.entries.push_back(entry);
            }
        });
    }
    void expire() {
        Keep keep;
        if (chance(2))
            keep.newest = 1 + below(50);
        else
            keep.since = any_entry().time + tick * (chance(8) ? 1000 : 0);
        keep.now = chance(2) ? clock_ : std::max(clock_, keep.since);
        auto& expiry = this->storage().expiry();
        const auto found = read(expiry.find(account_, keep, 1 + below(30)));
        const ArchiveId last = model_.last_expired(keep);
        CHECK((found.more ? found.last < last : found.last == last));
        this->commit([&](Batch& batch) { expiry.remove(batch, account_, found); });
        auto& entries = model_.entries;
        while (!entries.empty() && entries.front().id < found.last) entries.pop_front();
        if (entries.empty() || entries.front().id != found.last) return;
        if (found.newest)
            entries.front().emptied = true;
        else
            entries.pop_front();
    }

    Reader begin() {
        Reader reader;
        reader.backwards = chance(2);
        ArchiveQuery& query = reader.query;
        query.owner = account_;
        query.with = filters[below(filters.size())];
        query.limit = 1 + below(5);
        if (chance(3)) query.max_bytes = 1 + below(4 * stanza.size());
        query.want_count = chance(2);
        query.from_end = reader.backwards;
        if (chance(4)) query.start = any_time();
        if (chance(4)) query.end = any_time();
        if (chance(6)) query.after_id = any();
        if (chance(6)) query.before_id = any();
        if (chance(5))
            for (std::size_t n = below(6); n > 0; --n) query.ids.push_back(any());
        reader.owed = model_.result(query);
        return reader;
    }

    /// One page. False: it is done.
    bool turn(Reader& reader) {
        const bool refuses = model_.refuses(reader.query);
        const bool quiet = chance(2);  // nobody writes while the page is made
        ArchiveScan scan(reader.query, {.entries = 1 + below(4), .bytes = 1 + below(30)});
        const auto begun = look([&](Snapshot& snapshot) { return scan.begin(snapshot); });
        CHECK(begun.ok() == !refuses);
        if (!begun) {
            CHECK(begun.error().code == "item-not-found");
            ++refused;
            return false;
        }
        const auto count = model_.result(reader.query).size();
        while (!look([&](Snapshot& snapshot) { return scan.step(snapshot); }))
            if (!quiet && chance(3)) write();
        const ArchivePage page = scan.take_page();
        if (quiet) check_exactly(reader.query, page, count);
        return note(reader, page);
    }
    template <class Read>
    auto look(Read&& use) {
        auto result = read_snapshot(this->storage().engine(), std::forward<Read>(use));
        REQUIRE(result.ok());
        return std::move(result).value();
    }
    void check_exactly(const ArchiveQuery& query, const ArchivePage& page, std::size_t count) {
        const auto [ids, complete] = model_.page(query);
        CHECK(ids_of(page) == ids);
        CHECK(page.complete == complete);
        if (!query.ids.empty()) return;
        CHECK(page.count.has_value() == (query.with.empty() || query.want_count));
        if (page.count) CHECK(*page.count == count);
        if (!page.first_index) return;
        const auto all = model_.result(query);
        CHECK(all[static_cast<std::size_t>(*page.first_index)] == ids.front());
    }
    bool note(Reader& reader, const ArchivePage& page) {
        auto ids = ids_of(page);
        CHECK(std::is_sorted(ids.begin(), ids.end()));
        CHECK(ids.size() <= reader.query.limit);
        if (!ids.empty() && reader.backwards) reader.query.rsm_before = ids.front();
        if (!ids.empty() && !reader.backwards) reader.query.rsm_after = ids.back();
        reader.query.from_end = false;
        if (reader.backwards) std::reverse(ids.begin(), ids.end());
        reader.got.insert(reader.got.end(), ids.begin(), ids.end());
        if (!page.complete) {
            CHECK_FALSE(ids.empty());
            return true;
        }
        finish(reader);
        return false;
    }
    void finish(Reader& reader) {
        ++finished;
        if (reader.backwards) std::reverse(reader.got.begin(), reader.got.end());
        const auto& got = reader.got;
        CHECK(std::adjacent_find(got.begin(), got.end(), std::greater_equal<>()) == got.end());
        for (const ArchiveId id : reader.owed)
            if (model_.has_message(id)) CHECK(std::binary_search(got.begin(), got.end(), id));
        const auto selected = model_.result(reader.query);
        for (const ArchiveId id : got)
            if (model_.has_message(id))
                CHECK(std::binary_search(selected.begin(), selected.end(), id));
    }

    const OwnerId account_ = this->storage().owners().next_id("owner@example.org");
    std::mt19937 random_;
    WallTime clock_ = at(1'000'000);
    std::uint64_t last_ = 0;
    Model model_;
    std::vector<Reader> readers_;
};

TEST_CASE_TEMPLATE("whoever pages sees everything once, in order, whatever is written meanwhile",
                   Backend, MemoryBackend, LmdbBackend) {
    for (const unsigned seed : {1u, 2u, 3u, 4u}) {
        INFO("seed ", seed);
        PagingFixture<Backend> archive(seed);
        archive.run(3000);
        CHECK(archive.finished > 300);
        CHECK(archive.refused > 20);
        CHECK(archive.clock_steps > 50);
    }
}

}  // namespace
}  // namespace clarion::storage
