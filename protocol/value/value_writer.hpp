#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"
#include "protocol/value/column_definition.hpp"
#include "protocol/value/text_converter.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace understudy::protocol {

// How values are written; each form appends to a string and needs no quotes or escapes added.
//
// text: as the server's SELECT prints it to a utf8mb4 client, not quoted, not escaped. Different
//   from SELECT, which gives bytes there: BINARY, BLOB and GEOMETRY (SRID and WKB) as 0x41FF, BIT
//   as b'0101', VECTOR as VECTOR_TO_STRING. TIMESTAMP in UTC.
// json: valid JSON. Integers are numbers up to 2^53 and strings beyond, where readers that know
//   only doubles would damage them; DECIMAL always is a string; FLOAT and DOUBLE are numbers of the
//   shortest digits that give them again; BIT like integers; JSON columns as they are; VECTOR an
//   array of numbers; bytes {"base64": "…"}; everything else a string.
// sql: an expression that means the value in every session, whatever its sql_mode and character
//   sets. What only the session can decide: time_zone must be '+00:00' for TIMESTAMP, and zero
//   dates and ENUM's '' of number 0 need a sql_mode that lets them in. DOUBLE literals give the
//   same bits; JSON documents of types that text cannot hold are built from typed values.
//
// What is not known of a column (column_definition::is_known) is written without guessing where
// that is possible: signedness unknown is signed; text of an unknown character set is written as
// text if it is UTF-8 and as bytes otherwise, in SQL always as x'…'; ENUM and SET without labels
// are their number. Text whose bytes are no text of their character set is written as _latin1 x'…'
// (json: as bytes).
enum class value_form : std::uint8_t { text, json, sql };

// Writes values of row images. Keeps buffers and converters between values, so the hot path
// allocates nothing but the output. One thread at a time.
class value_writer {
public:
    explicit value_writer(value_form form) : form_(form) {}

    [[nodiscard]] value_form form() const { return form_; }

    // A value that is present and not NULL, with its length prefix as row_image has it.
    // errc::malformed: the bytes do not fit the column; then nothing was appended.
    [[nodiscard]] result<void> append(std::string& out, const column_definition& column,
                                      std::span<const std::byte> value);
    void append_null(std::string& out) const;
    // A column of an image, NULL too. It must be present. A partial update of a JSON column is
    // written as its changes, because the document is not there:
    //   text, sql: JSON_REPLACE(`doc`, '$.a', …), as an expression of the row before; a column
    //     without a known name has none in SQL (errc::unsupported) and is called @doc in text
    //   json: {"partial": [{"op": "replace", "path": "$.a", "value": …}]}
    [[nodiscard]] result<void> append(std::string& out, const column_definition& column,
                                      const row_image::column& value);
    // A column of an after image whose before image may hold the document that is changed: then the
    // whole document after the change is written.
    [[nodiscard]] result<void> append_updated(std::string& out, const column_definition& column,
                                              const row_image::column& before,
                                              const row_image::column& after);

private:
    // Types whose values have a size that the definition tells. false: another type or another
    // size, and nothing was appended.
    [[nodiscard]] bool write_fixed(std::string& out, const column_definition& column,
                                   std::span<const std::byte> value) const;
    [[nodiscard]] result<void> write(std::string& out, const column_definition& column,
                                     std::span<const std::byte> value);
    void write_integer(std::string& out, std::uint64_t number, unsigned bits,
                       bool is_unsigned) const;
    void write_signed(std::string& out, std::uint64_t magnitude, bool negative) const;
    void write_bit(std::string& out, std::span<const std::byte> value, unsigned bits) const;
    void write_float(std::string& out, float number) const;
    void write_double(std::string& out, double number) const;
    void write_vector(std::string& out, std::span<const std::byte> value) const;
    void write_bytes(std::string& out, std::span<const std::byte> bytes) const;
    void write_characters(std::string& out, const column_definition& column,
                          std::span<const std::byte> bytes);
    void write_text(std::string& out, const character_set& charset,
                    std::span<const std::byte> bytes);
    void write_unknown_text(std::string& out, std::span<const std::byte> bytes) const;
    [[nodiscard]] result<void> write_enum(std::string& out, const column_definition& column,
                                          std::uint64_t number);
    [[nodiscard]] result<void> write_set(std::string& out, const column_definition& column,
                                         std::uint64_t bits);
    void write_label(std::string& out, const column_definition& column, std::string_view label);
    [[nodiscard]] result<void> write_json(std::string& out, std::span<const std::byte> document);
    [[nodiscard]] result<void> write_diffs(std::string& out, const column_definition& column,
                                           std::span<const std::byte> value);
    [[nodiscard]] result<void> write_patched(std::string& out, std::span<const std::byte> before,
                                             std::span<const std::byte> diffs);
    [[nodiscard]] result<void> write_compressed(std::string& out, const column_definition& column,
                                                std::span<const std::byte> value);

    value_form form_;
    text_converter converter_;
    std::string converted_; // text on its way into JSON
    std::string joined_;    // labels of a SET; a padded BINARY
    std::string inflated_;  // MariaDB's compressed columns
};

} // namespace understudy::protocol
