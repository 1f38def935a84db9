#include "server/app/console/web_sessions.h"

#include <algorithm>

#include "proto/crypto.h"

namespace clarion::app {

namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t forms_remembered = 64;

bool is_over(const WebSession& session, SteadyTime now, const WebSessions::Limits& limits) {
    return now - session.asked >= limits.idle || now - session.began >= limits.whole;
}

}  // namespace

bool WebSession::take_form(std::string_view number) {
    if (std::find(taken_.begin(), taken_.end(), number) != taken_.end()) return false;
    taken_.emplace_back(number.substr(0, 64));
    if (taken_.size() > forms_remembered) taken_.pop_front();
    return true;
}

std::string WebSessions::key_of(std::string_view token) { return crypto::sha256(token); }

/// One that is over goes first, then the account's own, then anybody's.
void WebSessions::make_room(SteadyTime now, Limits limits, const Jid& account) {
    std::erase_if(sessions_, [&](const auto& each) { return is_over(each.second, now, limits); });
    const auto is_theirs = [&](const auto& each) { return each.second.account == account; };
    const auto theirs =
        static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(), is_theirs));
    if (theirs < most_of_one && sessions_.size() < limits.most) return;
    auto oldest = sessions_.end();
    for (auto at = sessions_.begin(); at != sessions_.end(); ++at) {
        if (theirs >= most_of_one && !is_theirs(*at)) continue;
        if (oldest == sessions_.end() || at->second.asked < oldest->second.asked) oldest = at;
    }
    if (oldest != sessions_.end()) sessions_.erase(oldest);
}

std::string WebSessions::begin(SteadyTime now, Limits limits, Jid account, std::string mark,
                               std::string network) {
    make_room(now, limits, account);
    const std::string token = base64url_encode(crypto::random_bytes(token_bytes));
    WebSession& session = sessions_[key_of(token)];
    session.account = std::move(account);
    session.mark = std::move(mark);
    session.network = std::move(network);
    session.form_token = base64url_encode(crypto::random_bytes(token_bytes));
    session.began = session.asked = now;
    return token;
}

WebSession* WebSessions::find(SteadyTime now, Limits limits, std::string_view token,
                              std::string_view network) {
    const auto found = token.empty() ? sessions_.end() : sessions_.find(key_of(token));
    if (found == sessions_.end()) return nullptr;
    if (is_over(found->second, now, limits)) {
        sessions_.erase(found);
        return nullptr;
    }
    if (!network.empty() && found->second.network != network) return nullptr;
    found->second.asked = now;
    return &found->second;
}

void WebSessions::end(std::string_view token) { sessions_.erase(key_of(token)); }

void WebSessions::end_others(const Jid& account, std::string_view token) {
    const std::string mine = key_of(token);
    std::erase_if(sessions_, [&](const auto& each) {
        return each.second.account == account && each.first != mine;
    });
}

}  // namespace clarion::app
