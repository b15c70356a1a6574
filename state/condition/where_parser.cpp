#include "protocol/errc.hpp"
#include "state/condition/where_expression.hpp"
#include "state/condition/where_lexer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace understudy::state {

using protocol::result;

namespace {

constexpr std::size_t text_size_max = 64U << 10U;
constexpr std::size_t nodes_max = 1'000; // also bounds how deep evaluation goes
constexpr std::size_t depth_max = 100;
constexpr std::uint32_t column_number_max = 4'096;

} // namespace

// Recursive descent; one instance per condition.
class where_parser {
public:
    explicit where_parser(std::vector<where_token> tokens) : tokens_(std::move(tokens)) {}

    result<where_expression> run() {
        const auto root = disjunction();
        if (!root) return std::unexpected(root.error());
        if (peek().what != where_token::kind::end) return expected("AND, OR or the end");
        built_.root_ = *root;
        return std::move(built_);
    }

private:
    using operation = where_expression::operation;
    using node = where_expression::node;
    using operand = where_expression::operand;
    using index = std::size_t;

    [[nodiscard]] const where_token& peek(std::size_t ahead = 0) const {
        return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
    }
    bool take_word(std::string_view word) {
        if (!peek().is_word(word)) return false;
        ++at_;
        return true;
    }
    bool take_symbol(std::string_view symbol) {
        if (!peek().is_symbol(symbol)) return false;
        ++at_;
        return true;
    }
    [[nodiscard]] std::unexpected<protocol::error> expected(const std::string& what) const {
        const auto& token = peek();
        const std::string found =
            token.what == where_token::kind::end ? "it ends" : "there is " + token.text;
        return protocol::fail(protocol::errc::malformed,
                              "the condition should have " + what + " at character " +
                                  std::to_string(token.at + 1) + ", but " + found);
    }
    result<index> add(node one) {
        if (built_.nodes_.size() >= nodes_max)
            return protocol::fail(protocol::errc::limit_exceeded, "the condition is too long");
        built_.nodes_.push_back(std::move(one));
        return built_.nodes_.size() - 1;
    }

    result<index> chain(std::string_view word, operation what,
                        result<index> (where_parser::*part)()) {
        auto left = (this->*part)();
        while (left && take_word(word)) {
            const auto right = (this->*part)();
            if (!right) return right;
            left = add({what, *left, *right, {}});
        }
        return left;
    }
    result<index> disjunction() { return chain("OR", operation::or_, &where_parser::conjunction); }
    result<index> conjunction() { return chain("AND", operation::and_, &where_parser::negation); }

    result<index> negation() {
        if (++depth_ > depth_max) {
            return protocol::fail(protocol::errc::limit_exceeded,
                                  "the condition is nested too deep");
        }
        auto found = [&]() -> result<index> {
            if (take_word("NOT")) return negate(negation());
            if (!take_symbol("(")) return predicate();
            auto inner = disjunction();
            if (inner && !take_symbol(")")) return expected("a closing parenthesis");
            return inner;
        }();
        --depth_;
        return found;
    }
    result<index> negate(result<index> inner) {
        return inner ? add({operation::not_, *inner, 0, {}}) : inner;
    }

    result<index> predicate() {
        auto left = take_operand();
        if (!left) return std::unexpected(left.error());
        if (take_word("IS")) {
            const bool negated = take_word("NOT");
            if (!take_word("NULL")) return expected("NULL");
            auto made = add({operation::is_null, 0, 0, {std::move(*left)}});
            return negated ? negate(made) : made;
        }
        const bool negated = take_word("NOT");
        auto made = [&]() -> result<index> {
            if (take_word("IN")) return in(std::move(*left));
            if (take_word("LIKE")) return binary(operation::like, std::move(*left));
            if (take_word("BETWEEN")) return between(*left);
            if (negated) return expected("IN, LIKE or BETWEEN");
            return comparison(std::move(*left));
        }();
        return negated ? negate(std::move(made)) : made;
    }

