#include "apps/inspection/statement_selection.hpp"

#include "applier/statement_plan.hpp"
#include "protocol/binlog/transaction_words.hpp"
#include "state/task_spec.hpp"

#include <utility>

namespace understudy::apps {

using protocol::result;
using relay::inspection::statement_kind;

namespace {

// For executable comments: those of any server that exists.
constexpr std::uint32_t newest_version = 99'999;

statement_kind kind_of(applier::statement_plan::kind kind) {
    using all = applier::statement_plan::kind;
    switch (kind) {
    case all::dml: return statement_kind::dml;
    case all::account:
    case all::maintenance:
    case all::other: return statement_kind::other;
    default: return statement_kind::ddl;
    }
}

} // namespace

result<statement_selection> statement_selection::make(const std::vector<std::string>& patterns,
                                                      bool ignore_case) {
    state::task_spec spec;
    spec.objects.include = patterns;
    if (patterns.empty()) spec.objects.include = {"*"};
    auto tables = state::object_selection::make(spec);
    if (!tables) return std::unexpected(std::move(tables.error()));
    tables->set_case_insensitive(ignore_case);
    return statement_selection(std::move(*tables), patterns.empty());
}

std::optional<statement_kind>
statement_selection::operator()(const protocol::query_event& query) const {
    // Those around XA transactions name no table.
    const bool is_xa = protocol::is_xa_start(query.text) || query.text.starts_with("XA ");
    if (is_xa) return everything_ ? std::optional(statement_kind::other) : std::nullopt;
    const auto plan =
        applier::plan_statement(applier::logged_statement::of(query, newest_version), tables_);
    if (!plan) return statement_kind::other;
    if (!everything_ && plan->what == applier::statement_plan::action::skip) return std::nullopt;
    return kind_of(plan->is);
}

} // namespace understudy::apps
