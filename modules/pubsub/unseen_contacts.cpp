#include "modules/pubsub/unseen_contacts.h"

#include <utility>

namespace clarion::pubsub {

namespace {

constexpr auto worthless_for = std::chrono::minutes(10);

std::string key_of(std::string_view account, const Jid& resource) {
    return std::string(account) + '\n' + resource.full();
}

}  // namespace

bool UnseenContacts::may_load(const std::string& account, std::string_view domain, std::size_t most,
                              SteadyTime now) {
    if (now >= hour_ends_) {
        wasted_.clear();
        hour_ends_ = now + std::chrono::hours(1);
    }
    const auto nothing = nothing_.find(account);
    if (nothing != nothing_.end() && now < nothing->second) return false;
    if (nothing != nothing_.end()) nothing_.erase(nothing);
    if (served_.size() >= most_served || wasted_.size() >= most_remembered) return false;
    const auto found = wasted_.find(domain);
    return (found == wasted_.end() ? 0 : found->second) < most;
}

void UnseenContacts::wasted(std::string_view domain) { ++wasted_[std::string(domain)]; }

void UnseenContacts::has_nothing(const std::string& account, SteadyTime now) {
    if (nothing_.size() >= most_remembered) nothing_.clear();
    nothing_[account] = now + worthless_for;
}

WishesPtr UnseenContacts::served(std::string_view account, const Jid& resource) const {
    const auto found = served_.find(key_of(account, resource));
    return found == served_.end() ? nullptr : found->second;
}

bool UnseenContacts::serve(std::string_view account, WishesPtr wishes) {
    if (served_.size() >= most_served) return false;
    served_.insert_or_assign(key_of(account, wishes->resource), wishes);
    return true;
}

WishesPtr UnseenContacts::take(std::string_view account, const Jid& resource) {
    if (served_.empty()) return nullptr;
    const auto found = served_.find(key_of(account, resource));
    if (found == served_.end()) return nullptr;
    WishesPtr wishes = std::move(found->second);
    served_.erase(found);
    return wishes;
}

}  // namespace clarion::pubsub
