#include "apps/relay_show.hpp"

#include "apps/event_printer.hpp"
#include "apps/inspection/change_reader.hpp"
#include "apps/inspection/log_statistics.hpp"
#include "apps/inspection/pager.hpp"
#include "apps/inspection/row_history.hpp"
#include "apps/inspection/statement_selection.hpp"
#include "apps/inspection/statistics_text.hpp"
#include "apps/relay_reading.hpp"
#include "apps/terminal.hpp"
#include "protocol/errc.hpp"
#include "relay/inspection/row_condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unistd.h>
#include <utility>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::result;
using format = relay_command::format;

namespace {

constexpr std::chrono::milliseconds follow_interval{200};

bool wants_pager(const relay_command& what) {
    return !what.no_pager && !what.follow && (what.how == format::text || what.how == format::json);
}

bool wants_colour() {
    return ::isatty(STDOUT_FILENO) != 0 && is_colour_wanted();
}

pager::use pager_use(const relay_command& what) {
    return wants_pager(what) ? pager::use::on_a_terminal : pager::use::never;
}

// Each once, whoever of the readers finds it.
remembered_definitions::warning warn_once() {
    struct told {
        std::mutex mutex;
        std::set<std::string> what;
    };
    return [all = std::make_shared<told>()](const std::string& why) {
        const std::lock_guard lock(all->mutex);
        if (all->what.insert(why).second) fmt::print(stderr, "understudy: {}\n", why);
    };
}

// Standard output through a pager; what is undone is kept and turned round first.
class change_output {
public:
    explicit change_output(const relay_command& what) : how_(what.how), to_(pager_use(what)) {}

    [[nodiscard]] turn_output::sink sink() {
        if (how_ == format::undo)
            return [this](std::string_view records) { return kept_.take(records); };
        return [this](std::string_view piece) { return to_.write(piece); };
    }
    [[nodiscard]] result<void> flush() { return to_.flush(); }
    [[nodiscard]] result<void> finish() {
        if (how_ != format::undo) return to_.flush();
        spooled_output out([this](std::string_view piece) { return to_.write(piece); });
        spooled_output nothing([](std::string_view) { return result<void>{}; });
        if (auto done = undo_writer(nothing, kept_, out).finish(); !done) return done;
        return to_.flush();
    }
    // Who reads it has gone: no error.
    [[nodiscard]] result<void> unless_left(result<void> done) const {
        return to_.left() ? result<void>{} : done;
    }

private:
    format how_;
    pager to_;
    reversed_records kept_;
};

change_reader::parts parts_of(const relay_command& what, const change_filter& filter,
                              const statement_selection& statements, change_output& output) {
    change_reader::parts parts;
    parts.filter = filter;
    parts.statement = statements;
    parts.how = what.how;
    parts.text = {wants_colour(), what.whole_values ? 0U : 200U, what.shows_secrets};
    parts.shows_secrets = what.shows_secrets;
    parts.keys = what.keys;
    parts.to = output.sink();
    parts.flush = [&output] { return output.flush(); };
    return parts;
}

result<void> finish(const relay_command& what, change_output& output, result<void> done) {
    if (done || what.how == format::text || what.how == format::json) {
        const auto finished = output.finish();
        if (done) done = finished;
    }
    return output.unless_left(std::move(done));
}

// Columns that none of them has seen.
void tell_unknown_columns(const std::vector<std::shared_ptr<row_condition>>& conditions) {
    if (std::ranges::none_of(conditions, &row_condition::has_seen_tables)) return;
    auto never = conditions.front()->columns_never_seen();
    for (const auto& one : conditions) {
        const auto others = one->columns_never_seen();
        std::erase_if(never, [&](const std::string& name) {
            return std::ranges::find(others, name) == others.end();
        });
    }
    for (const auto& name : never)
        fmt::print(stderr, "understudy: no table that was looked at has a column {}\n", name);
}

} // namespace

bool is_bad_option(const protocol::error& why) {
    return why.code == std::errc::invalid_argument;
}

