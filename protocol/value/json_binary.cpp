#include "protocol/value/json_binary.hpp"

#include "protocol/wire/byte_reader.hpp"

#include <bit>

namespace understudy::protocol {

namespace {

std::uint64_t sign_extended(std::uint64_t bits, std::size_t width) {
    const auto unused = 64 - 8 * width;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(bits << unused) >> unused);
}

// 7 bits a byte, lowest first; the high bit says that another byte follows. At most 5 bytes.
std::uint64_t read_length(byte_reader& in) {
    constexpr unsigned shift_max = 28;
    std::uint64_t length = 0;
    for (unsigned shift = 0; shift <= shift_max; shift += 7) {
        const unsigned byte = in.u8();
        length |= std::uint64_t{byte & 0x7f} << shift;
        if ((byte & 0x80) == 0) {
            return length;
        }
    }
    in.set_failed();
    return 0;
}

std::optional<std::uint64_t> read_integer(const json_value& value, std::size_t width) {
    byte_reader in(value.data);
    const auto bits = in.little_endian(width);
    return in.ok() ? std::optional(bits) : std::nullopt;
}

// Values that stand in the entry itself instead of an offset.
bool is_inlined(json_type type, std::uint8_t width) {
    switch (type) {
    case json_type::literal:
    case json_type::int16:
    case json_type::uint16: return true;
    case json_type::int32:
    case json_type::uint32: return width == 4;
    default: return false;
    }
}

bool is_known(unsigned type) {
    return type <= static_cast<unsigned>(json_type::string) ||
           type == static_cast<unsigned>(json_type::opaque);
}

} // namespace

std::optional<json_value> read_json_document(std::span<const std::byte> document) {
    if (document.empty()) {
        static constexpr std::byte null{0};
        return json_value{json_type::literal, std::span(&null, 1)};
    }
    const auto type = std::to_integer<unsigned>(document.front());
    if (!is_known(type)) {
        return std::nullopt;
    }
    return json_value{static_cast<json_type>(type), document.subspan(1)};
}

std::optional<json_literal> read_json_literal(const json_value& value) {
    const auto code = read_integer(value, 1);
    if (!code || *code > static_cast<unsigned>(json_literal::false_)) {
        return std::nullopt;
    }
    return static_cast<json_literal>(*code);
}

std::optional<std::int64_t> read_json_signed(const json_value& value) {
    const std::size_t width = value.type == json_type::int16   ? 2
                              : value.type == json_type::int32 ? 4
                                                               : 8;
    const auto bits = read_integer(value, width);
    if (!bits) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(sign_extended(*bits, width));
}

std::optional<std::uint64_t> read_json_unsigned(const json_value& value) {
    return read_integer(value, value.type == json_type::uint16   ? 2
                               : value.type == json_type::uint32 ? 4
                                                                 : 8);
}

std::optional<double> read_json_double(const json_value& value) {
    const auto bits = read_integer(value, 8);
    return bits ? std::optional(std::bit_cast<double>(*bits)) : std::nullopt;
}

std::optional<std::string_view> read_json_string(const json_value& value) {
    byte_reader in(value.data);
    const auto text = in.text(read_length(in));
    return in.ok() ? std::optional(text) : std::nullopt;
}

std::optional<json_opaque> read_json_opaque(const json_value& value) {
    byte_reader in(value.data);
    json_opaque opaque;
    opaque.field_type = in.u8();
    opaque.data = in.bytes(read_length(in));
    return in.ok() ? std::optional(opaque) : std::nullopt;
}

// container := count, size, object keys {offset, length 2}, values {type 1, offset or value}, …
// Offsets count from the count field.
std::optional<json_container> json_container::open(const json_value& value) {
    if (!is_container(value.type)) {
        return std::nullopt;
    }
    json_container opened;
    opened.is_object_ =
        value.type == json_type::small_object || value.type == json_type::large_object;
    opened.width_ =
        value.type == json_type::large_object || value.type == json_type::large_array ? 4 : 2;
    if (value.data.size() < std::size_t{2} * opened.width_) {
        return std::nullopt;
    }
    opened.bytes_ = value.data;
    const auto count = opened.number_at(0);
    const auto size = opened.number_at(opened.width_);
    if (size > value.data.size()) {
        return std::nullopt;
    }
    opened.count_ = count;
    opened.bytes_ = value.data.first(size);
    if (opened.values_at() + std::uint64_t{count} * (1U + opened.width_) > size) {
        return std::nullopt;
    }
    return opened;
}

std::size_t json_container::values_at() const {
    const std::size_t keys_size = is_object_ ? std::size_t{count_} * (width_ + 2U) : 0;
    return std::size_t{2} * width_ + keys_size;
}

std::uint32_t json_container::number_at(std::size_t at) const {
    byte_reader in(bytes_.subspan(at));
    return width_ == 2 ? in.u16() : in.u32();
}

// open() saw that all entries are there.
std::optional<std::string_view> json_container::key(std::uint32_t index) const {
    const auto at = std::size_t{2} * width_ + std::size_t{index} * (width_ + 2U);
    const auto offset = number_at(at);
    const auto length = byte_reader(bytes_.subspan(at + width_)).u16();
    if (offset > bytes_.size() || length > bytes_.size() - offset) {
        return std::nullopt;
    }
    return as_text(bytes_.subspan(offset, length));
}

std::optional<json_value> json_container::value(std::uint32_t index) const {
    const auto at = values_at() + std::size_t{index} * (1U + width_);
    const auto type = std::to_integer<unsigned>(bytes_[at]);
    if (!is_known(type)) {
        return std::nullopt;
    }
    const auto known = static_cast<json_type>(type);
    if (is_inlined(known, width_)) {
        return json_value{known, bytes_.subspan(at + 1, width_)};
    }
    const auto offset = number_at(at + 1);
    if (offset >= bytes_.size()) {
        return std::nullopt;
    }
    return json_value{known, bytes_.subspan(offset)};
}

} // namespace understudy::protocol
