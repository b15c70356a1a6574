#include "applier/group_builder.hpp"

#include "applier/ddl/redaction.hpp"
#include "applier/errc.hpp"
#include "applier/shaping_reader.hpp"
#include "applier/unpacking_reader.hpp"
#include "protocol/assert.hpp"
#include "protocol/binlog/gtid_event.hpp"
#include "protocol/binlog/load_query_event.hpp"
#include "protocol/binlog/mariadb_events.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/transaction_words.hpp"
#include "protocol/binlog/xa_id.hpp"
#include "protocol/session/server_greeting.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <fmt/format.h>

#include <cctype>
#include <tuple>

namespace understudy::applier {

using protocol::boundary;
using protocol::event_type;
using protocol::event_view;
using protocol::fail;
using protocol::result;

namespace {

bool starts_with_word(std::string_view text, std::string_view word) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
        text.remove_prefix(1);
    if (text.size() < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (std::toupper(static_cast<unsigned char>(text[i])) != word[i]) return false;
    }
    return true;
}

std::chrono::system_clock::time_point commit_time(std::uint64_t microseconds,
                                                  std::uint32_t seconds) {
    const auto since = microseconds != 0 ? std::chrono::microseconds(microseconds)
                                         : std::chrono::microseconds(std::chrono::seconds(seconds));
    return std::chrono::system_clock::time_point(since);
}

std::unique_ptr<relay::reader> reading(std::unique_ptr<relay::reader> raw,
                                       const state::object_selection& selection) {
    std::unique_ptr<relay::reader> plain = std::make_unique<unpacking_reader>(std::move(raw));
    if (!selection.shapes_anything()) return plain;
    return std::make_unique<shaping_reader>(std::move(plain), selection);
}

} // namespace

group_builder::group_builder(std::unique_ptr<relay::reader> reader,
                             const state::object_selection& selection, state::source_position from,
                             bool by_gtid, std::uint32_t source_version, group_limits limits)
    : reader_(reading(std::move(reader), selection)), selection_(&selection),
      from_(std::move(from)), by_gtid_(by_gtid), source_version_(source_version), limits_(limits),
      tables_(selection) {}

result<std::optional<group>> group_builder::next() {
    if (pending_statement_ || pending_error_) return hand_out();
    if (pending_format_) {
        const auto stored = std::move(*pending_format_);
        pending_format_.reset();
        if (auto taken = take_format(stored); !taken)
            return std::unexpected(std::move(taken.error()));
    }
    for (;;) {
        auto stored = reader_->next();
        if (!stored && stored.error().code == errc::unsupported_event) {
            pending_error_ = wrap(std::move(stored.error()),
                                  "transaction " + open_.to_string() + " of the source")
                                 .error();
            drop_open_transaction();
            return hand_out();
        }
        if (!stored) return std::unexpected(std::move(stored.error()));
        if (!*stored) return hand_out();
        auto done = take(std::move(**stored));
        if (!done) {
            pending_error_ = std::move(done.error());
            drop_open_transaction();
            return hand_out();
        }
        if (*done == verdict::cut) return hand_out();
    }
}

result<std::optional<group>> group_builder::hand_out() {
    if (!group_.transactions.empty()) {
        if (open_is_in_group_) earlier_parts_ = true;
        open_is_in_group_ = false;
        statement_tables_in_group_ = false;
        statement_deletes_.clear();
        scanned_bytes_ = 0;
        group_.format = format_;
        group_.outside = std::exchange(outside_, std::nullopt);
        return std::exchange(group_, {});
    }
    if (pending_statement_) {
        group out;
        out.format = format_;
        out.transactions.push_back(pending_statement_->transaction);
        out.bytes = pending_statement_->event.bytes.size();
        out.statement = std::move(*pending_statement_);
        pending_statement_.reset();
        return out;
    }
    if (pending_error_) return std::unexpected(*pending_error_);
    if (outside_) {
        group out;
        out.format = format_;
        out.outside = std::exchange(outside_, std::nullopt);
        return out;
    }
    return std::nullopt;
}

