# Fails if a room includes what is not to its left, or Asio where only pure code belongs (docs/architecture.md).
#   cmake -D source_dir=… -P tests/check_layers.cmake
cmake_minimum_required(VERSION 3.25)
if(NOT source_dir)
    message(FATAL_ERROR "source_dir is missing: cmake -D source_dir=… -P check_layers.cmake")
endif()

set(rooms protocol state relay applier snapshot precheck api apps)
set(protocol_may_include protocol)
set(state_may_include protocol state)
set(relay_may_include protocol state relay)
set(applier_may_include protocol state relay applier)
set(snapshot_may_include protocol state relay applier snapshot)
set(precheck_may_include protocol state applier precheck)
set(api_may_include protocol state api)
set(apps_may_include ${rooms})

# Files that talk to the network or coordinate those that do; everything else is pure.
string(CONCAT asio_allowed
    "^(protocol/net/"
    "|relay/receiver"
    "|applier/(applier|catch_up|lanes|reloader|throttle)"
    "|snapshot/([a-z]+_copy|[a-z]+_stage|batch_writer|copier|copy_context|copy_pace|coordinator|key_maker|key_splitter|lost_characters|lane|object_creator)"
    "|snapshot/(definition_hold|snapshot|source_|table_lock|table_reader|table_reload|target_)"
    "|precheck/"
    "|api/server"
    "|apps/)")

set(violations "")
set(file_count 0)
foreach(room ${rooms})
    file(GLOB_RECURSE files RELATIVE ${source_dir} ${source_dir}/${room}/*.hpp ${source_dir}/${room}/*.cpp)
    foreach(file ${files})
        math(EXPR file_count "${file_count} + 1")
        file(STRINGS ${source_dir}/${file} includes REGEX "^[ \t]*#[ \t]*include")
        foreach(line ${includes})
            if(line MATCHES "\"([^\"]+)\"")
                set(included ${CMAKE_MATCH_1})
                string(REGEX REPLACE "/.*" "" included_room ${included})
                if(NOT included MATCHES "/")
                    list(APPEND violations "${file} includes \"${included}\": write the path from the repository root")
                elseif(NOT included_room IN_LIST ${room}_may_include)
                    list(APPEND violations "${file} includes \"${included}\": ${room} may include only ${${room}_may_include}")
                endif()
            elseif(line MATCHES "<boost/(asio|beast)" AND NOT file MATCHES "${asio_allowed}")
                list(APPEND violations "${file} includes Asio: it must stay pure")
            endif()
        endforeach()
    endforeach()
endforeach()

if(file_count EQUAL 0)
    message(FATAL_ERROR "no source files found under ${source_dir}")
endif()
if(violations)
    list(JOIN violations "\n  " violations_text)
    message(FATAL_ERROR "the direction of dependencies is broken:\n  ${violations_text}")
endif()
message(STATUS "${file_count} files keep the direction of dependencies")
