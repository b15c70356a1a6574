#pragma once

#include "applier/apply_rules.hpp"
#include "applier/group.hpp"
#include "applier/quarantine.hpp"
#include "applier/statement_decision.hpp"
#include "protocol/binlog/boundary.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace understudy::applier {

struct group_limits {
    std::uint64_t bytes_max = 16U << 20U;
    std::uint64_t rows_max = 100'000;
    std::uint64_t transactions_max = UINT64_MAX;
    std::uint64_t scanned_bytes_max =
        64U << 20U; // of events that nobody selected, before the position is reported
};

// From events to groups. Takes whatever the reader has, up to the limits; a transaction above them
// is cut into several groups, so memory depends on the limits and never on the source. Only rows
// events of selected tables are kept.
//
// Everything that cannot be applied (errc::unsupported_event, unsupported_statement) is reported
// after all that came before it has been handed out, so that the target stands right in front of
// the offending event. One thread at a time; reads from disk and memory, never waits.
class group_builder {
public:
    group_builder(std::unique_ptr<relay::reader> reader, const state::object_selection& selection,
                  state::source_position from, bool by_gtid, std::uint32_t source_version,
                  group_limits limits);

    // nullopt: nothing more at the moment.
    [[nodiscard]] protocol::result<std::optional<group>> next();
    // What next() would look at, if it is in memory (relay::reader).
    [[nodiscard]] std::optional<std::uint64_t> unread() const { return reader_->unread(); }
    void set_limits(const group_limits& limits) { limits_ = limits; }
    void set_decisions(statement_decisions decisions) { decisions_ = std::move(decisions); }
    // The other changes are passed over.
    void set_share(stream_share share) { share_ = std::move(share); }
    // Behind errc::quarantined or reload_needed: the tables that the statement concerns.
    [[nodiscard]] const std::set<state::object_name>& inseparable() const { return inseparable_; }
    // The views that it makes, alters or drops, if it is about views.
    [[nodiscard]] const std::set<state::object_name>& inseparable_views() const {
        return inseparable_views_;
    }
    // What the initial copy has of views and programs is passed over. Outlives this.
    void set_rules(const apply_rules& rules) { rules_ = &rules; }
    // Statements are then left in MariaDB's words, and those of MySQL that it would read otherwise
    // are refused.
    void set_target_is_mariadb(bool value) { target_is_mariadb_ = value; }
    void release_until(const protocol::binlog_position& applied) {
        reader_->release_until(applied);
    }

private:
    enum class verdict : std::uint8_t { go_on, cut };

    [[nodiscard]] protocol::result<verdict> take(relay::stored_event stored);
    [[nodiscard]] protocol::result<verdict> take_body(const relay::stored_event& stored,
                                                      const protocol::event_view& event,
                                                      protocol::boundary::role role);
    [[nodiscard]] protocol::result<verdict> take_query(const relay::stored_event& stored,
                                                       const protocol::event_view& event,
                                                       protocol::boundary::role role);
    [[nodiscard]] protocol::result<verdict> take_statement(const relay::stored_event& stored,
                                                           const protocol::event_view& event,
                                                           const protocol::query_event& query,
                                                           protocol::boundary::role role);
    [[nodiscard]] protocol::result<void> take_xa_statement(const protocol::event_view& event,
                                                           std::string_view text);
    [[nodiscard]] protocol::result<void> take_load_block(const protocol::event_view& event);
    [[nodiscard]] protocol::result<verdict> take_load_query(const relay::stored_event& stored,
                                                            const protocol::event_view& event);
    void take_text(text_change change, std::uint64_t bytes);
    [[nodiscard]] protocol::result<void> take_xa_prepare(const protocol::event_view& event);
    void end_prepared(std::string xa_id, bool commits);
    [[nodiscard]] protocol::result<void> take_map(const protocol::event_view& event);
    [[nodiscard]] protocol::result<bool> is_ours(const statement_plan& plan,
                                                 const logged_statement& statement);
    void end_statement();
    void note_replace(protocol::rows_kind kind, std::uint16_t flags);
    [[nodiscard]] bool may_be_inside_replace() const;
    [[nodiscard]] protocol::result<void> take_rows(const relay::stored_event& stored,
                                                   const protocol::event_view& event);
    [[nodiscard]] protocol::result<void> take_format(const relay::stored_event& stored);
    [[nodiscard]] protocol::result<void> begin(const relay::stored_event& stored,
                                               const protocol::event_view& event);
    void end();
    [[nodiscard]] source_transaction& open_in_group();
    [[nodiscard]] bool transaction_has_changes() const;
    [[nodiscard]] bool is_full() const;
    [[nodiscard]] std::unexpected<protocol::error>
    refuse(const protocol::event_view& event, std::string_view what, std::string_view advice) const;
    [[nodiscard]] protocol::result<std::optional<group>> hand_out();
    void drop_open_transaction();

    std::unique_ptr<relay::reader> reader_;
    const state::object_selection* selection_;
    state::source_position from_;
    bool by_gtid_;
    std::uint32_t source_version_;
    bool target_is_mariadb_ = false;
    group_limits limits_;
    statement_decisions decisions_;
    stream_share share_;
    const apply_rules* rules_ = nullptr;
    std::set<state::object_name> inseparable_;
    std::set<state::object_name> inseparable_views_;
    protocol::boundary boundary_;
    source_table_cache tables_;
    std::shared_ptr<const protocol::format_description> format_;

    // The transaction being read.
    source_transaction open_;
    bool in_transaction_ = false;
    bool open_is_in_group_ = false;            // group_.transactions.back() is its entry
    bool earlier_parts_ = false;               // a part with changes was handed out before
    bool open_has_notes_ = false;              // tables of a meta database
    bool open_has_others_ = false;             // any other tables
    bool is_unfinished_alter_ = false;         // MariaDB: the first of two, or what took it back
    bool already_executed_ = false;            // by the GTID set of the start position
    std::vector<relay::stored_event> context_; // INTVAR, RAND, USER_VAR: of the next statement
    std::unordered_map<std::uint64_t, std::shared_ptr<const source_table>> mapped_;
    std::vector<mapped_table> statement_tables_; // selected ones of the open statement
    bool statement_tables_in_group_ = false;
    std::vector<std::size_t> statement_deletes_; // of the open statement, in group_.changes
    std::vector<const source_table*> statement_writes_;
    std::map<std::uint32_t, std::shared_ptr<load_file>> load_files_; // of LOAD DATA, by file id

    group group_;
    std::uint64_t scanned_bytes_ = 0;
    std::optional<source_statement> pending_statement_;
    std::optional<relay::stored_event> pending_format_;
    std::optional<protocol::binlog_position>
        outside_; // end of the last event, if it belongs to no transaction
    std::optional<protocol::error> pending_error_;
};

} // namespace understudy::applier
