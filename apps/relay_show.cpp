#include "apps/relay_show.hpp"

#include "apps/event_printer.hpp"
#include "apps/inspection/binlog_export.hpp"
#include "apps/inspection/change_json_writer.hpp"
#include "apps/inspection/change_text_writer.hpp"
#include "apps/inspection/log_statistics.hpp"
#include "apps/inspection/pager.hpp"
#include "apps/inspection/redo_writer.hpp"
#include "apps/inspection/reversed_records.hpp"
#include "apps/inspection/row_history.hpp"
#include "apps/inspection/spooled_output.hpp"
#include "apps/inspection/statement_selection.hpp"
#include "apps/inspection/statistics_text.hpp"
#include "apps/inspection/time_argument.hpp"
#include "apps/inspection/undo_writer.hpp"
#include "apps/terminal.hpp"
#include "protocol/errc.hpp"
#include "relay/errc.hpp"
#include "relay/inspection/change_selector.hpp"
#include "relay/inspection/key_search.hpp"
#include "relay/inspection/open_source.hpp"
#include "relay/inspection/remembered_definitions.hpp"
#include "relay/inspection/row_condition.hpp"
#include "relay/inspection/transaction_assembler.hpp"
#include "state/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::result;
using format = relay_command::format;

namespace {

constexpr std::chrono::milliseconds follow_interval{200};

std::unexpected<protocol::error> bad_option(const std::string& option, const protocol::error& why) {
    return std::unexpected(protocol::error{
        std::make_error_code(std::errc::invalid_argument), option + ": " + why.what, {}});
}
std::unexpected<protocol::error> bad_option(const std::string& option, std::string why) {
    return bad_option(option, protocol::error{{}, std::move(why), {}});
}

// Reads an option that was given, into what is optional.
template<class Into, class Parse>
result<void> read_option(const char* name, const std::string& text, std::optional<Into>& into,
                         Parse parse) {
    if (text.empty()) return {};
    auto parsed = parse(text);
    if (!parsed) return bad_option(name, parsed.error());
    into = std::move(*parsed);
    return {};
}

result<transaction_filter> transactions_of(const relay_command& what) {
    transaction_filter filter;
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    const auto time = [&](const std::string& text) { return parse_time_argument(text, now); };
    for (const auto& done :
         {read_option("--since", what.since, filter.since, time),
          read_option("--until", what.until, filter.until, time),
          read_option("--gtid", what.gtids, filter.gtids, gtid_selection::parse),
          read_option("--exclude-gtid", what.not_gtids, filter.not_gtids, gtid_selection::parse),
          read_option("--start-position", what.start_position, filter.start, position_bound::parse),
          read_option("--stop-position", what.stop_position, filter.stop, position_bound::parse)}) {
        if (!done) return std::unexpected(done.error());
    }
    return filter;
}

result<change_filter> changes_of(const relay_command& what) {
    change_filter filter;
    auto transactions = transactions_of(what);
    if (!transactions) return std::unexpected(std::move(transactions.error()));
    filter.transactions = std::move(*transactions);
    for (const auto& text : what.tables) {
        auto pattern = state::object_pattern::parse(text);
        if (!pattern) return bad_option("--table", pattern.error());
        filter.tables.push_back(std::move(*pattern));
    }
    if (!what.kinds.empty()) {
        const auto has = [&](const char* kind) {
            return std::ranges::find(what.kinds, kind) != what.kinds.end();
        };
        filter.inserts = has("insert");
        filter.updates = has("update");
        filter.deletes = has("delete");
        filter.ddl = has("ddl");
        filter.statements = has("statement");
    }
    if (!what.where.empty()) {
        // A condition on rows says nothing of statements.
        if (what.kinds.empty()) filter.ddl = filter.statements = false;
    }
    if (!what.bytes_min.empty()) {
        const auto size = state::parse_byte_size(what.bytes_min);
        if (!size) return bad_option("--min-bytes", what.bytes_min + " is no size; write 10MB");
        filter.transaction_bytes_min = *size;
    }
    filter.transaction_rows_min = what.rows_min;
    return filter;
}

// What is read, and who is told of it.
struct reading {
    const relay_command& what;
    const transaction_filter& filter;
    remembered_definitions* definitions = nullptr;
    key_search* search = nullptr;
};

result<event_stream> open(const reading& of) {
    const auto& [what, filter, definitions, search] = of;
    open_options options;
    options.indexed = search;
    options.keys = what.keys;
    if (definitions != nullptr) {
        options.entered = [definitions](const std::filesystem::path& path) {
            definitions->enter(path);
        };
    }
    options.follow = what.follow;
    if (!filter.empty()) {
        options.wanted = [wanted = filter](const relay::frame_header& frame) {
            return wanted.may_hold(frame);
        };
    }
    return open_stream(what.paths, options);
}

// All events of a stream through an assembler; when followed, never ends by itself.
result<void> run(const reading& of, transaction_visitor& visitor,
                 const std::function<result<void>()>& when_waiting = {}) {
    auto stream = open(of);
    if (!stream) return std::unexpected(std::move(stream.error()));
    transaction_assembler assembler(visitor);
    for (;;) {
        const auto event = stream->next();
        if (!event) return std::unexpected(event.error());
        if (*event) {
            if (auto done = assembler.feed(**event); !done) return done;
            continue;
        }
        if (!of.what.follow) break;
        if (when_waiting) {
            if (auto done = when_waiting(); !done) return done;
        }
        std::this_thread::sleep_for(follow_interval);
    }
    if (assembler.in_transaction()) {
        fmt::print(stderr, "understudy: the log ends inside the transaction that begins at {}\n",
                   assembler.current().place());
    } else if (const auto rest = stream->source().unfinished_bytes(); rest > 0) {
        fmt::print(stderr,
                   "understudy: {} bytes at the end are not shown: something is still being "
                   "written, or the file is cut off\n",
                   rest);
    }
    return {};
}

remembered_definitions definitions_of(const relay_command& what) {
    return {what.keys, [](const std::string& why) { fmt::print(stderr, "understudy: {}\n", why); }};
}

bool wants_pager(const relay_command& what) {
    return !what.no_pager && !what.follow && (what.how == format::text || what.how == format::json);
}

bool wants_colour() {
    return ::isatty(STDOUT_FILENO) != 0 && is_colour_wanted();
}

pager::use pager_use(const relay_command& what) {
    return wants_pager(what) ? pager::use::on_a_terminal : pager::use::never;
}

// Standard output through a pager, with everything that writes changes to it.
struct change_output {
    explicit change_output(const relay_command& what)
        : to(pager_use(what)), out([this](std::string_view piece) { return to.write(piece); }),
          records([this](std::string_view bytes) { return kept.take(bytes); }),
          text(out, {wants_colour(), what.whole_values ? 0U : 200U}), json(out), redo(out),
          undo(records, kept, out) {}

