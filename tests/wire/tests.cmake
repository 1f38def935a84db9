# Real sockets, real DNS (dnsmasq-base), several servers in one process.

clarion_tests(wire_tests PCH awaitable
    SOURCES wire/*_test.cpp wire/*_world.cpp
    LINK clarion_net clarion_core clarion_storage clarion_proto clarion_base OpenSSL::SSL PkgConfig::CARES
    TIMEOUT 180)
