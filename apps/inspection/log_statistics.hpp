#pragma once

#include "relay/inspection/transaction.hpp"
#include "relay/inspection/transaction_filter.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace understudy::apps {

// What is in a log, counted as it goes by: memory for its tables, the largest transactions and the
// seconds in which there were some. Parts of a log are counted by themselves and put together. Rows
// are counted, not decoded. One thread.
class log_statistics final : public relay::inspection::transaction_visitor {
public:
    struct table {
        std::uint64_t inserts = 0;
        std::uint64_t updates = 0;
        std::uint64_t deletes = 0;
        std::uint64_t bytes = 0; // of its rows events
        [[nodiscard]] std::uint64_t rows() const { return inserts + updates + deletes; }
        table& operator+=(const table& more) {
            inserts += more.inserts;
            updates += more.updates;
            deletes += more.deletes;
            bytes += more.bytes;
            return *this;
        }
    };
    struct notable {
        std::string gtid;
        std::string place;
        std::uint64_t time_us = 0;
        std::uint64_t bytes = 0;
        std::uint64_t rows = 0;
        std::uint64_t seconds = 0; // from its first event's time to its commit
    };
    struct time_gap {
        std::uint64_t from_us = 0;
        std::uint64_t to_us = 0;
        [[nodiscard]] std::uint64_t length_us() const { return to_us - from_us; }
    };
    struct curve {
        std::int64_t begin = 0; // seconds since 1970
        std::int64_t step = 1;  // seconds of a point
        struct point {
            std::uint64_t transactions = 0;
            std::uint64_t rows = 0;
            std::uint64_t bytes = 0;
            point& operator+=(const point& more) {
                transactions += more.transactions;
                rows += more.rows;
                bytes += more.bytes;
                return *this;
            }
        };
        std::vector<point> points;
    };
    struct figures {
        std::uint64_t transactions = 0;
        std::uint64_t statements = 0;
        std::uint64_t rolled_back = 0;
        std::uint64_t compressed = 0;
        std::uint64_t bytes = 0;
        table sum;
        std::map<std::string, table> tables;                  // "db.table"
        std::map<std::string, std::uint64_t> statement_words; // by their first word
        std::vector<notable> largest;
        std::vector<notable> longest;
        std::uint64_t first_us = 0;
        std::uint64_t last_us = 0;
        std::vector<time_gap> time_gaps; // the longest silences, longest first
        std::string gtids;
        std::string gtid_gaps; // numbers between the seen ones that were not seen
        curve over_time;
    };

    explicit log_statistics(relay::inspection::transaction_filter filter)
        : filter_(std::move(filter)) {}
    // Of the same filter, of what comes next in the log.
    void append(log_statistics&& next);

    protocol::result<bool> begin(const relay::inspection::transaction& one) override;
    done statement(const relay::inspection::transaction& in, const protocol::query_event& query,
                   const protocol::event_header& header) override;
    done rows(const relay::inspection::transaction& in,
              const relay::inspection::table_rows& change) override;
    done end(const relay::inspection::transaction& one,
             relay::inspection::transaction_end how) override;

    [[nodiscard]] figures finish();

private:
    // Transactions of one second, in the order of the log.
    struct moment {
        std::int64_t second = 0;
        curve::point count;
    };
    void add_to_curve(const moment& one);
    void note_gap(std::uint64_t from_us, std::uint64_t to_us);

    relay::inspection::transaction_filter filter_;
    figures figures_;
    protocol::gtid_set seen_;
    std::vector<moment> moments_; // a new one whenever the second is another
    std::uint64_t rows_ = 0;      // of the transaction
};

} // namespace understudy::apps
