#include "state/task_file.hpp"

#include "state/durable_file.hpp"
#include "state/errc.hpp"
#include "state/object_selection.hpp"
#include "state/task_file_endpoint.hpp"
#include "state/task_file_tables.hpp"
#include "state/task_name.hpp"
#include "state/toml_document.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace understudy::state {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint64_t kib = 1U << 10U;
constexpr std::uint64_t mib = 1U << 20U;
constexpr std::uint64_t gib = 1U << 30U;

constexpr std::array<std::pair<std::string_view, task_spec::rename_policy>, 3> rename_policies{{
    {"stop", task_spec::rename_policy::stop},
    {"backfill", task_spec::rename_policy::backfill},
    {"follow", task_spec::rename_policy::follow},
}};
constexpr std::array<std::pair<std::string_view, task_spec::schema_change_policy>, 2>
    schema_change_policies{{
        {"shadow", task_spec::schema_change_policy::shadow},
        {"alter", task_spec::schema_change_policy::alter},
    }};
constexpr std::array<std::pair<std::string_view, task_spec::merged_ddl_policy>, 2>
    merged_ddl_policies{{
        {"stop", task_spec::merged_ddl_policy::stop},
        {"once", task_spec::merged_ddl_policy::once},
    }};
constexpr std::array<std::pair<std::string_view, task_spec::existing_tables>, 3>
    existing_tables_policies{{
        {"intercept", task_spec::existing_tables::intercept},
        {"ignore", task_spec::existing_tables::ignore},
        {"adopt", task_spec::existing_tables::adopt},
    }};
constexpr std::array<std::pair<std::string_view, task_spec::differing_tables>, 3>
    differing_tables_policies{{
        {"stop", task_spec::differing_tables::stop},
        {"common-columns", task_spec::differing_tables::common_columns},
        {"set-aside", task_spec::differing_tables::set_aside},
    }};

constexpr std::array<std::pair<std::string_view, task_spec::writer>, 3> writers{{
    {"auto", task_spec::writer::automatic},
    {"row-image", task_spec::writer::row_image},
    {"sql", task_spec::writer::sql},
}};

constexpr std::array<std::pair<std::string_view, task_spec::conflict_action>, 4> conflict_actions{{
    {"stop", task_spec::conflict_action::stop},
    {"overwrite", task_spec::conflict_action::overwrite},
    {"ignore", task_spec::conflict_action::ignore},
    {"quarantine", task_spec::conflict_action::quarantine},
}};

constexpr std::array<std::pair<std::string_view, task_spec::trigger_policy>, 2> trigger_policies{{
    {"refuse", task_spec::trigger_policy::refuse},
    {"guarded", task_spec::trigger_policy::guarded},
}};

void read_name(task_section& root, task_spec& spec, const task_file_context& context) {
    root.read("name", spec.name);
    const bool given = !spec.name.empty();
    if (!given) spec.name = context.file.stem().string();
    if (is_task_name(spec.name)) return;
    const std::string found =
        given ? "found \"" + spec.name + "\"" : "is missing and the file's name will not do";
    root.complain("name", found + "; allowed are 1 to 64 letters (a-z, A-Z), digits, - and _");
}

void check_pattern(task_section& section, std::string_view key, const toml_node& element) {
    const auto pattern = object_pattern::parse(element.text);
    if (!pattern) {
        section.complain(
            key, element,
            "found " + element.describe() + "; " + pattern.error().what +
                "; allowed are \"db\", \"db.*\" and \"db.table\", with * and ? in both parts");
    } else if (key == "include" && !pattern->database.has_wildcard() &&
               is_system_schema(pattern->database.name())) {
        section.complain(key, element,
                         "found " + element.describe() + "; system schemas are never replicated");
    }
}