result<void> show_changes(const relay_command& what) {
    auto filter = changes_of(what);
    if (!filter) return std::unexpected(std::move(filter.error()));
    auto statements = statement_selection::make(what.tables, what.ignore_case);
    if (!statements) return bad_option("--table", statements.error());
    if (what.follow && what.how == format::undo)
        return bad_option("--undo", "what is followed has no end to begin at");
    std::optional<where_expression> condition;
    if (!what.where.empty()) {
        auto parsed = where_expression::parse(what.where);
        if (!parsed) return bad_option("--where", parsed.error());
        condition = std::move(*parsed);
    }
    // Without tables or a condition everything is wanted, whatever it is.
    const index_use index{.is_asked = condition || !filter->tables.empty(),
                          .learns_keys = condition && !condition->pinned().empty()};
    filter->show_annotations = what.how == format::text || what.how == format::json;
    change_output output(what);
    const auto warn = warn_once();
    std::vector<std::shared_ptr<row_condition>> conditions;
    std::vector<std::unique_ptr<piece_reader>> readers;
    for (unsigned i = 0; i < reader_count(what); ++i) {
        auto parts = parts_of(what, *filter, *statements, output);
        parts.warn = warn;
        key_search::keys_of keys;
        std::shared_ptr<row_condition> own;
        if (condition) {
            own = conditions.emplace_back(std::make_shared<row_condition>(*condition));
            keys = [own](const described_table& table) -> std::optional<std::vector<std::string>> {
                const auto values = own->pinned_key(table);
                auto key = values.empty() ? std::nullopt : row_key(table, values);
                if (!key) return std::nullopt;
                return std::vector{std::move(*key)};
            };
        }
        if (index.is_asked)
            parts.search = std::make_shared<key_search>(filter->tables, filter->tables_ignore_case,
                                                        std::move(keys));
        if (condition) {
            parts.row = [own](const described_table& table, const row_change& change) {
                return own->holds(table, change);
            };
        }
        readers.push_back(std::make_unique<change_reader>(std::move(parts)));
    }
    auto done = read_in_parallel(what, filter->transactions, index, readers);
    if (done && condition) tell_unknown_columns(conditions);
    return finish(what, output, std::move(done));
}

namespace {

// Notes how the keys of a table's rows change, in its pieces of the log.
class key_reader final : public piece_reader, change_writer {
public:
    key_reader(const change_filter& filter, const statement_selection& statements,
               const row_history& history, row_history& into, remembered_definitions definitions)
        : into_(into), history_(history.fork()), definitions_(std::move(definitions)),
          search_(filter.tables, filter.tables_ignore_case,
                  [this](const described_table& table) { return history_.keys(table); }),
          selector_(filter, {.definitions = definitions_,
                             .writer = *this,
                             .gate = nullptr,
                             .statement = statements,
                             .row = {}}) {}

    transaction_visitor& visitor() override { return selector_; }
    piece_context context() override {
        return {.indexed = &search_,
                .entered = [this](const std::filesystem::path& path) { definitions_.enter(path); }};
    }
    void begin_piece(ordered_turns&, std::size_t) override {}
    ordered_turns::delivery end_piece(bool) override {
        return [this, noted = history_.take_notes()]() mutable {
            return into_.add_notes(std::move(noted));
        };
    }
    [[nodiscard]] const key_search& search() const { return search_; }

private:
    change_writer::done begin(const transaction&) override { return {}; }
    change_writer::done statement(const transaction&, const protocol::query_event&, statement_kind,
                                  const protocol::event_header&) override {
        return {};
    }
    change_writer::done row(const transaction&, const described_table& table,
                            const row_change& change) override {
        return history_.note(table, change);
    }
    change_writer::done other(const transaction&, const stream_event&) override { return {}; }
    change_writer::done end(const transaction&, transaction_end, std::uint64_t) override {
        return {};
    }

    row_history& into_;
    row_history history_;
    remembered_definitions definitions_;
    key_search search_;
    change_selector selector_;
};

// Fills in all keys that the row had.
result<void> find_keys(const relay_command& what, const change_filter& filter,
                       const statement_selection& statements, row_history& history) {
    auto updates = filter;
    updates.inserts = updates.deletes = updates.ddl = updates.statements = false;
    const auto warn = warn_once();
    // Another key that the row had stands where this one may not be.
    for (;;) {
        std::vector<std::unique_ptr<piece_reader>> readers;
        std::vector<const key_search*> searches;
        for (unsigned i = 0; i < reader_count(what); ++i) {
            auto one = std::make_unique<key_reader>(updates, statements, history, history,
                                                    remembered_definitions(what.keys, warn));
            searches.push_back(&one->search());
            readers.push_back(std::move(one));
        }
        if (auto done = read_in_parallel(what, filter.transactions, {true, true}, readers); !done)
            return done;
        const bool all_read = std::ranges::all_of(
            searches, [](const key_search* one) { return one->runs_skipped() == 0; });
        if (!history.extend(all_read)) return {};
    }
}

} // namespace

