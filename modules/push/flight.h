// One publish that has left and is not answered yet. Private to the files of Sender.
#pragma once

#include <string>

#include "modules/push/sender.h"

namespace clarion::push {

struct Sender::Flight {
    std::string service;
    ServiceLink::Departure departure;
    NotificationPtr notification;
    double until_published = -1;  // seconds from the message's arrival; below zero: sent again
};

}  // namespace clarion::push
