#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "relay/inspection/change.hpp"
#include "relay/inspection/comparable.hpp"
#include "relay/inspection/segment_source.hpp"
#include "relay/key_index.hpp"
#include "state/name_glob.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::relay::inspection {

// Columns of a primary key, in its order, and the values that they must have.
using key_values = std::vector<std::pair<std::uint32_t, comparable>>;

// What the values may be in row images, in the form of append_row_key; nothing: that cannot be told
// (types other than integers and text, other character sets). For integers of all sizes, so that a
// column which became larger is found too.
[[nodiscard]] std::optional<std::vector<std::string>> row_keys(const described_table& table,
                                                               const key_values& values);

// Which runs of frames may hold rows of some tables, or of some rows of them, by the index of keys.
// How values of a key stand in images depends on the column types, which it learns from the rows
// that are read: of each table the first run of a segment that touches it is read, and the next one
// behind each statement. One thread.
class key_search final : public index_test {
public:
    // All rows that are looked for in this table; nothing: any.
    using keys_of = std::function<std::optional<std::vector<std::string>>(const described_table&)>;
    // tables: empty for all; keys: may be empty.
    key_search(std::vector<state::object_pattern> tables, keys_of keys)
        : tables_(std::move(tables)), keys_(std::move(keys)) {}

    void enter(std::shared_ptr<const key_index> index) override;
    [[nodiscard]] bool may_hold(std::uint64_t frame) override;
    // A row of this table was read.
    void see(const described_table& table);

    [[nodiscard]] std::uint64_t runs_skipped() const { return skipped_; }
    [[nodiscard]] std::uint64_t runs_read() const { return read_; }

private:
    struct learned {
        std::vector<std::uint32_t> columns;
        std::optional<std::vector<std::string>> keys;
    };
    [[nodiscard]] bool judge(std::uint64_t frame);
    [[nodiscard]] bool may_hold(std::uint64_t frame, const indexed_table& table) const;
    void forget();

    std::vector<state::object_pattern> tables_;
    keys_of keys_;
    std::shared_ptr<const key_index> index_;
    std::map<std::pair<std::string, std::string>, learned> learned_;
    std::uint64_t layout_ = 0; // that was seen last
    std::uint64_t last_frame_ = 0;
    std::uint64_t skipped_ = 0;
    std::uint64_t read_ = 0;
};

} // namespace understudy::relay::inspection
