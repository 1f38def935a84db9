#include "proto/srv_order.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace clarion::srv {

namespace {

// ---- Reading a DNS message (RFC 1035 section 4) ------------------------------------------------

constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t type_srv = 33;
constexpr std::uint16_t class_in = 1;
constexpr std::size_t max_name_size = 255;

Error malformed(std::string text) { return fail("dns-malformed", std::move(text)); }

bool is_host_byte(unsigned char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_';
}

unsigned char lower(unsigned char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<unsigned char>(byte + ('a' - 'A')) : byte;
}

// Reads forward through the message; after a read past the end, ok() is false and all reads give 0.
class Cursor {
public:
    explicit Cursor(std::span<const unsigned char> message) : message_(message) {}

    bool ok() const { return ok_; }
    std::size_t position() const { return position_; }

    unsigned byte() {
        skip(1);
        return ok_ ? message_[position_ - 1] : 0;
    }
    std::uint16_t word() {
        const unsigned high = byte();
        return static_cast<std::uint16_t>(high << 8 | byte());
    }
    std::uint32_t long_word() {
        const std::uint32_t high = word();
        return high << 16 | word();
    }
    void skip(std::size_t count) {
        if (count > message_.size() - position_) ok_ = false;
        if (ok_) position_ += count;
    }
    /// Jumps back, to where a compression pointer points. It must point before `limit`.
    void jump(std::size_t target, std::size_t limit) {
        if (target >= limit) ok_ = false;
        if (ok_) position_ = target;
    }
    void refuse() { ok_ = false; }

private:
    std::span<const unsigned char> message_;
    std::size_t position_ = 0;
    bool ok_ = true;
};

// Passes a name without looking where its compression pointer leads.
void skip_name(Cursor& at) {
    while (at.ok()) {
        const unsigned length = at.byte();
        if (length >= 0xc0) return at.skip(1);
        if (length >= 0x40) return at.refuse();
        if (length == 0) return;
        at.skip(length);
    }
}

void append_label(Cursor& at, unsigned length, std::string& name) {
    if (!name.empty()) name += '.';
    for (unsigned i = 0; i < length; ++i) {
        const unsigned char byte = lower(static_cast<unsigned char>(at.byte()));
        if (!is_host_byte(byte)) return at.refuse();
        name += static_cast<char>(byte);
    }
    if (name.size() > max_name_size) at.refuse();
}

// Reads a host name, following compression pointers. Each must lead further back than the name
// part it ends, so that the walk ends; the length limit bounds its work. Leaves `at` behind the
// name as it stands at its first place. The root is ".".
std::string read_name(Cursor& at) {
    std::string name;
    std::optional<Cursor> after;
    std::size_t part_start = at.position();
    while (at.ok()) {
        const unsigned length = at.byte();
        if (length >= 0xc0) {
            const std::size_t target = (length & 0x3f) << 8 | at.byte();
            if (!after && at.ok()) after = at;
            at.jump(target, part_start);
            part_start = target;
        } else if (length >= 0x40) {
            at.refuse();
        } else if (length == 0) {
            break;
        } else {
            append_label(at, length, name);
        }
    }
    if (at.ok() && after) at = *after;
    return name.empty() ? "." : name;
}

struct RecordHead {
    std::uint16_t type = 0;
    std::uint16_t record_class = 0;
    std::uint32_t ttl = 0;
    std::size_t data_size = 0;
};

RecordHead read_head(Cursor& at) {
    RecordHead head;
    skip_name(at);
    head.type = at.word();
    head.record_class = at.word();
    const std::uint32_t ttl = at.long_word();
    head.ttl = ttl >> 31 != 0 ? 0 : ttl;  // RFC 2181 section 8
    head.data_size = at.word();
    return head;
}

SrvRecord read_srv(Cursor& at, const RecordHead& head) {
    const std::size_t end = at.position() + head.data_size;
    SrvRecord record;
    record.ttl = head.ttl;
    record.priority = at.word();
    record.weight = at.word();
    record.port = at.word();
    record.target = read_name(at);
    if (at.position() != end) at.refuse();
    return record;
}

Result<std::vector<SrvRecord>> read_answers(Cursor& at, unsigned count) {
    std::vector<SrvRecord> records;
    std::uint32_t alias_ttl = std::numeric_limits<std::uint32_t>::max();
    for (unsigned i = 0; i < count && at.ok(); ++i) {
        const RecordHead head = read_head(at);
        const bool internet = head.record_class == class_in;
        if (internet && head.type == type_srv && records.size() < max_srv_records) {
            records.push_back(read_srv(at, head));
            continue;
        }
        if (internet && head.type == type_cname) alias_ttl = std::min(alias_ttl, head.ttl);
        at.skip(head.data_size);
    }
    if (!at.ok()) return malformed("a record is cut short or breaks the format");
    for (SrvRecord& record : records) record.ttl = std::min(record.ttl, alias_ttl);
    return records;
}

// ---- Order (RFC 2782) --------------------------------------------------------------------------

// Moves one record, drawn by weight from [first, last), to `first`; the others keep their order.
// Those of weight 0 come first in the range, so that they have a small chance only.
void draw(std::vector<SrvRecord>::iterator first, std::vector<SrvRecord>::iterator last,
          const RandomUpTo& random) {
    std::uint32_t total = 0;
    for (auto it = first; it != last; ++it) total += it->weight;
    const std::uint32_t chosen = random(total);
    std::uint32_t sum = 0;
    auto it = first;
    while ((sum += it->weight) < chosen && it + 1 != last) ++it;
    std::rotate(first, it, it + 1);
}

void mark_and_append(std::vector<SrvRecord>& all, std::vector<SrvRecord>&& some, bool direct_tls) {
    for (SrvRecord& record : some) {
        if (record.target == ".") continue;
        record.direct_tls = direct_tls;
        all.push_back(std::move(record));
    }
}

}  // namespace