void read_patterns(task_section& section, std::string_view key, std::vector<std::string>& into) {
    section.read(key, into);
    const toml_node* list = section.take(key);
    if (list == nullptr || list->what != toml_node::kind::list) return;
    for (const toml_node& element : list->list) {
        if (element.what == toml_node::kind::text) check_pattern(section, key, element);
    }
    if (key == "include" && list->list.empty())
        section.complain(key, "the list is empty; nothing would be replicated");
}

// Each entry is tried together with those before it, so that a contradiction is told where it
// arises.
// Together, because two names may change places. Where that does not do, the last one is told
// without which the others go; if there is none, each that does not go with the ones before it.
void check_renames(task_section& section, task_spec& spec,
                   const std::vector<const toml_node*>& places) {
    const auto whole = object_selection::make(spec);
    if (whole) return;
    const auto all = std::exchange(spec.objects.rename, {});
    const auto others_go_together = [&](std::size_t left_out) {
        task_spec others = spec;
        others.objects.rename = all;
        others.objects.rename.erase(others.objects.rename.begin() +
                                    static_cast<std::ptrdiff_t>(left_out));
        return object_selection::make(others).has_value();
    };
    for (std::size_t i = all.size(); i-- > 0;) {
        if (!others_go_together(i)) continue;
        section.complain("rename", *places[i], whole.error().what);
        return;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        spec.objects.rename.push_back(all[i]);
        if (const auto tried = object_selection::make(spec); !tried) {
            section.complain("rename", *places[i], tried.error().what);
            spec.objects.rename.pop_back();
        }
    }
}

void read_renames(task_section& section, task_spec& spec) {
    const toml_node* renames = section.take("rename");
    if (renames == nullptr) return;
    if (renames->what != toml_node::kind::table) {
        section.complain("rename", "found " + renames->describe() +
                                       "; allowed is a table of texts, { \"db.table\" = "
                                       "\"db2.table2\", \"db\" = \"db2\" }");
        return;
    }
    const bool patterns_are_good = object_selection::make(spec).has_value();
    std::vector<const toml_node*> places;
    for (const toml_entry& entry : renames->table) {
        if (entry.value.what != toml_node::kind::text) {
            section.complain(
                "rename", entry.value,
                "found " + entry.value.describe() + " for \"" + entry.key +
                    "\"; allowed is a text in quotes (put quotes around a name with a dot)");
            continue;
        }
        spec.objects.rename.emplace_back(entry.key, entry.value.text);
        places.push_back(&entry.value);
    }
    if (patterns_are_good) check_renames(section, spec, places);
}

void read_definers(task_section& section, task_spec& spec) {
    constexpr std::string_view allowed =
        "; allowed are \"keep\", \"current-user\", or a table of accounts { \"app@%\" = "
        "\"dw@%\", \"*\" = \"current-user\" }";
    const toml_node* found = section.take("definers");
    if (found == nullptr) return;
    if (found->what == toml_node::kind::text && found->text == "keep") return;
    if (found->what == toml_node::kind::text && found->text == "current-user") {
        spec.objects.definers = definer_policy(definer_policy::choice::current_user);
        return;
    }
    if (found->what != toml_node::kind::table) {
        section.complain("definers", "found " + found->describe() + std::string(allowed));
        return;
    }
    for (const toml_entry& entry : found->table) {
        if (entry.value.what != toml_node::kind::text) {
            section.complain("definers", entry.value,
                             "found " + entry.value.describe() + std::string(allowed));
            continue;
        }
        if (const auto added = spec.objects.definers.add(entry.key, entry.value.text); !added)
            section.complain("definers", entry.value, added.error().what + std::string(allowed));
    }
}

void read_accounts(task_section& section, task_spec& spec) {
    section.read("accounts", spec.objects.accounts);
    const toml_node* list = section.take("accounts");
    if (list == nullptr || list->what != toml_node::kind::list) return;
    account_selection accounts;
    accounts.keep_out(spec.source.user);
    accounts.keep_out(spec.target.user);
    for (const toml_node& element : list->list) {
        if (element.what != toml_node::kind::text) continue;
        if (const auto added = accounts.add(element.text); !added)
            section.complain("accounts", element,
                             "found " + element.describe() + "; " + added.error().what +
                                 "; allowed are \"user@host\", with * in both parts, and \"*\"");
    }
}