void group_builder::drop_open_transaction() {
    if (!open_is_in_group_) return;
    group_.changes.resize(group_.transactions.back().changes_first);
    group_.transactions.pop_back();
    open_is_in_group_ = false;
}

bool group_builder::is_full() const {
    return group_.bytes >= limits_.bytes_max || group_.rows >= limits_.rows_max ||
           group_.transactions.size() >= limits_.transactions_max ||
           scanned_bytes_ >= limits_.scanned_bytes_max;
}

bool group_builder::transaction_has_changes() const {
    return open_is_in_group_ || earlier_parts_;
}

std::unexpected<protocol::error> group_builder::refuse(const event_view& event,
                                                       std::string_view what,
                                                       std::string_view advice) const {
    return fail(
        errc::unsupported_event,
        fmt::format("{} event in transaction {} of the source{}{}: it cannot be applied. {}",
                    protocol::to_string(event.header.type), open_.to_string(),
                    what.empty() ? "" : ", ", what, advice));
}

result<void> group_builder::take_format(const relay::stored_event& stored) {
    outside_ = {*stored.file, stored.end_offset};
    auto format = protocol::decode_format_description(stored.bytes);
    if (!format) return std::unexpected(std::move(format.error()));
    if (format_ && format_->checksum == format->checksum &&
        format_->server_version == format->server_version &&
        format_->post_header_lengths == format->post_header_lengths) {
        return {};
    }
    format_ = std::make_shared<const protocol::format_description>(std::move(*format));
    // Of the server that wrote the file: it may be another since the task was started, by an
    // upgrade or a fail-over.
    const auto version = protocol::parse_version_number(format_->server_version);
    if (version != 0) source_version_ = version;
    return {};
}

result<group_builder::verdict> group_builder::take(relay::stored_event stored) {
    auto header = protocol::decode_event_header(stored.bytes);
    if (!header) return std::unexpected(std::move(header.error()));
    if (header->type == event_type::format_description) {
        // A group has one format.
        if (!group_.transactions.empty()) {
            pending_format_ = std::move(stored);
            return verdict::cut;
        }
        if (auto taken = take_format(stored); !taken)
            return std::unexpected(std::move(taken.error()));
        return verdict::go_on;
    }
    UNDERSTUDY_ASSERT(format_ != nullptr);
    auto event = protocol::decode_event(stored.bytes, format_->has_checksum());
    if (!event) return std::unexpected(std::move(event.error()));
    scanned_bytes_ += stored.bytes.size();
    auto role = boundary_.feed(*event, *format_);
    if (!role) return std::unexpected(std::move(role.error()));
    if (*role == boundary::role::outside) {
        outside_ = {*stored.file, stored.end_offset};
        return verdict::go_on;
    }
    if (*role == boundary::role::starts || *role == boundary::role::starts_ends) {
        if (auto begun = begin(stored, *event); !begun)
            return std::unexpected(std::move(begun.error()));
    }
    open_.end_offset = stored.end_offset;
    if (open_is_in_group_) group_.transactions.back().end_offset = stored.end_offset;
    if (!already_executed_) {
        auto done = take_body(stored, *event, *role);
        if (!done || *done == verdict::cut) return done;
    }
    if (*role == boundary::role::ends || *role == boundary::role::starts_ends) {
        end();
        return is_full() ? verdict::cut : verdict::go_on;
    }
    const bool too_large = group_.bytes >= limits_.bytes_max + limits_.bytes_max / 4 ||
                           group_.rows >= limits_.rows_max + limits_.rows_max / 4 ||
                           scanned_bytes_ >= 2 * limits_.scanned_bytes_max;
    return too_large && !group_.transactions.empty() && !may_be_inside_replace() ? verdict::cut
                                                                                 : verdict::go_on;
}

