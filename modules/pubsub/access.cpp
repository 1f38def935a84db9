#include "modules/pubsub/access.h"

namespace clarion::pubsub {

bool may_read(const Standing& standing) {
    switch (standing.affiliation) {
        case Affiliation::owner:
        case Affiliation::publisher:
        case Affiliation::member: return true;
        case Affiliation::none: return standing.admitted;
        case Affiliation::publish_only:
        case Affiliation::outcast: break;
    }
    return false;
}

bool may_know(const Standing& standing) {
    return may_read(standing) || (standing.may_ask && standing.affiliation == Affiliation::none);
}

SubscriptionState rightful_state(const Standing& standing) {
    if (may_read(standing)) return SubscriptionState::subscribed;
    return may_know(standing) ? SubscriptionState::pending : SubscriptionState::none;
}

namespace {

bool may_publish_at_all(PublishModel model, const Standing& standing) {
    switch (standing.affiliation) {
        case Affiliation::owner:
        case Affiliation::publisher:
        case Affiliation::publish_only: return true;
        case Affiliation::outcast: return false;
        case Affiliation::member:
        case Affiliation::none: break;
    }
    if (model == PublishModel::open) return true;
    return model == PublishModel::subscribers && standing.subscribed && may_read(standing);
}

}  // namespace

bool may_publish(PublishModel model, const Standing& standing, const std::string* there,
                 const std::string& who) {
    if (!may_publish_at_all(model, standing)) return false;
    return !there || *there == who || standing.affiliation == Affiliation::owner;
}

bool may_retract(const Standing& standing, const std::string& publisher, const std::string& who) {
    if (standing.affiliation == Affiliation::owner) return true;
    return publisher == who && standing.affiliation != Affiliation::outcast;
}

}  // namespace clarion::pubsub
