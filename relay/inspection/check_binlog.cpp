#include "relay/inspection/check_binlog.hpp"

#include "protocol/errc.hpp"
#include "relay/errc.hpp"
#include "relay/inspection/event_stream.hpp"
#include "relay/inspection/transaction_assembler.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::event_type;
using protocol::fail;
using protocol::result;

class checker final : public transaction_visitor {
public:
    explicit checker(segment_summary& into) : into_(into) {}

    done event(const stream_event& event, const transaction* inside) override {
        const auto& header = event.event.header;
        if (first_) begin_file(event);
        if (header.type == event_type::format_description) {
            closed_ = !header.has(protocol::event_flag::binlog_in_use);
        }
        if (header.type == event_type::rotate || header.type == event_type::stop) closed_ = true;
        if (auto good = check_position(event, inside); !good) return good;
        ++into_.events;
        into_.raw_bytes += event.event.bytes.size();
        into_.end = {std::string(event.file), event.end_offset};
        if (header.timestamp != 0) {
            into_.time_min =
                into_.time_min == 0 ? header.timestamp : std::min(into_.time_min, header.timestamp);
            into_.time_max = std::max(into_.time_max, header.timestamp);
        }
        return {};
    }
    result<bool> begin(const transaction&) override { return true; }
    done statement(const transaction&, const protocol::query_event&,
                   const protocol::event_header&) override {
        return {};
    }
    // Maps and rows must fit each other.
    done rows(const transaction&, const table_rows& change) override {
        protocol::row_reader reader(change.table.map, change.rows);
        for (;;) {
            const auto more = reader.next();
            if (!more) return std::unexpected(more.error());
            if (!*more) return {};
        }
    }
    done end(const transaction& one, transaction_end) override {
        ++into_.groups;
        if (one.id) into_.gtids.add(*one.id);
        return {};
    }
    [[nodiscard]] bool closed() const { return closed_; }

private:
    void begin_file(const stream_event& event) {
        first_ = false;
        into_.begin.binlog = {std::string(event.file), event.start_offset};
    }

    // Events of a transaction follow each other without a gap. Between transactions there may be
    // gaps, and relay logs and exported parts keep the positions of the log they come from.
    done check_position(const stream_event& event, const transaction* inside) {
        const auto& header = event.event.header;
        const auto begin = inside == nullptr ? 0 : inside->start_offset;
        const bool goes_on = begin != 0 && begin == inside_ && begin != event.start_offset;
        const auto before = end_log_pos_;
        inside_ = begin;
        end_log_pos_ = header.end_log_pos;
        if (!goes_on || before == 0 || header.end_log_pos == 0 ||
            before + header.length == header.end_log_pos)
            return {};
        return fail(protocol::errc::malformed,
                    "the event says that it ends at " + std::to_string(header.end_log_pos) +
                        ", the one before it at " + std::to_string(before));
    }

    segment_summary& into_;
    bool first_ = true;
    std::uint32_t end_log_pos_ = 0; // of the event before
    std::uint64_t inside_ = 0;      // where its transaction begins; 0: in none
    bool closed_ = true;
};

bool is_of_the_log(const protocol::error& why) {
    return why.code.category() == protocol::protocol_category() || why.code == errc::corrupt;
}

} // namespace

result<binlog_report> check_binlog(std::unique_ptr<event_source> source) {
    binlog_report report;
    event_stream stream(std::move(source), event_stream::checksums::check);
    checker check(report.summary);
    transaction_assembler assembler(check);
    const auto note = [&](const protocol::error& why) -> result<void> {
        if (!is_of_the_log(why)) return std::unexpected(why);
        report.damage = why.what;
        return {};
    };
    for (;;) {
        const auto event = stream.next();
        if (!event) {
            if (auto noted = note(event.error()); !noted) return std::unexpected(noted.error());
            break;
        }
        if (!*event) break;
        if (auto done = assembler.feed(**event); !done) {
            // Rows that are known and cannot be read are no damage.
            if (done.error().code == protocol::errc::unsupported) continue;
            if (auto noted = note(done.error()); !noted) return std::unexpected(noted.error());
            break;
        }
    }
    report.summary.sealed = check.closed();
    report.unfinished_bytes = report.damage.empty() ? stream.source().unfinished_bytes() : 0;
    if (assembler.in_transaction() && report.damage.empty())
        report.open_transaction = assembler.current().place();
    constexpr std::uint64_t magic_size = 4;
    report.summary.stored_bytes = report.summary.raw_bytes + magic_size + report.unfinished_bytes;
    return report;
}

} // namespace understudy::relay::inspection
