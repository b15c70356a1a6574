#pragma once

#include "tests/support/live_server.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

// The source that a test is about, and how the task goes by its log. Names of tests are made of it.
namespace understudy::test {

struct source_case {
    server_kind kind = server_kind::mysql_97;
    bool gtid = true;
};

inline std::string name_of(const source_case& one) {
    return test_name(one.kind) + (one.gtid ? "_by_gtid" : "_by_position");
}

inline void PrintTo(const source_case& one, std::ostream* out) {
    *out << name_of(one);
}

inline std::string name_of_case(const testing::TestParamInfo<source_case>& info) {
    return name_of(info.param);
}

} // namespace understudy::test
