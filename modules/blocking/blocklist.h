// Blocklist: the addresses an account blocks, how they match (XEP-0191, "JID Matching"), and how a
// command names them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "proto/jid.h"
#include "proto/stanza_error.h"
#include "proto/xml.h"

namespace clarion::blocking {

/// What a <block/> or <unblock/> names.
struct Item {
    Jid jid;
    const xml::Element* report = nullptr;  // XEP-0377; lives in the request
};

/// Each address once, in the order of the request; none: it names nobody. Errors: bad-request (an
/// item without address, or children but no item), jid-malformed.
std::variant<std::vector<Item>, StanzaError> read_items(const xml::Element& command);

// How an address is kept, as an entry of the module's resident data (docs/formats.md): the key, and
// the value, which repeats only what the key cannot hold.
std::string blocked_key(std::string_view jid);
std::string encode_blocked(std::string_view jid);
/// Error "bad-record": it is no such entry.
Result<std::string> decode_blocked(std::string_view key, std::string_view value);

/// Prepared addresses, in the order of their text.
class Blocklist {
public:
    Blocklist() = default;
    explicit Blocklist(std::vector<std::string> jids);

    bool empty() const { return jids_.empty(); }
    std::size_t size() const { return jids_.size(); }
    const std::vector<std::string>& jids() const { return jids_; }
    bool contains(std::string_view jid) const;

    /// The addresses of `items` that are not in the list, or that are.
    std::vector<std::string> missing(const std::vector<Item>& items) const;
    std::vector<std::string> present(const std::vector<Item>& items) const;
    /// One that is added or removed costs a search and a place, however many there are.
    /// REQUIRES: none is in the list.
    void add(std::vector<std::string> missing);
    /// REQUIRES: all are in the list.
    void remove(const std::vector<std::string>& present);

private:
    std::vector<std::string>::iterator place_of(std::string_view jid);

    std::vector<std::string> jids_;
};

/// Whether an entry matches `jid`:
///
///     user@domain/resource   that resource only
///     user@domain            the account and all its resources
///     domain/resource        that resource of the domain only, no user's
///     domain                 the domain, and all users and resources at it
///
/// At most three searches, none in an empty list.
bool matches(const Blocklist& list, const Jid& jid);

}  // namespace clarion::blocking