result<void> group_builder::begin(const relay::stored_event& stored, const event_view& event) {
    open_ = {};
    outside_.reset();
    open_.file = stored.file;
    open_.begin_offset = stored.end_offset - stored.bytes.size();
    open_.end_offset = stored.end_offset;
    open_.committed = commit_time(0, event.header.timestamp);
    in_transaction_ = true;
    open_has_notes_ = open_has_others_ = false;
    open_is_in_group_ = earlier_parts_ = already_executed_ = is_unfinished_alter_ = false;
    context_.clear();
    load_files_.clear();
    end_statement();
    switch (event.header.type) {
    case event_type::gtid:
    case event_type::anonymous_gtid:
    case event_type::gtid_tagged: {
        auto decoded = protocol::decode_gtid_event(event);
        if (!decoded) return std::unexpected(std::move(decoded.error()));
        open_.id = decoded->id;
        open_.committed = commit_time(decoded->immediate_commit_timestamp, event.header.timestamp);
        already_executed_ = by_gtid_ && !open_.id.empty() && from_.executed.contains(open_.id);
        return {};
    }
    case event_type::mariadb_gtid: {
        auto decoded = protocol::decode_mariadb_gtid_event(event);
        if (!decoded) return std::unexpected(std::move(decoded.error()));
        open_.id = decoded->id.to_gtid();
        using phase = protocol::mariadb_gtid_event::alter_phase;
        // An ALTER TABLE that is logged twice is executed the second time.
        is_unfinished_alter_ = decoded->alter == phase::start || decoded->alter == phase::rollback;
        already_executed_ = by_gtid_ && from_.executed.contains(open_.id);
        // The event stands for XA START too.
        if (decoded->prepares_xa()) open_.prepares = decoded->xa->to_string();
        return {};
    }
    default: return {};
    }
}

void group_builder::end() {
    if (!open_is_in_group_) {
        // Rows that wait for XA COMMIT are the task's own stream's alone.
        if (share_.is_catch_up()) open_.prepares.clear();
        open_.changes_first = group_.changes.size();
        group_.transactions.push_back(open_);
    }
    group_.transactions.back().complete = true;
    const bool is_note = open_has_notes_ && !open_has_others_;
    group_.only_notes = is_note && (group_.transactions.size() == 1 || group_.only_notes);
    in_transaction_ = open_is_in_group_ = earlier_parts_ = already_executed_ = false;
}

source_transaction& group_builder::open_in_group() {
    if (!open_is_in_group_) {
        open_.changes_first = group_.changes.size();
        open_.changes_count = 0;
        group_.transactions.push_back(open_);
        open_is_in_group_ = true;
    }
    return group_.transactions.back();
}

result<group_builder::verdict> group_builder::take_body(const relay::stored_event& stored,
                                                        const event_view& event,
                                                        boundary::role role) {
    const auto go_on = [](result<void> done) -> result<verdict> {
        if (!done) return std::unexpected(std::move(done.error()));
        return verdict::go_on;
    };
    switch (event.header.type) {
    case event_type::table_map: return go_on(take_map(event));
    case event_type::write_rows_v1:
    case event_type::update_rows_v1:
    case event_type::delete_rows_v1:
    case event_type::write_rows:
    case event_type::update_rows:
    case event_type::delete_rows:
    case event_type::partial_update_rows: return go_on(take_rows(stored, event));
    case event_type::query: return take_query(stored, event, role);
    case event_type::gtid:
    case event_type::anonymous_gtid:
    case event_type::gtid_tagged:
    case event_type::mariadb_gtid:
    case event_type::mariadb_annotate_rows:
    case event_type::xid:
    case event_type::rows_query:
    case event_type::ignorable:
    case event_type::transaction_context:
    case event_type::view_change: return verdict::go_on;
    case event_type::intvar:
    case event_type::rand:
    case event_type::user_var: context_.push_back(stored); return verdict::go_on;
    case event_type::incident:
        return refuse(event, "",
                      "The source says that its log lost changes here. Copy the data anew.");
    case event_type::begin_load_query:
    case event_type::append_block: return go_on(take_load_block(event));
    case event_type::delete_file: {
        auto file_id = protocol::decode_delete_file(event);
        if (!file_id) return std::unexpected(std::move(file_id.error()));
        load_files_.erase(*file_id);
        return verdict::go_on;
    }
    case event_type::execute_load_query: return take_load_query(stored, event);
    case event_type::xa_prepare: return go_on(take_xa_prepare(event));
    default:
        if (event.header.has(protocol::event_flag::ignorable)) return verdict::go_on;
        return refuse(event, "",
                      "No server that this version knows how to follow writes this event.");
    }
}

