#pragma once

#include "protocol/result.hpp"
#include "state/account_name.hpp"
#include "state/name_glob.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace understudy::state {

// Which accounts and roles of the source a task takes along (objects.accounts). A value.
//
// Never taken, whatever the patterns say: the servers' own (mysql.sys, mysql.session,
// mysql.infoschema, mariadb.sys), and those with a user name that the task signs in with. root is
// taken only where a pattern has that very name.
class account_selection {
public:
    // "app@%", "report_*@10.%", "app" (the host is % then), "*": `*` stands for any characters in
    // both parts unless the part is quoted; "*" alone is every account. errc::selection_invalid
    // says what is wrong.
    [[nodiscard]] protocol::result<void> add(std::string_view pattern);
    // The task signs in with it. add() refuses a pattern that has this very name.
    void keep_out(std::string user);

    // Nothing is asked for.
    [[nodiscard]] bool empty() const { return patterns_.empty(); }
    [[nodiscard]] bool selects(const account_name& account) const;

private:
    struct pattern {
        name_glob user;
        name_glob host;
    };
    [[nodiscard]] bool is_never_taken(std::string_view user) const;

    std::vector<pattern> patterns_;
    std::vector<std::string> own_users_;
};

} // namespace understudy::state
