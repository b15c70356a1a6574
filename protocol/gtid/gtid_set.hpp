#pragma once

#include "protocol/gtid/gtid.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// A set of GTIDs as sorted, disjoint, non-adjacent intervals per UUID and tag. A value: copy,
// compare, no I/O. Text form as in the manual (GTID sets), tagged ones included; binary form as in
// PREVIOUS_GTIDS and COM_BINLOG_DUMP_GTID.
//
// A position of MariaDB ("0-1-4711,3-2-17") is a set of everything up to the last GTID of each
// domain: one entry per domain, which holds what is not above its number, whatever server wrote it.
// Adding a GTID, or the entry of another set, puts it in the place of its domain's entry.
class gtid_set {
public:
    struct interval {
        std::int64_t first; // inclusive
        std::int64_t last;  // inclusive
        bool operator==(const interval&) const = default;
    };

    [[nodiscard]] static result<gtid_set> parse(std::string_view text);
    // Both encodings (plain, and the tagged one of 8.3+) are recognised by their first bytes.
    [[nodiscard]] static result<gtid_set> decode(std::span<const std::byte> bytes);

    [[nodiscard]] std::string to_string() const;
    // Tagged encoding only if a tag is in the set: a server before 8.3 understands the result.
    [[nodiscard]] std::vector<std::byte> encode() const;

    void add(const gtid& one);
    void add(const tsid& sequence, interval range);
    void add(const gtid_set& other);      // union
    void subtract(const gtid_set& other); // difference

    [[nodiscard]] bool contains(const gtid& one) const;
    [[nodiscard]] bool contains(const gtid_set& other) const;
    [[nodiscard]] bool intersects(const gtid_set& other) const;
    [[nodiscard]] bool empty() const { return sequences_.empty(); }
    [[nodiscard]] bool has_tags() const;
    [[nodiscard]] std::uint64_t count() const;

    [[nodiscard]] const std::map<tsid, std::vector<interval>>& sequences() const {
        return sequences_;
    }
    bool operator==(const gtid_set&) const = default;

private:
    // The entry of a MariaDB sequence's domain; end() if there is none.
    [[nodiscard]] std::map<tsid, std::vector<interval>>::const_iterator
    find_domain(const tsid& sequence) const;

    std::map<tsid, std::vector<interval>> sequences_;
};

} // namespace understudy::protocol
