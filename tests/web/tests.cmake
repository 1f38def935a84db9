# What browsers and other programs get over HTTP. Python's standard library, openssl, dnsmasq, promtool, curl.
#   ctest -L web
if(NOT TARGET clariond OR NOT TARGET clarionctl)
    return()
endif()
set(web_environment CLARIOND=$<TARGET_FILE:clariond> CLARIONCTL=$<TARGET_FILE:clarionctl>
    PYTHONDONTWRITEBYTECODE=1)
if(CLARION_SANITIZE)
    list(APPEND web_environment CLARION_PATIENCE=5)
endif()
foreach(name bosh certificates console host_meta invitations metrics upload websocket)
    add_test(NAME web_${name}
        COMMAND Python3::Interpreter -m unittest -v test_${name}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/web)
    set_tests_properties(web_${name} PROPERTIES
        TIMEOUT 600 LABELS web ENVIRONMENT "${web_environment}")
endforeach()
