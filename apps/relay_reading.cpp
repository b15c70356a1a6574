#include "apps/relay_reading.hpp"

#include "apps/inspection/time_argument.hpp"
#include "relay/inspection/transaction_assembler.hpp"
#include "state/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <optional>
#include <system_error>
#include <utility>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::result;

std::unexpected<protocol::error> bad_option(const std::string& option, const protocol::error& why) {
    return std::unexpected(protocol::error{
        std::make_error_code(std::errc::invalid_argument), option + ": " + why.what, {}});
}
std::unexpected<protocol::error> bad_option(const std::string& option, std::string why) {
    return bad_option(option, protocol::error{{}, std::move(why), {}});
}

namespace {

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

} // namespace

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
    filter.tables_ignore_case = what.ignore_case;
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

bool is_read_in_order(const relay_command& what) {
    return what.follow || std::ranges::find(what.paths, "-") != what.paths.end();
}

unsigned reader_count(const relay_command& what) {
    return is_read_in_order(what) ? 1 : thread_count(what.threads);
}

namespace {

frame_test frames_of(const transaction_filter& filter) {
    if (filter.empty()) return {};
    return [wanted = filter](const relay::frame_header& frame) { return wanted.may_hold(frame); };
}

void tell(const log_ending& ending) {
    if (!ending.open_transaction.empty()) {
        fmt::print(stderr, "understudy: the log ends inside the transaction that begins at {}\n",
                   ending.open_transaction);
    } else if (ending.unfinished_bytes > 0) {
        fmt::print(stderr,
                   "understudy: {} bytes at the end are not shown: something is still being "
                   "written, or the file is cut off\n",
                   ending.unfinished_bytes);
    }
}

} // namespace

result<void> read_in_parallel(const relay_command& what, const transaction_filter& filter,
                              index_use index,
                              const std::vector<std::unique_ptr<piece_reader>>& readers) {
    std::unique_ptr<log_cutter> cutter;
    if (is_read_in_order(what)) {
        open_options options;
        options.follow = what.follow;
        options.keys = what.keys;
        options.wanted = frames_of(filter);
        cutter = whole_paths(what.paths, std::move(options));
    } else {
        cutter = cut_paths(what.paths, {.wanted = frames_of(filter),
                                        .keys = what.keys,
                                        .with_index = index.is_asked,
                                        .whole_segments = index.learns_keys});
    }
    const auto ending = read_pieces(*cutter, readers, {.follow = what.follow});
    if (!ending) return std::unexpected(ending.error());
    tell(*ending);
    return {};
}

result<event_stream> open_in_order(const relay_command& what, const transaction_filter& filter) {
    open_options options;
    options.follow = what.follow;
    options.keys = what.keys;
    options.wanted = frames_of(filter);
    return open_stream(what.paths, options);
}

result<void> read_in_order(const relay_command& what, const transaction_filter& filter,
                           transaction_visitor& visitor) {
    auto stream = open_in_order(what, filter);
    if (!stream) return std::unexpected(std::move(stream.error()));
    transaction_assembler assembler(visitor);
    for (;;) {
        const auto event = stream->next();
        if (!event) return std::unexpected(event.error());
        if (!*event) break;
        if (auto done = assembler.feed(**event); !done) return done;
    }
    log_ending ending;
    if (assembler.in_transaction()) ending.open_transaction = assembler.current().place();
    ending.unfinished_bytes = stream->source().unfinished_bytes();
    tell(ending);
    return {};
}

} // namespace understudy::apps
