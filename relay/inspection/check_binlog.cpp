#include "relay/inspection/check_binlog.hpp"

#include "protocol/errc.hpp"
#include "relay/errc.hpp"
#include "relay/inspection/event_checks.hpp"
#include "relay/inspection/piece_reading.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace understudy::relay::inspection {

namespace {

using protocol::result;

bool is_of_the_log(const protocol::error& why) {
    return why.code.category() == protocol::protocol_category() || why.code == errc::corrupt;
}

// What a part of the log shows, put behind what came before.
void append(binlog_report& into, const binlog_report& next, std::optional<bool> closed) {
    auto& sum = into.summary;
    const auto& more = next.summary;
    if (sum.events == 0) sum.begin = more.begin;
    if (more.events != 0) sum.end = more.end;
    sum.events += more.events;
    sum.groups += more.groups;
    sum.raw_bytes += more.raw_bytes;
    sum.gtids.add(more.gtids);
    if (more.time_min != 0)
        sum.time_min = sum.time_min == 0 ? more.time_min : std::min(sum.time_min, more.time_min);
    sum.time_max = std::max(sum.time_max, more.time_max);
    if (closed) sum.sealed = *closed;
}

// Judges its pieces; what is damaged is reported, not an error.
class check_reader final : public piece_reader {
public:
    explicit check_reader(binlog_report& into) : into_(into) {}

    transaction_visitor& visitor() override { return check_; }
    void begin_piece(ordered_turns&, std::size_t) override { check_ = {}; }
    ordered_turns::delivery end_piece(bool) override {
        return [this, check = std::make_shared<event_checks>(std::move(check_))]() -> result<void> {
            binlog_report part;
            part.summary = std::move(check->summary());
            append(into_, part, check->closed());
            return {};
        };
    }

private:
    binlog_report& into_;
    event_checks check_;
};

} // namespace

result<binlog_report> check_binlog(log_cutter& cutter, unsigned threads) {
    binlog_report report;
    report.summary.sealed = true;
    std::vector<std::unique_ptr<piece_reader>> readers;
    for (unsigned i = 0; i < threads; ++i)
        readers.push_back(std::make_unique<check_reader>(report));
    auto ending = read_pieces(cutter, readers, {.skip_unsupported = true});
    if (!ending) {
        if (!is_of_the_log(ending.error())) return std::unexpected(std::move(ending.error()));
        report.damage = std::move(ending.error().what);
    } else {
        report.unfinished_bytes = ending->unfinished_bytes;
        report.open_transaction = std::move(ending->open_transaction);
    }
    constexpr std::uint64_t magic_size = 4;
    report.summary.stored_bytes = report.summary.raw_bytes + magic_size + report.unfinished_bytes;
    return report;
}

} // namespace understudy::relay::inspection