// Statements that can be left out without the rows behind them losing their table.
constexpr std::array<std::string_view, 9> skippable{"truncate",     "drop-table", "drop-database",
                                                    "create-index", "drop-index", "view",
                                                    "routine",      "trigger",    "event"};

void read_skipped(task_section& section, task_spec& spec) {
    section.read("skip", spec.objects.skip);
    for (const std::string& kind : spec.objects.skip) {
        if (std::ranges::find(skippable, kind) != skippable.end()) continue;
        std::string allowed;
        for (const std::string_view one : skippable)
            allowed += (allowed.empty() ? "\"" : ", \"") + std::string(one) + "\"";
        section.complain("skip", "found \"" + kind + "\"; allowed are " + allowed);
    }
}

void read_objects(task_section& root, task_spec& spec, task_file_context& context) {
    task_section objects(root, "objects");
    read_patterns(objects, "include", spec.objects.include);
    read_patterns(objects, "exclude", spec.objects.exclude);
    read_patterns(objects, "merge", spec.objects.merge);
    objects.read_choice<task_spec::merged_ddl_policy>("merged_ddl", spec.objects.merged_ddl,
                                                      merged_ddl_policies);
    objects.read_choice<task_spec::schema_change_policy>(
        "online_schema_changes", spec.objects.online_schema_changes, schema_change_policies);
    read_renames(objects, spec);
    read_definers(objects, spec);
    read_accounts(objects, spec);
    read_skipped(objects, spec);
    objects.read_choice<task_spec::rename_policy>("on_rename", spec.objects.on_rename,
                                                  rename_policies);
    read_table_rules(objects, spec, context);
    if (objects.present())
        objects.require("include", "what to replicate, such as [\"shop.*\", \"crm.customers\"]");
    context.finish(objects);
}

void read_replicas(task_section& section, std::uint16_t port,
                   std::vector<protocol::server_address>& into) {
    std::vector<std::string> replicas;
    section.read("replicas", replicas);
    for (const std::string& text : replicas) {
        if (auto address = parse_address(text, port)) {
            into.push_back(*std::move(address));
        } else {
            section.complain("replicas",
                             "found \"" + text + "\"; allowed is \"host\" or \"host:port\"");
        }
    }
}

constexpr std::string_view lag_of_whom = "replica_lag_max and replicas go together";

// Replicas that are not named are those of apply.throttle.
void read_replica_lag(task_section& initial, task_spec& spec) {
    auto& into = spec.initial;
    initial.read_duration("replica_lag_max", into.replica_lag_max, {.longest = hours(24)});
    read_replicas(initial, spec.target.port, into.replicas);
    const bool is_limited = into.replica_lag_max.count() > 0;
    if (is_limited && !initial.has("replicas")) into.replicas = spec.apply.throttle.replicas;
    if (is_limited == into.replicas.empty()) initial.complain("replicas", std::string(lag_of_whom));
}

