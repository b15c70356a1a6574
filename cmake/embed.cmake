# Writes a C++ file that holds files as bytes, for api/assets.hpp.
#   cmake -D output=… -D root=DIR -D files="openapi.json;console/uplot.js=../uplot.js" -P embed.cmake
# An entry is a path below root, or a name and the path of the file that gets it.
cmake_minimum_required(VERSION 3.25)

set(types_html "text/html; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_json "application/json")
set(types_svg "image/svg+xml")
set(types_txt "text/plain; charset=utf-8")

set(text "#include \"api/assets.hpp\"\n\n#include <map>\n\nnamespace understudy::api {\n\nnamespace {\n\n")
set(entries "")
set(number 0)
foreach(file ${files})
    set(path ${file})
    if(file MATCHES "^(.*)=(.*)$")
        set(file ${CMAKE_MATCH_1})
        set(path ${CMAKE_MATCH_2})
    endif()
    file(READ ${root}/${path} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(APPEND text "constexpr char file_${number}[] = {${bytes}'\\0'};\n")
    string(REGEX REPLACE ".*\\." "" ending ${file})
    if(NOT DEFINED types_${ending})
        message(FATAL_ERROR "${file}: embed.cmake knows no content type for .${ending}")
    endif()
    string(APPEND entries
        "        {\"${file}\", {{file_${number}, sizeof(file_${number}) - 1}, \"${types_${ending}}\"}},\n")
    math(EXPR number "${number} + 1")
endforeach()
string(APPEND text "\n} // namespace\n\n"
    "std::optional<asset_view> find_asset(const std::string& name) {\n"
    "    static const std::map<std::string, asset_view> files{\n${entries}    };\n"
    "    const auto found = files.find(name);\n"
    "    return found == files.end() ? std::nullopt : std::optional(found->second);\n"
    "}\n\n} // namespace understudy::api\n")
file(WRITE ${output} "${text}")
