# Unit tests, one executable per library, and the checks of the sources themselves.
# Tests that start the server (script, wire, interop) are added by tests/CMakeLists.txt.

# Debian's own interpreter comes first: the packages the tests use (slixmpp) belong to it.
if(EXISTS /usr/bin/python3 AND NOT DEFINED Python3_EXECUTABLE)
    set(Python3_EXECUTABLE /usr/bin/python3)
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

add_library(clarion_doctest_main STATIC tests/unit/doctest_main.cpp)
target_link_libraries(clarion_doctest_main PUBLIC clarion_flags)

# World, ManualClock and other stand-ins. What it needs of a library that its user does not link
# simply is not pulled in.
clarion_library(clarion_test_support PCH awaitable
    SOURCES tests/support/*.cpp
    LINK clarion_core clarion_storage clarion_proto clarion_base clarion_asio)

clarion_tests(base_tests PCH std TIMEOUT 60
    SOURCES tests/unit/base/*_test.cpp
    LINK clarion_base)
clarion_tests(proto_tests PCH std TIMEOUT 120
    SOURCES tests/unit/proto/*_test.cpp
    LINK clarion_proto)
clarion_tests(storage_tests PCH awaitable TIMEOUT 300
    SOURCES tests/storage/*_test.cpp tests/unit/storage/*_test.cpp
    LINK clarion_test_support clarion_storage PkgConfig::LMDB)
clarion_tests(runtime_tests PCH awaitable TIMEOUT 120
    SOURCES tests/unit/runtime/*_test.cpp
    LINK clarion_test_support clarion_runtime)
clarion_tests(core_tests PCH awaitable TIMEOUT 120
    SOURCES tests/unit/core/*_test.cpp tests/script/runner/scram_client.cpp
    LINK clarion_test_support clarion_core)
clarion_tests(modules_tests PCH awaitable TIMEOUT 400
    SOURCES tests/unit/modules/*_test.cpp tests/unit/modules/*/*_test.cpp modules/all.cpp
        tests/specimen/guestbook.cpp tests/specimen/*_test.cpp
    LINK clarion_test_support clarion_modules)
clarion_tests(net_tests PCH awaitable TIMEOUT 180
    SOURCES tests/unit/net/*_test.cpp
    LINK clarion_test_support clarion_net OpenSSL::SSL PkgConfig::CARES clarion_json)

clarion_tests(app_tests PCH awaitable TIMEOUT 60
    SOURCES tests/unit/app/*_test.cpp server/modules.cpp
    LINK clarion_app OpenSSL::SSL)

foreach(check check_includes check_budgets check_flow check_unused)
    add_test(NAME ${check}
        COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/${check}.py ${PROJECT_SOURCE_DIR})
    set_tests_properties(${check} PROPERTIES TIMEOUT 60 LABELS source)
endforeach()

# What is generated from the option declarations agrees with them.
if(TARGET clariond)
    add_test(NAME generated_docs
        COMMAND ${PROJECT_SOURCE_DIR}/tools/generate_docs.sh --check $<TARGET_FILE:clariond>)
    set_tests_properties(generated_docs PROPERTIES TIMEOUT 60 LABELS source)
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/tests/CMakeLists.txt)
    add_subdirectory(tests)
endif()
