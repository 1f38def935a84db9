// One publish that has left and is not answered yet. Private to the two files of Sender.
#pragma once

#include <string>

#include "modules/push/sender.h"

namespace clarion::push {

struct Sender::Flight {
    std::string service;
    ServiceLink::Departure departure;
    NotificationPtr notification;
};

}  // namespace clarion::push
