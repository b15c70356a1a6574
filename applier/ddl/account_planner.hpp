#pragma once

#include "applier/ddl/account_reader.hpp"
#include "applier/ddl/lexer.hpp"
#include "applier/ddl/rewriter.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "applier/statement_plan.hpp"
#include "state/object_selection.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier::ddl {

// What becomes of a statement about accounts, where objects.accounts asks for some.
struct account_plan {
    std::string skipped;                       // why it is left out; empty: it is executed
    std::vector<state::account_name> accounts; // selected ones that it changes
    std::vector<state::object_name> uses;      // selected tables that it is about
};

// Reads one statement about accounts and trims it, by edits of the rewriter, to the accounts that
// are selected and to the names that their objects have on the target. It changes nothing else: a
// clause that only says how an account signs in, or what it is limited to, goes as it is.
//
// MySQL logs CREATE USER, ALTER USER and GRANT as it writes them itself (with hashes in the place
// of passwords, in UTF-8, names in full), the others as they were sent. MariaDB logs most as they
// were sent.
class account_planner {
public:
    // Why it cannot be executed here, for planner::refuse.
    using outcome = std::expected<account_plan, std::string>;

    account_planner(const logged_statement& statement, const state::object_selection& selection,
                    const statement_charset& charset, const token_list& list, rewriter& edits)
        : statement_(&statement), selection_(&selection), list_(&list), reader_(statement, charset),
          charset_(&charset), rewriter_(&edits), at_(list.tokens) {}

    // The cursor stands behind these words.
    [[nodiscard]] outcome create_users(token_cursor at);
    [[nodiscard]] outcome alter_users(token_cursor at);
    [[nodiscard]] outcome drop_users(token_cursor at); // and roles
    [[nodiscard]] outcome create_roles(token_cursor at);
    [[nodiscard]] outcome rename_users(token_cursor at);
    [[nodiscard]] outcome set(token_cursor at);
    [[nodiscard]] outcome grant(token_cursor at); // account_grants.cpp
    [[nodiscard]] outcome revoke(token_cursor at);

private:
    static constexpr std::string_view not_understood =
        "it may be about an account that objects.accounts selects, and is not understood";
    [[nodiscard]] static std::unexpected<std::string> because(std::string_view why) {
        return std::unexpected(std::string(why));
    }

    struct element {
        account_reference account;
        std::size_t begin = 0; // with all that is said of this account
        std::size_t end = 0;
        bool is_selected = false;
    };
    using elements = std::vector<element>;
    struct privilege {
        std::string word; // its first, as written
        std::vector<token> columns;
    };
    // Where the privileges are for something that is selected, or for everything.
    enum class scope : std::uint8_t { kept, left_out };
    using kept = std::expected<scope, std::string>;

    [[nodiscard]] std::expected<elements, std::string> take_accounts(bool with_sign_in);
    [[nodiscard]] std::expected<void, std::string> keep_selected(const elements& list);
    [[nodiscard]] std::expected<void, std::string> erase(std::size_t begin, std::size_t end);
    [[nodiscard]] std::expected<void, std::string> take_default_roles();
    [[nodiscard]] std::expected<void, std::string> default_roles();
    [[nodiscard]] outcome changed(const elements& list);
    [[nodiscard]] outcome is_of_nobody(const elements& list) const;
    [[nodiscard]] static bool any_selected(const elements& list);
    [[nodiscard]] bool concerns_nobody(const elements& list) const;
    [[nodiscard]] bool at_end();
    [[nodiscard]] std::expected<void, std::string> check_text() const;
    [[nodiscard]] std::size_t end_before() const;

    // account_grants.cpp
    [[nodiscard]] bool is_about_privileges(std::string_view end) const;
    [[nodiscard]] outcome privileges(std::string_view end, bool is_grant);
    [[nodiscard]] outcome roles(std::string_view end);
    [[nodiscard]] outcome proxy(std::string_view end);
    [[nodiscard]] std::expected<std::vector<privilege>, std::string> take_privileges();
    [[nodiscard]] kept take_scope(const std::vector<privilege>& granted);
    [[nodiscard]] kept on_database(std::string_view name, std::size_t begin, std::size_t end,
                                   bool is_written);
    [[nodiscard]] kept on_literal_database(const std::string& name, std::size_t begin,
                                           std::size_t end, bool as_it_is);
    [[nodiscard]] kept on_table(const name_reference& name, const std::vector<privilege>& granted);
    [[nodiscard]] kept on_routine(const name_reference& name);
    [[nodiscard]] std::expected<void, std::string> take_grant_as();

    const logged_statement* statement_;
    const state::object_selection* selection_;
    const token_list* list_;
    account_reader reader_;
    const statement_charset* charset_;
    rewriter* rewriter_;
    token_cursor at_;
    std::vector<state::object_name> uses_;
};

} // namespace understudy::applier::ddl