result<void> group_builder::take_map(const event_view& event) {
    auto table = tables_.find(event, *format_);
    if (!table) return std::unexpected(std::move(table.error()));
    const std::uint64_t id = source_table_cache::table_id(event, *format_);
    const bool is_note = selection_->is_meta_database((*table)->name.database);
    (is_note ? open_has_notes_ : open_has_others_) = true;
    if ((*table)->selected && share_.takes((*table)->name)) {
        statement_tables_.push_back({id, *table});
        statement_tables_in_group_ = false;
    }
    mapped_[id] = std::move(*table);
    return {};
}

result<void> group_builder::take_rows(const relay::stored_event& stored, const event_view& event) {
    auto rows = protocol::decode_rows_event(event, *format_, protocol::partial_json::accepted);
    if (!rows) return std::unexpected(std::move(rows.error()));
    constexpr std::uint64_t dummy_id = 0x00ffffff;
    if (rows->table_id != dummy_id) {
        const auto mapped = mapped_.find(rows->table_id);
        if (mapped == mapped_.end()) {
            return refuse(
                event, fmt::format("of table id {}", rows->table_id),
                "Its Table_map event is missing: the relay log or the source's log is damaged.");
        }
        const bool may_wait = share_.is_everything() || open_.prepares.empty();
        if (mapped->second->selected && !may_wait &&
            share_.takes(mapped->second->name) == share_.is_catch_up())
            return share_.refuse(open_, "an XA transaction", mapped->second->name);
        if (mapped->second->selected && share_.takes(mapped->second->name)) {
            std::uint32_t row_count = 0;
            protocol::row_reader reader(mapped->second->map, *rows);
            for (;;) {
                auto more = reader.next();
                if (!more) return std::unexpected(std::move(more.error()));
                if (!*more) break;
                ++row_count;
            }
            source_transaction& open = open_in_group();
            if (!statement_tables_in_group_) {
                group_.statement_tables.insert(group_.statement_tables.end(),
                                               statement_tables_.begin(), statement_tables_.end());
                statement_tables_in_group_ = true;
            }
            const auto tables_count = static_cast<std::uint32_t>(statement_tables_.size());
            const auto tables_first =
                static_cast<std::uint32_t>(group_.statement_tables.size()) - tables_count;
            group_.changes.push_back({stored,
                                      mapped->second,
                                      tables_first,
                                      tables_count,
                                      row_count,
                                      {},
                                      {},
                                      false,
                                      rows->kind});
            note_replace(rows->kind, rows->flags);
            ++open.changes_count;
            group_.bytes += stored.bytes.size();
            group_.rows += row_count;
        }
    }
    if ((rows->flags & protocol::rows_flag::statement_end) != 0) end_statement();
    return {};
}

void group_builder::end_statement() {
    mapped_.clear();
    statement_tables_.clear();
    statement_tables_in_group_ = false;
    statement_deletes_.clear();
    statement_writes_.clear();
}

