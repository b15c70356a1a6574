#pragma once

#include "protocol/result.hpp"
#include "relay/file.hpp"
#include "relay/file_cipher.hpp"
#include "relay/format.hpp"
#include "relay/key_ring.hpp"
#include "relay/segment_index.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::relay {

// "000000000042.segment"
[[nodiscard]] std::string segment_name(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> parse_segment_name(std::string_view name);

// Reads one segment, frame by frame, forwards from any frame's offset. Read-only; may stand beside
// the writer. One thread at a time.
class segment_reader {
public:
    // A segment appears under its name with a complete header, so anything else is damage.
    // errc::bad_key: it is encrypted, with a key that is not among these.
    [[nodiscard]] static protocol::result<segment_reader> open(directory& where, std::string name,
                                                               const key_ring& keys = {});

    [[nodiscard]] const segment_header& header() const { return header_; }
    // Null: the segment is not encrypted.
    [[nodiscard]] const file_cipher* cipher() const { return cipher_ ? &*cipher_ : nullptr; }
    // For the writer that goes on here.
    [[nodiscard]] std::optional<file_cipher> take_cipher() { return std::move(cipher_); }
    [[nodiscard]] std::uint64_t first_offset() const { return header_size_; }
    [[nodiscard]] protocol::result<std::uint64_t> size() { return file_->size(); }
    // "path: at byte offset", for messages.
    [[nodiscard]] std::string place(std::uint64_t offset) const;

    enum class outcome : std::uint8_t {
        frame,
        end_of_data, // `limit` is reached
        torn,        // `limit` comes before the end of the frame
        damaged,     // these bytes are not a frame, or not as it was written
    };
    struct step {
        outcome what = outcome::end_of_data;
        frame_entry entry;
        std::span<const std::byte> stored; // decrypted; until the next call
        std::string why;                   // for torn and damaged
        std::error_code code;
    };
    // The frame at offset; nothing at or beyond limit is looked at. Errors are those of the file.
    [[nodiscard]] protocol::result<step> read(std::uint64_t offset, std::uint64_t limit);

    // Nothing if the segment is not sealed; a footer that does not match its checksum is corrupt.
    [[nodiscard]] protocol::result<std::optional<segment_footer>> footer();

    // The largest durable_before of any good frame from `from` on; 0 if there is none. Searches
    // byte by byte, for judging damage.
    [[nodiscard]] protocol::result<std::uint64_t> durable_by_later_frames(std::uint64_t from,
                                                                          std::uint64_t limit);

private:
    segment_reader(std::unique_ptr<file> opened, std::string path)
        : file_(std::move(opened)), path_(std::move(path)) {}
    [[nodiscard]] protocol::result<std::span<const std::byte>> fill(std::uint64_t offset,
                                                                    std::uint64_t size);

    std::unique_ptr<file> file_;
    std::string path_;
    std::optional<file_cipher> cipher_;
    segment_header header_;
    std::uint64_t header_size_ = 0;
    std::vector<std::byte> buffer_;
};

} // namespace understudy::relay
