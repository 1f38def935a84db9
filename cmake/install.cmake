# cmake --install build/release [--prefix /usr]      (docs/install.md says what comes before and after)
#
# The programs, a configuration to edit (one that is there is left alone), its reference, the unit,
# the documentation and a chat page; by default below /usr/local, and /etc/clarion. User and directories are the
# operator's.
include(GNUInstallDirs)

install(TARGETS clariond clarionctl RUNTIME)
install(FILES conf/clarion.reference.toml conf/grafana-dashboard.json README.md CHANGELOG.md LICENSE
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/clarion)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/clarion PATTERN design EXCLUDE)
# The page for Converse.js (docs/web-chat.md).
install(DIRECTORY conf/converse DESTINATION ${CMAKE_INSTALL_DATADIR}/clarion)

# What depends on the prefix, which is known only when it is installed.
install(CODE "set(source \"${PROJECT_SOURCE_DIR}\")\nset(bin \"${CMAKE_INSTALL_BINDIR}\")")
install(SCRIPT cmake/install_configuration.cmake)
