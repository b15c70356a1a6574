#include "snapshot/key_splitter.hpp"

#include "snapshot/column_values.hpp"
#include "snapshot/key_midpoint.hpp"
#include "snapshot/source_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::result;

namespace {

using values = std::vector<std::string>;

struct piece {
    key_range range;
    std::uint64_t rows = 0;
    bool is_whole = false; // it cannot be cut
};

// Rows up to `at` and behind it.
struct cut {
    values at;
    std::uint64_t before = 0;
    std::uint64_t behind = 0;

    [[nodiscard]] std::uint64_t smaller() const { return std::min(before, behind); }
    [[nodiscard]] bool is_even() const { return 3 * smaller() >= std::max(before, behind); }
};

std::uint64_t number_in(const std::optional<std::string>& text) {
    std::uint64_t value = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

class splitter {
public:
    splitter(protocol::net::connection& source, const source_table& table)
        : source_(&source), table_(&table) {}

    awaitable<result<std::optional<cut>>> find(key_range range);
    // Its first row is found by the index: not where one column of that descends and another
    // ascends.
    awaitable<result<bool>> has_order();

private:
    // From `low` to `high`, values of the key's column behind `prefix`.
    struct search {
        values prefix; // literals
        values low;    // the first row's key
        values high;   // the last row's
    };
    awaitable<result<std::optional<cut>>> bisect(key_range range, search in);
    awaitable<result<std::optional<cut>>> bisect_inside(key_range range, search in, bool low_moved);
    awaitable<result<std::uint64_t>> estimate(key_range range);
    awaitable<result<values>> end_of(std::string condition, bool last);
    [[nodiscard]] std::string end_query(const std::string& condition, bool last) const;

    [[nodiscard]] const column& key_column(std::size_t at) const {
        return table_->columns[table_->order->columns[at]];
    }
    // What is behind a number of an ENUM or SET no index finds.
    [[nodiscard]] std::size_t columns_in_index_order() const {
        std::size_t count = 0;
        while (count < table_->order->columns.size() && key_column(count).kind != value_kind::index)
            ++count;
        return count;
    }
    [[nodiscard]] std::string from_table(std::string_view hint) const {
        return fmt::format("FROM {} {} INDEX ({})", table_->name.to_string(), hint,
                           state::quote_identifier(table_->order->index));
    }
    [[nodiscard]] values behind_prefix(const values& prefix, const std::string& value) const {
        values at = prefix;
        at.push_back(key_literal(key_column(prefix.size()), value));
        return at;
    }

    protocol::net::connection* source_;
    const source_table* table_;
};

std::string splitter::end_query(const std::string& condition, bool last) const {
    std::string columns;
    std::string order;
    for (std::size_t i = 0; i < table_->order->columns.size(); ++i) {
        columns += (i == 0 ? "" : ", ") + select_expression(key_column(i));
        order += (i == 0 ? "" : ", ") + state::quote_identifier(key_column(i).name) +
                 (last ? " DESC" : "");
    }
    return fmt::format("SELECT {} {}{} ORDER BY {} LIMIT 1", columns, from_table("FORCE"),
                       condition.empty() ? "" : " WHERE " + condition, order);
}

awaitable<result<bool>> splitter::has_order() {
    auto found =
        co_await source_->query("EXPLAIN FORMAT=TRADITIONAL " + end_query(std::string(), false));
    if (!found) co_return std::unexpected(std::move(found.error()));
    for (const auto& row : found->rows) {
        if (!row.empty() && row.back().value_or("").contains("filesort")) co_return false;
    }
    co_return true;
}

// Empty: there is no row.
awaitable<result<values>> splitter::end_of(std::string condition, bool last) {
    auto found = co_await source_->query(end_query(condition, last));
    if (!found) co_return std::unexpected(std::move(found.error()));
    values key;
    for (const auto& row : found->rows) {
        for (const auto& value : row)
            key.push_back(value.value_or(""));
    }
    co_return key;
}

// With FORCE INDEX, MySQL 8 and later would not look (nothing would be left to choose) and say 1.
awaitable<result<std::uint64_t>> splitter::estimate(key_range range) {
    auto found =
        co_await source_->query(fmt::format("EXPLAIN FORMAT=TRADITIONAL SELECT 1 {} WHERE {}",
                                            from_table("USE"), condition_of(*table_, range)));
    if (!found) co_return std::unexpected(std::move(found.error()));
    for (std::size_t i = 0; i < found->columns.size(); ++i) {
        if (found->columns[i].name == "rows" && !found->rows.empty())
            co_return number_in(found->rows.front()[i]);
    }
    co_return std::uint64_t{0};
}

awaitable<result<std::optional<cut>>> splitter::find(key_range range) {
    const std::string condition = condition_of(*table_, range);
    auto low = co_await end_of(condition, false);
    if (!low) co_return std::unexpected(std::move(low.error()));
    auto high = co_await end_of(condition, true);
    if (!high) co_return std::unexpected(std::move(high.error()));
    if (low->empty() || high->empty()) co_return std::nullopt;
    co_return co_await bisect(std::move(range), {{}, *std::move(low), *std::move(high)});
}

awaitable<result<std::optional<cut>>> splitter::bisect(key_range range, search in) {
    while (in.prefix.size() < in.low.size() &&
           in.low[in.prefix.size()] == in.high[in.prefix.size()])
        in.prefix = behind_prefix(in.prefix, in.low[in.prefix.size()]);
    const std::size_t level = in.prefix.size();
    if (level >= columns_in_index_order()) co_return std::nullopt;
    std::optional<cut> best;
    bool low_moved = false;
    constexpr int steps_max = 40;
    for (int step = 0; step < steps_max; ++step) {
        const auto middle = key_midpoint(key_column(level), in.low[level], in.high[level]);
        if (!middle) break;
        cut now{behind_prefix(in.prefix, *middle)};
        const auto before = co_await estimate({range.after, now.at});
        if (!before) co_return std::unexpected(before.error());
        const auto behind = co_await estimate({now.at, range.upper});
        if (!behind) co_return std::unexpected(behind.error());
        now.before = *before;
        now.behind = *behind;
        const bool goes_up = now.before < now.behind;
        if (!best || now.smaller() > best->smaller()) best = std::move(now);
        if (best->is_even()) co_return best;
        std::string& end = goes_up ? in.low[level] : in.high[level];
        if (end == *middle) break;
        end = *middle;
        low_moved = low_moved || goes_up;
    }
    auto inside = co_await bisect_inside(std::move(range), std::move(in), low_moved);
    if (!inside) co_return inside;
    const auto size = [](const std::optional<cut>& one) { return one ? one->smaller() : 0; };
    if (size(*inside) > size(best)) best = std::move(*inside);
    if (size(best) == 0) co_return std::nullopt;
    co_return best;
}

// Most rows have one value of this column: they are cut by the next one.
awaitable<result<std::optional<cut>>> splitter::bisect_inside(key_range range, search in,
                                                              bool low_moved) {
    const std::size_t level = in.prefix.size();
    if (level + 1 >= columns_in_index_order()) co_return std::nullopt;
    const key_range rest{low_moved ? behind_prefix(in.prefix, in.low[level]) : range.after,
                         range.upper};
    auto low = co_await end_of(condition_of(*table_, rest), false);
    if (!low || low->empty())
        co_return low ? result<std::optional<cut>>(std::nullopt)
                      : std::unexpected(std::move(low.error()));
    search next{behind_prefix(in.prefix, (*low)[level]), *std::move(low), {}};
    std::string condition = condition_of(*table_, {range.after, next.prefix});
    if (!range.upper.empty()) condition += " AND " + condition_of(*table_, {{}, range.upper});
    auto high = co_await end_of(std::move(condition), true);
    if (!high || high->empty())
        co_return high ? result<std::optional<cut>>(std::nullopt)
                       : std::unexpected(std::move(high.error()));
    next.high = *std::move(high);
    co_return co_await bisect(std::move(range), std::move(next));
}

} // namespace

awaitable<result<std::vector<key_range>>> split_table(protocol::net::connection& source,
                                                      const source_table& table,
                                                      std::uint32_t part_count) {
    splitter in(source, table);
    std::vector<piece> pieces{{{}, table.rows_estimated, false}};
    const auto ordered = co_await in.has_order();
    if (!ordered && is_source_lost(ordered.error())) co_return std::unexpected(ordered.error());
    if (!ordered || !*ordered) co_return std::vector<key_range>(1);
    const std::uint64_t smallest = table.rows_estimated / part_count / 8;
    while (pieces.size() < part_count) {
        const auto largest = std::ranges::max_element(
            pieces, {}, [](const piece& one) { return one.is_whole ? 0 : one.rows; });
        if (largest->is_whole || largest->rows == 0) break;
        auto found = co_await in.find(largest->range);
        if (!found && is_source_lost(found.error())) co_return std::unexpected(found.error());
        if (!found || !*found || (*found)->smaller() <= smallest) {
            largest->is_whole = true;
            continue;
        }
        cut& at = **found;
        piece behind{{at.at, largest->range.upper}, at.behind, false};
        largest->range.upper = std::move(at.at);
        largest->rows = at.before;
        pieces.insert(largest + 1, std::move(behind));
    }
    std::vector<key_range> ranges;
    for (piece& one : pieces)
        ranges.push_back(std::move(one.range));
    co_return ranges;
}

} // namespace understudy::snapshot
