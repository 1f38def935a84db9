#include <utility>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {

namespace {

std::uint64_t seq_of(std::string_view key) {
    return key.size() < 8 ? key_u64(key, 0) : key_u64(key, key.size() - 8);
}

}  // namespace

std::uint64_t SpoolKv::next_seq() { return numbers_.spool.fetch_add(1, std::memory_order_relaxed); }

void SpoolKv::put(Batch& batch, std::string_view domain, const SpooledStanza& stanza) {
    static_cast<KvBatch&>(batch).put(Table::spool, spool_key(domain, stanza.seq),
                                     encode_spool_head(domain, stanza.time), stanza.xml);
}

void SpoolKv::remove(Batch& batch, std::string_view domain, std::uint64_t seq) {
    static_cast<KvBatch&>(batch).erase(Table::spool, spool_key(domain, seq));
}

Task<Result<std::vector<SpooledStanza>>> SpoolKv::read(std::string domain, std::uint64_t after_seq,
                                                       PageSize size) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        std::vector<SpooledStanza> stanzas;
        std::size_t bytes = 0;
        const auto read_one = [&](const Entry& entry) {
            auto record = decoded(decode_spool(seq_of(entry.key), entry.value));
            if (record.domain != domain) return true;
            bytes += record.stanza.xml.size();
            if (!size.fits(stanzas.size(), bytes)) return false;
            stanzas.push_back(std::move(record.stanza));
            return true;
        };
        for_range(snapshot, Table::spool, after(spool_key(domain, after_seq)),
                  spool_range(domain).to, read_one);
        return stanzas;
    });
}

Task<Result<std::vector<std::string>>> SpoolKv::domains(PartitionSet partitions) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        std::vector<std::string> domains;
        std::string from;
        const auto take = [&](const Entry& entry) {
            domains.push_back(decoded(decode_spool(seq_of(entry.key), entry.value)).domain);
            from = spool_range(domains.back()).to.view();
            return false;
        };
        for (std::size_t count = SIZE_MAX; count != domains.size();) {
            count = domains.size();
            for_partitions(snapshot, Table::spool, partitions, from, take);
        }
        return domains;
    });
}

}  // namespace clarion::storage
