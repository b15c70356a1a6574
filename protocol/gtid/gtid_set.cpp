#include "protocol/gtid/gtid_set.hpp"

#include "protocol/assert.hpp"
#include "protocol/gtid/gtid_text.hpp"
#include "protocol/gtid/mariadb_gtid.hpp"

#include <algorithm>
#include <limits>

namespace understudy::protocol {

namespace {

using interval = gtid_set::interval;
using intervals = std::vector<interval>;

// First interval that ends at or after `number`.
auto first_reaching(const intervals& ranges, std::int64_t number) {
    return std::ranges::lower_bound(ranges, number, {}, &interval::last);
}

void insert(intervals& ranges, interval added) {
    // Transactions mostly arrive in order: the common case only touches the last interval.
    if (ranges.empty() || ranges.back().last + 1 < added.first) {
        ranges.push_back(added);
        return;
    }
    // All intervals that overlap or touch [first, last] melt into one.
    const auto begin = ranges.begin() + (first_reaching(ranges, added.first - 1) - ranges.cbegin());
    auto end = begin;
    while (end != ranges.end() && end->first <= added.last + 1) {
        added.first = std::min(added.first, end->first);
        added.last = std::max(added.last, end->last);
        ++end;
    }
    if (begin == end) {
        ranges.insert(begin, added);
        return;
    }
    *begin = added;
    ranges.erase(begin + 1, end);
}

intervals difference(const intervals& from, const intervals& removed) {
    intervals kept;
    auto hole = removed.begin();
    for (auto range : from) {
        while (hole != removed.end() && hole->last < range.first) {
            ++hole;
        }
        // A hole may reach into the next range too, so the outer position stays.
        for (auto h = hole;
             h != removed.end() && h->first <= range.last && range.first <= range.last; ++h) {
            if (h->first > range.first) {
                kept.push_back({range.first, h->first - 1});
            }
            range.first = h->last + 1;
        }
        if (range.first <= range.last) {
            kept.push_back(range);
        }
    }
    return kept;
}

bool holds(const intervals& outer, const interval& inner) {
    const auto found = first_reaching(outer, inner.first);
    return found != outer.end() && found->first <= inner.first && inner.last <= found->last;
}

bool meets(const intervals& left, const intervals& right) {
    auto a = left.begin();
    auto b = right.begin();
    while (a != left.end() && b != right.end()) {
        if (a->last < b->first) {
            ++a;
        } else if (b->last < a->first) {
            ++b;
        } else {
            return true;
        }
    }
    return false;
}

} // namespace

void gtid_set::add(const gtid& one) {
    UNDERSTUDY_ASSERT(!one.empty());
    add(one.sequence, {one.number, one.number});
}

void gtid_set::add(const tsid& sequence, interval range) {
    UNDERSTUDY_ASSERT(range.first >= 1 && range.first <= range.last &&
                      range.last <= largest_gtid_number);
    if (is_mariadb(sequence)) {
        if (const auto before = find_domain(sequence); before != sequences_.end()) {
            sequences_.erase(before);
        }
        sequences_[sequence] = {{1, range.last}};
        return;
    }
    insert(sequences_[sequence], range);
}

void gtid_set::add(const gtid_set& other) {
    if (&other == this) {
        return;
    }
    for (const auto& [sequence, ranges] : other.sequences_) {
        if (is_mariadb(sequence)) {
            add(sequence, ranges.back());
            continue;
        }
        auto& mine = sequences_[sequence];
        for (const auto& range : ranges) {
            insert(mine, range);
        }
    }
}

void gtid_set::subtract(const gtid_set& other) {
    if (&other == this) {
        sequences_.clear();
        return;
    }
    for (const auto& [sequence, ranges] : other.sequences_) {
        if (is_mariadb(sequence)) {
            const auto mine = find_domain(sequence);
            if (mine != sequences_.end() && mine->second.back().last <= ranges.back().last) {
                sequences_.erase(mine);
            }
            continue;
        }
        const auto mine = sequences_.find(sequence);
        if (mine == sequences_.end()) {
            continue;
        }
        mine->second = difference(mine->second, ranges);
        if (mine->second.empty()) {
            sequences_.erase(mine);
        }
    }
}

std::map<tsid, intervals>::const_iterator gtid_set::find_domain(const tsid& sequence) const {
    const auto found = sequences_.lower_bound(first_of_mariadb_domain(sequence));
    const bool same = found != sequences_.end() && same_mariadb_domain(found->first, sequence);
    return same ? found : sequences_.end();
}

bool gtid_set::contains(const gtid& one) const {
    const auto found =
        is_mariadb(one.sequence) ? find_domain(one.sequence) : sequences_.find(one.sequence);
    return found != sequences_.end() && holds(found->second, {one.number, one.number});
}

bool gtid_set::contains(const gtid_set& other) const {
    return std::ranges::all_of(other.sequences_, [&](const auto& theirs) {
        const auto mine =
            is_mariadb(theirs.first) ? find_domain(theirs.first) : sequences_.find(theirs.first);
        return mine != sequences_.end() &&
               std::ranges::all_of(theirs.second,
                                   [&](const auto& range) { return holds(mine->second, range); });
    });
}

bool gtid_set::intersects(const gtid_set& other) const {
    return std::ranges::any_of(other.sequences_, [&](const auto& theirs) {
        const auto mine =
            is_mariadb(theirs.first) ? find_domain(theirs.first) : sequences_.find(theirs.first);
        return mine != sequences_.end() && meets(mine->second, theirs.second);
    });
}

bool gtid_set::has_tags() const {
    return std::ranges::any_of(sequences_,
                               [](const auto& entry) { return !entry.first.tag.empty(); });
}

// Saturates: three full sequences are more than 64 bits can count.
std::uint64_t gtid_set::count() const {
    std::uint64_t total = 0;
    for (const auto& [sequence, ranges] : sequences_) {
        for (const auto& range : ranges) {
            const auto size = static_cast<std::uint64_t>(range.last - range.first) + 1;
            const auto room = std::numeric_limits<std::uint64_t>::max() - total;
            total += std::min(size, room);
        }
    }
    return total;
}

} // namespace understudy::protocol
