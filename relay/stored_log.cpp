#include "relay/stored_log.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "relay/errc.hpp"
#include "relay/group_id.hpp"
#include "relay/log_reader.hpp"
#include "relay/retention.hpp"
#include "relay/segment_reader.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::fail;
using protocol::format_description;
using protocol::result;

// A group that ends while nobody reads waits this long before it goes to disk, so that frames of a
// quiet source are not tiny.
constexpr std::chrono::milliseconds partial_after{200};

// One is taken for each that is given back, give or take a few.
constexpr std::size_t spare_buffers_max = 4;

bool same_layout(const format_description& a, const format_description& b) {
    return a.binlog_version == b.binlog_version && a.server_version == b.server_version &&
           a.post_header_lengths == b.post_header_lengths && a.checksum == b.checksum;
}

log_options checked(log_options options) {
    // A frame holds at least an event header, so that the length of an event that is cut is known.
    options.frame_bytes_max = std::clamp(options.frame_bytes_max, 64U, frame_raw_size_max);
    return options;
}

} // namespace

result<std::unique_ptr<log>> log::open(log_options options) {
    auto lock = directory_lock::acquire(options.directory);
    if (!lock) return std::unexpected(lock.error());
    auto where = open_posix_directory(options.directory);
    if (!where) return std::unexpected(where.error());
    return stored_log::open_in(std::move(options), std::move(*where), std::move(*lock));
}

stored_log::stored_log(log_options options, std::shared_ptr<directory> where,
                       std::optional<directory_lock> lock)
    : options_(checked(std::move(options))), where_(std::move(where)), lock_(std::move(lock)),
      pool_(std::make_shared<buffer_pool>(options_.frame_bytes_max, spare_buffers_max)) {}

result<std::unique_ptr<log>> stored_log::open_in(log_options options,
                                                 std::shared_ptr<directory> where,
                                                 std::optional<directory_lock> lock) {
    std::unique_ptr<stored_log> opened(
        new stored_log(std::move(options), std::move(where), std::move(lock)));
    catalog segments;
    auto found =
        recover(*opened->where_, opened->options_.source_uuid, segments, opened->options_.keys);
    if (!found) return std::unexpected(found.error());
    auto definitions =
        definition_store::open(opened->where_, opened->options_.source_uuid, opened->options_.keys);
    if (!definitions) return std::unexpected(definitions.error());
    opened->definitions_ = std::move(*definitions);
    if (auto done = opened->remove_lost_indexes(); !done) return std::unexpected(done.error());
    opened->start_indexer();
    auto fresh = opened->make_parts(found->last_frame, found->end);
    fresh->segments.take(std::move(segments));
    if (fresh->segments.first()) {
        opened->start(std::move(fresh), std::move(*found));
    } else {
        opened->parts_ = std::move(fresh);
    }
    return opened;
}

void stored_log::start_indexer() {
    if (options_.key_index_bytes_max == 0) return;
    indexer_ = std::make_unique<key_indexer>(where_, *definitions_, options_.keys,
                                             options_.key_index_bytes_max);
}

void stored_log::wait_for_indexes() {
    const std::scoped_lock lock(retire_mutex_);
    if (indexer_) indexer_->wait_until_idle();
}

// Of segments that are gone, or half written.
result<void> stored_log::remove_lost_indexes() {
    const auto names = where_->names();
    if (!names) return std::unexpected(names.error());
    for (const auto& name : *names) {
        const auto number = parse_key_index_name(name);
        const bool lost = number && !std::ranges::binary_search(*names, segment_name(*number));
        if (!lost && name != unfinished_key_index_name) continue;
        if (auto done = where_->remove(name); !done) return done;
    }
    return {};
}

result<void> stored_log::index_applied(const protocol::binlog_position& applied) {
    if (!indexer_) return {};
    result<void> ended;
    for (const auto& segment : parts()->segments.segments()) {
        if (!segment.sealed || segment.end > applied) break;
        if (auto done = indexer_->want(segment.number); !done) ended = std::move(done);
    }
    return ended;
}

std::shared_ptr<log_parts> stored_log::make_parts(std::uint64_t last_frame,
                                                  state::source_position end) const {
    live_frames::limits bounds;
    bounds.memory_bytes = options_.memory_bytes_max;
    bounds.unwritten_frames = std::max<std::size_t>(
        2, static_cast<std::size_t>(options_.memory_bytes_max / options_.frame_bytes_max / 2));
    return std::make_shared<log_parts>(where_, options_.keys, pool_, bounds, last_frame,
                                       std::move(end));
}

