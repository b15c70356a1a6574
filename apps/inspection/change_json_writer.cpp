#include "apps/inspection/change_json_writer.hpp"

#include "apps/inspection/change_text_writer.hpp"
#include "apps/inspection/shown_statement.hpp"
#include "protocol/value/byte_text.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/server_turn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::append_json_string;

namespace {

// Text of the source; what is no UTF-8 becomes U+FFFD.
void append_any_string(std::string& out, std::string_view text) {
    if (protocol::is_utf8(text)) {
        append_json_string(out, text);
        return;
    }
    std::string harmless;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x80) {
            harmless += c;
        } else {
            harmless += "\xef\xbf\xbd";
        }
    }
    append_json_string(out, harmless);
}

std::string iso_time(std::uint64_t microseconds) {
    auto text = moment_text(microseconds);
    std::ranges::replace(text, ' ', 'T');
    return text + "Z";
}

std::string_view name_of(protocol::rows_kind kind) {
    switch (kind) {
    case protocol::rows_kind::write: return "insert";
    case protocol::rows_kind::update: return "update";
    case protocol::rows_kind::delete_: return "delete";
    }
    return "";
}

std::string_view name_of(statement_kind kind) {
    switch (kind) {
    case statement_kind::ddl: return "ddl";
    case statement_kind::dml: return "statement";
    case statement_kind::other: return "other";
    }
    return "";
}

} // namespace

change_json_writer::done change_json_writer::begin(const transaction& in) {
    head_ = "{\"gtid\":";
    if (in.gtid.empty()) {
        head_ += "null";
    } else {
        append_any_string(head_, in.gtid);
    }
    head_ += ",\"file\":";
    append_any_string(head_, relay::server_turn::own_name(in.file));
    fmt::format_to(std::back_inserter(head_), R"(,"position":{},"server_id":{},"time":"{}")",
                   in.start_offset, in.server_id, iso_time(in.time_us()));
    return {};
}

void change_json_writer::open_line(std::string_view kind) {
    out_.text() += head_;
    out_.text() += ",\"kind\":\"";
    out_.text() += kind;
    out_.text() += '"';
}

change_json_writer::done change_json_writer::close_line() {
    out_.text() += "}\n";
    return out_.written();
}

change_json_writer::done change_json_writer::annotation(const transaction&, std::string_view text) {
    open_line("annotation");
    out_.text() += ",\"statement\":";
    append_any_string(out_.text(), text);
    return close_line();
}

change_json_writer::done change_json_writer::statement(const transaction&,
                                                       const protocol::query_event& query,
                                                       statement_kind kind,
                                                       const protocol::event_header&) {
    open_line(name_of(kind));
    auto& out = out_.text();
    out += ",\"database\":";
    append_any_string(out, query.database);
    out += ",\"statement\":";
    text_.clear();
    const std::string shown = shows_secrets_ ? std::string(query.text) : shown_statement(query);
    const auto* charset =
        protocol::character_set_of(query.status.character_set_client.value_or(std::uint16_t{45}));
    const bool converted =
        charset != nullptr && converter_.append_utf8(text_, *charset, protocol::as_bytes(shown));
    append_any_string(out, converted ? text_ : shown);
    return close_line();
}

change_json_writer::done change_json_writer::other(const transaction&, const stream_event& event) {
    open_line("event");
    out_.text() += ",\"event\":";
    append_json_string(out_.text(), to_string(event.event.header.type));
    return close_line();
}

change_json_writer::done change_json_writer::image(std::string_view name,
                                                   const described_table& table,
                                                   const protocol::row_image& values,
                                                   const protocol::row_image* before) {
    auto& out = out_.text();
    out += ",\"";
    out += name;
    out += "\":{";
    bool first = true;
    const protocol::row_image::column unknown;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const auto& value = values.columns[i];
        if (!value.present) continue;
        if (!std::exchange(first, false)) out += ',';
        append_any_string(out, table.column_names[i]);
        out += ':';
        if (value.is_null) {
            out += "null";
        } else if (auto done = values_.append_updated(
                       out, table.columns[i], before != nullptr ? before->columns[i] : unknown,
                       value);
                   !done) {
            return done;
        }
    }
    out += '}';
    return {};
}

change_json_writer::done change_json_writer::row(const transaction&, const described_table& table,
                                                 const row_change& change) {
    open_line(name_of(change.kind));
    out_.text() += ",\"database\":";
    append_any_string(out_.text(), table.database);
    out_.text() += ",\"table\":";
    append_any_string(out_.text(), table.name);
    if (change.before != nullptr) {
        if (auto done = image("before", table, *change.before, nullptr); !done) return done;
    }
    if (change.after != nullptr) {
        if (auto done = image("after", table, *change.after, change.before); !done) return done;
    }
    return close_line();
}

} // namespace understudy::apps
