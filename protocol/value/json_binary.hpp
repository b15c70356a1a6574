#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace understudy::protocol {

// The binary JSON of MySQL's row images (sql/json_binary.h of the server), read in place. All
// offsets are checked; what does not fit is std::nullopt. Views live as long as the document.

enum class json_type : std::uint8_t {
    small_object = 0,
    large_object = 1,
    small_array = 2,
    large_array = 3,
    literal = 4,
    int16 = 5,
    uint16 = 6,
    int32 = 7,
    uint32 = 8,
    int64 = 9,
    uint64 = 10,
    double_ = 11,
    string = 12,
    opaque = 15,
};

enum class json_literal : std::uint8_t { null = 0, true_ = 1, false_ = 2 };

inline constexpr unsigned json_depth_max = 100; // JSON_DOCUMENT_MAX_DEPTH of the server

struct json_value {
    json_type type = json_type::literal;
    std::span<const std::byte> data; // of a container: to the end of the one around it
};

// A value that the server stores as another type's bytes: DECIMAL, dates and times, strings of
// bytes.
struct json_opaque {
    std::uint8_t field_type = 0; // enum_field_types
    std::span<const std::byte> data;
};

// The whole document. Without any bytes it is the literal null, which servers write for virtual
// columns.
[[nodiscard]] std::optional<json_value> read_json_document(std::span<const std::byte> document);

// Scalars. The type must be the one that the name says.
[[nodiscard]] std::optional<json_literal> read_json_literal(const json_value& value);
[[nodiscard]] std::optional<std::int64_t> read_json_signed(const json_value& value);
[[nodiscard]] std::optional<std::uint64_t> read_json_unsigned(const json_value& value);
[[nodiscard]] std::optional<double> read_json_double(const json_value& value);
[[nodiscard]] std::optional<std::string_view> read_json_string(const json_value& value);
[[nodiscard]] std::optional<json_opaque> read_json_opaque(const json_value& value);

// An object or an array.
class json_container {
public:
    // std::nullopt for scalars too.
    [[nodiscard]] static std::optional<json_container> open(const json_value& value);

    [[nodiscard]] bool is_object() const { return is_object_; }
    [[nodiscard]] std::uint32_t count() const { return count_; }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); } // with everything in it
    [[nodiscard]] std::optional<std::string_view> key(std::uint32_t index) const;
    [[nodiscard]] std::optional<json_value> value(std::uint32_t index) const;

private:
    std::span<const std::byte> bytes_; // from the count on
    std::uint32_t count_ = 0;
    std::uint8_t width_ = 2; // of counts, sizes and offsets
    bool is_object_ = false;

    [[nodiscard]] std::size_t values_at() const;
    [[nodiscard]] std::uint32_t number_at(std::size_t at) const; // of width_ bytes that are there
};

[[nodiscard]] constexpr bool is_container(json_type type) {
    return type <= json_type::large_array;
}

} // namespace understudy::protocol
