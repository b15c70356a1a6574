#include "api/metrics.hpp"

#include "state/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

namespace understudy::api {

namespace {

using state::phase;

double seconds(std::chrono::milliseconds time) {
    return static_cast<double>(time.count()) / 1'000.0;
}

// The number that a binary log file's name ends with.
double log_number(const std::string& file) {
    const auto digits = file.find_last_not_of("0123456789");
    const std::size_t begin = digits == std::string::npos ? 0 : digits + 1;
    std::uint64_t number = 0;
    std::from_chars(file.data() + begin, file.data() + file.size(), number);
    return static_cast<double>(number);
}

double unix_seconds(std::chrono::system_clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

struct copy_sum {
    double rows = 0;
    double estimated = 0;
    double bytes = 0;
    double finished = 0;
};

copy_sum sum_of(const state::status& value) {
    copy_sum sum;
    for (const auto& [name, table] : value.copy) {
        sum.rows += static_cast<double>(table.rows);
        sum.estimated += static_cast<double>(std::max(table.rows, table.rows_estimated));
        sum.bytes += static_cast<double>(table.bytes);
        sum.finished += table.finished ? 1 : 0;
    }
    return sum;
}

double as_double(std::uint64_t value) {
    return static_cast<double>(value);
}

struct task_metric {
    std::string_view name;
    std::string_view type;
    std::string_view help;
    double (*value)(const task_view&);
};

const auto task_metrics = std::to_array<task_metric>({
    {"understudy_task_running", "gauge", "Whether a run of the task is under way.",
     [](const task_view& t) { return t.running ? 1.0 : 0.0; }},
    {"understudy_task_waiting", "gauge", "Whether the task waits to try again after an error.",
     [](const task_view& t) { return t.waiting.empty() ? 0.0 : 1.0; }},
    {"understudy_task_state_since_timestamp_seconds", "gauge", "When the task came to its state.",
     [](const task_view& t) { return unix_seconds(t.record.since); }},
    {"understudy_task_lag_seconds", "gauge",
     "Time between the source's commit of the last applied group and now; 0 when all that was "
     "received is applied.",
     [](const task_view& t) { return seconds(t.status.lag); }},
    {"understudy_task_source_connected", "gauge", "Whether the source's log is being received.",
     [](const task_view& t) { return t.status.connected ? 1.0 : 0.0; }},
    {"understudy_task_failures_total", "counter", "Runs that ended with an error.",
     [](const task_view& t) { return as_double(t.record.failures); }},
    {"understudy_task_retries_total", "counter",
     "Tries of the present run that had to be repeated.",
     [](const task_view& t) { return as_double(t.status.retries); }},
    {"understudy_task_parallel_fallbacks_total", "counter",
     "Times that groups which were executed side by side were taken back and executed one at a "
     "time.",
     [](const task_view& t) { return as_double(t.status.parallel_fallbacks); }},
    {"understudy_task_warnings", "gauge", "Warnings of the present run.",
     [](const task_view& t) { return as_double(t.status.warnings.size()); }},
    {"understudy_task_received_bytes_total", "counter", "Bytes of events received from the source.",
     [](const task_view& t) { return as_double(t.status.received_bytes); }},
    {"understudy_task_received_events_total", "counter", "Events received from the source.",
     [](const task_view& t) { return as_double(t.status.received_events); }},
    {"understudy_task_received_log_number", "gauge",
     "Number of the source's log file that is being received.",
     [](const task_view& t) { return log_number(t.status.received.file); }},
    {"understudy_task_received_log_offset_bytes", "gauge", "Received up to here in that file.",
     [](const task_view& t) { return as_double(t.status.received.offset); }},
    {"understudy_task_applied_log_number", "gauge",
     "Number of the source's log file that is being applied.",
     [](const task_view& t) { return log_number(t.status.applied.file); }},
    {"understudy_task_applied_log_offset_bytes", "gauge", "Applied up to here in that file.",
     [](const task_view& t) { return as_double(t.status.applied.offset); }},
    {"understudy_task_applied_rows_total", "counter", "Row changes committed on the target.",
     [](const task_view& t) { return as_double(t.status.applied_rows); }},
    {"understudy_task_applied_transactions_total", "counter",
     "The source's transactions committed on the target.",
     [](const task_view& t) { return as_double(t.status.applied_transactions); }},
    {"understudy_task_applied_groups_total", "counter",
     "Transactions on the target: each holds one or more of the source's.",
     [](const task_view& t) { return as_double(t.status.applied_groups); }},
    {"understudy_task_applied_ddl_total", "counter", "Definition changes executed on the target.",
     [](const task_view& t) { return as_double(t.status.applied_ddl); }},
    {"understudy_task_group_transactions", "gauge",
     "The source's transactions in one of the target's, on average of the present run.",
     [](const task_view& t) {
         return t.status.applied_groups == 0
                    ? 0.0
                    : as_double(t.status.applied_transactions) / as_double(t.status.applied_groups);
     }},
    {"understudy_task_relay_stored_bytes", "gauge", "Size of the relay log on disk.",
     [](const task_view& t) { return as_double(t.status.relay_stored_bytes); }},
    {"understudy_task_relay_raw_bytes", "gauge", "Size of the events in the relay log.",
     [](const task_view& t) { return as_double(t.status.relay_raw_bytes); }},
    {"understudy_task_relay_age_seconds", "gauge", "Age of the oldest segment of the relay log.",
     [](const task_view& t) { return static_cast<double>(t.relay_age.count()); }},
    {"understudy_task_tables_set_aside", "gauge",
     "Tables that are in trouble and wait, or catch up.",
     [](const task_view& t) {
         std::size_t tables = 0;
         for (const auto& one : t.status.quarantine)
             tables += one.tables.size();
         return as_double(tables);
     }},
    {"understudy_task_copy_rows", "gauge", "Rows copied by the initial copy.",
     [](const task_view& t) { return sum_of(t.status).rows; }},
    {"understudy_task_copy_rows_estimated", "gauge",
     "Rows that the initial copy is expected to have.",
     [](const task_view& t) { return sum_of(t.status).estimated; }},
    {"understudy_task_copy_bytes", "gauge", "Bytes copied by the initial copy.",
     [](const task_view& t) { return sum_of(t.status).bytes; }},
    {"understudy_task_copy_tables", "gauge", "Tables of the initial copy.",
     [](const task_view& t) { return as_double(t.status.copy.size()); }},
    {"understudy_task_copy_tables_finished", "gauge",
     "Tables that the initial copy is through with.",
     [](const task_view& t) { return sum_of(t.status).finished; }},
});

struct process_metric {
    std::string_view name;
    std::string_view type;
    std::string_view help;
    double (*value)(const process_view&, const http_figures&);
};

const auto process_metrics = std::to_array<process_metric>({
    {"process_cpu_seconds_total", "counter", "User and system time of the process.",
     [](const process_view& p, const http_figures&) { return p.cpu_seconds; }},
    {"process_resident_memory_bytes", "gauge", "Resident memory of the process.",
     [](const process_view& p, const http_figures&) { return as_double(p.resident_bytes); }},
    {"process_virtual_memory_bytes", "gauge", "Virtual memory of the process.",
     [](const process_view& p, const http_figures&) { return as_double(p.virtual_bytes); }},
    {"process_open_fds", "gauge", "Open file descriptors.",
     [](const process_view& p, const http_figures&) { return as_double(p.descriptors); }},
    {"process_max_fds", "gauge", "File descriptors that may be open.",
     [](const process_view& p, const http_figures&) { return as_double(p.descriptors_max); }},
    {"process_threads", "gauge", "Threads of the process.",
     [](const process_view& p, const http_figures&) { return as_double(p.threads); }},
    {"process_start_time_seconds", "gauge", "When the process was started.",
     [](const process_view& p, const http_figures&) { return unix_seconds(p.started); }},
    {"understudy_http_requests_total", "counter", "Requests to the API.",
     [](const process_view&, const http_figures& h) { return as_double(h.requests); }},
    {"understudy_http_refused_total", "counter",
     "Requests without the right to what they asked for, too many, or too large.",
     [](const process_view&, const http_figures& h) { return as_double(h.refused); }},
    {"understudy_http_connections", "gauge", "Open connections to the API.",
     [](const process_view&, const http_figures& h) { return as_double(h.connections); }},
});

constexpr std::string_view row_changes = "understudy_task_applied_row_changes_total";

constexpr auto phases = std::to_array({phase::starting, phase::prechecking, phase::copying_schema,
                                       phase::copying_data, phase::catching_up, phase::streaming,
                                       phase::stopping, phase::finished, phase::failed});

std::string escaped(std::string_view value) {
    std::string made;
    for (const char c : state::as_utf8(value)) {
        if (c == '\\' || c == '"') made += '\\';
        if (c == '\n')
            made += "\\n";
        else
            made += c;
    }
    return made;
}

void add_head(std::string& text, std::string_view name, std::string_view type,
              std::string_view help) {
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

} // namespace

std::string metrics_text(std::span<const task_view> tasks, const process_view& process,
                         const http_figures& http, std::string_view version) {
    std::string text;
    add_head(text, "understudy_build_info", "gauge", "The version that runs.");
    text += fmt::format("understudy_build_info{{version=\"{}\"}} 1\n", escaped(version));
    add_head(text, "understudy_task_info", "gauge", "Endpoints of the task.");
    for (const auto& task : tasks) {
        text += fmt::format("understudy_task_info{{task=\"{}\",source=\"{}\",target=\"{}\"}} 1\n",
                            escaped(task.name), escaped(task.source), escaped(task.target));
    }
    add_head(text, "understudy_task_state", "gauge", "1 for the state that the task is in.");
    for (const auto& task : tasks) {
        for (const auto state : state::lifecycle_states) {
            text += fmt::format("understudy_task_state{{task=\"{}\",state=\"{}\"}} {}\n",
                                escaped(task.name), to_string(state),
                                task.record.life.now == state ? 1 : 0);
        }
    }
    add_head(text, "understudy_task_phase", "gauge", "1 for the phase that the run is in.");
    for (const auto& task : tasks) {
        for (const auto one : phases) {
            text += fmt::format("understudy_task_phase{{task=\"{}\",phase=\"{}\"}} {}\n",
                                escaped(task.name), to_string(one),
                                task.running && task.status.now == one ? 1 : 0);
        }
    }
    for (const task_metric& metric : task_metrics) {
        add_head(text, metric.name, metric.type, metric.help);
        for (const auto& task : tasks)
            text += fmt::format("{}{{task=\"{}\"}} {}\n", metric.name, escaped(task.name),
                                metric.value(task));
    }
    add_head(text, row_changes, "counter", "Row changes committed on the target, by kind.");
    for (const auto& task : tasks) {
        for (const auto& [kind, count] : {std::pair("insert", task.status.applied_inserts),
                                          std::pair("update", task.status.applied_updates),
                                          std::pair("delete", task.status.applied_deletes)}) {
            text += fmt::format("{}{{task=\"{}\",kind=\"{}\"}} {}\n", row_changes,
                                escaped(task.name), kind, as_double(count));
        }
    }
    for (const process_metric& metric : process_metrics) {
        add_head(text, metric.name, metric.type, metric.help);
        text += fmt::format("{} {}\n", metric.name, metric.value(process, http));
    }
    return text;
}

std::vector<std::string> metric_names() {
    std::vector<std::string> names{"understudy_build_info", "understudy_task_info",
                                   "understudy_task_state", "understudy_task_phase",
                                   std::string(row_changes)};
    for (const task_metric& metric : task_metrics)
        names.emplace_back(metric.name);
    for (const process_metric& metric : process_metrics)
        names.emplace_back(metric.name);
    return names;
}

} // namespace understudy::api
