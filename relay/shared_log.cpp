#include "relay/shared_log.hpp"

#include "protocol/assert.hpp"
#include "relay/errc.hpp"

#include <utility>

namespace understudy::relay {

using protocol::result;

class shared_log::view final : public log {
public:
    view(shared_log& of, std::string user) : of_(of), user_(std::move(user)) {}
    ~view() override { of_.on_data(this, {}); }

    [[nodiscard]] const protocol::uuid& source() const override { return of_.log_->source(); }
    [[nodiscard]] bool empty() const override { return of_.log_->empty(); }
    [[nodiscard]] state::source_position begin() const override { return of_.log_->begin(); }
    [[nodiscard]] state::source_position end() const override { return of_.log_->end(); }
    [[nodiscard]] result<void> reset(state::source_position /*start*/) override {
        return protocol::fail(errc::locked, "a relay log that tasks share is not begun anew for "
                                            "one of them");
    }
    [[nodiscard]] result<void> switch_file(protocol::binlog_position /*position*/) override {
        return only_reads();
    }
    [[nodiscard]] result<void> append(const protocol::event_view& /*event*/,
                                      std::uint64_t /*end_offset*/,
                                      protocol::boundary::role /*role*/,
                                      const protocol::gtid* /*id*/) override {
        return only_reads();
    }
    [[nodiscard]] result<void>
    set_format(std::span<const std::byte> /*format_description*/) override {
        return only_reads();
    }
    [[nodiscard]] result<void> abandon_open_group() override { return only_reads(); }
    void note_position(const protocol::binlog_position& /*position*/) override {
        UNDERSTUDY_ASSERT(false);
    }
    // The receiver's to do, which goes on for the others.
    [[nodiscard]] result<void> flush(bool /*durable*/) override { return {}; }
    [[nodiscard]] bool has_room() const override { return of_.log_->has_room(); }
    [[nodiscard]] result<protocol::gtid_set>
    executed_before(const protocol::binlog_position& position) override {
        return of_.log_->executed_before(position);
    }
    [[nodiscard]] result<std::unique_ptr<reader>>
    open_reader(const state::source_position& position) override {
        return of_.log_->open_reader(position);
    }
    void on_data(callback call) override { of_.on_data(this, std::move(call)); }
    [[nodiscard]] result<void> retire(const protocol::binlog_position& needed) override {
        return of_.retire(user_, needed);
    }
    [[nodiscard]] definition_store& definitions() override { return of_.log_->definitions(); }
    [[nodiscard]] sizes size() const override { return of_.log_->size(); }

private:
    static result<void> only_reads() {
        UNDERSTUDY_ASSERT(false);
        return {};
    }

    shared_log& of_;
    const std::string user_;
};

shared_log::shared_log(std::unique_ptr<log> of_all, std::unique_ptr<log_needs> needs,
                       std::uint64_t rest_bytes_max)
    : log_(std::move(of_all)), needs_(std::move(needs)), rest_bytes_max_(rest_bytes_max) {
    log_->on_data([this] {
        const std::scoped_lock lock(callbacks_mutex_);
        for (const auto& [user, call] : callbacks_)
            call();
    });
}

shared_log::~shared_log() {
    log_->on_data({});
}

result<std::unique_ptr<log>> shared_log::join(const std::string& user,
                                              const protocol::binlog_position& from) {
    if (auto set = needs_->set(user, from); !set) return std::unexpected(set.error());
    return std::make_unique<view>(*this, user);
}

void shared_log::on_data(const view* user, callback call) {
    const std::scoped_lock lock(callbacks_mutex_);
    if (call) {
        callbacks_[user] = std::move(call);
    } else {
        callbacks_.erase(user);
    }
}

std::unique_lock<std::mutex> shared_log::hold_segments() {
    return std::unique_lock(segments_mutex_);
}

// Whoever rests is given up only when that makes room: when it is the one that keeps the oldest.
result<void> shared_log::retire(const std::string& user, const protocol::binlog_position& needed) {
    const std::scoped_lock lock(segments_mutex_);
    if (auto set = needs_->set(user, needed); !set) return set;
    for (;;) {
        const auto first = needs_->first();
        if (auto done = log_->retire(first ? first->from : needed); !done) return done;
        const auto size = log_->size();
        const bool is_too_large =
            rest_bytes_max_ != 0 && size.stored_bytes > rest_bytes_max_ && size.segments > 1;
        if (!is_too_large || !first || !first->rests || first->user == user) return {};
        if (auto forgotten = needs_->forget(first->user); !forgotten) return forgotten;
    }
}

} // namespace understudy::relay
