#pragma once

#include "precheck/facts.hpp"
#include "state/object_selection.hpp"
#include "state/task_spec.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What the owners of source and target, who may be different people, execute so that the task's
// accounts may do what the task needs, and no more. Nobody is asked for it: neither server has to
// be reachable, nor the accounts to exist. Pure, but for reading tls.cert. For `understudy grants`.
namespace understudy::precheck {

// A version as an owner says it: "5.6", "8.0", "9.7", "mariadb-10.11".
struct assumed_server {
    std::uint32_t version_number = 90700;
    bool is_mariadb = false;

    // nullopt: it is none.
    [[nodiscard]] static std::optional<assumed_server> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
};

struct owner_sql_options {
    assumed_server source{};
    assumed_server target{};
    std::string account_host = "%"; // from where the accounts sign in
};

// Statements with comments, each ending in a line feed. Passwords are never in it.
[[nodiscard]] std::string source_owner_sql(const state::task_spec& spec,
                                           const state::object_selection& selection,
                                           const owner_sql_options& options);
[[nodiscard]] std::string target_owner_sql(const state::task_spec& spec,
                                           const state::object_selection& selection,
                                           const owner_sql_options& options);

} // namespace understudy::precheck
