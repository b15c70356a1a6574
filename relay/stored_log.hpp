#pragma once

#include "protocol/binlog/format_description.hpp"
#include "relay/definition_store.hpp"
#include "relay/disk_writer.hpp"
#include "relay/frame_cutter.hpp"
#include "relay/key_indexer.hpp"
#include "relay/log.hpp"
#include "relay/log_parts.hpp"
#include "relay/posix_directory.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace understudy::relay {

// The log on a directory: ties the cutter (events to frames), the live frames (memory), the disk
// writer (frames to segments) and the readers together. log::open makes one over the operating
// system's files; tests make one over their own.
class stored_log final : public log {
public:
    [[nodiscard]] static protocol::result<std::unique_ptr<log>>
    open_in(log_options options, std::shared_ptr<directory> where,
            std::optional<directory_lock> lock);

    ~stored_log() override;

    [[nodiscard]] const protocol::uuid& source() const override { return options_.source_uuid; }
    [[nodiscard]] bool empty() const override;
    [[nodiscard]] state::source_position begin() const override;
    [[nodiscard]] state::source_position end() const override;
    [[nodiscard]] protocol::result<void> reset(state::source_position start) override;
    [[nodiscard]] protocol::result<void> switch_file(protocol::binlog_position position) override;
    [[nodiscard]] protocol::result<void> append(const protocol::event_view& event,
                                                std::uint64_t end_offset,
                                                protocol::boundary::role role,
                                                const protocol::gtid* id) override;
    [[nodiscard]] protocol::result<void>
    set_format(std::span<const std::byte> format_description) override;
    [[nodiscard]] protocol::result<void> abandon_open_group() override;
    void note_position(const protocol::binlog_position& position) override;
    [[nodiscard]] protocol::result<void> flush(bool durable) override;
    [[nodiscard]] bool has_room() const override;
    [[nodiscard]] protocol::result<std::unique_ptr<reader>>
    open_reader(const state::source_position& position) override;
    [[nodiscard]] protocol::result<protocol::gtid_set>
    executed_before(const protocol::binlog_position& position) override;
    void on_data(std::function<void()> callback) override;
    [[nodiscard]] protocol::result<void> retire(const protocol::binlog_position& needed) override;
    [[nodiscard]] definition_store& definitions() override { return *definitions_; }
    [[nodiscard]] sizes size() const override;

    // For tests: until the indexes are made that retire() asked for.
    void wait_for_indexes();

private:
    stored_log(log_options options, std::shared_ptr<directory> where,
               std::optional<directory_lock> lock);

    [[nodiscard]] std::shared_ptr<log_parts> parts() const;
    [[nodiscard]] std::shared_ptr<log_parts> make_parts(std::uint64_t last_frame,
                                                        state::source_position end) const;
    void start(std::shared_ptr<log_parts> fresh, recovered_log found);
    [[nodiscard]] protocol::result<void> admit();
    void cut_if_idle();
    void start_indexer();
    [[nodiscard]] protocol::result<void> remove_lost_indexes();
    [[nodiscard]] protocol::result<void> index_applied(const protocol::binlog_position& applied);

    const log_options options_;
    std::shared_ptr<directory> where_;
    std::optional<directory_lock> lock_;
    std::shared_ptr<buffer_pool> pool_;
    std::unique_ptr<definition_store> definitions_;
    std::unique_ptr<key_indexer> indexer_; // under retire_mutex_; null: no indexes

    mutable std::mutex parts_mutex_; // the pointer only
    std::shared_ptr<log_parts> parts_;
    std::mutex retire_mutex_; // a reader being opened finds the segments it saw
    std::mutex callback_mutex_;
    std::function<void()> callback_;

    std::mutex append_mutex_; // cutter_ and what follows: receiver's thread, or writer's cut
    std::optional<frame_cutter> cutter_;
    std::optional<protocol::format_description> format_; // in force at the end
    std::unique_ptr<disk_writer> writer_;
};

} // namespace understudy::relay
