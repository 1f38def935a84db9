#include "proto/negotiation_s2s.h"

namespace clarion::s2s {

std::string_view name(Stage stage) {
    switch (stage) {
        case Stage::resolve: return "resolve";
        case Stage::connect: return "connect";
        case Stage::open: return "open";
        case Stage::secure: return "secure";
        case Stage::authenticate: return "authenticate";
        case Stage::up: return "up";
    }
    return "";
}

std::string_view name(Proof proof) {
    switch (proof) {
        case Proof::none: return "none";
        case Proof::certificate: return "certificate";
        case Proof::dialback: return "dialback";
    }
    return "";
}

}  // namespace clarion::s2s
