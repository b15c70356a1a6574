#include "applier/overwriting.hpp"

#include "applier/errc.hpp"
#include "protocol/assert.hpp"
#include "protocol/binlog/row_key.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <string>
#include <string_view>
#include <unordered_set>

namespace understudy::applier {

using protocol::fail;
using protocol::result;
using protocol::rows_kind;

namespace {

void append(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

class rewriter {
public:
    void add(std::string before_key, std::string after_key, const protocol::row_image& before,
             const protocol::row_image& after) {
        if (before_key != after_key) {
            if (written_.contains(before_key)) flush();
            append(deletes_, before.bytes);
        }
        append(writes_, after.bytes);
        written_.insert(std::move(after_key));
    }

    void flush() {
        if (!deletes_.empty()) out_.push_back({rows_kind::delete_, std::move(deletes_)});
        if (!writes_.empty()) out_.push_back({rows_kind::write, std::move(writes_)});
        deletes_.clear();
        writes_.clear();
        written_.clear();
    }

    [[nodiscard]] std::vector<rewritten_rows> take() { return std::move(out_); }

private:
    std::vector<rewritten_rows> out_;
    std::vector<std::byte> deletes_;
    std::vector<std::byte> writes_;
    std::unordered_set<std::string> written_; // keys in writes_
};

} // namespace

result<std::vector<rewritten_rows>> overwrite_update(const protocol::table_map& map,
                                                     const protocol::rows_event& update,
                                                     std::span<const std::uint32_t> key) {
    UNDERSTUDY_ASSERT(update.kind == rows_kind::update && !key.empty());
    if (!update.present.all() || !update.present_after.all()) {
        return fail(errc::unsupported_event, "an UPDATE holds only some columns of its rows; until "
                                             "the initial copy is complete and caught up "
                                             "with, the source needs binlog_row_image=FULL (for "
                                             "its running sessions too). Set it and begin the "
                                             "task anew");
    }
    rewriter out;
    protocol::row_reader reader(map, update);
    for (;;) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more) break;
        std::string before;
        std::string after;
        const bool whole = protocol::append_row_key(before, map, reader.before(), key) &&
                           protocol::append_row_key(after, map, reader.after(), key);
        UNDERSTUDY_ASSERT(whole);
        out.add(std::move(before), std::move(after), reader.before(), reader.after());
    }
    out.flush();
    return out.take();
}

result<void> allow_some_columns(const protocol::table_map& map, const protocol::rows_event& event,
                                std::span<const std::uint32_t> key, bool has_other_unique_keys) {
    const auto refuse = [](std::string_view why) {
        return fail(errc::unsupported_event,
                    std::string("the row image holds only some columns, and ") + std::string(why) +
                        "; until the initial copy is complete and caught up with, that needs "
                        "binlog_row_image=FULL on the source (for its running sessions too). Set "
                        "it and begin the task anew");
    };
    for (const std::uint32_t column : key) {
        if (!event.present.test(column)) return refuse("its key is not among them");
    }
    if (event.kind == rows_kind::delete_) return {};
    if (event.has_partial_json) return refuse("changes of JSON documents instead of documents");
    if (has_other_unique_keys) return refuse("the table has more than one unique key");
    if (event.kind == rows_kind::write) return {};
    protocol::row_reader reader(map, event);
    for (;;) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more) return {};
        for (const std::uint32_t column : key) {
            const auto& after = reader.after().columns[column];
            const bool same = protocol::as_text(after.value) ==
                              protocol::as_text(reader.before().columns[column].value);
            if (after.present && !same) return refuse("its key changes");
        }
    }
}

result<std::vector<std::size_t>> cuts_for_hash_scan(const protocol::table_map& map,
                                                    const protocol::rows_event& update) {
    UNDERSTUDY_ASSERT(update.kind == rows_kind::update);
    std::vector<std::size_t> cuts;
    std::unordered_set<std::string_view> made;
    protocol::row_reader reader(map, update);
    for (std::size_t row = 0;; ++row) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more) return cuts;
        if (made.contains(protocol::as_text(reader.before().bytes))) {
            cuts.push_back(row);
            made.clear();
        }
        made.insert(protocol::as_text(reader.after().bytes));
    }
}

} // namespace understudy::applier
