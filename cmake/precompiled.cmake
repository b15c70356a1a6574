# Precompiled headers: three sets, each compiled once per build and shared by every target that names it. Parsing the
# standard library, fmt, Asio and GoogleTest took about half of a full build. A source file still includes what it uses;
# UNDERSTUDY_PRECOMPILE=OFF builds without any of this and shows where one doesn't.
option(UNDERSTUDY_PRECOMPILE "Precompile the headers of the standard library, fmt, Asio and GoogleTest" ON)

set(understudy_standard_headers
    <algorithm> <array> <atomic> <charconv> <chrono> <compare> <cstddef> <cstdint> <deque> <expected> <filesystem>
    <fstream> <functional> <map> <memory> <mutex> <optional> <random> <ranges> <set> <span> <sstream> <string>
    <string_view> <thread> <unordered_map> <utility> <variant> <vector> <fmt/format.h> <fmt/ranges.h>)
set(understudy_asio_headers
    <boost/asio/any_io_executor.hpp> <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
    <boost/asio/experimental/awaitable_operators.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp>
    <boost/asio/post.hpp> <boost/asio/steady_timer.hpp> <boost/asio/thread_pool.hpp> <boost/asio/use_awaitable.hpp>)
set(understudy_test_headers <gtest/gtest.h> <gmock/gmock.h>)

# understudy_precompiled(NAME LINK libraries HEADERS headers): the set NAME, for understudy_use_precompiled.
function(understudy_precompiled name)
    if(NOT UNDERSTUDY_PRECOMPILE)
        return()
    endif()
    cmake_parse_arguments(arg "" "" "LINK;HEADERS" ${ARGN})
    add_library(understudy_precompiled_${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/precompiled/empty.cpp)
    target_link_libraries(understudy_precompiled_${name} PRIVATE understudy_options fmt::fmt ${arg_LINK})
    target_precompile_headers(understudy_precompiled_${name} PRIVATE ${arg_HEADERS})
endfunction()

function(understudy_use_precompiled target name)
    if(UNDERSTUDY_PRECOMPILE)
        target_precompile_headers(${target} REUSE_FROM understudy_precompiled_${name})
    endif()
endfunction()
