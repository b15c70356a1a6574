#include "protocol/binlog/boundary.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/protocol/binlog_file.hpp"

// input := format 1 {event}      format: 0 MySQL, otherwise MariaDB; events follow each other by
// the length of their headers

namespace understudy::fuzz {

void feed_event(std::span<const std::byte> input) {
    using namespace protocol;
    byte_reader in(input);
    const bool mariadb = in.u8() != 0;
    const auto format = decode_format_description(
                            encode_format_description(mariadb ? "10.11.6-MariaDB-log" : "9.7.4"))
                            .value();
    test::any_event_decoder decoder(format);
    boundary judge;
    while (!in.at_end()) {
        const auto header = decode_event_header(in.peek());
        if (!header) {
            return;
        }
        const auto bytes = in.bytes(header->length);
        const auto event = decode_event(bytes, false);
        if (!event) {
            return;
        }
        static_cast<void>(checksum_matches(bytes));
        static_cast<void>(decoder.decode(*event));
        static_cast<void>(judge.feed(*event, format));
    }
}

} // namespace understudy::fuzz
