#include "relay/inspection/binlog_file_source.hpp"
#include "relay/inspection/transaction_assembler.hpp"
#include "state/condition/where_expression.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <memory>
#include <tuple>

namespace understudy::fuzz {

namespace {

using namespace relay::inspection;
using state::comparable;
using state::where_expression;

class input_bytes final : public byte_input {
public:
    explicit input_bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
    protocol::result<std::size_t> read(std::span<std::byte> into) override {
        const auto count = std::min(into.size(), bytes_.size());
        std::ranges::copy(bytes_.first(count), into.begin());
        bytes_ = bytes_.subspan(count);
        return count;
    }

private:
    std::span<const std::byte> bytes_;
};

class row_walker final : public transaction_visitor {
public:
    protocol::result<bool> begin(const transaction&) override { return true; }
    done statement(const transaction&, const protocol::query_event&,
                   const protocol::event_header&) override {
        return {};
    }
    done rows(const transaction&, const table_rows& change) override {
        protocol::row_reader reader(change.table.map, change.rows);
        for (;;) {
            const auto more = reader.next();
            if (!more) return std::unexpected(more.error());
            if (!*more) return {};
        }
    }
    done end(const transaction&, transaction_end) override { return {}; }
};

} // namespace

void feed_where(std::span<const std::byte> input) {
    const auto parsed = where_expression::parse(protocol::as_text(input));
    if (!parsed) return;
    const comparable values[] = {comparable::number("42"), comparable::string("4.2e1"),
                                 comparable::of_bytes("42"), comparable{}};
    std::ignore = parsed->evaluate(
        [&](std::size_t i) -> const comparable& { return values[i % std::size(values)]; });
}

// A whole binary log file.
void feed_binlog_file(std::span<const std::byte> input) {
    event_stream stream(
        std::make_unique<binlog_file_source>(std::make_unique<input_bytes>(input), "binlog.000001"),
        event_stream::checksums::trust);
    row_walker rows;
    transaction_assembler assembler(rows);
    for (;;) {
        const auto event = stream.next();
        if (!event || !*event || !assembler.feed(**event)) return;
    }
}

} // namespace understudy::fuzz