    result<index> comparison(operand left) {
        static constexpr std::pair<std::string_view, operation> operators[] = {
            {"=", operation::equal},      {"==", operation::equal},
            {"!=", operation::not_equal}, {"<>", operation::not_equal},
            {"<", operation::less},       {"<=", operation::less_equal},
            {">", operation::greater},    {">=", operation::greater_equal}};
        for (const auto& [symbol, what] : operators) {
            if (take_symbol(symbol)) return binary(what, std::move(left));
        }
        return expected("=, !=, <, <=, >, >=, IN, LIKE, BETWEEN or IS");
    }
    result<index> binary(operation what, operand left) {
        auto right = take_operand();
        if (!right) return std::unexpected(right.error());
        return add({what, 0, 0, {std::move(left), std::move(*right)}});
    }
    result<index> in(operand left) {
        if (!take_symbol("(")) return expected("an opening parenthesis");
        std::vector<operand> all{std::move(left)};
        do {
            auto one = take_operand();
            if (!one) return std::unexpected(one.error());
            all.push_back(std::move(*one));
        } while (take_symbol(","));
        if (!take_symbol(")")) return expected("a comma or a closing parenthesis");
        return add({operation::in, 0, 0, std::move(all)});
    }
    result<index> between(const operand& left) {
        auto low = binary(operation::greater_equal, left);
        if (!low) return low;
        if (!take_word("AND")) return expected("AND");
        const auto high = binary(operation::less_equal, left);
        if (!high) return high;
        return add({operation::and_, *low, *high, {}});
    }

    result<operand> take_operand() {
        using kind = where_token::kind;
        const auto& token = peek();
        switch (token.what) {
        case kind::number: return literal(comparable::number(token.text));
        case kind::string: return literal(comparable::string(token.text));
        case kind::hex: return literal(comparable::of_bytes(token.text));
        case kind::word:
            if (token.is_word("NULL")) return expected("IS NULL or IS NOT NULL to ask for NULL,");
            if (token.is_word("TRUE")) return literal(comparable::number("1"));
            if (token.is_word("FALSE")) return literal(comparable::number("0"));
            if (peek(1).is_symbol(".")) return take_image_column();
            return take_column(where_expression::image::any);
        case kind::quoted_name:
        case kind::column_number: return take_column(where_expression::image::any);
        default: return expected("a column or a value");
        }
    }
    result<operand> literal(comparable value) {
        ++at_;
        return operand{std::nullopt, std::move(value)};
    }
    result<operand> take_image_column() {
        const bool before = peek().is_word("BEFORE") || peek().is_word("OLD");
        if (!before && !peek().is_word("AFTER") && !peek().is_word("NEW"))
            return expected("before. or after.");
        at_ += 2;
        return take_column(before ? where_expression::image::before
                                  : where_expression::image::after);
    }
    result<operand> take_column(where_expression::image of) {
        using kind = where_token::kind;
        const auto& token = peek();
        where_expression::column column{of, {}, 0};
        if (token.what == kind::column_number) {
            const auto* end = token.text.data() + token.text.size();
            const auto parsed = std::from_chars(token.text.data(), end, column.number);
            if (parsed.ec != std::errc{} || column.number == 0 || column.number > column_number_max)
                return expected("a column number from 1 to 4096");
        } else if ((token.what == kind::word || token.what == kind::quoted_name) &&
                   !token.text.empty()) {
            column.name = token.text;
        } else {
            return expected("a column");
        }
        ++at_;
        auto& all = built_.columns_;
        const auto found = std::ranges::find(all, column);
        const auto place = static_cast<std::size_t>(found - all.begin());
        if (found == all.end()) all.push_back(std::move(column));
        return operand{place, {}};
    }

    std::vector<where_token> tokens_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    where_expression built_;
};

result<where_expression> where_expression::parse(std::string_view text) {
    if (text.size() > text_size_max)
        return protocol::fail(protocol::errc::limit_exceeded, "the condition is too long");
    auto tokens = tokenize_where(text);
    if (!tokens) return std::unexpected(std::move(tokens.error()));
    return where_parser(std::move(*tokens)).run();
}

} // namespace understudy::state
