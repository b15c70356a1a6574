#include "state/task_file.hpp"

#include "state/errc.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace understudy::state {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class written_task {
public:
    explicit written_task(const std::string& text, const std::string& name = "shop.toml")
        : scratch_("task"), file_(scratch_.path() / name) {
        write(name, text);
    }
    void write(const std::string& name, const std::string& text, bool for_all = false) {
        const auto file = scratch_.path() / name;
        std::ofstream(file) << text;
        using std::filesystem::perms;
        std::filesystem::permissions(file, perms::owner_read | perms::owner_write |
                                               (for_all ? perms::others_read : perms::none));
    }
    [[nodiscard]] task_file read() const {
        auto result = read_task_file(file_);
        EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().what);
        return result ? *std::move(result) : task_file{};
    }
    [[nodiscard]] std::filesystem::path path(const std::string& name) const {
        return scratch_.path() / name;
    }
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

private:
    test::scratch_directory scratch_;
    std::filesystem::path file_;
};

constexpr const char* smallest = R"(
[source]
host = "db1"
user = "repl"
password = "s"
[target]
host = "db2"
user = "app"
password = "t"
[objects]
include = ["shop.*"]
)";

TEST(task_file, the_smallest_one_is_two_endpoints_and_include) {
    const written_task task(smallest);
    const task_spec spec = task.read().spec;
    const task_spec defaults;
    EXPECT_EQ(spec.name, "shop");
    EXPECT_EQ(spec.source.host, "db1");
    EXPECT_EQ(spec.source.port, 3306);
    EXPECT_EQ(spec.source.user, "repl");
    EXPECT_EQ(spec.source.password.reveal(), "s");
    EXPECT_EQ(spec.source.tls.mode, protocol::tls_mode::preferred);
    EXPECT_EQ(spec.target.host, "db2");
    EXPECT_EQ(spec.objects.include, std::vector<std::string>{"shop.*"});
    EXPECT_TRUE(spec.initial.schema);
    EXPECT_TRUE(spec.initial.data);
    EXPECT_EQ(spec.conflict.policy, task_spec::existing_tables::intercept);
    EXPECT_EQ(spec.apply.meta_database, "understudy");
    EXPECT_EQ(spec.relay.segment_bytes, defaults.relay.segment_bytes);
    EXPECT_EQ(spec.replica.server_id, 0U);
}