// A MySQL 9.6 or later logs what its foreign keys do, and REPLACE of a row that keeps the value
// which other rows refer to leaves those as they are there. Deleted by itself on a replica, the row
// takes them with it (seen with 9.7.4, on its own replica too). So such a DELETE, which is followed
// by an INSERT into the same table in the same statement, must not look at foreign keys.
void group_builder::note_replace(protocol::rows_kind kind, std::uint16_t flags) {
    if ((flags & protocol::rows_flag::sql_foreign_keys) == 0) return;
    row_change& change = group_.changes.back();
    const source_table* const table = change.table.get();
    const bool is_written = std::ranges::find(statement_writes_, table) != statement_writes_.end();
    if (kind == protocol::rows_kind::delete_) {
        change.by_replace = is_written;
        statement_deletes_.push_back(group_.changes.size() - 1);
    } else if (kind == protocol::rows_kind::write) {
        for (const std::size_t deleted : statement_deletes_) {
            row_change& earlier = group_.changes[deleted];
            if (earlier.table.get() == table) earlier.by_replace = true;
        }
        if (!is_written) statement_writes_.push_back(table);
    }
}

// A part that ends between the two halves would not know. The first INSERT follows within as many
// deleted rows as the table has keys; later DELETEs of the statement are known by that INSERT.
bool group_builder::may_be_inside_replace() const {
    constexpr std::size_t events_max = 2;
    return !statement_deletes_.empty() && statement_deletes_.size() <= events_max &&
           statement_writes_.empty();
}

result<group_builder::verdict> group_builder::take_query(const relay::stored_event& stored,
                                                         const event_view& event,
                                                         boundary::role role) {
    auto query = protocol::decode_query_event(event, *format_);
    if (!query) return std::unexpected(std::move(query.error()));
    if (query->is_begin() || query->is_commit()) return verdict::go_on;
    if (query->is_rollback() ||
        (query->is_savepoint() && starts_with_word(query->text, "ROLLBACK"))) {
        if (!transaction_has_changes()) return verdict::go_on;
        return refuse(event, fmt::format("'{}' behind row changes", query->text),
                      "The source changed tables with and without transactions together and rolled "
                      "back: copy the "
                      "tables anew, or convert them to InnoDB.");
    }
    if (query->is_savepoint() || is_unfinished_alter_) return verdict::go_on;
    if (starts_with_word(query->text, "XA ")) {
        if (auto taken = take_xa_statement(event, query->text); !taken)
            return std::unexpected(std::move(taken.error()));
        return verdict::go_on;
    }
    return take_statement(stored, event, *query, role);
}

// Rows of an XA transaction wait on the target until XA COMMIT: until then nobody on the source
// sees them, and their locks keep all that could depend on their order away.
result<void> group_builder::take_xa_statement(const event_view& event, std::string_view text) {
    const bool commits = starts_with_word(text, "XA COMMIT");
    const bool rolls_back = starts_with_word(text, "XA ROLLBACK");
    const bool starts = protocol::is_xa_start(text);
    if (!commits && !rolls_back && !starts) return {}; // XA END
    const auto id = protocol::xa_id::parse(text.substr(text.find(' ', 3) + 1));
    if (!id)
        return refuse(event, std::string(text), "The name of the transaction is not understood.");
    if (starts) {
        open_.prepares = id->to_string();
        return {};
    }
    if (!open_.prepares.empty()) {
        // Rolled back unprepared; it is logged when tables without transactions took part.
        if (transaction_has_changes()) {
            return refuse(event, std::string(text),
                          "Tables without transactions took part in it: copy them anew.");
        }
        open_.prepares.clear();
        return {};
    }
    if (!share_.is_catch_up()) end_prepared(id->to_string(), commits);
    return {};
}

result<void> group_builder::take_xa_prepare(const event_view& event) {
    auto prepared = protocol::decode_xa_prepare(event);
    if (!prepared) return std::unexpected(std::move(prepared.error()));
    if (share_.is_catch_up()) return {};
    const std::string id = prepared->id.to_string();
    if (open_.prepares != id) {
        return refuse(event, fmt::format("of {} behind the start of '{}'", id, open_.prepares),
                      "The relay log or the source's log is damaged.");
    }
    std::ignore =
        open_in_group(); // also when nothing selected was changed: its commit has to find it
    if (prepared->one_phase) end_prepared(id, true);
    return {};
}

