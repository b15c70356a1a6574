#pragma once

#include <cstdint>

namespace understudy::api {

// What an operator wants of a table of the source.
enum class table_verb : std::uint8_t {
    set_aside,
    resume, // it catches up
    reload, // it is copied anew
};

} // namespace understudy::api
