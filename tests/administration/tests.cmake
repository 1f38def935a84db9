# clariond and clarionctl as the person who runs them meets them. Python's standard library only.
if(NOT TARGET clariond OR NOT TARGET clarionctl)
    return()
endif()
set(administration_environment CLARIOND=$<TARGET_FILE:clariond> CLARIONCTL=$<TARGET_FILE:clarionctl>
    PYTHONDONTWRITEBYTECODE=1)
if(CLARION_SANITIZE)
    list(APPEND administration_environment CLARION_PATIENCE=5)
endif()
foreach(name administration archive backup check commands dead_peers install memory push trace user_data)
    add_test(NAME ${name}
        COMMAND Python3::Interpreter -m unittest -v test_${name}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/administration)
    set_tests_properties(${name} PROPERTIES
        TIMEOUT 300 LABELS administration ENVIRONMENT "${administration_environment}")
endforeach()
