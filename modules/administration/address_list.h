// AddressList: addresses with whom users of a host do not talk, or with whom alone they do, as an
// administrator listed them (XEP-0133, 4.11 and 4.12), and as they are stored with the host. Pure.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/jid.h"

namespace clarion::administration {

/// Their keys.
inline constexpr std::string_view blacklist_key = "blacklist";
inline constexpr std::string_view whitelist_key = "whitelist";

class AddressList {
public:
    AddressList() = default;
    explicit AddressList(const std::vector<std::string>& addresses)
        : addresses_(addresses.begin(), addresses.end()) {}

    bool empty() const { return addresses_.empty(); }
    std::size_t size() const { return addresses_.size(); }
    bool contains(std::string_view address) const { return addresses_.contains(address); }
    /// In order.
    std::vector<std::string> all() const { return {addresses_.begin(), addresses_.end()}; }
    /// Whether it, its bare address, its domain or a domain above that is listed (the order of
    /// XEP-0016, 2.1: of the domain everybody, and its subdomains).
    bool covers(const Jid& who) const;

    /// Prepared addresses.
    void add(std::string address) { addresses_.insert(std::move(address)); }
    void remove(const std::string& address) { addresses_.erase(address); }

private:
    std::set<std::string, std::less<>> addresses_;
};

/// As the entry is kept (docs/formats.md). Error "bad-record".
std::string encode(const AddressList& list);
Result<AddressList> decode_address_list(std::string_view bytes);

}  // namespace clarion::administration