Result<std::vector<SrvRecord>> parse_srv_answer(std::span<const unsigned char> message) {
    constexpr unsigned flag_response = 0x8000;
    constexpr unsigned no_such_name = 3;
    Cursor at(message);
    at.skip(2);
    const unsigned flags = at.word();
    const unsigned questions = at.word();
    const unsigned answers = at.word();
    at.skip(4);
    if (!at.ok() || (flags & flag_response) == 0) return malformed("not a DNS response");
    const unsigned code = flags & 0xf;
    if (code == no_such_name) return std::vector<SrvRecord>{};
    if (code != 0) return fail("dns-failure", "response code " + std::to_string(code));
    for (unsigned i = 0; i < questions && at.ok(); ++i) {
        skip_name(at);
        at.skip(4);
    }
    return read_answers(at, answers);
}

std::vector<SrvRecord> order(std::vector<SrvRecord> records, const RandomUpTo& random) {
    std::stable_sort(records.begin(), records.end(), [](const SrvRecord& a, const SrvRecord& b) {
        if (a.priority != b.priority) return a.priority < b.priority;
        return a.weight == 0 && b.weight != 0;
    });
    for (auto first = records.begin(); first != records.end();) {
        const auto last = std::find_if(first, records.end(), [&](const SrvRecord& other) {
            return other.priority != first->priority;
        });
        for (; first != last; ++first) draw(first, last, random);
    }
    return records;
}

Plan plan(std::vector<SrvRecord> starttls, std::vector<SrvRecord> direct_tls,
          const RandomUpTo& random) {
    Plan result;
    result.use_domain_itself = starttls.empty() && direct_tls.empty();
    std::vector<SrvRecord> all;
    all.reserve(starttls.size() + direct_tls.size());
    mark_and_append(all, std::move(starttls), false);
    mark_and_append(all, std::move(direct_tls), true);
    result.targets = order(std::move(all), random);
    return result;
}

}  // namespace clarion::srv
