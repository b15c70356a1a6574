#include "state/status_json.hpp"

#include "state/errc.hpp"
#include "state/json_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

namespace understudy::state {

namespace {

namespace json = boost::json;
using time_point = std::chrono::system_clock::time_point;
using std::chrono::milliseconds;

time_point parse_time(const std::string& text) {
    const auto time = parse_time_text(text);
    if (!time) throw std::invalid_argument("not a time: " + text);
    return *time;
}

std::optional<phase> parse_phase(std::string_view text) {
    for (const phase value :
         {phase::starting, phase::prechecking, phase::copying_schema, phase::copying_data,
          phase::catching_up, phase::streaming, phase::stopping, phase::finished, phase::failed}) {
        if (to_string(value) == text) return value;
    }
    return std::nullopt;
}

json::value position_value(const protocol::binlog_position& position) {
    if (position.file.empty()) return nullptr;
    return json::object{{"file", as_utf8(position.file)}, {"offset", position.offset}};
}

protocol::binlog_position parse_position(const json::value& value) {
    if (value.is_null()) return {};
    return {std::string(value.at("file").as_string()),
            value.at("offset").to_number<std::uint64_t>()};
}

json::object copy_value(const status& value) {
    json::object tables;
    for (const auto& [name, progress] : value.copy) {
        tables[as_utf8(name)] = json::object{{"rows", progress.rows},
                                             {"rows_estimated", progress.rows_estimated},
                                             {"bytes", progress.bytes},
                                             {"finished", progress.finished}};
    }
    return tables;
}

void parse_copy(const json::value& tables, status& into) {
    for (const auto& entry : tables.as_object()) {
        const json::value& fields = entry.value();
        into.copy[std::string(entry.key())] = {
            .rows = fields.at("rows").to_number<std::uint64_t>(),
            .rows_estimated = fields.at("rows_estimated").to_number<std::uint64_t>(),
            .bytes = fields.at("bytes").to_number<std::uint64_t>(),
            .finished = fields.at("finished").as_bool()};
    }
}

json::value clock_value(const status& value) {
    if (!value.source_clock) return nullptr;
    return json::object{{"ahead_us", value.source_clock->ahead.count()},
                        {"uncertainty_us", value.source_clock->uncertainty.count()}};
}

std::optional<clock_offset::estimate> parse_clock(const json::value& value) {
    if (value.is_null()) return std::nullopt;
    const auto time = [&](const char* name) {
        return std::chrono::microseconds(value.at(name).to_number<std::int64_t>());
    };
    return clock_offset::estimate{time("ahead_us"), time("uncertainty_us")};
}

json::array quarantine_value(const status& value) {
    json::array entries;
    for (const status::quarantined& one : value.quarantine) {
        json::array tables;
        for (const std::string& table : one.tables)
            tables.emplace_back(as_utf8(table));
        entries.push_back(json::object{{"tables", std::move(tables)},
                                       {"from", position_value(one.from)},
                                       {"resuming", one.resuming},
                                       {"reloading", one.reloading},
                                       {"why", as_utf8(one.why)}});
    }
    return entries;
}

json::object to_object(const recorded_status& what) {
    const status& value = what.value;
    json::array warnings;
    for (const std::string& warning : value.warnings)
        warnings.emplace_back(as_utf8(warning));
    json::object sql_tables;
    for (const auto& [name, why] : value.sql_tables)
        sql_tables[as_utf8(name)] = as_utf8(why);
    return {
        {"task", value.task},
        {"phase", to_string(value.now)},
        {"started", time_text(value.started)},
        {"written", time_text(what.written)},
        {"lag_ms", value.lag.count()},
        {"delay_ms", value.delay.count()},
        {"source_clock", clock_value(value)},
        {"copy", copy_value(value)},
        {"receiver",
         {{"connected", value.connected},
          {"note", as_utf8(value.receiver_note)},
          {"position", position_value(value.received)},
          {"bytes", value.received_bytes},
          {"events", value.received_events}}},
        {"relay",
         {{"raw_bytes", value.relay_raw_bytes}, {"stored_bytes", value.relay_stored_bytes}}},
        {"applier",
         {{"note", as_utf8(value.applier_note)},
          {"position", position_value(value.applied)},
          {"gtids", value.applied_gtids},
          {"rows", value.applied_rows},
          {"inserts", value.applied_inserts},
          {"updates", value.applied_updates},
          {"deletes", value.applied_deletes},
          {"written_rows", value.written_rows},
          {"merge_ratio", merge_ratio(value)},
          {"bytes", value.applied_bytes},
          {"rows_per_second", value.rows_per_second},
          {"bytes_per_second", value.bytes_per_second},
          {"transactions", value.applied_transactions},
          {"groups", value.applied_groups},
          {"ddl", value.applied_ddl},
          {"retries", value.retries},
          {"parallel_fallbacks", value.parallel_fallbacks},
          {"throttled", as_utf8(value.throttled)},
          {"conflicts_overwritten", value.conflicts_overwritten},
          {"conflicts_ignored", value.conflicts_ignored},
          {"sql_tables", std::move(sql_tables)},
          {"quarantine", quarantine_value(value)}}},
        {"error", as_utf8(value.last_error)},
        {"warnings", std::move(warnings)},
    };
}

void parse_quarantine(const json::value& entries, status& into) {
    for (const json::value& entry : entries.as_array()) {
        status::quarantined one;
        for (const json::value& table : entry.at("tables").as_array())
            one.tables.emplace_back(table.as_string());
        one.from = parse_position(entry.at("from"));
        one.resuming = entry.at("resuming").as_bool();
        if (const auto* reloading = entry.as_object().if_contains("reloading"))
            one.reloading = reloading->as_bool();
        one.why = std::string(entry.at("why").as_string());
        into.quarantine.push_back(std::move(one));
    }
}

recorded_status from_value(const json::value& root) {
    recorded_status what;
    status& value = what.value;
    const auto text = [](const json::value& field) { return std::string(field.as_string()); };
    const auto number = [](const json::value& field) { return field.to_number<std::uint64_t>(); };
    const auto now = parse_phase(root.at("phase").as_string());
    if (!now) throw std::invalid_argument("unknown phase " + text(root.at("phase")));
    value.now = *now;
    value.task = text(root.at("task"));
    value.started = parse_time(text(root.at("started")));
    what.written = parse_time(text(root.at("written")));
    value.lag = milliseconds(root.at("lag_ms").to_number<std::int64_t>());
    value.delay = milliseconds(root.at("delay_ms").to_number<std::int64_t>());
    value.source_clock = parse_clock(root.at("source_clock"));
    parse_copy(root.at("copy"), value);
    const json::value& receiver = root.at("receiver");
    value.connected = receiver.at("connected").as_bool();
    value.receiver_note = text(receiver.at("note"));
    value.received = parse_position(receiver.at("position"));
    value.received_bytes = number(receiver.at("bytes"));
    value.received_events = number(receiver.at("events"));
    value.relay_raw_bytes = number(root.at("relay").at("raw_bytes"));
    value.relay_stored_bytes = number(root.at("relay").at("stored_bytes"));
    const json::value& applier = root.at("applier");
    value.applier_note = text(applier.at("note"));
    value.applied = parse_position(applier.at("position"));
    value.applied_gtids = text(applier.at("gtids"));
    value.applied_rows = number(applier.at("rows"));
    value.applied_inserts = number(applier.at("inserts"));
    value.applied_updates = number(applier.at("updates"));
    value.applied_deletes = number(applier.at("deletes"));
    value.written_rows = number(applier.at("written_rows"));
    value.applied_bytes = number(applier.at("bytes"));
    value.rows_per_second = applier.at("rows_per_second").to_number<double>();
    value.bytes_per_second = applier.at("bytes_per_second").to_number<double>();
    value.applied_transactions = number(applier.at("transactions"));
    value.applied_groups = number(applier.at("groups"));
    value.applied_ddl = number(applier.at("ddl"));
    value.retries = number(applier.at("retries"));
    value.parallel_fallbacks = number(applier.at("parallel_fallbacks"));
    value.throttled = text(applier.at("throttled"));
    value.conflicts_overwritten = number(applier.at("conflicts_overwritten"));
    value.conflicts_ignored = number(applier.at("conflicts_ignored"));
    for (const auto& entry : applier.at("sql_tables").as_object())
        value.sql_tables[std::string(entry.key())] = text(entry.value());
    parse_quarantine(applier.at("quarantine"), value);
    value.last_error = text(root.at("error"));
    for (const json::value& warning : root.at("warnings").as_array()) {
        value.warnings.push_back(text(warning));
    }
    return what;
}

} // namespace

std::string to_json(const recorded_status& what) {
    return json::serialize(to_object(what));
}

// Boost.JSON's accessors throw on a missing field or a wrong type; the border of that is here.
protocol::result<recorded_status> parse_status_json(std::string_view text) {
    try {
        return from_value(json::parse(text));
    } catch (const std::exception& failure) {
        return protocol::fail(errc::damaged, std::string("not a status: ") + failure.what());
    }
}

} // namespace understudy::state
