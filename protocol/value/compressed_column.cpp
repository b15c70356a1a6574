#include "protocol/value/compressed_column.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <zlib.h>

#include <algorithm>

namespace understudy::protocol {

namespace {

// Field_longstr::compress of MariaDB: method in the high bits, then whether the zlib header is left
// out, then in how many bytes the original length stands (big-endian).
constexpr unsigned method_zlib = 8;
constexpr unsigned without_zlib_header = 0x08;
constexpr unsigned length_size_mask = 0x07;

class inflater {
public:
    explicit inflater(bool with_header) {
        open_ = inflateInit2(&stream_, with_header ? MAX_WBITS : -MAX_WBITS) == Z_OK;
    }
    ~inflater() {
        if (open_) inflateEnd(&stream_);
    }
    inflater(const inflater&) = delete;
    inflater& operator=(const inflater&) = delete;

    // Fills `to` exactly.
    bool run(std::span<const std::byte> from, std::span<char> to) {
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(from.data()));
        stream_.avail_in = static_cast<uInt>(from.size());
        stream_.next_out = reinterpret_cast<Bytef*>(to.data());
        stream_.avail_out = static_cast<uInt>(to.size());
        return open_ && inflate(&stream_, Z_FINISH) == Z_STREAM_END && stream_.avail_out == 0;
    }

private:
    z_stream stream_{};
    bool open_ = false;
};

} // namespace

result<void> append_uncompressed(std::string& out, std::span<const std::byte> value,
                                 std::size_t size_max) {
    if (value.empty()) {
        return {};
    }
    byte_reader in(value);
    const unsigned header = in.u8();
    if (header == 0) {
        out += in.rest_text();
        return {};
    }
    const unsigned length_size = header & length_size_mask;
    const auto size = in.big_endian(length_size);
    if (!in.ok() || header >> 4 != method_zlib || length_size == 0 || length_size > 4) {
        return fail(errc::malformed, "a compressed column has an unknown header");
    }
    // deflate makes at most 1032 bytes of one.
    constexpr std::uint64_t ratio_max = 1032;
    if (size > size_max || size > ratio_max * (in.remaining() + 1)) {
        return fail(errc::limit_exceeded, "a compressed column says that it has " +
                                              std::to_string(size) +
                                              " bytes, more than it can have");
    }
    const auto start = out.size();
    out.resize(start + static_cast<std::size_t>(size));
    if (!inflater((header & without_zlib_header) == 0)
             .run(in.rest(), std::span(out).subspan(start))) {
        out.resize(start);
        return fail(errc::malformed, "a compressed column cannot be decompressed");
    }
    return {};
}

} // namespace understudy::protocol
