#include "storage/kv/log_watch.h"

#include "storage/kv/keys.h"

namespace clarion::storage {

void LogWatch::start(std::uint64_t sweep, std::uint64_t from, std::uint64_t to) {
    if (from > to) {
        if (sweep == sweep_) stop();
        return;
    }
    sweep_ = sweep;
    from_ = from;
    to_ = to;
    touched_.clear();
}

void LogWatch::stop() {
    sweep_ = 0;
    touched_.clear();
}

void LogWatch::touch(std::string_view log_key) {
    if (sweep_ == 0) return;
    const std::uint64_t id = key_u64(log_key, 0);
    if (id < from_ || id > to_) return;
    touched_.insert(id);
    if (touched_.size() > max_touched) stop();
}

bool LogWatch::allows(std::uint64_t sweep, std::string_view log_key) const {
    return sweep != 0 && sweep == sweep_ && !touched_.contains(key_u64(log_key, 0));
}

}  // namespace clarion::storage
