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
};

/// Makes an Error; reads well at a `return fail("not-found", "no such account")`.
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
