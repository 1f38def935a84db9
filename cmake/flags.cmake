# How everything is compiled: one interface target, clarion_flags, that every target links.
#
# The definitions sit here, not at the libraries that need them, because the precompiled header is
# shared by all of them and must be seen with the same macros everywhere.

add_library(clarion_flags INTERFACE)
target_compile_features(clarion_flags INTERFACE cxx_std_20)
target_include_directories(clarion_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(clarion_flags INTERFACE
    CLARION_VERSION="${PROJECT_VERSION}"
    BOOST_ASIO_SEPARATE_COMPILATION  # bodies in cmake/asio_src.cpp
    BOOST_ASIO_NO_DEPRECATED
    BOOST_BEAST_SEPARATE_COMPILATION)

target_compile_options(clarion_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
    -Wno-missing-field-initializers)  # designated initialisers that leave the rest at its default

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(clarion_flags INTERFACE -Werror)
    if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CLARION_SANITIZE)
        # False positives of GCC 12 once it optimises: std::string concatenation (GCC bug 105329),
        # std::variant/optional members (80635), and values that live in coroutine frames.
        target_compile_options(clarion_flags INTERFACE
            -Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow
            -Wno-stringop-overread -Wno-dangling-pointer -Wno-free-nonheap-object
            -Wno-mismatched-new-delete)
    endif()
endif()

# Line tables are enough for backtraces and halve what the linker has to move;
# -DCLARION_DEBUG_INFO=2 for a session with gdb.
set(CLARION_DEBUG_INFO 1 CACHE STRING "Level of debug information: -g<N>")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g${CLARION_DEBUG_INFO}")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g${CLARION_DEBUG_INFO} -DNDEBUG")

if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(clarion_flags INTERFACE -fstack-protector-strong -D_FORTIFY_SOURCE=2)
    target_link_options(clarion_flags INTERFACE -Wl,-z,relro,-z,now)
    # What nothing calls is left out, and what is called seldom stands apart: fewer pages of code
    # are touched for each stanza.
    target_compile_options(clarion_flags INTERFACE -ffunction-sections -fdata-sections)
    target_link_options(clarion_flags INTERFACE -Wl,--gc-sections)
endif()

if(CLARION_SANITIZE STREQUAL "address")
    set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=undefined)
elseif(CLARION_SANITIZE STREQUAL "thread")
    set(sanitize -fsanitize=thread)
elseif(CLARION_SANITIZE)
    message(FATAL_ERROR "CLARION_SANITIZE is address, thread or empty, not '${CLARION_SANITIZE}'")
endif()
if(CLARION_SANITIZE)
    target_compile_options(clarion_flags INTERFACE -O1 -fno-omit-frame-pointer ${sanitize})
    target_link_options(clarion_flags INTERFACE ${sanitize})
endif()
if(CLARION_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio fences, which ThreadSanitizer does not model; GCC only warns about it.
    target_compile_options(clarion_flags INTERFACE -Wno-tsan)
endif()

if(CLARION_FUZZ)
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "CLARION_FUZZ needs clang++: cmake --preset fuzz")
    endif()
    target_compile_options(clarion_flags INTERFACE -O1 -fsanitize=fuzzer-no-link,address,undefined)
    target_link_options(clarion_flags INTERFACE -fsanitize=address,undefined)
endif()

# ccache, if there is one. Paths are made relative, so that all build directories share its hits.
find_program(CLARION_CCACHE ccache)
if(CLARION_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros
        CCACHE_BASEDIR=/ CCACHE_NOHASHDIR=1 ${CLARION_CCACHE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(clarion_flags INTERFACE -fpch-preprocess)
    endif()
endif()
