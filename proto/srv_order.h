// SRV records: reading them from a raw DNS answer, and the order in which to try their targets.
//
// Pure functions, any thread. The resolver asks c-ares for the raw answer because c-ares 1.18
// gives no TTL in its parsed SRV records; parse_srv_answer() is therefore exposed to whatever the
// network sends: every read is bounds-checked and compression loops end.
//
// Sources: RFC 2782 (order, "."), RFC 1035 section 4 (message format), RFC 2181 section 8 (TTL),
// RFC 6120 section 3.2 (XMPP's use), XEP-0368 (direct TLS).
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace clarion::srv {

struct SrvRecord {
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
    std::string target;       ///< lower case, without the final dot; "." where there is no service
    std::uint32_t ttl = 0;    ///< seconds; at most that of the CNAMEs the answer went through
    bool direct_tls = false;  ///< from _xmpps-: TLS from the first byte
};

/// More records than this in one answer are not looked at.
inline constexpr std::size_t max_srv_records = 64;

/// The SRV records of the answer section of a DNS message. An answer "no such name" or one without
/// SRV records is an empty list. Errors: "dns-malformed" if the message breaks its own format or a
/// target is no host name, "dns-failure" for any other response code.
Result<std::vector<SrvRecord>> parse_srv_answer(std::span<const unsigned char> message);

/// Gives a number in [0, bound], both included; every value equally likely.
using RandomUpTo = std::function<std::uint32_t(std::uint32_t bound)>;

/// Where to connect, in the order to try.
struct Plan {
    std::vector<SrvRecord> targets;
    /// No record existed at all: try the domain's own addresses at the default port (RFC 6120
    /// section 3.2.2). False with no targets means the domain says it has no such service.
    bool use_domain_itself = false;
};

/// Orders records as RFC 2782 says: by priority, within one priority by weighted chance.
std::vector<SrvRecord> order(std::vector<SrvRecord> records, const RandomUpTo& random);

/// Merges the answers for _xmpp-server (or -client) and _xmpps-server as XEP-0368 says: as if they
/// were one set. Sets direct_tls; drops "." targets, each of which only says that its own service
/// is absent. Pass an empty list for a lookup that found nothing.
Plan plan(std::vector<SrvRecord> starttls, std::vector<SrvRecord> direct_tls,
          const RandomUpTo& random);

}  // namespace clarion::srv
