#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/result.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/errc.hpp"
#include "relay/format.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace understudy::relay {

// Cuts the raw bytes of frames into events and puts those together that span several. One thread.
class event_splitter {
public:
    // visit(bytes, raw offset of the event's end) for each event that ends in this frame; bytes
    // live during the call. False: the visitor has had enough.
    template<class Visit>
    [[nodiscard]] protocol::result<bool> take(const frame_header& header,
                                              std::span<const std::byte> raw,
                                              const std::string& place, Visit visit) {
        if (header.has(frame_flag::continues_event) == rest_.empty()) {
            // A file that is looked at by itself begins between groups, so this is damage.
            return protocol::fail(errc::corrupt,
                                  place + ": the frame does not go on where the last one ended");
        }
        std::size_t offset = 0;
        while (offset < raw.size()) {
            const auto missing = missing_bytes(raw.subspan(offset), place);
            if (!missing) return std::unexpected(missing.error());
            const auto left = raw.size() - offset;
            if (*missing > left) {
                if (!header.has(frame_flag::event_goes_on)) {
                    return protocol::fail(errc::corrupt,
                                          place + ": an event reaches beyond its frame");
                }
                rest_.insert(rest_.end(), raw.begin() + static_cast<std::ptrdiff_t>(offset),
                             raw.end());
                return true;
            }
            auto bytes = raw.subspan(offset, static_cast<std::size_t>(*missing));
            offset += bytes.size();
            if (!rest_.empty()) {
                rest_.insert(rest_.end(), bytes.begin(), bytes.end());
                bytes = rest_;
            }
            const bool more = visit(bytes, offset);
            rest_.clear();
            if (!more) return false;
        }
        return true;
    }

private:
    [[nodiscard]] protocol::result<std::uint64_t> missing_bytes(std::span<const std::byte> bytes,
                                                                const std::string& place) const {
        const auto head = rest_.empty() ? bytes : std::span<const std::byte>(rest_);
        if (head.size() >= protocol::event_header_size) {
            const auto size = protocol::byte_reader(head.subspan(9)).u32();
            if (size >= protocol::event_header_size && size > rest_.size())
                return size - rest_.size();
        }
        return protocol::fail(errc::corrupt,
                              place + ": the frame holds something that is no event");
    }

    std::vector<std::byte> rest_; // of an event that goes on
};

} // namespace understudy::relay
