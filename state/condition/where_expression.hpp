#pragma once

#include "protocol/result.hpp"
#include "state/condition/comparable.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::state {

// clang-format off
// A condition on the values of a row, as --where takes it:
//
//   condition := condition OR condition | condition AND condition | NOT condition | '(' condition ')'
//              | operand (= | == | != | <> | < | <= | > | >=) operand
//              | operand [NOT] IN '(' operand {, operand} ')' | operand [NOT] LIKE operand
//              | operand [NOT] BETWEEN operand AND operand | operand IS [NOT] NULL
//   operand   := column | before.column | after.column | 42 | -1.5e3 | 'text' | "text" | x'00ff' | TRUE | FALSE
//   column    := name | `any name` | @3 (the third column)
//
// SQL's logic of three values: what compares with NULL, or with a column that the row image does
// not have, is neither true nor false. A value type.
// clang-format on
class where_expression {
public:
    enum class image : std::uint8_t { any, before, after };
    struct column {
        image of = image::any;
        std::string name;         // empty: by number
        std::uint32_t number = 0; // from 1
        bool operator==(const column&) const = default;
    };

    // Errors say what was expected at which character.
    [[nodiscard]] static protocol::result<where_expression> parse(std::string_view text);

    // The columns it speaks of, each once.
    [[nodiscard]] const std::vector<column>& columns() const { return columns_; }

    // Columns, by their place in columns(), that equal a literal wherever the condition holds.
    [[nodiscard]] std::vector<std::pair<std::size_t, comparable>> pinned() const;

    // value(i): of columns()[i]; asked for only when it decides. nullopt: neither true nor false.
    using lookup = std::function<const comparable&(std::size_t column)>;
    [[nodiscard]] std::optional<bool> evaluate(const lookup& value) const;

private:
    friend class where_parser;
    enum class operation : std::uint8_t {
        or_,
        and_,
        not_,
        equal,
        not_equal,
        less,
        less_equal,
        greater,
        greater_equal,
        in,
        like,
        is_null
    };
    struct operand {
        std::optional<std::size_t> column; // of columns_
        comparable literal;
    };
    struct node {
        operation what = operation::equal;
        std::size_t left = 0; // or_, and_, not_
        std::size_t right = 0;
        std::vector<operand> operands;
    };

    [[nodiscard]] std::optional<bool> evaluate_node(std::size_t index, const lookup& value) const;
    [[nodiscard]] std::optional<bool> evaluate_predicate(const node& one,
                                                         const lookup& value) const;

    void collect_pinned(std::size_t index,
                        std::vector<std::pair<std::size_t, comparable>>& into) const;

    std::vector<column> columns_;
    std::vector<node> nodes_;
    std::size_t root_ = 0;
};

} // namespace understudy::state
