#include "storage/memory/memory_engine.h"

namespace clarion::storage {
namespace {

std::size_t index(Table table) { return static_cast<std::size_t>(table); }

}  // namespace

class MemoryEngine::Position final : public Cursor {
public:
    explicit Position(const Map& map) : map_(map), at_(map.end()) {}

    bool seek(std::string_view key) override {
        at_ = map_.lower_bound(key);
        return at_ != map_.end();
    }
    bool seek_before(std::string_view key) override {
        at_ = map_.lower_bound(key);
        return previous();
    }
    bool next() override { return ++at_ != map_.end(); }
    bool previous() override {
        if (at_ == map_.begin()) return false;
        --at_;
        return true;
    }
    Entry entry() const override { return {at_->first, at_->second}; }

private:
    const Map& map_;
    Map::const_iterator at_;
};

class MemoryEngine::Reading final : public Snapshot {
public:
    explicit Reading(MemoryEngine& engine) : engine_(engine), lock_(engine.reading_) {}

    std::optional<std::string_view> get(Table table, std::string_view key) override {
        const Map& map = engine_.tables_[index(table)];
        const auto found = map.find(key);
        if (found == map.end()) return std::nullopt;
        return found->second;
    }
    std::unique_ptr<Cursor> cursor(Table table) override {
        return std::make_unique<Position>(engine_.tables_[index(table)]);
    }
    std::uint64_t entries(Table table) override { return engine_.tables_[index(table)].size(); }

private:
    MemoryEngine& engine_;
    std::shared_lock<std::shared_mutex> lock_;
};

// Only this transaction changes the maps, so it reads them without the readers' lock.
class MemoryEngine::Writing final : public WriteTransaction {
public:
    explicit Writing(MemoryEngine& engine) : engine_(engine), lock_(engine.writing_) {}

    std::optional<std::string_view> get(Table table, std::string_view key) override {
        const auto& changes = changes_[index(table)];
        if (const auto changed = changes.find(key); changed != changes.end()) {
            return changed->second;
        }
        const Map& map = engine_.tables_[index(table)];
        const auto found = map.find(key);
        if (found == map.end()) return std::nullopt;
        return found->second;
    }

    std::optional<Entry> first(Table table, std::string_view from, std::string_view to) override {
        const auto& changes = changes_[index(table)];
        const Map& map = engine_.tables_[index(table)];
        auto changed = changes.lower_bound(from);
        while (changed != changes.end() && !changed->second) ++changed;
        auto found = map.lower_bound(from);
        while (found != map.end() && changes.contains(found->first)) ++found;
        std::optional<Entry> entry;
        if (changed != changes.end()) entry = Entry{changed->first, *changed->second};
        if (found != map.end() && (!entry || found->first < entry->key)) {
            entry = Entry{found->first, found->second};
        }
        return entry && entry->key < to ? entry : std::nullopt;
    }

    std::optional<Entry> last(Table table, std::string_view from, std::string_view to) override {
        const auto& changes = changes_[index(table)];
        const Map& map = engine_.tables_[index(table)];
        std::optional<Entry> entry;
        for (auto at = changes.lower_bound(to); at != changes.begin() && !entry;)
            if ((--at)->second) entry = Entry{at->first, *at->second};
        for (auto at = map.lower_bound(to); at != map.begin();) {
            --at;
            if (changes.contains(at->first)) continue;
            if (!entry || entry->key < at->first) entry = Entry{at->first, at->second};
            break;
        }
        return entry && entry->key >= from ? entry : std::nullopt;
    }

    void put(Table table, std::string_view key, std::string_view value) override {
        changes_[index(table)].insert_or_assign(std::string(key), std::string(value));
    }
    bool put_new(Table table, std::string_view key, std::string_view value) override {
        if (get(table, key)) return false;
        put(table, key, value);
        return true;
    }
    void erase(Table table, std::string_view key) override {
        changes_[index(table)].insert_or_assign(std::string(key), std::nullopt);
    }

    void commit() override {
        engine_.before_commit_();
        const std::unique_lock merging(engine_.reading_);
        for (std::size_t i = 0; i < table_count; ++i) {
            for (auto& [key, value] : changes_[i]) {
                if (value) {
                    engine_.tables_[i].insert_or_assign(key, std::move(*value));
                } else {
                    engine_.tables_[i].erase(key);
                }
            }
        }
    }

private:
    using Changes = std::map<std::string, std::optional<std::string>, std::less<>>;

    MemoryEngine& engine_;
    std::unique_lock<std::mutex> lock_;
    std::array<Changes, table_count> changes_;
};

std::unique_ptr<Snapshot> MemoryEngine::snapshot() {
    before_read_();
    return std::make_unique<Reading>(*this);
}

std::unique_ptr<WriteTransaction> MemoryEngine::begin_write() {
    return std::make_unique<Writing>(*this);
}

}  // namespace clarion::storage
