#include "protocol/assert.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace understudy::fuzz {

namespace {

using protocol::gtid_set;

// What was accepted must survive both forms, and the algebra must agree with itself.
void check(const gtid_set& set) {
    UNDERSTUDY_ASSERT(gtid_set::parse(set.to_string()).value() == set);
    UNDERSTUDY_ASSERT(gtid_set::decode(set.encode()).value() == set);
    UNDERSTUDY_ASSERT(set.contains(set));
    UNDERSTUDY_ASSERT(set.empty() != set.intersects(set));
    auto nothing = set;
    nothing.subtract(gtid_set(set));
    UNDERSTUDY_ASSERT(nothing.empty());
}

} // namespace

void feed_gtid_set_text(std::span<const std::byte> input) {
    if (const auto set = gtid_set::parse(protocol::as_text(input))) {
        check(*set);
    }
}

void feed_gtid_set_binary(std::span<const std::byte> input) {
    if (const auto set = gtid_set::decode(input)) {
        check(*set);
    }
}

} // namespace understudy::fuzz
