#include "server/app/console/web_sessions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "proto/crypto.h"

namespace clarion::app {

namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t forms_remembered = 64;
constexpr std::size_t longest_number = 64;

bool is_over(const WebSession& session, SteadyTime now, const WebSessions::Limits& limits) {
    return now - session.asked >= limits.idle || now - session.began >= limits.whole;
}

}  // namespace

bool WebSession::take_form(std::string_view number) {
    number = number.substr(0, longest_number);
    if (std::find(taken_.begin(), taken_.end(), number) != taken_.end()) return false;
    taken_.emplace_back(number);
    if (taken_.size() > forms_remembered) taken_.pop_front();
    return true;
}

std::string WebSessions::key_of(std::string_view token) { return crypto::sha256(token); }

/// One that is over goes first, then the account's own, then one of who has most: whoever signs in
/// again and again signs out themselves, not others.
void WebSessions::make_room(SteadyTime now, Limits limits, const Jid& account) {
    std::erase_if(sessions_, [&](const auto& each) { return is_over(each.second, now, limits); });
    std::map<Jid, std::size_t> counts;
    for (const auto& [key, session] : sessions_) ++counts[session.account];
    const bool too_many = counts[account] >= most_of_one;
    if (!too_many && sessions_.size() < limits.most) return;
    const auto worth = [&](const WebSession& session) {
        const bool theirs = session.account == account;
        return std::pair(too_many ? theirs : counts[session.account], session.asked);
    };
    const auto more = [&](const auto& one, const auto& other) {
        const auto [count, asked] = worth(one.second);
        const auto [other_count, other_asked] = worth(other.second);
        return count != other_count ? count < other_count : asked > other_asked;
    };
    const auto gone = std::max_element(sessions_.begin(), sessions_.end(), more);
    if (gone != sessions_.end()) sessions_.erase(gone);
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
