#include "apps/inspection/binlog_export.hpp"

#include "protocol/binlog/format_description.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/server_turn.hpp"

#include <utility>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::event_type;

namespace {

constexpr std::string_view magic = "\xfe"
                                   "bin";

// Whether events laid out by one of them can stand behind the other.
bool say_the_same(std::span<const std::byte> left, std::span<const std::byte> right) {
    const auto a = protocol::decode_format_description(left);
    const auto b = protocol::decode_format_description(right);
    return a && b && a->binlog_version == b->binlog_version && a->checksum == b->checksum &&
           a->post_header_lengths == b->post_header_lengths &&
           a->server_version == b->server_version;
}

} // namespace

binlog_export::done binlog_export::open() {
    if (open_) return {};
    open_ = true;
    if (to_.one_file && begun_) {
        if (say_the_same(format_, written_format_)) return {};
        return protocol::fail(protocol::errc::unsupported,
                              "the format of the log changes in " +
                                  std::string(relay::server_turn::own_name(file_)) +
                                  ", so that one file cannot hold this range; give --output a "
                                  "directory, which gets a file for each of the source's");
    }
    begun_ = true;
    written_format_ = format_;
    if (auto done = to_.begin_file(std::string(relay::server_turn::own_name(file_))); !done)
        return done;
    if (auto done = to_.write(protocol::as_bytes(magic)); !done) return done;
    if (auto done = to_.write(format_); !done) return done;
    return previous_gtids_.empty() ? done{} : to_.write(previous_gtids_);
}

binlog_export::done binlog_export::outside(const stream_event& event) {
    const auto bytes = event.event.bytes;
    switch (event.event.header.type) {
    case event_type::format_description:
        if (event.file != file_ || !event.artificial) {
            file_ = event.file;
            previous_gtids_.clear();
            open_ = false;
        }
        format_.assign(bytes.begin(), bytes.end());
        return filter_.empty() && !event.artificial && !to_.one_file ? open() : done{};
    case event_type::previous_gtids:
        if (!open_) {
            previous_gtids_.assign(bytes.begin(), bytes.end());
            return {};
        }
        if (to_.one_file && begun_ && written_format_ != format_) return {};
        return to_.write(bytes);
    default: break;
    }
    // ROTATE, STOP and the like: of a whole file, and only there.
    if (!filter_.empty() || to_.one_file) return {};
    if (auto done = open(); !done) return done;
    return to_.write(bytes);
}

binlog_export::done binlog_export::event(const stream_event& event, const transaction* inside) {
    if (inside == nullptr) return outside(event);
    if (!wanted_) return {};
    if (event.file != file_) {
        // A segment may begin anywhere; only format descriptions tell of files otherwise.
        file_ = event.file;
        previous_gtids_.clear();
        open_ = false;
    }
    if (auto done = open(); !done) return done;
    return to_.write(event.event.bytes);
}

protocol::result<bool> binlog_export::begin(const transaction& one) {
    wanted_ = filter_.accepts(one);
    if (wanted_) ++transactions_;
    return false; // nothing needs to be decoded
}

binlog_export::done binlog_export::finish() {
    return begun_ || format_.empty() ? done{} : open();
}

} // namespace understudy::apps