result<void> show_history(const relay_command& what) {
    auto filter = changes_of(what);
    if (!filter) return std::unexpected(std::move(filter.error()));
    auto pattern = state::object_pattern::parse(what.table);
    if (!pattern || !pattern->names_object || pattern->object.has_wildcard())
        return bad_option("DB.TABLE", what.table + " is no table; write shop.orders");
    filter->tables = {std::move(*pattern)};
    auto statements = statement_selection::make({what.table}, what.ignore_case);
    if (!statements) return bad_option("DB.TABLE", statements.error());
    auto history = row_history::parse(what.key);
    if (!history) return bad_option("KEY", history.error());
    const bool is_piped = is_read_in_order(what);
    if (!is_piped) {
        if (auto done = find_keys(what, *filter, *statements, *history); !done) return done;
    }
    // Which of several keys the row has depends on what came before.
    auto second = what;
    if (is_piped || !history->has_one_key()) second.threads = 1;
    history->begin();
    change_output output(what);
    const auto warn = warn_once();
    std::vector<std::unique_ptr<piece_reader>> readers;
    for (unsigned i = 0; i < reader_count(second); ++i) {
        auto parts = parts_of(what, *filter, *statements, output);
        parts.warn = warn;
        auto own = std::make_shared<row_history>(history->fork());
        if (!is_piped) {
            parts.search = std::make_shared<key_search>(
                filter->tables, filter->tables_ignore_case,
                [own](const described_table& table) { return own->keys(table); });
        }
        parts.row = [own](const described_table& table, const row_change& change) {
            return own->is_of_row(table, change);
        };
        readers.push_back(std::make_unique<change_reader>(std::move(parts)));
    }
    auto done = read_in_parallel(second, filter->transactions, {!is_piped, !is_piped}, readers);
    return finish(what, output, std::move(done));
}

result<void> show_events(const relay_command& what) {
    const transaction_filter everything;
    auto stream = open_in_order(what, everything);
    if (!stream) return std::unexpected(std::move(stream.error()));
    pager to(pager_use(what));
    event_printer printer;
    std::string text;
    for (;;) {
        const auto event = stream->next();
        if (!event) return std::unexpected(event.error());
        if (*event) {
            const auto lines = printer.print(**event);
            if (!lines) return protocol::wrap(lines.error(), (*event)->place());
            text.clear();
            for (const auto& line : *lines)
                text += line + "\n";
            if (auto done = to.write(text); !done) return to.left() ? result<void>{} : done;
            continue;
        }
        if (!what.follow) return to.flush();
        if (auto done = to.flush(); !done) return done;
        std::this_thread::sleep_for(follow_interval);
    }
}

namespace {

class statistics_reader final : public piece_reader {
public:
    statistics_reader(transaction_filter filter, log_statistics& into)
        : filter_(std::move(filter)), into_(into) {}

    transaction_visitor& visitor() override { return own_; }
    void begin_piece(ordered_turns&, std::size_t) override { own_ = log_statistics(filter_); }
    ordered_turns::delivery end_piece(bool) override {
        return [this, own = std::make_shared<log_statistics>(std::move(own_))]() -> result<void> {
            into_.append(std::move(*own));
            return {};
        };
    }

private:
    transaction_filter filter_;
    log_statistics& into_;
    log_statistics own_{filter_};
};

} // namespace

result<void> show_statistics(const relay_command& what) {
    const auto filter = transactions_of(what);
    if (!filter) return std::unexpected(filter.error());
    log_statistics statistics(*filter);
    std::vector<std::unique_ptr<piece_reader>> readers;
    for (unsigned i = 0; i < reader_count(what); ++i)
        readers.push_back(std::make_unique<statistics_reader>(*filter, statistics));
    if (auto done = read_in_parallel(what, *filter, {}, readers); !done) return done;
    const auto figures = statistics.finish();
    pager to(pager::use::never);
    if (what.how == format::json) {
        if (auto done = to.write(statistics_json(figures)); !done) return done;
        return to.flush();
    }
    const bool on_terminal = ::isatty(STDOUT_FILENO) != 0;
    const auto columns = on_terminal ? read_terminal_size().columns : 120;
    for (const auto& line : statistics_lines(figures, columns, wants_colour())) {
        if (auto done = to.write(line + "\n"); !done) return to.left() ? result<void>{} : done;
    }
    return to.flush();
}

} // namespace understudy::apps
