#include "protocol/binlog/mariadb_compression.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <zlib.h>

#include <optional>
#include <string>

namespace understudy::protocol {

namespace {

constexpr std::size_t event_size_max = 0x4000'0000; // max_log_event_size of the server
constexpr std::size_t query_fixed_size = 13;

struct plain_form {
    event_type type;
    bool is_update = false;
    bool has_extra = false; // V2
};

std::optional<plain_form> plain_form_of(event_type type) {
    switch (type) {
    case event_type::mariadb_query_compressed: return plain_form{event_type::query};
    case event_type::mariadb_write_rows_compressed_v1: return plain_form{event_type::write_rows_v1};
    case event_type::mariadb_update_rows_compressed_v1:
        return plain_form{event_type::update_rows_v1, true};
    case event_type::mariadb_delete_rows_compressed_v1:
        return plain_form{event_type::delete_rows_v1};
    case event_type::mariadb_write_rows_compressed:
        return plain_form{event_type::write_rows, false, true};
    case event_type::mariadb_update_rows_compressed:
        return plain_form{event_type::update_rows, true, true};
    case event_type::mariadb_delete_rows_compressed:
        return plain_form{event_type::delete_rows, false, true};
    default: return std::nullopt;
    }
}

std::unexpected<error> damaged(const std::string& why) {
    return fail(errc::malformed, "a compressed block of MariaDB " + why);
}

// True if `packed` is one stream that fills `out` exactly.
bool inflate_all(std::span<std::byte> out, std::span<const std::byte> packed, bool is_bare) {
    z_stream stream{};
    Bytef none = 0; // zlib wants an address for nothing too
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = out.empty() ? &none : reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    if (::inflateInit2(&stream, is_bare ? -MAX_WBITS : MAX_WBITS) != Z_OK) return false;
    const int done = ::inflate(&stream, Z_FINISH);
    const bool whole = done == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
    ::inflateEnd(&stream);
    return whole;
}

// Moves to the text: fixed fields, status variables, database.
void skip_query_head(byte_reader& in, const format_description& format) {
    in.skip(4 + 4); // thread, seconds
    const std::size_t database_size = in.u8();
    in.skip(2); // error
    const std::size_t status_size = in.u16();
    const auto fixed_size = format.post_header_length(event_type::mariadb_query_compressed);
    if (fixed_size > query_fixed_size) in.skip(fixed_size - query_fixed_size);
    in.skip(status_size);
    in.skip(database_size + 1);
}

void skip_rows_head(byte_reader& in, const event_view& event, const format_description& format,
                    const plain_form& plain) {
    in.skip(format.post_header_length(event.header.type) == 6 ? 4 : 6); // table id
    in.skip(2);                                                         // flags
    if (plain.has_extra) {
        constexpr std::uint16_t own_size = 2;
        const auto size = in.u16();
        if (size < own_size) {
            in.set_failed();
            return;
        }
        in.skip(size - own_size);
    }
    const auto columns = in.lenenc();
    const auto bitmap_size = columns / 8 + (columns % 8 != 0 ? 1 : 0);
    in.skip(bitmap_size);
    if (plain.is_update) in.skip(bitmap_size);
}

} // namespace

bool is_mariadb_compressed(event_type type) {
    return plain_form_of(type).has_value();
}

result<void> append_uncompressed_block(std::vector<std::byte>& into,
                                       std::span<const std::byte> block, std::size_t size_max) {
    constexpr unsigned marked = 0x80;
    constexpr unsigned algorithm_bits = 0x70; // 0: zlib
    constexpr unsigned bare_bit = 0x08;
    constexpr unsigned width_bits = 0x07;
    constexpr std::size_t zlib_ratio_max = 1032; // of deflate, as its authors say
    byte_reader in(block);
    const unsigned head = in.u8();
    const unsigned width = head & width_bits;
    if (!in.ok() || (head & marked) == 0 || width < 1 || width > 4) {
        return damaged("begins with a byte that is not understood");
    }
    if ((head & algorithm_bits) != 0) {
        return fail(errc::unsupported, "a compressed block of MariaDB was made with method " +
                                           std::to_string((head & algorithm_bits) >> 4U) +
                                           ", which is not known");
    }
    const auto size = static_cast<std::size_t>(in.big_endian(width));
    const auto packed = in.rest();
    if (!in.ok()) return damaged("ends before its size");
    if (size > size_max || size / zlib_ratio_max > packed.size()) {
        return damaged("says that it unpacks to " + std::to_string(size) +
                       " bytes, more than its " + std::to_string(packed.size()) + " can be or may");
    }
    const auto start = into.size();
    into.resize(start + size);
    if (!inflate_all(std::span(into).subspan(start), packed, (head & bare_bit) != 0)) {
        into.resize(start);
        return damaged("does not unpack to the " + std::to_string(size) + " bytes it says");
    }
    return {};
}

result<void> uncompress_mariadb_event(std::vector<std::byte>& into, const event_view& event,
                                      const format_description& format) {
    const auto plain = plain_form_of(event.header.type);
    if (!plain) {
        return fail(errc::malformed,
                    "a compressed event was expected, this is " + to_string(event.header.type));
    }
    byte_reader in(event.body);
    if (plain->type == event_type::query) {
        skip_query_head(in, format);
    } else {
        skip_rows_head(in, event, format, *plain);
    }
    const auto block = in.rest();
    const std::string what = to_string(event.header.type) + " event";
    if (auto read = in.status(what); !read) return read;
    const auto head_size = event_header_size + event.body.size() - block.size();
    into.assign(event.bytes.begin(), event.bytes.begin() + static_cast<std::ptrdiff_t>(head_size));
    if (auto done = append_uncompressed_block(into, block, event_size_max - head_size); !done) {
        return wrap(std::move(done.error()), what);
    }
    constexpr std::size_t type_at = 4;
    constexpr std::size_t length_at = 9;
    into[type_at] = static_cast<std::byte>(plain->type);
    byte_writer(into).patch_u32(length_at, static_cast<std::uint32_t>(into.size()));
    return {};
}

} // namespace understudy::protocol
