#include "apps/inspection/log_statistics.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::rows_kind;

namespace {

constexpr std::size_t notable_max = 10;
constexpr std::size_t gaps_max = 5;
constexpr std::size_t points_max = 240;
constexpr std::uint64_t second_us = 1'000'000;

std::string first_word(std::string_view text) {
    std::string word;
    for (const char c : text) {
        if (std::isalpha(static_cast<unsigned char>(c)) == 0 || word.size() == 16) break;
        word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return word.empty() ? "other" : word;
}

template<class Value, class Greater>
void keep_top(std::vector<Value>& all, Value one, std::size_t count, Greater greater) {
    if (all.size() == count && !greater(one, all.back())) return;
    all.insert(std::ranges::upper_bound(all, one, greater), std::move(one));
    if (all.size() > count) all.pop_back();
}

void keep_largest(std::vector<log_statistics::notable>& all, const log_statistics::notable& one) {
    keep_top(all, one, notable_max, [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
}

void keep_longest(std::vector<log_statistics::notable>& all, const log_statistics::notable& one) {
    if (one.seconds == 0) return;
    keep_top(all, one, notable_max,
             [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
}

// What lies between the first and the last number of each sequence and is not in the set.
protocol::gtid_set holes_of(const protocol::gtid_set& seen) {
    protocol::gtid_set holes;
    for (const auto& [sequence, intervals] : seen.sequences()) {
        for (std::size_t i = 1; i < intervals.size(); ++i)
            holes.add(sequence, {intervals[i - 1].last + 1, intervals[i].first - 1});
    }
    return holes;
}

} // namespace

protocol::result<bool> log_statistics::begin(const transaction& one) {
    rows_ = 0;
    return filter_.accepts(one);
}

log_statistics::done log_statistics::statement(const transaction&,
                                               const protocol::query_event& query,
                                               const protocol::event_header&) {
    ++figures_.statements;
    ++figures_.statement_words[first_word(query.text)];
    return {};
}

log_statistics::done log_statistics::rows(const transaction&, const table_rows& change) {
    std::uint64_t count = 0;
    protocol::row_reader reader(change.table.map, change.rows);
    for (;;) {
        const auto more = reader.next();
        if (!more) return std::unexpected(more.error());
        if (!*more) break;
        ++count;
    }
    rows_ += count;
    std::string name(change.table.map.database);
    name += '.';
    name += change.table.map.table;
    for (auto* into : {&figures_.sum, &figures_.tables[name]}) {
        into->bytes += change.rows.rows.size();
        switch (change.rows.kind) {
        case rows_kind::write: into->inserts += count; break;
        case rows_kind::update: into->updates += count; break;
        case rows_kind::delete_: into->deletes += count; break;
        }
    }
    return {};
}

// Twice as wide when it gets too long.
void log_statistics::add_to_curve(const moment& one) {
    auto& curve = figures_.over_time;
    if (curve.points.empty()) curve.begin = one.second;
    // Clocks go back, too: such a transaction counts where the curve begins.
    const auto at = std::max<std::int64_t>(one.second - curve.begin, 0);
    while (static_cast<std::uint64_t>(at / curve.step) >= points_max) {
        for (std::size_t i = 0; i < curve.points.size(); ++i) {
            const auto point = std::exchange(curve.points[i], {});
            curve.points[i / 2] += point;
        }
        curve.points.resize((curve.points.size() + 1) / 2);
        curve.step *= 2;
    }
    const auto index = static_cast<std::size_t>(at / curve.step);
    if (index >= curve.points.size()) curve.points.resize(index + 1);
    curve.points[index] += one.count;
}

// Silence lasts from the latest time so far.
void log_statistics::note_gap(std::uint64_t from_us, std::uint64_t to_us) {
    if (from_us == 0 || to_us <= from_us + second_us) return;
    keep_top(figures_.time_gaps, time_gap{from_us, to_us}, gaps_max,
             [](const time_gap& a, const time_gap& b) { return a.length_us() > b.length_us(); });
}

log_statistics::done log_statistics::end(const transaction& one, transaction_end how) {
    ++figures_.transactions;
    if (how == transaction_end::rolled_back) ++figures_.rolled_back;
    if (one.compressed) ++figures_.compressed;
    figures_.bytes += one.bytes();
    if (one.id) seen_.add(*one.id);
    const auto time = one.time_us();
    if (figures_.first_us == 0) figures_.first_us = time;
    note_gap(figures_.last_us, time);
    figures_.last_us = std::max(figures_.last_us, time);
    notable what{one.gtid, one.place(), time, one.bytes(), rows_, 0};
    const auto earliest = std::uint64_t{one.earliest} * second_us;
    what.seconds = time > earliest ? (time - earliest) / second_us : 0;
    keep_largest(figures_.largest, what);
    keep_longest(figures_.longest, what);
    const auto second = static_cast<std::int64_t>(time / second_us);
    if (moments_.empty() || moments_.back().second != second) moments_.push_back({second, {}});
    moments_.back().count += {1, rows_, one.bytes()};
    return {};
}

void log_statistics::append(log_statistics&& next) {
    auto& more = next.figures_;
    if (more.transactions == 0 && more.statements == 0) return;
    figures_.transactions += more.transactions;
    figures_.statements += more.statements;
    figures_.rolled_back += more.rolled_back;
    figures_.compressed += more.compressed;
    figures_.bytes += more.bytes;
    figures_.sum += more.sum;
    for (const auto& [name, counts] : more.tables)
        figures_.tables[name] += counts;
    for (const auto& [word, count] : more.statement_words)
        figures_.statement_words[word] += count;
    for (const auto& one : more.largest)
        keep_largest(figures_.largest, one);
    for (const auto& one : more.longest)
        keep_longest(figures_.longest, one);
    // What was silence for itself may have been none after what came before.
    note_gap(figures_.last_us, more.first_us);
    for (const auto& gap : more.time_gaps)
        note_gap(std::max(gap.from_us, figures_.last_us), gap.to_us);
    if (figures_.first_us == 0) figures_.first_us = more.first_us;
    figures_.last_us = std::max(figures_.last_us, more.last_us);
    seen_.add(next.seen_);
    for (const auto& one : next.moments_) {
        if (moments_.empty() || moments_.back().second != one.second)
            moments_.push_back({one.second, {}});
        moments_.back().count += one.count;
    }
}

log_statistics::figures log_statistics::finish() {
    for (const auto& one : moments_)
        add_to_curve(one);
    figures_.gtids = seen_.to_string();
    figures_.gtid_gaps = holes_of(seen_).to_string();
    return std::move(figures_);
}

} // namespace understudy::apps
