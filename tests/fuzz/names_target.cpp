#include "protocol/assert.hpp"
#include "protocol/binlog/xa_id.hpp"
#include "protocol/gtid/mariadb_gtid.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace understudy::fuzz {

namespace {

template<class Name>
void parse(std::string_view text) {
    if (const auto name = Name::parse(text)) {
        UNDERSTUDY_ASSERT(Name::parse(name->to_string()).value() == *name);
    }
}

} // namespace

// The names of transactions and servers as text, from queries, statements of the log and the
// checkpoint: what was accepted must survive being written.
void feed_names(std::span<const std::byte> input) {
    const auto text = protocol::as_text(input);
    parse<protocol::uuid>(text);
    parse<protocol::gtid>(text);
    parse<protocol::mariadb_gtid>(text);
    parse<protocol::xa_id>(text);
    if (const auto one = protocol::mariadb_gtid::parse(text))
        UNDERSTUDY_ASSERT(protocol::mariadb_gtid::of(one->to_gtid()) == *one);
}

} // namespace understudy::fuzz
