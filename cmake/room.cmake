# understudy_options: warnings, sanitizers and include root for all of our own code.
add_library(understudy_options INTERFACE)
target_include_directories(understudy_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(understudy_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Werror)
if(UNDERSTUDY_SANITIZE)
    target_compile_options(understudy_options INTERFACE
        -fsanitize=${UNDERSTUDY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(understudy_options INTERFACE -fsanitize=${UNDERSTUDY_SANITIZE})
endif()
if(UNDERSTUDY_FUZZ)
    target_compile_options(understudy_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# THREADS_PREFER_PTHREAD_FLAG makes this a compiler flag, and a precompiled header fits only code compiled with the same.
target_link_libraries(understudy_options INTERFACE Threads::Threads)

understudy_precompiled(standard HEADERS ${understudy_standard_headers})
understudy_precompiled(asio LINK boost_headers HEADERS ${understudy_standard_headers} ${understudy_asio_headers})

# understudy_room(NAME [PRECOMPILED standard|asio] SOURCES a.cpp b.cpp LINK other_room lib)
function(understudy_room name)
    cmake_parse_arguments(arg "" "PRECOMPILED" "SOURCES;LINK" ${ARGN})
    if(NOT arg_PRECOMPILED)
        set(arg_PRECOMPILED standard)
    endif()
    add_library(understudy_${name} STATIC ${arg_SOURCES})
    target_link_libraries(understudy_${name} PUBLIC understudy_options ${arg_LINK})
    understudy_use_precompiled(understudy_${name} ${arg_PRECOMPILED})
endfunction()

# understudy_test(NAME LABEL unit|live [SERIAL] [PRECOMPILED test|asio_test] SOURCES … LINK …): one executable, its
# GoogleTest cases registered one by one; SERIAL: none of them beside another test.
function(understudy_test name)
    cmake_parse_arguments(arg "SERIAL" "LABEL;TIMEOUT;PRECOMPILED" "SOURCES;LINK" ${ARGN})
    if(NOT arg_PRECOMPILED)
        set(arg_PRECOMPILED test)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE understudy_options ${arg_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
    understudy_use_precompiled(${name} ${arg_PRECOMPILED})
    # As main does it (protocol/net/trust_store.hpp): no test needs the machine's authorities, which the client library
    # would read for each connection.
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
        PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${arg_SERIAL} ENVIRONMENT SSL_CERT_FILE=/dev/null)
endfunction()
