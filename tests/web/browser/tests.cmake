# The web side with what people use in a browser: Converse.js and @xmpp/client, in Chromium and in Node
# (tools/install_packages.sh --test).
#   ctest -L web            one test alone: see README.md
if(NOT TARGET clariond OR NOT TARGET clarionctl)
    return()
endif()
set(web_environment CLARIOND=$<TARGET_FILE:clariond> CLARIONCTL=$<TARGET_FILE:clarionctl>
    PYTHONDONTWRITEBYTECODE=1)
if(CLARION_SANITIZE)
    list(APPEND web_environment CLARION_PATIENCE=5)
endif()
foreach(class
        test_chromium.Chromium
        test_node.Node
        test_pages.Pages)
    string(REGEX REPLACE "^test_[a-z_]+[.]" "browser_" name ${class})
    add_test(NAME ${name}
        COMMAND Python3::Interpreter -m unittest -v ${class}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/web/browser)
    set_tests_properties(${name} PROPERTIES
        TIMEOUT 600 LABELS web ENVIRONMENT "${web_environment}")
endforeach()