TEST(task_file, every_key_arrives) {
    written_task task(R"(
name = "shop-2"
[source]
host = "10.0.0.1"
port = 3307
user = "repl"
password_file = "secrets/source"
tls.mode = "verify-identity"
tls.ca = "ca.pem"
tls.cert = "cert.pem"
tls.key = "key.pem"
compression = "zstd"
zstd_level = 7
semi_sync = true
connect_timeout = "5s"
read_timeout = "2m"
write_timeout = "90s"
[target]
socket = "/run/mysqld/mysqld.sock"
user = "app"
password_env = "UNDERSTUDY_TEST_PASSWORD"
tls.mode = "disabled"
[objects]
include = ["shop.*", "crm"]
exclude = ["shop.tmp_*"]
rename = { "shop.orders" = "dw.orders", "crm" = "crm_copy" }
[initial]
schema = false
data = false
connections = 6
chunk_bytes = "2MiB"
late_keys_rows = 0
binlog = false
rows_per_second_max = 20000
bytes_per_second_max = "10MB"
threads_running_max = 40
[conflict]
existing_tables = "ignore"
[apply]
writer = "row-image"
group_bytes_max = "32MiB"
group_rows_max = 5000
group_time_max = "250ms"
meta_database = "repl_meta"
[relay]
bytes_max = "10GB"
age_max = "7d"
segment_bytes = "128MiB"
frame_bytes = 524288
memory_bytes = "32MiB"
zstd_level = -1
sync_interval = "2s"
disk_reserve_bytes = 0
key_index_bytes = "1MiB"
encryption.key_file = "secrets/relay.keys"
[replica]
server_id = 4242
heartbeat_period = "500ms"
)");
    std::filesystem::create_directory(task.path("secrets"));
    task.write("secrets/source", "from a file\n");
    for (const char* name : {"ca.pem", "cert.pem", "key.pem"})
        task.write(name, "pem");
    ::setenv("UNDERSTUDY_TEST_PASSWORD", "from the environment", 1);
    const auto [spec, warnings] = task.read();
    EXPECT_TRUE(warnings.empty());
    EXPECT_EQ(spec.name, "shop-2");
    EXPECT_EQ(spec.source.port, 3307);
    EXPECT_EQ(spec.source.password.reveal(), "from a file");
    EXPECT_EQ(spec.source.tls.mode, protocol::tls_mode::verify_identity);
    EXPECT_EQ(spec.source.tls.ca, task.path("ca.pem"));
    EXPECT_EQ(spec.source.tls.cert, task.path("cert.pem"));
    EXPECT_EQ(spec.source.tls.key, task.path("key.pem"));
    EXPECT_EQ(spec.source.compressed, protocol::compression::zstd);
    EXPECT_EQ(spec.source.zstd_level, 7);
    EXPECT_TRUE(spec.semi_sync);
    EXPECT_EQ(spec.target.compressed, protocol::compression::none);
    EXPECT_EQ(spec.source.connect_timeout, milliseconds(5'000));
    EXPECT_EQ(spec.source.read_timeout, milliseconds(120'000));
    EXPECT_EQ(spec.source.write_timeout, milliseconds(90'000));
    EXPECT_EQ(spec.target.host, "/run/mysqld/mysqld.sock");
    EXPECT_EQ(spec.target.password.reveal(), "from the environment");
    EXPECT_EQ(spec.target.tls.mode, protocol::tls_mode::disabled);
    EXPECT_EQ(spec.objects.exclude, std::vector<std::string>{"shop.tmp_*"});
    EXPECT_EQ(spec.objects.rename, (std::vector<std::pair<std::string, std::string>>{
                                       {"shop.orders", "dw.orders"}, {"crm", "crm_copy"}}));
    EXPECT_FALSE(spec.initial.schema);
    EXPECT_FALSE(spec.initial.data);
    EXPECT_EQ(spec.initial.connections, 6U);
    EXPECT_EQ(spec.initial.chunk_bytes, 2U << 20U);
    EXPECT_EQ(spec.initial.late_keys_rows, 0U);
    EXPECT_FALSE(spec.initial.binlog);
    EXPECT_EQ(spec.initial.rows_per_second_max, 20'000U);
    EXPECT_EQ(spec.initial.bytes_per_second_max, 10'000'000U);
    EXPECT_EQ(spec.initial.threads_running_max, 40U);
    EXPECT_EQ(spec.conflict.policy, task_spec::existing_tables::ignore);
    EXPECT_EQ(spec.apply.how, task_spec::writer::row_image);
    EXPECT_EQ(spec.apply.group_bytes_max, 32U << 20U);
    EXPECT_EQ(spec.apply.group_rows_max, 5'000U);
    EXPECT_EQ(spec.apply.group_time_max, milliseconds(250));
    EXPECT_EQ(spec.apply.meta_database, "repl_meta");
    EXPECT_EQ(spec.relay.bytes_max, 10'000'000'000U);
    EXPECT_EQ(spec.relay.age_max, hours(168));
    EXPECT_EQ(spec.relay.segment_bytes, 128U << 20U);
    EXPECT_EQ(spec.relay.frame_bytes, 524'288U);
    EXPECT_EQ(spec.relay.memory_bytes, 32U << 20U);
    EXPECT_EQ(spec.relay.zstd_level, -1);
    EXPECT_EQ(spec.relay.sync_interval, milliseconds(2'000));
    EXPECT_EQ(spec.relay.disk_reserve_bytes, 0U);
    EXPECT_EQ(spec.relay.key_index_bytes, 1U << 20U);
    EXPECT_EQ(spec.relay.encryption.key_file, task.path("secrets/relay.keys"));
    EXPECT_EQ(spec.replica.server_id, 4242U);
    EXPECT_EQ(spec.replica.heartbeat_period, milliseconds(500));
}

TEST(task_file, renames_keep_the_order_of_the_file) {
    const written_task task(std::string(smallest) + R"([objects.rename]
"shop.z" = "dw.z"
"shop.a" = "dw.a"
"shop.m" = "dw.m"
)");
    const auto renames = task.read().spec.objects.rename;
    ASSERT_EQ(renames.size(), 3U);
    EXPECT_EQ(renames[0].first, "shop.z");
    EXPECT_EQ(renames[1].first, "shop.a");
    EXPECT_EQ(renames[2].first, "shop.m");
}

TEST(task_file, what_becomes_of_tables_that_differ_is_for_those_that_are_kept) {
    const written_task task(std::string(smallest) + R"([conflict]
existing_tables = "ignore"
differing_tables = "common-columns"
)");
    EXPECT_EQ(task.read().spec.conflict.differing, task_spec::differing_tables::common_columns);
    EXPECT_EQ(task_spec{}.conflict.differing, task_spec::differing_tables::stop);
}

TEST(task_file, a_password_that_everyone_may_read_is_warned_about) {
    written_task task("");
    task.write("shop.toml", smallest, true);
    using std::filesystem::perms;
    std::filesystem::permissions(task.file().parent_path(), perms::owner_all);
    EXPECT_TRUE(task.read().warnings.empty());
    std::filesystem::permissions(task.file().parent_path(), perms::owner_all | perms::others_exec);
    const auto warnings = task.read().warnings;
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_NE(warnings[0].find("chmod 600"), std::string::npos);
}

TEST(task_file, a_missing_file_is_told_apart_from_a_bad_one) {
    const auto missing = read_task_file("/nonexistent/shop.toml");
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, errc::task_file_unreadable);
    EXPECT_EQ(missing.error().what,
              "/nonexistent/shop.toml: cannot open: No such file or directory");
}

TEST(task_file, the_page_about_it_names_every_key) {
    std::ifstream page(std::string(UNDERSTUDY_SOURCE_DIR) + "/docs/configuration.md");
    const std::string text(std::istreambuf_iterator<char>(page), {});
    const auto keys = task_file_keys();
    EXPECT_GE(keys.size(), 45U);
    const auto is_section = [&](const std::string& key) {
        return std::ranges::any_of(
            keys, [&](const std::string& other) { return other.starts_with(key + "."); });
    };
    for (const std::string& key : keys) {
        // [target] has the keys of [source]; the page says so once.
        if (key.starts_with("target.") || is_section(key)) continue;
        EXPECT_NE(text.find("`" + key + "`"), std::string::npos)
            << key << " is not in docs/configuration.md";
    }
}

TEST(task_file, takes_several_sources) {
    written_task task(R"(
[source]
hosts = ["db1", "db2:3307", "[::1]:3308"]
user = "repl"
password_env = "PATH"
[target]
host = "db9"
user = "app"
password_env = "PATH"
[objects]
include = ["shop.*"]
)");
    const auto [spec, warnings] = task.read();
    EXPECT_EQ(spec.source.address(), "db1:3306");
    EXPECT_EQ(spec.source_hosts,
              (std::vector<protocol::server_address>{{"db1", 3306}, {"db2", 3307}, {"::1", 3308}}));
    EXPECT_EQ(spec.source.at(spec.source_hosts[2]).to_string(), "repl@[::1]:3308");
}

} // namespace
} // namespace understudy::state