    change_writer& writer(format how) {
        switch (how) {
        case format::json: return json;
        case format::sql: return redo;
        case format::undo: return undo;
        case format::text: break;
        }
        return text;
    }
    spooled_output& gate(format how) { return how == format::undo ? records : out; }

    pager to;
    spooled_output out;
    reversed_records kept;
    spooled_output records;
    change_text_writer text;
    change_json_writer json;
    redo_writer redo;
    undo_writer undo;
};

result<void> unless_left(const change_output& output, result<void> done) {
    return output.to.left() ? result<void>{} : done;
}

} // namespace

bool is_bad_option(const protocol::error& why) {
    return why.code == std::errc::invalid_argument;
}

result<void> show_changes(const relay_command& what) {
    auto filter = changes_of(what);
    if (!filter) return std::unexpected(std::move(filter.error()));
    auto statements = statement_selection::make(what.tables);
    if (!statements) return bad_option("--table", statements.error());
    if (what.follow && what.how == format::undo)
        return bad_option("--undo", "what is followed has no end to begin at");
    std::optional<row_condition> condition;
    if (!what.where.empty()) {
        auto parsed = where_expression::parse(what.where);
        if (!parsed) return bad_option("--where", parsed.error());
        condition.emplace(std::move(*parsed));
    }
    change_selector::row_test test;
    key_search::keys_of keys;
    if (condition) {
        keys = [&](const described_table& table) -> std::optional<std::vector<std::string>> {
            const auto values = condition->pinned_key(table);
            return values.empty() ? std::nullopt : row_keys(table, values);
        };
    }
    key_search search(filter->tables, std::move(keys));
    if (condition) {
        test = [&](const described_table& table, const row_change& change) {
            search.see(table);
            return condition->holds(table, change);
        };
    }
    // Without tables or a condition everything is wanted, whatever it is.
    const bool narrows = condition || !filter->tables.empty();
    filter->show_annotations = what.how == format::text || what.how == format::json;
    auto definitions = definitions_of(what);
    change_output output(what);
    auto& writer = output.writer(what.how);
    change_selector selector(*filter, {.definitions = definitions,
                                       .writer = writer,
                                       .gate = &output.gate(what.how),
                                       .statement = *statements,
                                       .row = std::move(test)});
    auto done = run({what, filter->transactions, &definitions, narrows ? &search : nullptr},
                    selector, [&]() -> result<void> {
                        if (auto flushed = output.out.flush(); !flushed) return flushed;
                        return output.to.flush();
                    });
    if (done || what.how == format::text || what.how == format::json) {
        const auto finished = writer.finish();
        if (done) done = finished;
    }
    if (done && condition) {
        for (const auto& name : condition->columns_never_seen())
            fmt::print(stderr, "understudy: no table that was looked at has a column {}\n", name);
    }
    return unless_left(output, std::move(done));
}

