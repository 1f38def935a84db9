// Result<T>: a value, or an Error that says what went wrong.
//
// Every expected failure in Clarion (bad input, a name that does not exist, a peer that went away)
// travels in a Result; exceptions are kept for broken invariants. A Result must be looked at:
// the type is [[nodiscard]].
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace clarion {

/// What went wrong. `code` is stable and machine-readable ("not-found", "jid-malformed", an RFC
/// condition where one exists); `text` is a sentence for the person who reads the log or the
/// answer.
struct Error {
    std::string code;
    std::string text;

    bool is(std::string_view wanted) const { return code == wanted; }
};

/// Codes that code looks at, each spelled here only. All others are passed on or shown.
namespace error_code {
inline constexpr std::string_view bad_format = "bad-format";  // XML: see RFC 6120, 4.9.3.1
inline constexpr std::string_view config = "config";          // what the operator wrote
inline constexpr std::string_view conflict = "conflict";
inline constexpr std::string_view damaged_backup = "damaged-backup";
inline constexpr std::string_view handled_count_too_high = "handled-count-too-high";  // XEP-0198
inline constexpr std::string_view in_use = "in-use";  // of a data directory
inline constexpr std::string_view item_not_found = "item-not-found";
inline constexpr std::string_view jid_malformed = "jid-malformed";
inline constexpr std::string_view moved = "moved";  // it lives on another shard
inline constexpr std::string_view not_acceptable = "not-acceptable";
inline constexpr std::string_view not_found = "not-found";  // DNS: there is no such name
inline constexpr std::string_view resource_constraint = "resource-constraint";
inline constexpr std::string_view usage = "usage";  // what was typed
}  // namespace error_code

/// Makes an Error; reads well at a `return fail(error_code::not_found, "no such account")`.
inline Error fail(std::string_view code, std::string text = {}) {
    return Error{std::string(code), std::move(text)};
}

template <class T = void>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    /// REQUIRES: ok().
    T& value() & {
        assert(ok());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        assert(ok());
        return *std::get_if<0>(&state_);
    }
    T&& value() && {
        assert(ok());
        return std::move(*std::get_if<0>(&state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    T value_or(T fallback) const& { return ok() ? value() : std::move(fallback); }

    /// REQUIRES: !ok().
    const Error& error() const {
        assert(!ok());
        return *std::get_if<1>(&state_);
    }

private:
    std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), ok_(false) {}

    bool ok() const { return ok_; }
    explicit operator bool() const { return ok_; }

    /// REQUIRES: !ok().
    const Error& error() const {
        assert(!ok_);
        return error_;
    }

private:
    Error error_;
    bool ok_ = true;
};

}  // namespace clarion
