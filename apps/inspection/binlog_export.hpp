#pragma once

#include "protocol/result.hpp"
#include "relay/inspection/transaction.hpp"
#include "relay/inspection/transaction_filter.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace understudy::apps {

// Whole transactions as a binary log file, byte for byte as the source sent them: magic, the format
// description in force, the file's PREVIOUS_GTIDS where it was seen, the transactions. Events
// between transactions (ROTATE, STOP, MariaDB's GTID_LIST) are kept when everything is exported.
// One thread.
class binlog_export final : public relay::inspection::transaction_visitor {
public:
    // begin_file: a file of this name of the source begins (magic not yet written).
    struct target {
        std::function<protocol::result<void>(const std::string& file)> begin_file;
        std::function<protocol::result<void>(std::span<const std::byte>)> write;
        // All in one file, although it comes from several of the source: later format descriptions
        // are left out, which only works while they say the same.
        bool one_file = false;
    };
    binlog_export(relay::inspection::transaction_filter filter, target to)
        : filter_(std::move(filter)), to_(std::move(to)) {}

    done event(const relay::inspection::stream_event& event,
               const relay::inspection::transaction* inside) override;
    protocol::result<bool> begin(const relay::inspection::transaction& one) override;
    done statement(const relay::inspection::transaction&, const protocol::query_event&,
                   const protocol::event_header&) override {
        return {};
    }
    bool wants(const relay::inspection::mapped_table&) override { return false; }
    done rows(const relay::inspection::transaction&,
              const relay::inspection::table_rows&) override {
        return {};
    }
    done end(const relay::inspection::transaction&, relay::inspection::transaction_end) override {
        return {};
    }
    // Nothing was selected: an empty log is written, with its format description.
    [[nodiscard]] done finish();

    [[nodiscard]] std::uint64_t transactions() const { return transactions_; }

private:
    [[nodiscard]] done outside(const relay::inspection::stream_event& event);
    [[nodiscard]] done open();

    relay::inspection::transaction_filter filter_;
    target to_;
    std::string file_;              // the source's, of what comes now
    std::vector<std::byte> format_; // in force
    std::vector<std::byte> written_format_;
    std::vector<std::byte> previous_gtids_; // of file_
    bool open_ = false;                     // file_ was begun
    bool begun_ = false;                    // one_file: the file was
    bool wanted_ = false;                   // the transaction that goes by
    std::uint64_t transactions_ = 0;
};

} // namespace understudy::apps
