#include "proto/jid.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "proto/jid_prep.h"

namespace clarion {

namespace {

/// More cannot become a valid address of three parts; refused before any work is done.
constexpr std::size_t max_text = 3 * Jid::max_part + 2;
constexpr std::size_t max_label = 63;  // RFC 1035, 2.3.4

// --- ASCII --------------------------------------------------------------------------------------

/// What an ASCII character may be part of. Anything else sends the part to jid_prep.
enum CharClass : unsigned char {
    in_local = 1,     // as it is
    in_resource = 2,  // as it is
    in_domain = 4,    // as it is; underscore too, which host names in the field have
    upper = 8,        // a letter to be lower-cased in localpart and domain
};

constexpr std::array<unsigned char, 256> make_char_classes() {
    std::array<unsigned char, 256> table{};
    for (unsigned char c = 0x20; c < 0x7f; ++c) table[c] = in_local | in_resource;
    for (const char c : std::string_view(" \"&'/:<>@")) {
        table[static_cast<unsigned char>(c)] = in_resource;  // RFC 3920, A.5
    }
    for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = in_resource | upper;
    for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] |= in_domain;
    for (unsigned char c = '0'; c <= '9'; ++c) table[c] |= in_domain;
    for (const char c : std::string_view("-._")) table[static_cast<unsigned char>(c)] |= in_domain;
    return table;
}
constexpr auto char_classes = make_char_classes();

unsigned char class_of(char c) { return char_classes[static_cast<unsigned char>(c)]; }

bool is_ascii(std::string_view text) {
    unsigned char all = 0;
    for (const char c : text) all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
    return all < 0x80;
}

/// Appends `text`, lower-cased, if all of it is of `wanted` class or a capital.
bool append_lower(std::string& out, std::string_view text, CharClass wanted) {
    unsigned char seen_upper = 0;
    for (const char c : text) {
        const unsigned char is = class_of(c);
        if ((is & (wanted | upper)) == 0) return false;
        seen_upper |= is & upper;
    }
    const std::size_t start = out.size();
    out += text;
    if (seen_upper == 0) return true;
    for (std::size_t i = start; i < out.size(); ++i) {
        if ((class_of(out[i]) & upper) != 0) out[i] = static_cast<char>(out[i] + ('a' - 'A'));
    }
    return true;
}

bool all_of_class(std::string_view text, CharClass wanted) {
    for (const char c : text) {
        if ((class_of(c) & wanted) == 0) return false;
    }
    return true;
}

/// What preparation may have produced from full-width forms and the like.
bool ascii_part_allowed(std::string_view text, CharClass wanted) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x80 && (class_of(c) & wanted) == 0) return false;
    }
    return true;
}

Error malformed(std::string_view part, std::string_view why) {
    return fail(error_code::jid_malformed, std::string(part) + " " + std::string(why));
}

constexpr std::string_view not_allowed = "contains a character that is not allowed";

Result<> check_length(std::string_view part, std::size_t bytes) {
    if (bytes == 0) return malformed(part, "is empty");
    if (bytes > Jid::max_part) return malformed(part, "is longer than 1023 bytes");
    return {};
}

// --- parts: each appends its prepared form to `out` ----------------------------------------------

Result<> append_local(std::string& out, std::string_view text) {
    const std::size_t start = out.size();
    if (!append_lower(out, text, in_local)) {
        if (is_ascii(text)) return malformed("localpart", not_allowed);
        const auto prepared = jid_prep::nodeprep(text);
        if (!prepared.ok()) return malformed("localpart", prepared.error().text);
        if (!ascii_part_allowed(*prepared, in_local)) return malformed("localpart", not_allowed);
        out += *prepared;
    }
    return check_length("localpart", out.size() - start);
}

Result<> append_resource(std::string& out, std::string_view text) {
    const std::size_t start = out.size();
    if (all_of_class(text, in_resource)) {
        out += text;
    } else {
        if (is_ascii(text)) return malformed("resource", not_allowed);
        const auto prepared = jid_prep::resourceprep(text);
        if (!prepared.ok()) return malformed("resource", prepared.error().text);
        if (!ascii_part_allowed(*prepared, in_resource)) return malformed("resource", not_allowed);
        out += *prepared;
    }
    return check_length("resource", out.size() - start);
}

/// "[2001:db8::1]" in its canonical spelling (RFC 5952).
Result<> append_ipv6(std::string& out, std::string_view text) {
    in6_addr address{};
    std::array<char, INET6_ADDRSTRLEN> spelled{};
    if (text.size() < 4 || text.size() > INET6_ADDRSTRLEN || text.back() != ']' ||
        inet_pton(AF_INET6, std::string(text.substr(1, text.size() - 2)).c_str(), &address) != 1 ||
        inet_ntop(AF_INET6, &address, spelled.data(), spelled.size()) == nullptr) {
        return malformed("domain", "is not a valid IPv6 address");
    }
    out.append("[").append(spelled.data()).append("]");
    return {};
}

/// No empty label, none too long, none that begins or ends with a hyphen.
bool labels_allowed(std::string_view domain) {
    for (std::size_t begin = 0; begin <= domain.size();) {
        const std::size_t end = std::min(domain.find('.', begin), domain.size());
        const std::string_view label = domain.substr(begin, end - begin);
        if (label.empty() || label.front() == '-' || label.back() == '-') return false;
        if (label.size() > max_label && is_ascii(label)) return false;
        begin = end + 1;
    }
    return true;
}

