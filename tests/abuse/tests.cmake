# Attacks beside an honest pair of clients: see README.md. Python's standard library.
#   ctest -L abuse          short forms; all of it: tools/abuse_test.sh
if(NOT TARGET clariond OR NOT TARGET clarionctl)
    return()
endif()
set(abuse_environment CLARIOND=$<TARGET_FILE:clariond> CLARIONCTL=$<TARGET_FILE:clarionctl>
    PYTHONDONTWRITEBYTECODE=1)
if(CLARION_SANITIZE)
    list(APPEND abuse_environment CLARION_PATIENCE=20 CLARION_SANITIZED=1)
else()
    list(APPEND abuse_environment CLARION_PATIENCE=4)
endif()
# What they measure is the server beside one attack, not beside two.
foreach(abused answers queues archive records accounts connections bytestreams servers handshakes web)
    add_test(NAME abuse_${abused}
        COMMAND Python3::Interpreter ${abused}.py
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/abuse)
    set_tests_properties(abuse_${abused} PROPERTIES
        TIMEOUT 300 LABELS abuse RESOURCE_LOCK abuse ENVIRONMENT "${abuse_environment}")
endforeach()
