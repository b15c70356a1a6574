#include "protocol/binlog/describe_value.hpp"
#include "protocol/binlog/gtid_event.hpp"
#include "protocol/binlog/load_query_event.hpp"
#include "protocol/binlog/mariadb_compression.hpp"
#include "protocol/binlog/mariadb_events.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/rotate_event.hpp"
#include "protocol/binlog/row_key.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/simple_events.hpp"
#include "protocol/binlog/table_map_layout.hpp"
#include "protocol/binlog/transaction_payload.hpp"
#include "protocol/binlog/xa_id.hpp"
#include "protocol/errc.hpp"
#include "protocol/value/value_writer.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <cstring>
#include <numeric>
#include <tuple>

namespace understudy::protocol::test {

namespace {

using lines = std::vector<std::string>;

template<class T, class Describe>
result<lines> one_line(result<T> decoded, Describe describe) {
    if (!decoded) {
        return std::unexpected(std::move(decoded.error()));
    }
    return lines{describe(*decoded)};
}

std::string columns_text(const table_map& map) {
    std::string text;
    for (std::size_t i = 0; i < map.columns.size(); ++i) {
        text += i == 0 ? "" : ", ";
        if (i < map.column_names.size()) {
            text += map.column_names[i] + " ";
        }
        text += to_string(map.columns[i].type) + "/" + std::to_string(map.columns[i].metadata);
        text += map.columns[i].is_unsigned.value_or(false) ? " unsigned" : "";
        text += map.columns[i].nullable ? "" : " not null";
    }
    return text;
}

std::string table_map_text(const table_map& map) {
    return std::string(map.database) + "." + std::string(map.table) + " (" + columns_text(map) +
           ")";
}

const char* kind_text(rows_kind kind) {
    return kind == rows_kind::write ? "write " : kind == rows_kind::update ? "update " : "delete ";
}

// In every form; what is damaged may be refused.
void write_values(const std::vector<column_definition>& columns, const row_reader& reader,
                  rows_kind kind) {
    static const row_image nothing{{}, std::vector<row_image::column>(4096)};
    for (const auto form : {value_form::text, value_form::json, value_form::sql}) {
        value_writer writer(form);
        std::string out;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto& before = kind == rows_kind::write ? nothing : reader.before();
            const auto& after = kind == rows_kind::delete_ ? before : reader.after();
            if (after.columns[i].present) {
                std::ignore = writer.append(out, columns[i], after.columns[i]);
                std::ignore =
                    writer.append_updated(out, columns[i], before.columns[i], after.columns[i]);
            }
        }
    }
}

} // namespace

