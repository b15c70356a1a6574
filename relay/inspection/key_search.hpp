#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "relay/inspection/change.hpp"
#include "relay/inspection/segment_source.hpp"
#include "relay/key_index.hpp"
#include "state/condition/comparable.hpp"
#include "state/name_glob.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::relay::inspection {

using state::comparable;

// Columns of a primary key, in its order, and the values that they must have.
using key_values = std::vector<std::pair<std::uint32_t, comparable>>;

// What the values are in row images, in the form of append_row_key; nothing: that cannot be told
// (types other than integers and text, other character sets, numbers that do not fit).
[[nodiscard]] std::optional<std::string> row_key(const described_table& table,
                                                 const key_values& values);

// Which runs of frames may hold rows of some tables, or of some rows of them, by the index of keys.
// How values of a key stand in images depends on the column types, which the index has beside its
// filters. One thread.
class key_search final : public index_test {
public:
    // All rows that are looked for in this table, of which only the key is known
    // (described_table::only_key); nothing: any.
    using keys_of = std::function<std::optional<std::vector<std::string>>(const described_table&)>;
    // tables: empty for all; keys: may be empty.
    key_search(std::vector<state::object_pattern> tables, bool tables_ignore_case, keys_of keys)
        : tables_(std::move(tables)), tables_ignore_case_(tables_ignore_case),
          keys_(std::move(keys)) {}

    void enter(std::shared_ptr<const key_index> index) override;
    [[nodiscard]] bool may_hold(std::uint64_t frame) override;

    [[nodiscard]] std::uint64_t runs_skipped() const { return skipped_; }
    [[nodiscard]] std::uint64_t runs_read() const { return read_; }

private:
    struct wanted_rows {
        bool asked = false; // of this table anything is wanted
        std::vector<std::uint32_t> columns;
        std::optional<std::vector<std::string>> keys; // nothing: any row
    };
    [[nodiscard]] wanted_rows wanted_of(const indexed_table& table);
    [[nodiscard]] bool judge(std::uint64_t frame) const;
    [[nodiscard]] bool may_hold(std::uint64_t frame, std::size_t table) const;

    std::vector<state::object_pattern> tables_;
    bool tables_ignore_case_;
    keys_of keys_;
    std::shared_ptr<const key_index> index_;
    std::vector<wanted_rows> wanted_; // of each table in index_
    std::uint64_t layouts_ = 0;       // given out
    std::uint64_t skipped_ = 0;
    std::uint64_t read_ = 0;
};

} // namespace understudy::relay::inspection
