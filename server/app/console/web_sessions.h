// WebSessions: browsers that are signed in to /admin/ and /me/. In memory: a restart signs all out.
//
// A browser has a token in a cookie, here is only its hash. A session ends when it is idle or old,
// when its account's credentials change (the caller compares `mark`), or by signing out. What a form
// changes needs the session's form token beside the cookie, and a form that is sent twice is carried
// out once. On one shard only.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text.h"
#include "base/time.h"
#include "proto/jid.h"

namespace clarion::app {

struct WebSession {
    Jid account;          // bare
    std::string mark;     // core::credentials_mark() when it began
    std::string network;  // from where
    std::string form_token;
    /// What is to be said on the next page, once.
    std::string notice;
    std::string notice_page;  // which that is: path and query
    bool notice_is_error = false;
    SteadyTime began{}, asked{};

    /// Whether a form with this number is new; then it is not any more.
    bool take_form(std::string_view number);

private:
    std::deque<std::string> taken_;
};

class WebSessions {
public:
    struct Limits {
        Duration idle, whole;
        std::size_t most;
    };
    static constexpr std::size_t most_of_one = 10;

    /// Begins a session; its token, for the cookie. The longest idle one may end for it.
    std::string begin(SteadyTime now, Limits limits, Jid account, std::string mark,
                      std::string network);
    /// nullptr: there is none, or it is over. Counts as asked for. Valid until the next call.
    /// From another network than it began on there is none either, unless `network` is empty.
    WebSession* find(SteadyTime now, Limits limits, std::string_view token,
                     std::string_view network = {});
    void end(std::string_view token);
    /// All of an account, but that of this token.
    void end_others(const Jid& account, std::string_view token);
    std::size_t size() const { return sessions_.size(); }

private:
    static std::string key_of(std::string_view token);
    void make_room(SteadyTime now, Limits limits, const Jid& account);

    std::unordered_map<std::string, WebSession> sessions_;  // by the token's hash
};

}  // namespace clarion::app
