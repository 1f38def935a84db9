// Tells the service manager (systemd) how far the server is: sd_notify(3) without its library.
#pragma once

#include <string_view>

namespace clarion::app {

/// Sends "READY=1", "STOPPING=1" ... to $NOTIFY_SOCKET; a no-op without one.
void notify_service_manager(std::string_view state);

}  // namespace clarion::app
