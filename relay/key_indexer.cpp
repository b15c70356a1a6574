#include "relay/key_indexer.hpp"

#include "relay/compression.hpp"
#include "relay/errc.hpp"
#include "relay/event_splitter.hpp"
#include "relay/key_index_builder.hpp"
#include "relay/segment_reader.hpp"

#include <algorithm>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace understudy::relay {

using protocol::fail;
using protocol::result;

result<key_index> index_segment(directory& where, std::uint64_t segment, const key_ring& keys,
                                definition_store* definitions, std::uint64_t filter_bytes_max,
                                const std::stop_token& stop) {
    auto reader = segment_reader::open(where, segment_name(segment), keys);
    if (!reader) return std::unexpected(std::move(reader.error()));
    const auto size = reader->size();
    if (!size) return std::unexpected(size.error());
    const auto footer = reader->footer();
    if (!footer) return std::unexpected(footer.error());
    if (!*footer) return fail(errc::torn, reader->place(*size) + ": the segment is not sealed");

    key_index_builder::lookup lookup;
    if (definitions != nullptr) {
        lookup = [definitions](const std::string& database, const std::string& table,
                               const protocol::binlog_position& position) {
            return definitions->find(database, table, position);
        };
    }
    key_index_builder builder(std::move(lookup), filter_bytes_max);
    builder.take(reader->header().format_description, reader->header().base.binlog);
    event_splitter events;
    frame_decoder decoder;
    std::vector<std::byte> raw;
    for (const auto& entry : (*footer)->frames) {
        if (stop.stop_requested()) return fail(errc::closed, "indexing was stopped");
        const auto step = reader->read(entry.offset, entry.next_offset());
        if (!step) return std::unexpected(step.error());
        if (step->what != segment_reader::outcome::frame) {
            return fail(errc::corrupt, reader->place(entry.offset) + ": " + step->why);
        }
        const auto& header = step->entry.header;
        raw.resize(header.raw_size);
        if (auto done = decoder.decode(header, step->stored, raw); !done) {
            return protocol::wrap(done.error(), reader->place(entry.offset));
        }
        builder.begin_frame(header.number);
        const auto taken = events.take(
            header, raw, reader->place(entry.offset),
            [&](std::span<const std::byte> bytes, std::size_t offset) {
                const bool artificial = header.has(frame_flag::artificial);
                builder.take(bytes, {header.file, header.start_offset + (artificial ? 0 : offset)});
                return true;
            });
        if (!taken) return std::unexpected(taken.error());
        if (!header.has(frame_flag::group_goes_on) && !header.has(frame_flag::event_goes_on)) {
            builder.end_run();
        }
    }
    return builder.finish(segment, *size);
}

key_indexer::key_indexer(std::shared_ptr<directory> where, definition_store& definitions,
                         key_ring keys, std::uint64_t filter_bytes_max)
    : where_(std::move(where)), definitions_(definitions), keys_(std::move(keys)),
      filter_bytes_max_(filter_bytes_max),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

key_indexer::~key_indexer() {
    thread_.request_stop();
    thread_.join();
}

result<void> key_indexer::want(std::uint64_t segment) {
    const std::scoped_lock lock(mutex_);
    if (wanted_.insert(segment).second) {
        queue_.push_back(segment);
        wake_.notify_all();
    }
    if (!failure_) return {};
    return std::unexpected(*std::exchange(failure_, std::nullopt));
}

result<void> key_indexer::forget(std::uint64_t segment) {
    const std::scoped_lock lock(mutex_);
    forgotten_.insert(segment);
    std::erase(queue_, segment);
    return where_->remove(key_index_name(segment));
}

void key_indexer::wait_until_idle() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return queue_.empty() && !busy_; });
}

void key_indexer::run(const std::stop_token& stop) {
    // Of this thread only. Not SCHED_IDLE: on a machine without idle time such a thread does not
    // even get to die, and a killed process stays for as long.
    constexpr int nicest = 19;
    std::ignore = setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), nicest);
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, stop, [this] { return !queue_.empty(); });
        if (stop.stop_requested()) return;
        const auto segment = queue_.front();
        queue_.pop_front();
        busy_ = true;
        lock.unlock();
        auto done = make(segment, stop);
        lock.lock();
        busy_ = false;
        // A segment that was removed meanwhile is not missed.
        if (!done && !stop.stop_requested() && !forgotten_.contains(segment)) {
            failure_ = std::move(done.error());
            failure_->what = "an index of keys could not be made: " + failure_->what;
        }
        wake_.notify_all();
    }
}

result<void> key_indexer::make(std::uint64_t segment, const std::stop_token& stop) {
    // What is damaged or of another version is made anew.
    if (const auto there = read_key_index(*where_, segment, keys_); there && *there) return {};
    const auto index =
        index_segment(*where_, segment, keys_, &definitions_, filter_bytes_max_, stop);
    if (!index) return std::unexpected(index.error());
    // An index must not appear behind the removal of its segment.
    const std::scoped_lock lock(mutex_);
    if (forgotten_.contains(segment)) return {};
    return write_key_index(*where_, *index, keys_);
}

} // namespace understudy::relay