namespace {

// Notes how the keys of a table's rows change.
class key_notes final : public change_writer {
public:
    explicit key_notes(row_history& history) : history_(history) {}
    done begin(const transaction&) override { return {}; }
    done statement(const transaction&, const protocol::query_event&, statement_kind,
                   const protocol::event_header&) override {
        return {};
    }
    done row(const transaction&, const described_table& table, const row_change& change) override {
        return history_.note(table, change);
    }
    done other(const transaction&, const stream_event&) override { return {}; }
    done end(const transaction&, transaction_end, std::uint64_t) override { return {}; }

private:
    row_history& history_;
};

} // namespace

result<void> show_history(const relay_command& what) {
    auto filter = changes_of(what);
    if (!filter) return std::unexpected(std::move(filter.error()));
    auto pattern = state::object_pattern::parse(what.table);
    if (!pattern || !pattern->names_object || pattern->object.has_wildcard())
        return bad_option("DB.TABLE", what.table + " is no table; write shop.orders");
    filter->tables = {std::move(*pattern)};
    auto statements = statement_selection::make({what.table});
    if (!statements) return bad_option("DB.TABLE", statements.error());
    auto history = row_history::parse(what.key);
    if (!history) return bad_option("KEY", history.error());
    auto definitions = definitions_of(what);
    key_search search(filter->tables,
                      [&](const described_table& table) { return history->keys(table); });
    if (std::ranges::find(what.paths, "-") == what.paths.end()) {
        auto updates = *filter;
        updates.inserts = updates.deletes = updates.ddl = updates.statements = false;
        key_notes notes(*history);
        const auto seen = [&](const described_table& table, const row_change&) -> result<bool> {
            search.see(table);
            return true;
        };
        // Another key that the row had stands where this one may not be.
        do {
            change_selector first(updates, {.definitions = definitions,
                                            .writer = notes,
                                            .gate = nullptr,
                                            .statement = *statements,
                                            .row = seen});
            if (auto done = run({what, filter->transactions, &definitions, &search}, first); !done)
                return done;
        } while (history->extend(search.runs_skipped() == 0));
    }
    history->begin();
    change_output output(what);
    auto& writer = output.writer(what.how);
    change_selector selector(*filter,
                             {.definitions = definitions,
                              .writer = writer,
                              .gate = nullptr,
                              .statement = *statements,
                              .row = [&](const described_table& table, const row_change& change) {
                                  search.see(table);
                                  return history->is_of_row(table, change);
                              }});
    const bool is_piped = std::ranges::find(what.paths, "-") != what.paths.end();
    auto done =
        run({what, filter->transactions, &definitions, is_piped ? nullptr : &search}, selector);
    const auto finished = writer.finish();
    if (done) done = finished;
    return unless_left(output, std::move(done));
}

