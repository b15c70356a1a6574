#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <string>
#include <string_view>

namespace understudy::applier {

// Conflicts that were overwritten or ignored, one row each in `understudy`.`conflict`, written in
// the transaction of the group: what is listed there has happened, once. Rows are the operator's to
// delete. Stateless but for names; blocking.
class conflict_store {
public:
    conflict_store(std::string_view meta_database, std::string task);

    struct entry {
        std::string transaction; // of the source
        std::string table;       // on the target
        std::string change;      // INSERT, UPDATE, DELETE
        std::string row;         // its key, for a person to read
        std::string what;        // what the target said
        bool overwritten = false;
    };

    // Creates the table where missing.
    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    [[nodiscard]] protocol::result<void> note(target_session& target, const entry& one) const;
    [[nodiscard]] protocol::result<void> remove_all(target_session& target) const;

private:
    std::string table_;
    std::string task_;
};

} // namespace understudy::applier