void read_initial(task_section& root, task_spec& spec, task_file_context& context) {
    task_section initial(root, "initial");
    initial.read("schema", spec.initial.schema);
    initial.read("data", spec.initial.data);
    initial.read("connections", spec.initial.connections, 1, 16);
    initial.read_size("chunk_bytes", spec.initial.chunk_bytes,
                      {.smallest = 64 * kib, .largest = 64 * mib});
    initial.read("late_keys_rows", spec.initial.late_keys_rows, 0, 1'000'000'000'000);
    initial.read("binlog", spec.initial.binlog);
    initial.read("rows_per_second_max", spec.initial.rows_per_second_max, 0, 1'000'000'000);
    initial.read_size("bytes_per_second_max", spec.initial.bytes_per_second_max,
                      {.smallest = 64 * kib, .zero_too = true});
    initial.read("threads_running_max", spec.initial.threads_running_max, 0, 100'000);
    read_replica_lag(initial, spec);
    context.finish(initial);
}

void read_conflict(task_section& root, task_spec& spec, task_file_context& context) {
    task_section conflict(root, "conflict");
    conflict.read_choice<task_spec::existing_tables>("existing_tables", spec.conflict.policy,
                                                     existing_tables_policies);
    conflict.read_choice<task_spec::differing_tables>("differing_tables", spec.conflict.differing,
                                                      differing_tables_policies);
    const bool wanted = spec.conflict.differing != task_spec::differing_tables::stop;
    if (wanted && spec.conflict.policy != task_spec::existing_tables::ignore) {
        conflict.complain("differing_tables",
                          "is for conflict.existing_tables = \"ignore\" only: other tables have to "
                          "be as on the source");
    } else if (wanted && !spec.initial.data) {
        conflict.complain("differing_tables",
                          "is decided when rows are copied, which initial.data = false leaves out");
    }
    context.finish(conflict);
}

void read_precheck(task_section& root, task_spec& spec, task_file_context& context) {
    task_section precheck(root, "precheck");
    precheck.read("waive", spec.waived);
    context.finish(precheck);
}

// Nothing is copied: the target was filled by other means.
void read_adopt(task_section& root, task_spec& spec, task_file_context& context) {
    task_section adopt(root, "adopt");
    std::string gtid_set;
    source_position at;
    adopt.read("gtid_set", gtid_set);
    adopt.read("file", at.binlog.file);
    constexpr std::int64_t first_event = 4; // behind the file's magic number
    constexpr std::int64_t offset_max = std::numeric_limits<std::uint32_t>::max();
    adopt.read("offset", at.binlog.offset, first_event, offset_max);
    if (adopt.has("gtid_set")) {
        auto parsed = protocol::gtid_set::parse(gtid_set);
        if (!parsed) {
            adopt.complain("gtid_set", parsed.error().what);
        } else if (adopt.has("file") || adopt.has("offset")) {
            adopt.complain("gtid_set", "stands beside file and offset; give one of them");
        } else {
            at.executed = *std::move(parsed);
        }
        spec.adopted = std::move(at);
    } else if (adopt.has("file") != adopt.has("offset")) {
        adopt.complain(adopt.has("file") ? "file" : "offset", "file and offset go together");
    } else if (adopt.has("file")) {
        spec.adopted = std::move(at);
    }
    const bool wanted = spec.adopts();
    if (adopt.present() && !wanted)
        root.complain("adopt", "is for conflict.existing_tables = \"adopt\" only");
    context.finish(adopt);
    if (!wanted) return;
    task_section initial(root, "initial");
    for (const auto& [key, value] :
         {std::pair{"schema", &spec.initial.schema}, std::pair{"data", &spec.initial.data}}) {
        if (initial.has(key) && *value) {
            initial.complain(key, "is not made with conflict.existing_tables = \"adopt\": what is "
                                  "on the target is taken as it is");
        }
        *value = false;
    }
}

void read_conflict_tables(task_section& apply, task_spec& spec, task_file_context& context) {
    apply.read_choice<task_spec::conflict_action>("on_conflict", spec.apply.on_conflict,
                                                  conflict_actions);
    task_section tables(apply, "conflicts");
    read_patterns(tables, "stop", spec.apply.conflicts.stop);
    read_patterns(tables, "overwrite", spec.apply.conflicts.overwrite);
    read_patterns(tables, "ignore", spec.apply.conflicts.ignore);
    read_patterns(tables, "quarantine", spec.apply.conflicts.quarantine);
    context.finish(tables);
}

void read_throttle(task_section& apply, task_spec& spec, task_file_context& context) {
    task_section throttle(apply, "throttle");
    auto& into = spec.apply.throttle;
    throttle.read("rows_per_second", into.rows_per_second, 0, 1'000'000'000);
    throttle.read_size("bytes_per_second", into.bytes_per_second, {.zero_too = true});
    throttle.read("threads_running_max", into.threads_running_max, 0, 100'000);
    throttle.read_duration("replica_lag_max", into.replica_lag_max, {.longest = hours(24)});
    read_replicas(throttle, spec.target.port, into.replicas);
    if ((into.replica_lag_max.count() > 0) == into.replicas.empty())
        throttle.complain("replicas", std::string(lag_of_whom));
    context.finish(throttle);
}

void read_apply(task_section& root, task_spec& spec, task_file_context& context) {
    task_section apply(root, "apply");
    apply.read_choice<task_spec::writer>("writer", spec.apply.how, writers);
    apply.read_choice<task_spec::trigger_policy>("triggers", spec.apply.triggers, trigger_policies);
    read_conflict_tables(apply, spec, context);
    read_throttle(apply, spec, context);
    apply.read("workers", spec.apply.workers, 0, 64);
    apply.read_size("group_bytes_max", spec.apply.group_bytes_max,
                    {.smallest = 4 * kib, .largest = 64 * mib});
    apply.read("group_rows_max", spec.apply.group_rows_max, 1, 10'000'000);
    apply.read_duration("group_time_max", spec.apply.group_time_max,
                        {.longest = milliseconds(60'000)});
    apply.read_size("alter_aside_bytes", spec.apply.alter_aside_bytes, {.zero_too = true});
    apply.read("meta_database", spec.apply.meta_database);
    if (is_system_schema(spec.apply.meta_database) ||
        count_characters(spec.apply.meta_database) > 64) {
        apply.complain("meta_database",
                       "found \"" + spec.apply.meta_database +
                           "\"; allowed is a name of up to 64 characters that is no system schema");
    }
    context.finish(apply);
}

void read_encryption(task_section& relay, task_spec& spec, task_file_context& context) {
    task_section encryption(relay, "encryption");
    auto& into = spec.relay.encryption;
    std::string file;
    encryption.read("key_file", file);
    encryption.read("key_env", into.key_env);
    if (!file.empty() && !into.key_env.empty()) {
        encryption.complain("key_env", "is given beside key_file; allowed is one of them");
    }
    if (!file.empty()) {
        into.key_file = beside_task_file(context, file);
        warn_if_others_may_read(into.key_file, "the keys of the relay log", context);
    }
    context.finish(encryption);
}

void read_relay(task_section& root, task_spec& spec, task_file_context& context) {
    task_section relay(root, "relay");
    relay.read("share", spec.relay.share);
    if (!spec.relay.share.empty() && !is_task_name(spec.relay.share)) {
        relay.complain("share", "is not a name: allowed are 1 to 64 letters, digits, _ and -");
    }
    relay.read_size("bytes_max", spec.relay.bytes_max, {.smallest = mib, .zero_too = true});
    milliseconds age = spec.relay.age_max;
    relay.read_duration("age_max", age,
                        {.shortest = milliseconds(1'000), .longest = hours(24 * 3650)});
    spec.relay.age_max = std::chrono::duration_cast<std::chrono::seconds>(age);
    relay.read_size("segment_bytes", spec.relay.segment_bytes,
                    {.smallest = mib, .largest = 4 * gib});
    std::uint64_t frame_bytes = spec.relay.frame_bytes;
    relay.read_size("frame_bytes", frame_bytes, {.smallest = 16 * kib, .largest = 16 * mib});
    spec.relay.frame_bytes = static_cast<std::uint32_t>(frame_bytes);
    relay.read_size("memory_bytes", spec.relay.memory_bytes,
                    {.smallest = mib, .largest = 16 * gib});
    if (spec.relay.memory_bytes < 4 * frame_bytes) {
        relay.complain(
            "memory_bytes",
            "is less than four times relay.frame_bytes; frames are made, written and read "
            "at the same time");
    }
    relay.read("zstd_level", spec.relay.zstd_level, -7, 19);
    relay.read_duration("sync_interval", spec.relay.sync_interval,
                        {.longest = milliseconds(60'000)});
    relay.read_size("disk_reserve_bytes", spec.relay.disk_reserve_bytes, {});
    relay.read_size("key_index_bytes", spec.relay.key_index_bytes,
                    {.smallest = 4 * kib, .largest = gib, .zero_too = true});
    read_encryption(relay, spec, context);
    context.finish(relay);
}

void read_replica(task_section& root, task_spec& spec, task_file_context& context) {
    task_section replica(root, "replica");
    replica.read("server_id", spec.replica.server_id, 0, UINT32_MAX);
    replica.read_duration("heartbeat_period", spec.replica.heartbeat_period,
                          {.shortest = milliseconds(100), .longest = hours(1)});
    if (spec.replica.heartbeat_period >= spec.source.read_timeout) {
        replica.complain(
            "heartbeat_period",
            "is not less than source.read_timeout: an idle source would be taken for a lost one");
    }
    context.finish(replica);
}

task_spec read_document(const toml_node& document, task_file_context& context) {
    task_spec spec;
    task_section root(document, context.problems);
    read_name(root, spec, context);
    constexpr const char* endpoint = "a table with host, port, user and password";
    root.require("source", endpoint);
    task_section source(root, "source");
    read_source(source, spec, context);
    root.require("target", endpoint);
    task_section target(root, "target");
    read_endpoint(target, spec.target, context);
    // Before [objects]: the meta database is never selected.
    read_apply(root, spec, context);
    root.require("objects", "a table with include = [\"db.*\"]");
    read_objects(root, spec, context);
    read_initial(root, spec, context);
    read_conflict(root, spec, context);
    read_adopt(root, spec, context);
    read_precheck(root, spec, context);
    read_relay(root, spec, context);
    read_replica(root, spec, context);
    context.finish(root);
    return spec;
}

protocol::result<toml_node> read_document_text(const std::filesystem::path& file) {
    const auto text = read_whole(file);
    if (!text) return protocol::fail(errc::task_file_unreadable, text.error().what);
    auto document = parse_toml(*text);
    if (!document)
        return protocol::fail(errc::task_file_invalid, file.string() + ":" + document.error().what);
    return document;
}

} // namespace

protocol::result<task_file> read_task_file(const std::filesystem::path& file) {
    const auto text = read_whole(file);
    if (!text) return protocol::fail(errc::task_file_unreadable, text.error().what);
    return read_task_text(*text, file);
}

protocol::result<task_file> read_task_text(std::string_view text,
                                           const std::filesystem::path& file) {
    const auto document = parse_toml(text);
    if (!document)
        return protocol::fail(errc::task_file_invalid, file.string() + ":" + document.error().what);
    task_file_context context{.file = file, .problems = {}, .warnings = {}, .keys = {}};
    task_spec spec = read_document(*document, context);
    if (!context.problems.empty()) {
        return protocol::fail(errc::task_file_invalid, context.problems.to_string(file.string()));
    }
    return task_file{std::move(spec), std::move(context.warnings)};
}

protocol::result<std::string> read_task_name(const std::filesystem::path& file) {
    const auto document = read_document_text(file);
    if (!document) return std::unexpected(document.error());
    task_file_context context{.file = file, .problems = {}, .warnings = {}, .keys = {}};
    task_section root(*document, context.problems);
    task_spec spec;
    read_name(root, spec, context);
    if (context.problems.empty()) return std::move(spec.name);
    return protocol::fail(errc::task_file_invalid, context.problems.to_string(file.string()));
}

std::vector<std::string> task_file_keys() {
    task_file_context context{.file = "task.toml", .problems = {}, .warnings = {}, .keys = {}};
    std::ignore = read_document(toml_node{}, context);
    auto keys = std::move(context.keys);
    std::ranges::sort(keys);
    const auto repeated = std::ranges::unique(keys);
    keys.erase(repeated.begin(), repeated.end());
    return keys;
}

} // namespace understudy::state
