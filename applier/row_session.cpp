#include "applier/row_session.hpp"

#include "applier/base64.hpp"
#include "applier/errc.hpp"
#include "protocol/binlog/format_description.hpp"

#include <string>

namespace understudy::applier {

using protocol::fail;
using protocol::result;
using writer = state::task_spec::writer;

namespace {

result<void> begin_row_images(target_session& target) {
    const target_facts& facts = target.facts();
    if (facts.is_mariadb) {
        return fail(errc::target_refused, "the target is MariaDB, which takes no row images of "
                                          "MySQL");
    }
    std::string statement = "BINLOG '";
    append_base64(statement, protocol::encode_format_description(facts.version));
    statement += '\'';
    auto done = target.execute(statement);
    if (!done) {
        if (done.error().code == errc::missing_privilege) {
            return wrap(
                std::move(done.error()),
                "the account on the target may not write row images. Execute on the target: GRANT "
                "REPLICATION_APPLIER ON *.* TO <the account> (before 8.0.18: SUPER)");
        }
        return wrap(std::move(done.error()), "the target does not take row images");
    }
    constexpr std::uint32_t first_with_gtid_next = 50605;
    if (facts.version_number >= first_with_gtid_next) {
        done = target.execute("SET SESSION gtid_next = 'AUTOMATIC', rbr_exec_mode = 'STRICT'");
        if (!done) return wrap(std::move(done.error()), "after the format description");
    }
    return {};
}

} // namespace

result<std::unique_ptr<target_session>> connect_for_rows(const state::task_spec& task) {
    protocol::connect_options options = task.target;
    options.read_timeout = std::chrono::milliseconds{0};
    // Precheck has warned about an unauthenticated target already.
    return target_session::connect(options, {});
}

result<write_ways> prepare_for_rows(target_session& target, const state::task_spec& task) {
    write_ways ways;
    ways.sql = task.apply.how != writer::row_image;
    ways.accepts_guarded_triggers =
        task.apply.triggers == state::task_spec::trigger_policy::guarded;
    if (task.apply.how == writer::sql) {
        ways.row_images = false;
        ways.why_no_row_images = "apply.writer is \"sql\"";
    } else if (auto begun = begin_row_images(target); !begun) {
        const bool may_do_without = ways.sql && (target.facts().is_mariadb ||
                                                 begun.error().code == errc::missing_privilege);
        if (!may_do_without) return std::unexpected(std::move(begun.error()));
        ways.row_images = false;
        ways.why_no_row_images = target.facts().is_mariadb
                                     ? "the target is MariaDB"
                                     : "the account lacks REPLICATION_APPLIER";
    }
    if (auto done = target.allow_many_statements(false); !done)
        return std::unexpected(std::move(done.error()));
    for (const char* const sql :
         {"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
          "SET SESSION foreign_key_checks = 1, unique_checks = 1, @understudy_applying = 1"}) {
        auto done = target.execute(sql);
        if (!done) return std::unexpected(std::move(done.error()));
    }
    return ways;
}

} // namespace understudy::applier