result<lines> any_event_decoder::decode(const event_view& event) {
    switch (event.header.type) {
    case event_type::format_description:
        return one_line(decode_format_description(event.bytes),
                        [](const auto& f) { return f.server_version; });
    case event_type::rotate:
        return one_line(decode_rotate_event(event), [](const auto& p) { return p.to_string(); });
    case event_type::heartbeat:
    case event_type::heartbeat_v2:
        return one_line(decode_heartbeat(event), [](const auto& p) { return p.to_string(); });
    case event_type::gtid:
    case event_type::anonymous_gtid:
    case event_type::gtid_tagged:
        return one_line(decode_gtid_event(event), [](const auto& g) { return g.id.to_string(); });
    case event_type::previous_gtids:
        return one_line(decode_previous_gtids(event),
                        [](const auto& set) { return set.to_string(); });
    case event_type::query:
        return one_line(decode_query_event(event, format_), [](const auto& q) {
            return "use " + std::string(q.database) + "; " + std::string(q.text);
        });
    case event_type::xid:
        return one_line(decode_xid_event(event), [](auto xid) { return std::to_string(xid); });
    case event_type::rows_query:
    case event_type::mariadb_annotate_rows:
        return one_line(decode_rows_query_event(event),
                        [](auto text) { return std::string(text); });
    case event_type::intvar:
        return one_line(decode_intvar_event(event),
                        [](const auto& v) { return std::to_string(v.value); });
    case event_type::rand:
        return one_line(decode_rand_event(event),
                        [](const auto& v) { return std::to_string(v.seed1); });
    case event_type::user_var:
        return one_line(decode_user_var_event(event),
                        [](const auto& v) { return "@" + std::string(v.name); });
    case event_type::incident:
        return one_line(decode_incident_event(event),
                        [](const auto& v) { return std::string(v.message); });
    case event_type::xa_prepare:
        return one_line(decode_xa_prepare(event), [](const auto& v) { return v.id.to_string(); });
    case event_type::begin_load_query:
    case event_type::append_block:
        return one_line(decode_load_block(event),
                        [](const auto& v) { return std::to_string(v.data.size()); });
    case event_type::delete_file:
        return one_line(decode_delete_file(event), [](auto id) { return std::to_string(id); });
    case event_type::execute_load_query:
        return one_line(decode_execute_load_query(event, format_),
                        [](const auto& v) { return v.text_for("file"); });
    case event_type::table_map: {
        auto map = decode_table_map(event, format_);
        if (!map) {
            return std::unexpected(std::move(map.error()));
        }
        if (const auto columns = split_columns(*map)) std::ignore = join_columns(*columns, {});
        return lines{table_map_text(maps_[map->table_id] = std::move(*map))};
    }
    case event_type::write_rows_v1:
    case event_type::update_rows_v1:
    case event_type::delete_rows_v1:
    case event_type::write_rows:
    case event_type::update_rows:
    case event_type::delete_rows:
    case event_type::partial_update_rows: return decode_rows(event);
    case event_type::transaction_payload: return decode_payload(event);
    case event_type::mariadb_gtid:
        return one_line(decode_mariadb_gtid_event(event),
                        [](const auto& g) { return g.id.to_string(); });
    case event_type::mariadb_gtid_list:
        return one_line(decode_mariadb_gtid_list(event), [](const auto& list) {
            gtid_set position;
            for (const auto& id : list)
                position.add(id.to_gtid());
            return position.to_string();
        });
    case event_type::mariadb_binlog_checkpoint:
        return one_line(decode_mariadb_binlog_checkpoint(event),
                        [](auto file) { return std::string(file); });
    case event_type::mariadb_start_encryption:
        return one_line(decode_mariadb_start_encryption(event),
                        [](const auto& e) { return std::to_string(e.key_version); });
    case event_type::mariadb_query_compressed:
    case event_type::mariadb_write_rows_compressed_v1:
    case event_type::mariadb_update_rows_compressed_v1:
    case event_type::mariadb_delete_rows_compressed_v1:
    case event_type::mariadb_write_rows_compressed:
    case event_type::mariadb_update_rows_compressed:
    case event_type::mariadb_delete_rows_compressed: {
        auto& plain = kept_.emplace_back();
        if (auto done = uncompress_mariadb_event(plain, event, format_); !done) {
            return std::unexpected(std::move(done.error()));
        }
        auto inner = decode_event(plain, false);
        if (!inner) return std::unexpected(std::move(inner.error()));
        return decode(*inner);
    }
    default: return lines{};
    }
}

result<lines> any_event_decoder::decode_payload(const event_view& event) {
    const auto payload = decode_transaction_payload(event);
    if (!payload) return std::unexpected(payload.error());
    payload_events events(*payload);
    lines found;
    std::uint64_t size = 0;
    for (;;) {
        const auto bytes = events.next();
        if (!bytes) return std::unexpected(bytes.error());
        if (!*bytes) break;
        size += (*bytes)->size();
        // Damaged ones can grow to anything.
        if (size > payload->uncompressed_size || size > (64U << 20U)) {
            return fail(errc::limit_exceeded, "more than the payload says");
        }
        const auto& kept = kept_.emplace_back((*bytes)->begin(), (*bytes)->end());
        const auto inner = decode_event(kept, false);
        if (!inner) return std::unexpected(inner.error());
        if (inner->header.type == event_type::transaction_payload) {
            return fail(errc::malformed, "a payload inside a payload");
        }
        auto decoded = decode(*inner);
        if (!decoded) return decoded;
        found.push_back(to_string(inner->header.type));
        found.insert(found.end(), decoded->begin(), decoded->end());
    }
    return found;
}

result<lines> any_event_decoder::decode_rows(const event_view& event) {
    auto rows = decode_rows_event(event, format_, partial_json::accepted);
    if (!rows) {
        return std::unexpected(std::move(rows.error()));
    }
    const auto map = maps_.find(rows->table_id);
    if (map == maps_.end()) {
        return fail(errc::malformed, "rows of a table without a map");
    }
    std::vector<std::uint32_t> every_column(map->second.columns.size());
    std::iota(every_column.begin(), every_column.end(), 0U);
    const auto columns = define_columns(map->second);
    if (!columns) {
        return std::unexpected(columns.error());
    }
    lines found;
    row_reader reader(map->second, *rows);
    for (;;) {
        auto more = reader.next();
        if (!more) {
            return std::unexpected(std::move(more.error()));
        }
        if (!*more) {
            return found;
        }
        write_values(*columns, reader, rows->kind);
        std::string line = kind_text(rows->kind);
        std::string key;
        if (rows->kind != rows_kind::write) {
            static_cast<void>(append_row_key(key, map->second, reader.before(), every_column));
            line += describe_row(map->second, reader.before());
        }
        if (rows->kind != rows_kind::delete_) {
            static_cast<void>(append_row_key(key, map->second, reader.after(), every_column));
            line += describe_row(map->second, reader.after());
        }
        found.push_back(std::move(line));
    }
}

} // namespace understudy::protocol::test