result<void> show_events(const relay_command& what) {
    const transaction_filter everything;
    auto stream = open({what, everything});
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

result<void> show_statistics(const relay_command& what) {
    const auto filter = transactions_of(what);
    if (!filter) return std::unexpected(filter.error());
    log_statistics statistics(*filter);
    if (auto done = run({what, *filter}, statistics); !done) return done;
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

namespace {

// Where an export goes: one file, standard output, or a file for each of the source's.
class export_files {
public:
    explicit export_files(std::string output) : output_(std::move(output)) {
        std::error_code failure;
        is_directory_ = std::filesystem::is_directory(output_, failure);
    }
    ~export_files() {
        if (file_ != nullptr && file_ != stdout) std::fclose(file_);
    }
    export_files(const export_files&) = delete;
    export_files& operator=(const export_files&) = delete;

    [[nodiscard]] bool is_one_file() const { return !is_directory_; }

    result<void> begin(const std::string& name) {
        if (auto done = close(); !done) return done;
        if (output_ == "-") {
            file_ = stdout;
            path_ = "standard output";
            return {};
        }
        // A name from the log must not lead out of the directory.
        const auto path =
            is_directory_ ? std::filesystem::path(output_) / std::filesystem::path(name).filename()
                          : std::filesystem::path(output_);
        path_ = path.string();
        file_ = std::fopen(path_.c_str(), "wbxe");
        return file_ != nullptr ? result<void>{} : failed("create");
    }
    result<void> write(std::span<const std::byte> bytes) {
        return std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size() ? result<void>{}
                                                                                 : failed("write");
    }
    result<void> close() {
        if (file_ == nullptr) return {};
        auto* const file = std::exchange(file_, nullptr);
        const bool good = file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
        return good ? result<void>{} : failed("write");
    }

private:
    [[nodiscard]] result<void> failed(const std::string& what) const {
        return protocol::fail(relay::errc::io_failed, "cannot " + what + " " + path_ + ": " +
                                                          std::generic_category().message(errno));
    }

    std::string output_;
    bool is_directory_ = false;
    std::string path_;
    std::FILE* file_ = nullptr;
};

} // namespace

result<void> export_binlog(const relay_command& what) {
    const auto filter = transactions_of(what);
    if (!filter) return std::unexpected(filter.error());
    if (what.output == "-" && ::isatty(STDOUT_FILENO) != 0)
        return bad_option("--output", "a binary log is not for a terminal; give a file");
    export_files files(what.output);
    binlog_export exporter(
        *filter, {.begin_file = [&](const std::string& name) { return files.begin(name); },
                  .write = [&](std::span<const std::byte> bytes) { return files.write(bytes); },
                  .one_file = files.is_one_file()});
    if (auto done = run({what, *filter}, exporter); !done) return done;
    if (auto done = exporter.finish(); !done) return done;
    if (auto done = files.close(); !done) return done;
    fmt::print(stderr, "understudy: {} transactions exported\n", exporter.transactions());
    return {};
}

} // namespace understudy::apps
