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
