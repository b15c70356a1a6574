#pragma once

#include "relay/inspection/change.hpp"
#include "relay/inspection/definition_source.hpp"
#include "relay/inspection/transaction.hpp"
#include "relay/inspection/transaction_filter.hpp"
#include "state/name_glob.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace understudy::relay::inspection {

// Which changes are wanted. All that is given must hold. A value.
struct change_filter {
    transaction_filter transactions;
    std::vector<state::object_pattern> tables; // any of them; empty: all tables
    bool tables_ignore_case = false;
    bool inserts = true;
    bool updates = true;
    bool deletes = true;
    bool ddl = true;        // and statements of no kind that is known
    bool statements = true; // changes that are logged as statements
    // Transactions that are at least this large as a whole, whatever else is selected of them.
    std::uint64_t transaction_bytes_min = 0;
    std::uint64_t transaction_rows_min = 0;
    bool show_annotations = true;
};

// What the output can take back: changes of a transaction that turns out too small.
class output_gate {
public:
    virtual ~output_gate() = default;
    virtual void hold() = 0; // what comes now may be taken back
    [[nodiscard]] virtual protocol::result<void> release() = 0;
    [[nodiscard]] virtual protocol::result<void> discard() = 0;
};

// Filters the transactions that an assembler finds and gives what is left to a change_writer. The
// cheapest question comes first: the transaction, its tables, the kind of change, and only then the
// values of rows. One thread.
class change_selector final : public transaction_visitor {
public:
    // Whether a statement touches what is wanted, and what kind it is; nothing: it does not.
    using statement_test =
        std::function<std::optional<statement_kind>(const protocol::query_event&)>;
    // Whether a row is wanted, by its values.
    using row_test =
        std::function<protocol::result<bool>(const described_table&, const row_change&)>;

    struct parts {
        definition_source& definitions;
        change_writer& writer;
        output_gate* gate = nullptr; // needed for the two transaction_…_min
        statement_test statement;
        row_test row; // may be empty
    };
    change_selector(change_filter filter, parts with);

    done event(const stream_event& event, const transaction* inside) override;
    protocol::result<bool> begin(const transaction& one) override;
    done statement(const transaction& in, const protocol::query_event& query,
                   const protocol::event_header& header) override;
    done annotation(const transaction& in, std::string_view text) override;
    bool wants(const mapped_table& table) override;
    done rows(const transaction& in, const table_rows& change) override;
    done other(const transaction& in, const stream_event& event) override;
    done end(const transaction& one, transaction_end how) override;

    [[nodiscard]] std::uint64_t transactions_selected() const { return transactions_; }

private:
    [[nodiscard]] bool wants_kind(protocol::rows_kind kind) const;
    [[nodiscard]] protocol::result<const described_table*> describe(const transaction& in,
                                                                    const mapped_table& table);
    [[nodiscard]] done before_change(const transaction& in);
    [[nodiscard]] done count_rows(const transaction& in, const table_rows& change);
    [[nodiscard]] done check_size(const transaction& in);
    [[nodiscard]] bool sizes_asked() const {
        return filter_.transaction_bytes_min > 0 || filter_.transaction_rows_min > 0;
    }

    change_filter filter_;
    parts with_;
    std::map<std::uint64_t, described_table> tables_; // by layout
    std::map<std::uint64_t, bool> wanted_;            // by layout
    std::set<std::uint64_t> described_in_;            // layouts, in this transaction
    std::uint64_t next_layout_ = 1;                   // of tables_
    std::string annotation_;
    bool begun_ = false;
    bool held_ = false;
    std::uint64_t rows_ = 0; // of this transaction
    std::uint64_t rows_shown_ = 0;
    std::uint64_t transactions_ = 0;
};

} // namespace understudy::relay::inspection
