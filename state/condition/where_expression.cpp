#include "state/condition/where_expression.hpp"

namespace understudy::state {

namespace {

bool holds(std::partial_ordering order, bool less, bool equal, bool greater) {
    return (less && order < 0) || (equal && order == 0) || (greater && order > 0);
}

} // namespace

// A chain of AND or OR leans to the left, as deep as it is long: the parser bounds that.
std::optional<bool> where_expression::evaluate_node(std::size_t index, const lookup& value) const {
    const node& one = nodes_[index];
    if (one.what == operation::not_) {
        const auto inner = evaluate_node(one.left, value);
        return inner ? std::optional(!*inner) : std::nullopt;
    }
    if (one.what != operation::and_ && one.what != operation::or_)
        return evaluate_predicate(one, value);
    const bool decisive = one.what == operation::or_;
    const auto left = evaluate_node(one.left, value);
    if (left == decisive) return left;
    const auto right = evaluate_node(one.right, value);
    if (right == decisive) return right;
    return left && right ? std::optional(!decisive) : std::nullopt;
}

std::optional<bool> where_expression::evaluate_predicate(const node& one,
                                                         const lookup& value) const {
    const auto get = [&](const operand& from) -> const comparable& {
        return from.column ? value(*from.column) : from.literal;
    };
    const auto& left = get(one.operands.front());
    if (one.what == operation::is_null) {
        if (left.what == comparable::kind::absent) return std::nullopt;
        return left.what == comparable::kind::null;
    }
    if (one.what == operation::in) {
        bool unknown = false;
        for (std::size_t i = 1; i < one.operands.size(); ++i) {
            const auto order = compare(left, get(one.operands[i]));
            if (order && *order == 0) return true;
            unknown = unknown || !order;
        }
        return unknown ? std::nullopt : std::optional(false);
    }
    const auto& right = get(one.operands[1]);
    if (one.what == operation::like) {
        const auto known = [](const comparable& side) {
            return side.what != comparable::kind::absent && side.what != comparable::kind::null;
        };
        if (!known(left) || !known(right)) return std::nullopt;
        return matches_like(left.text, right.text);
    }
    const auto order = compare(left, right);
    if (!order) return std::nullopt;
    switch (one.what) {
    case operation::equal: return holds(*order, false, true, false);
    case operation::not_equal: return holds(*order, true, false, true);
    case operation::less: return holds(*order, true, false, false);
    case operation::less_equal: return holds(*order, true, true, false);
    case operation::greater: return holds(*order, false, false, true);
    case operation::greater_equal: return holds(*order, false, true, true);
    default: return std::nullopt;
    }
}

void where_expression::collect_pinned(std::size_t index,
                                      std::vector<std::pair<std::size_t, comparable>>& into) const {
    const node& one = nodes_[index];
    if (one.what == operation::and_) {
        collect_pinned(one.left, into);
        collect_pinned(one.right, into);
    }
    if (one.what != operation::equal) return;
    const auto& left = one.operands[0];
    const auto& right = one.operands[1];
    if (left.column && !right.column) into.emplace_back(*left.column, right.literal);
    if (right.column && !left.column) into.emplace_back(*right.column, left.literal);
}

std::vector<std::pair<std::size_t, comparable>> where_expression::pinned() const {
    std::vector<std::pair<std::size_t, comparable>> found;
    collect_pinned(root_, found);
    return found;
}

std::optional<bool> where_expression::evaluate(const lookup& value) const {
    return evaluate_node(root_, value);
}

} // namespace understudy::state
