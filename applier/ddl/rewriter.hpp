#pragma once

#include "applier/ddl/token_cursor.hpp"
#include "applier/statement_plan.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier::ddl {

// Collects the names of one statement while it is read and then writes the statement anew with the
// target's names, changing nothing else.
class rewriter {
public:
    rewriter(const logged_statement& statement, const state::object_selection& selection,
             const statement_charset& charset)
        : statement_(&statement), selection_(&selection), charset_(charset) {}

    // The object a reference means; unqualified names belong to `home`, or to the default database
    // without one.
    [[nodiscard]] state::object_name resolve(const name_reference& reference) const;
    [[nodiscard]] state::object_name resolve(const name_reference& reference,
                                             std::string_view home) const;
    // A routine, trigger or event: its own name keeps its letters everywhere.
    [[nodiscard]] state::object_name resolve_program(const name_reference& reference) const;
    [[nodiscard]] bool selects(const state::object_name& name) const {
        return selection_->selects(name.database, name.object);
    }

    // The reference is to become the target's name of `source`. Unqualified references stay
    // unqualified when, inside `home_on_target` (where the target resolves them), that already is
    // the right object.
    void replace(const name_reference& reference, const state::object_name& source,
                 std::string_view home_on_target);
    void replace(std::size_t begin, std::size_t end, std::string text);
    void erase(std::size_t begin, std::size_t end) { edits_.push_back({begin, end, {}}); }
    // In the statement's character set.
    [[nodiscard]] std::string text() const;
    // All new names can be written in it.
    [[nodiscard]] bool writable() const { return writable_; }

    // Some word from token `from` on names a database or a table that is called otherwise on the
    // target. Words are not told apart from columns and variables, so this errs to the safe side.
    [[nodiscard]] bool mentions_renamed(token_cursor from) const;

private:
    struct edit {
        std::size_t begin;
        std::size_t end;
        std::string text;
    };
    const logged_statement* statement_;
    const state::object_selection* selection_;
    statement_charset charset_;
    std::vector<edit> edits_;
    bool writable_ = true;
};

} // namespace understudy::applier::ddl
