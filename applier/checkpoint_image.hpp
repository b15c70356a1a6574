#pragma once

#include "applier/change_writer.hpp"
#include "applier/checkpoint_store.hpp"
#include "applier/table_plan.hpp"
#include "state/position.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace understudy::applier {

// The checkpoint's move as a row image, so that it goes into the BINLOG statement that the group's
// rows are in: as an UPDATE of its own (checkpoint_store::advance) it takes a MySQL 9.7 longer than
// the rows of a small group do. The row is looked up by task and epoch: when another process has
// taken the task over it is not found, and in strict mode the statement fails. One per session, one
// thread at a time.
class checkpoint_image {
public:
    checkpoint_image(const checkpoint_store& store, std::uint64_t epoch);

    // For a change_writer, in strict mode. `like`: of the group, whose time, server and flags it
    // takes. Good until the next call.
    [[nodiscard]] rows_to_write advance(const state::source_position& applied,
                                        const rows_to_write& like,
                                        std::chrono::system_clock::time_point now);

private:
    void write_before(std::uint64_t epoch);

    table_plan plan_;
    std::string task_;
    std::vector<std::byte> before_;
    std::vector<std::byte> after_;
};

} // namespace understudy::applier
