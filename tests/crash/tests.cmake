# The server is killed, stopped, cut off from its disk, and must have what it acknowledged: see
# README.md. Python's standard library, and a preloaded library between LMDB and the disk.
#   ctest -L crash          the long suite: tools/crash_test.sh
if(NOT TARGET clariond OR NOT TARGET clarionctl)
    return()
endif()
# Nothing of ours in it, and no sanitizer: it is loaded before everything else.
add_library(fault_layer SHARED fault/fault_layer.cpp)
set_target_properties(fault_layer PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
target_compile_options(fault_layer PRIVATE -O2 -fno-exceptions -fno-rtti -Wall -Wextra)

set(crash_environment CLARIOND=$<TARGET_FILE:clariond> CLARIONCTL=$<TARGET_FILE:clarionctl>
    CLARION_FAULT_LAYER=$<TARGET_FILE:fault_layer> PYTHONDONTWRITEBYTECODE=1)
if(CLARION_SANITIZE)
    list(APPEND crash_environment CLARION_PATIENCE=5 CLARION_SANITIZED=1)
endif()
function(crash_test name)
    add_test(NAME ${name}
        COMMAND Python3::Interpreter ${ARGN}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/crash)
    set_tests_properties(${name} PROPERTIES
        TIMEOUT 600 LABELS crash ENVIRONMENT "${crash_environment}")
endfunction()
crash_test(crash_rounds crash_rounds.py --rounds 12)
crash_test(crash_clock crash_rounds.py --rounds 4 --clock)
crash_test(crash_power_cuts crash_rounds.py --rounds 6 --power)
crash_test(crash_rooms room_rounds.py --rounds 10)
crash_test(crash_rooms_clock room_rounds.py --rounds 3 --clock)
crash_test(crash_rooms_power_cuts room_rounds.py --rounds 5 --power)
crash_test(crash_room_exits -m unittest -v test_room_exits)
crash_test(crash_disk -m unittest -v test_disk)