void stored_log::start(std::shared_ptr<log_parts> fresh, recovered_log found) {
    format_.reset();
    if (!found.format_description.empty()) {
        auto decoded = protocol::decode_format_description(found.format_description);
        if (decoded) format_ = std::move(*decoded);
    }
    cutter_.emplace(fresh->frames, pool_, options_.frame_bytes_max, found.end.binlog.file);
    disk_writer::options settings{options_.source_uuid, options_.segment_bytes_max,
                                  options_.zstd_level,  options_.sync_interval,
                                  partial_after,        options_.disk_reserve_bytes,
                                  options_.keys};
    writer_ = std::make_unique<disk_writer>(settings, *where_, fresh->segments, fresh->frames,
                                            std::move(found), [this] { cut_if_idle(); });
    const std::scoped_lock lock(parts_mutex_);
    parts_ = std::move(fresh);
}

stored_log::~stored_log() {
    {
        const std::scoped_lock lock(append_mutex_);
        if (cutter_ && writer_) cutter_->cut();
    }
    writer_.reset();
    indexer_.reset();
    if (parts_) parts_->frames.on_data({}); // readers may live on
}

std::shared_ptr<log_parts> stored_log::parts() const {
    const std::scoped_lock lock(parts_mutex_);
    return parts_;
}

void stored_log::cut_if_idle() {
    const std::unique_lock lock(append_mutex_, std::try_to_lock);
    if (lock.owns_lock()) cutter_->cut();
}

bool stored_log::empty() const {
    return !parts()->segments.first().has_value();
}

state::source_position stored_log::begin() const {
    const auto first = parts()->segments.first();
    return first ? first->base : state::source_position{};
}

state::source_position stored_log::end() const {
    return parts()->frames.end();
}

result<void> stored_log::reset(state::source_position start_at) {
    const auto old = parts();
    // Not under the append mutex: the writing thread may be about to cut.
    writer_.reset();
    old->closed.store(true);
    const std::scoped_lock retiring(retire_mutex_);
    indexer_.reset();
    const auto numbers = segment_numbers(*where_);
    if (!numbers) return std::unexpected(numbers.error());
    // From the newest on: what is left after a crash in between is a shorter log, not a broken one.
    for (const auto number : *numbers | std::views::reverse) {
        if (auto done = where_->remove(segment_name(number)); !done) return done;
    }
    if (auto done = remove_lost_indexes(); !done) return done;
    if (auto done = where_->sync(); !done) return done;
    start_indexer();

    auto fresh = make_parts(0, start_at);
    segment_header header;
    header.number = numbers->empty() ? 1 : numbers->back() + 1;
    header.first_frame = 1;
    header.source = options_.source_uuid;
    header.created_us = wall_clock_us();
    header.base = start_at;
    recovered_log found;
    found.cipher = disk_writer::new_cipher(options_.keys);
    auto segment = disk_writer::begin_segment(*where_, fresh->segments, header,
                                              found.cipher ? &*found.cipher : nullptr);
    if (!segment) {
        const std::scoped_lock lock(parts_mutex_);
        parts_ = std::move(fresh); // empty, and says so
        return std::unexpected(segment.error());
    }
    found.active = std::move(*segment);
    found.end = std::move(start_at);
    {
        const std::scoped_lock lock(callback_mutex_);
        fresh->frames.on_data(callback_);
        if (callback_) callback_(); // readers of the old log find out
    }
    const std::scoped_lock lock(append_mutex_);
    start(std::move(fresh), std::move(found));
    return {};
}

result<void> stored_log::admit() {
    if (!writer_) {
        return fail(errc::position_not_held, "the relay log in " + where_->path_of("") +
                                                 " was given no position to begin at");
    }
    return parts_->frames.admit();
}

result<void> stored_log::switch_file(protocol::binlog_position position) {
    const std::scoped_lock lock(append_mutex_);
    if (!writer_) return admit();
    if (position.file == cutter_->file()) return {};
    if (position.file.empty() || position.file.size() > 4'096) {
        return fail(protocol::errc::malformed, "the source names an impossible binary log file");
    }
    UNDERSTUDY_ASSERT(!cutter_->in_group());
    cutter_->switch_file(position.file);
    parts_->frames.set_end(std::move(position));
    return {};
}

result<void> stored_log::append(const protocol::event_view& event, std::uint64_t end_offset,
                                protocol::boundary::role role, const protocol::gtid* id) {
    const std::scoped_lock lock(append_mutex_);
    if (auto good = admit(); !good) return good;
    if (end_offset < event.bytes.size()) {
        return fail(protocol::errc::malformed, "an event of " + std::to_string(event.bytes.size()) +
                                                   " bytes cannot end at offset " +
                                                   std::to_string(end_offset) + " of " +
                                                   cutter_->file());
    }
    if (event.header.type == protocol::event_type::format_description &&
        role == protocol::boundary::role::outside) {
        auto decoded = protocol::decode_format_description(event.bytes);
        if (!decoded) return std::unexpected(decoded.error());
        format_ = std::move(*decoded);
        cutter_->append_format(event.bytes, end_offset, false);
        return {};
    }
    cutter_->append(event, end_offset, role, id);
    return {};
}

