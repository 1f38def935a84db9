# Runs when the project is installed: the configuration, unless there is one, and the unit.
set(root "$ENV{DESTDIR}")

if(EXISTS "${root}/etc/clarion/clarion.toml")
    message(STATUS "Kept: ${root}/etc/clarion/clarion.toml")
else()
    file(INSTALL "${source}/conf/clarion.toml" DESTINATION "/etc/clarion")
endif()

file(READ "${source}/conf/clarion.service" unit)
string(REPLACE "/usr/bin/" "${CMAKE_INSTALL_PREFIX}/${bin}/" unit "${unit}")
set(path "${root}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/clarion.service")
file(WRITE "${path}" "${unit}")
message(STATUS "Installed: ${path}")
