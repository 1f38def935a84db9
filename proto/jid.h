// Jid: an XMPP address, prepared and valid by construction (RFC 7622, prepared as the deployed
// network does it: nodeprep, nameprep/IDNA and resourceprep, each part at most 1023 bytes).
//
// A Jid is one string with two offsets: comparing, hashing and printing need no assembling, and the
// parts are views into it. Immutable; copied by value; may cross threads freely.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion {

class Jid {
public:
    /// Largest number of bytes in one part (RFC 7622, section 3.2 to 3.4).
    static constexpr std::size_t max_part = 1023;

    /// The empty address: stands for "no address" (an absent 'to' or 'from').
    Jid() = default;

    /// Prepares and checks `text` ("[local@]domain[/resource]").
    /// Errors: "jid-malformed" with a sentence saying which part is wrong and why.
    /// A localpart or domain that is already prepared ASCII costs no Unicode work.
    static Result<Jid> parse(std::string_view text);

    /// Builds an address from raw parts, preparing each; empty `local` or `resource` means absent.
    static Result<Jid> make(std::string_view local, std::string_view domain,
                            std::string_view resource = {});

    /// Takes text that was prepared before (read back from our own storage, or printed by full()):
    /// only splits. REQUIRES: `text` came out of a Jid.
    static Jid trusted(std::string_view text);

    bool empty() const { return text_.empty(); }
    bool has_local() const { return at_ != 0; }
    bool is_bare() const { return slash_ == text_.size(); }
    bool is_full() const { return !is_bare(); }

    std::string_view local() const { return {text_.data(), at_ == 0 ? std::size_t{0} : at_ - 1u}; }
    std::string_view domain() const { return view().substr(at_, slash_ - at_); }
    std::string_view resource() const {
        return is_bare() ? std::string_view{} : view().substr(slash_ + 1u);
    }
    /// "local@domain" or "domain".
    std::string_view bare() const { return {text_.data(), slash_}; }
    /// The whole address.
    const std::string& full() const { return text_; }

    Jid to_bare() const;
    /// The same bare address with another resource. Errors: "jid-malformed".
    Result<Jid> with_resource(std::string_view resource) const;

    friend bool operator==(const Jid& a, const Jid& b) { return a.text_ == b.text_; }
    friend std::strong_ordering operator<=>(const Jid& a, const Jid& b) {
        return a.text_ <=> b.text_;
    }

private:
    static Result<Jid> assemble(std::optional<std::string_view> local, std::string_view domain,
                                std::optional<std::string_view> resource);
    std::string_view view() const { return text_; }

    std::string text_;
    std::uint16_t at_ = 0;     // first byte of the domain; 0: no localpart
    std::uint16_t slash_ = 0;  // one past the last byte of the bare address
};

/// Preparation of single parts, for those who have no whole address (SASL user names, resources,
/// configured domains). Domains come out as lower-case U-labels without a trailing dot, IPv6
/// literals in brackets. Empty text is an error. Errors: "jid-malformed".
Result<std::string> prepare_localpart(std::string_view text);
Result<std::string> prepare_domain(std::string_view text);
Result<std::string> prepare_resource(std::string_view text);

/// The domain in its ASCII (A-label) form, for DNS and TLS. Errors: "jid-malformed".
Result<std::string> domain_to_ascii(std::string_view prepared_domain);

/// Heterogeneous hashing, so that maps keyed by address text are searched with a view.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>{}(text);
    }
};

}  // namespace clarion

template <>
struct std::hash<clarion::Jid> {
    std::size_t operator()(const clarion::Jid& jid) const {
        return std::hash<std::string>{}(jid.full());
    }
};