result<void> stored_log::set_format(std::span<const std::byte> bytes) {
    auto decoded = protocol::decode_format_description(bytes);
    if (!decoded) return std::unexpected(decoded.error());
    const std::scoped_lock lock(append_mutex_);
    if (format_ && same_layout(*format_, *decoded)) return {};
    if (auto good = admit(); !good) return good;
    format_ = std::move(*decoded);
    cutter_->append_format(bytes, parts_->frames.end().binlog.offset, true);
    return {};
}

result<void> stored_log::abandon_open_group() {
    const std::scoped_lock lock(append_mutex_);
    if (!writer_) return {};
    return cutter_->drop_open_group();
}

void stored_log::note_position(const protocol::binlog_position& position) {
    const std::scoped_lock lock(append_mutex_);
    if (!writer_ || cutter_->in_group() || position.file != cutter_->file()) return;
    if (position.offset > parts_->frames.end().binlog.offset) parts_->frames.set_end(position);
}

result<void> stored_log::flush(bool durable) {
    {
        const std::scoped_lock lock(append_mutex_);
        if (auto good = admit(); !good) return good;
        cutter_->cut();
    }
    return durable ? parts_->frames.wait_durable() : result<void>{};
}

bool stored_log::has_room() const {
    const auto current = parts();
    if (!current->frames.stall()) return true;
    const auto free = where_->free_bytes();
    const auto needed = options_.disk_reserve_bytes + current->frames.unwritten_bytes();
    if (!free || *free < needed) return false;
    current->frames.resume();
    return true;
}

result<std::unique_ptr<reader>> stored_log::open_reader(const state::source_position& position) {
    const std::scoped_lock lock(retire_mutex_);
    return log_reader::open(parts(), position.binlog);
}

result<protocol::gtid_set> stored_log::executed_before(const protocol::binlog_position& position) {
    // Behind the first base stands, too, what the source sent although it is before it: by GTID a
    // log can begin where the source's log was ahead of what it had committed.
    std::optional<segment_info> from = parts()->segments.first();
    for (auto& segment : parts()->segments.segments()) {
        if (!(position < segment.base.binlog)) from = std::move(segment);
    }
    if (!from) return protocol::fail(errc::position_not_held, "the relay log has nothing yet");
    auto executed = std::move(from->base.executed);
    if (from->base.binlog == position) return executed;
    const auto reader = open_reader({from->base.binlog, {}});
    if (!reader) return std::unexpected(reader.error());
    std::optional<protocol::format_description> format;
    for (;;) {
        const auto stored = (*reader)->next();
        if (!stored) return std::unexpected(stored.error());
        if (!*stored ||
            protocol::binlog_position{*(*stored)->file, (*stored)->end_offset} > position)
            return executed;
        auto id = begun_group((*stored)->bytes, format);
        if (!id) return std::unexpected(std::move(id.error()));
        if (*id) executed.add(**id);
    }
}

void stored_log::on_data(std::function<void()> callback) {
    const std::scoped_lock lock(callback_mutex_);
    callback_ = std::move(callback);
    parts()->frames.on_data(callback_);
}

result<void> stored_log::retire(const protocol::binlog_position& needed) {
    const std::scoped_lock lock(retire_mutex_);
    const auto current = parts();
    auto positions = current->pins.all();
    positions.push_back(needed);
    const auto segments = current->segments.segments();
    const retention_policy policy{options_.retention_bytes_max, options_.retention_age_max};
    const auto count = policy.deletable(segments, positions, wall_clock_us());
    for (std::size_t i = 0; i < count; ++i) {
        if (indexer_) {
            if (auto done = indexer_->forget(segments[i].number); !done) return done;
        }
        // It is known until it is gone: one that stayed behind would leave a hole before the next.
        if (auto done = where_->remove(segment_name(segments[i].number)); !done) return done;
        current->segments.remove_first();
    }
    if (count > 0) {
        if (!indexer_) {
            if (auto done = remove_lost_indexes(); !done) return done;
        }
        if (auto done = where_->sync(); !done) return done;
        const auto begin = current->segments.first()->base.binlog;
        if (auto done = definitions_->forget_before(begin); !done) return done;
    }
    return index_applied(needed);
}

log::sizes stored_log::size() const {
    const auto current = parts();
    const auto sum = current->segments.sum();
    return {sum.raw_bytes + current->frames.unwritten_bytes(), sum.stored_bytes, sum.segments};
}

} // namespace understudy::relay
