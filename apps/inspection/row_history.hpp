#pragma once

#include "protocol/value/value_writer.hpp"
#include "relay/inspection/change.hpp"
#include "state/condition/comparable.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::apps {

// Follows one row of one table through changes of its own key. First every change of a key is
// noted (note), in the order of the log; begin() then finds what the row was called at the
// beginning; after that is_of_row() is asked for every change in the same order. One thread.
class row_history {
public:
    // "42"; "eu,42" in the order of the key's columns; "region=eu,id=42" by name. A comma in a
    // value is written \, .
    [[nodiscard]] static protocol::result<row_history> parse(std::string_view key);

    [[nodiscard]] protocol::result<void> note(const relay::inspection::described_table& table,
                                              const relay::inspection::row_change& change);
    // For another thread: the same row, and what is known of its keys.
    [[nodiscard]] row_history fork() const;
    using key = std::vector<state::comparable>;
    struct move {
        key from;
        key to;
    };
    // What a fork noted of a later part of the log; it begins anew.
    [[nodiscard]] std::vector<move> take_notes() { return std::exchange(moves_, {}); }
    [[nodiscard]] protocol::result<void> add_notes(std::vector<move> later);
    // The row has the key that was asked for, wherever it is.
    [[nodiscard]] bool has_one_key() const { return connected_.size() <= 1; }
    // True: the row turned out to have had more keys, of which changes may stand where nothing was
    // read; then keys() are more, and notes begin anew.
    [[nodiscard]] bool extend(bool everything_was_read);
    void begin();
    // Every key that the row had as far as is known, for key_search; nothing: that cannot be told.
    [[nodiscard]] std::optional<std::vector<std::string>>
    keys(const relay::inspection::described_table& table);
    [[nodiscard]] protocol::result<bool> is_of_row(const relay::inspection::described_table& table,
                                                   const relay::inspection::row_change& change);
    // The number of keys the row had in the log, so far.
    [[nodiscard]] bool changed_its_key() const { return !moves_.empty(); }

private:
    [[nodiscard]] protocol::result<void> bind(const relay::inspection::described_table& table);
    [[nodiscard]] protocol::result<std::optional<key>>
    key_of(const relay::inspection::described_table& table, const protocol::row_image* image,
           const protocol::row_image* fallback);
    [[nodiscard]] bool tracked(const key& one) const;
    void forget(const key& one);

    std::vector<std::string> names_; // empty: the key's columns
    key asked_;
    std::uint64_t layout_ = 0;
    std::vector<std::uint32_t> columns_;
    protocol::value_writer text_{protocol::value_form::text};
    std::vector<move> moves_;
    std::vector<key> tracked_;
    std::vector<key> connected_; // with changes of keys, from asked_
};

} // namespace understudy::apps