void group_builder::end_prepared(std::string xa_id, bool commits) {
    source_transaction& open = open_in_group();
    row_change change;
    change.prepared_end = static_cast<std::uint32_t>(group_.prepared_ends.size());
    group_.prepared_ends.push_back({std::move(xa_id), commits});
    group_.changes.push_back(std::move(change));
    ++open.changes_count;
}

void group_builder::take_text(text_change change, std::uint64_t bytes) {
    source_transaction& open = open_in_group();
    row_change made;
    made.text = static_cast<std::uint32_t>(group_.texts.size());
    made.rows = 1;
    group_.texts.push_back(std::move(change));
    group_.changes.push_back(std::move(made));
    ++open.changes_count;
    group_.bytes += bytes;
    ++group_.rows;
}

result<void> group_builder::take_load_block(const event_view& event) {
    auto block = protocol::decode_load_block(event);
    if (!block) return std::unexpected(std::move(block.error()));
    auto& file = load_files_[block->file_id];
    if (!file || event.header.type == event_type::begin_load_query) {
        auto made = load_file::make();
        if (!made) return std::unexpected(std::move(made.error()));
        file = std::move(*made);
    }
    return file->append(block->data);
}

result<group_builder::verdict> group_builder::take_load_query(const relay::stored_event& stored,
                                                              const event_view& event) {
    auto load = protocol::decode_execute_load_query(event, *format_);
    if (!load) return std::unexpected(std::move(load.error()));
    auto file = std::exchange(load_files_[load->file_id], nullptr);
    if (!file) {
        return refuse(event, fmt::format("of file {}", load->file_id),
                      "The events with the file are missing: the source's log is damaged.");
    }
    const std::string text = load->text_for("");
    logged_statement logged = logged_statement::of(load->query, source_version_);
    logged.target_is_mariadb = target_is_mariadb_;
    logged.text = text;
    auto plan = decisions_.apply_to(open_, logged, *selection_);
    if (!plan) {
        return wrap(std::move(plan.error()),
                    fmt::format("transaction {} of the source", open_.to_string()));
    }
    auto context = std::exchange(context_, {});
    if (plan->what == statement_plan::action::skip) return verdict::go_on;
    const auto ours = is_ours(*plan, logged);
    if (!ours) return std::unexpected(ours.error());
    if (!*ours) return verdict::go_on;
    if (!open_.prepares.empty()) {
        return refuse(event, "LOAD DATA logged as a statement in an XA transaction",
                      "Only rows can wait for XA COMMIT: set binlog_format=ROW on the source, for "
                      "its running sessions too, and copy the table anew.");
    }
    take_text({stored, std::move(context), std::move(*plan), std::move(file)}, stored.bytes.size());
    return verdict::go_on;
}

result<bool> group_builder::is_ours(const statement_plan& plan, const logged_statement& statement) {
    constexpr std::size_t shown_max = 200;
    const bool was_decided = decisions_.find(open_) != nullptr;
    if (rules_ != nullptr && !was_decided && rules_->is_in_copied_programs(plan, open_))
        return false;
    if (rules_ != nullptr && !was_decided && rules_->undoes_copied_programs(plan, open_)) {
        return fail(errc::unsupported_statement,
                    fmt::format("transaction {} of the source: '{}': routines and events of a "
                                "database that the task took as a whole later were copied from "
                                "behind it: {}",
                                open_.to_string(), ddl::shown_text(statement, shown_max),
                                decision_advice(open_)));
    }
    auto ours = share_.takes(plan, statement, open_, *selection_);
    const bool reloads = ours && *ours && plan.what == statement_plan::action::reload;
    if (ours && !reloads) return ours;
    inseparable_.clear();
    for (const state::object_name& name : stream_share::concerned(plan, statement, *selection_)) {
        if (selection_->selects(name.database, name.object)) inseparable_.insert(name);
    }
    inseparable_views_.clear();
    if (plan.is == statement_plan::kind::view)
        inseparable_views_.insert(plan.source_names.begin(), plan.source_names.end());
    if (!ours) {
        ours.error().what += ", or leave the statement out: " + decision_advice(open_);
        return ours;
    }
    return fail(errc::reload_needed,
                fmt::format("transaction {} of the source: '{}': {}", open_.to_string(),
                            ddl::shown_text(statement, shown_max), plan.reason));
}