/// Whether a label might be an A-label, which is stored as what it stands for.
bool has_a_label(std::string_view text) {
    for (std::size_t i = 0; i + 4 <= text.size(); ++i) {
        if (text[i + 2] != '-' || text[i + 3] != '-') continue;
        if ((text[i] | 0x20) == 'x' && (text[i + 1] | 0x20) == 'n') return true;
    }
    return false;
}

Result<> append_idn(std::string& out, std::string_view text) {
    auto prepared = jid_prep::domain_to_unicode(text);
    if (!prepared.ok()) return malformed("domain", prepared.error().text);
    if (prepared->ends_with('.')) prepared->pop_back();
    if (!ascii_part_allowed(*prepared, in_domain)) return malformed("domain", not_allowed);
    // A name that has no ASCII form (a label too long) could never be resolved.
    if (!jid_prep::domain_to_ascii(*prepared).ok()) return malformed("domain", "is not a DNS name");
    out += *prepared;
    return {};
}

Result<> append_domain(std::string& out, std::string_view text) {
    if (text.starts_with('[')) return append_ipv6(out, text);
    const std::size_t start = out.size();
    const bool plain =
        !has_a_label(text) &&
        append_lower(out, text.ends_with('.') ? text.substr(0, text.size() - 1) : text, in_domain);
    if (!plain) {
        if (auto done = append_idn(out, text); !done.ok()) return done;
    }
    const std::string_view prepared = std::string_view(out).substr(start);
    if (auto checked = check_length("domain", prepared.size()); !checked.ok()) return checked;
    if (!labels_allowed(prepared)) return malformed("domain", "is not a DNS name");
    return {};
}

using Appender = Result<> (*)(std::string&, std::string_view);

Result<std::string> prepare(Appender append, std::string_view text) {
    if (text.size() > max_text) return fail(error_code::jid_malformed, "address is too long");
    std::string out;
    if (auto done = append(out, text); !done.ok()) return done.error();
    return out;
}

}  // namespace

Result<std::string> prepare_localpart(std::string_view text) { return prepare(append_local, text); }
Result<std::string> prepare_domain(std::string_view text) { return prepare(append_domain, text); }
Result<std::string> prepare_resource(std::string_view text) {
    return prepare(append_resource, text);
}

Result<std::string> domain_to_ascii(std::string_view prepared_domain) {
    if (is_ascii(prepared_domain)) return std::string(prepared_domain);
    auto ascii = jid_prep::domain_to_ascii(prepared_domain);
    if (!ascii.ok()) return malformed("domain", ascii.error().text);
    return ascii;
}

// --- Jid ----------------------------------------------------------------------------------------

Result<Jid> Jid::assemble(std::optional<std::string_view> local, std::string_view domain,
                          std::optional<std::string_view> resource) {
    Jid jid;
    std::string& out = jid.text_;
    out.reserve((local ? local->size() + 1 : 0) + domain.size() +
                (resource ? resource->size() + 1 : 0));
    if (local) {
        if (auto done = append_local(out, *local); !done.ok()) return done.error();
        out += '@';
        jid.at_ = static_cast<std::uint16_t>(out.size());
    }
    if (auto done = append_domain(out, domain); !done.ok()) return done.error();
    jid.slash_ = static_cast<std::uint16_t>(out.size());
    if (resource) {
        out += '/';
        if (auto done = append_resource(out, *resource); !done.ok()) return done.error();
    }
    return jid;
}

Result<Jid> Jid::parse(std::string_view text) {
    if (text.size() > max_text) return fail(error_code::jid_malformed, "address is too long");
    // RFC 7622, 3.1: first the resource is cut off, then the localpart; both may contain the
    // other's separator.
    std::optional<std::string_view> local;
    std::optional<std::string_view> resource;
    if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
        resource = text.substr(slash + 1);
        text = text.substr(0, slash);
    }
    if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
        local = text.substr(0, at);
        text = text.substr(at + 1);
    }
    return assemble(local, text, resource);
}

Result<Jid> Jid::make(std::string_view local, std::string_view domain, std::string_view resource) {
    if (local.size() + domain.size() + resource.size() > max_text) {
        return fail(error_code::jid_malformed, "address is too long");
    }
    const auto present = [](std::string_view part) {
        return part.empty() ? std::nullopt : std::optional(part);
    };
    return assemble(present(local), domain, present(resource));
}

Jid Jid::trusted(std::string_view text) {
    Jid jid;
    jid.text_ = text;
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::size_t at = text.substr(0, slash).find('@');
    jid.slash_ = static_cast<std::uint16_t>(slash);
    jid.at_ = at == std::string_view::npos ? std::uint16_t{0} : static_cast<std::uint16_t>(at + 1);
    return jid;
}

Jid Jid::to_bare() const {
    Jid jid;
    jid.text_ = bare();
    jid.at_ = at_;
    jid.slash_ = slash_;
    return jid;
}

Result<Jid> Jid::with_resource(std::string_view resource) const {
    if (resource.size() > max_text) return fail(error_code::jid_malformed, "resource is too long");
    Jid jid = to_bare();
    jid.text_ += '/';
    if (auto done = append_resource(jid.text_, resource); !done.ok()) return done.error();
    return jid;
}

}  // namespace clarion