result<group_builder::verdict> group_builder::take_statement(const relay::stored_event& stored,
                                                             const event_view& event,
                                                             const protocol::query_event& query,
                                                             boundary::role role) {
    logged_statement logged = logged_statement::of(query, source_version_);
    logged.target_is_mariadb = target_is_mariadb_;
    auto plan = decisions_.apply_to(open_, logged, *selection_);
    if (!plan) {
        plan.error().what = fmt::format("transaction {} of the source: {}: {}", open_.to_string(),
                                        plan.error().what, decision_advice(open_));
        return std::unexpected(std::move(plan.error()));
    }
    auto context = std::exchange(context_, {});
    if (plan->what == statement_plan::action::skip) return verdict::go_on;
    const auto ours = is_ours(*plan, logged);
    if (!ours) return std::unexpected(ours.error());
    if (!*ours) return verdict::go_on;

    constexpr std::size_t shown_max = 200;
    const auto shown = [&logged] { return ddl::shown_text(logged, shown_max); };
    if (plan->is == statement_plan::kind::dml && !open_.prepares.empty()) {
        return refuse(event, "the statement '" + shown() + "' in an XA transaction",
                      "Only rows can wait for XA COMMIT: set binlog_format=ROW on the source, for "
                      "its running sessions too, and copy the table anew.");
    }
    const bool of_mariadb = format_->is_mariadb();
    if (plan->is == statement_plan::kind::dml && of_mariadb && !target_is_mariadb_) {
        return refuse(event, "the statement '" + shown() + "' in MariaDB's own dialect",
                      "Changes of selected tables must be logged as rows: set binlog_format=ROW on "
                      "the source, for its running sessions too, and copy the table anew.");
    }
    // Its CREATE TABLE … SELECT has no word for the rows that follow.
    const bool rows_may_follow = of_mariadb && role == boundary::role::inside &&
                                 plan->is == statement_plan::kind::create_table;
    if (rows_may_follow) plan->is = statement_plan::kind::create_table_with_rows;
    if (plan->is == statement_plan::kind::dml) {
        take_text({stored, std::move(context), std::move(*plan)}, stored.bytes.size());
        return verdict::go_on;
    }
    if (!context.empty()) {
        return refuse(event, "the statement '" + shown() + "' with variables of its session",
                      "Changes of selected tables must be logged as rows: set binlog_format=ROW on "
                      "the source, for its running sessions too, and copy the table anew.");
    }
    const bool inside = role == boundary::role::inside;
    if (inside && plan->is != statement_plan::kind::create_table_with_rows) {
        return refuse(event, "the statement '" + shown() + "' in the middle of a transaction",
                      "Only CREATE TABLE … SELECT is known to be logged like that.");
    }
    if (transaction_has_changes()) {
        return refuse(event,
                      "the statement '" + shown() + "' behind row changes of its transaction",
                      "Only CREATE TABLE … SELECT is known to be logged in a transaction, as its "
                      "first statement.");
    }
    source_statement statement;
    statement.event = stored;
    statement.plan = std::move(*plan);
    statement.transaction = open_;
    statement.rows_follow = inside;
    statement.transaction.complete = !inside;
    pending_statement_ = std::move(statement);
    if (!inside) in_transaction_ = already_executed_ = false;
    return verdict::cut;
}

} // namespace understudy::applier
