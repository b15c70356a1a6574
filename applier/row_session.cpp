#include "applier/row_session.hpp"

#include "applier/base64.hpp"
#include "applier/errc.hpp"
#include "protocol/binlog/format_description.hpp"

namespace understudy::applier {

using protocol::fail;
using protocol::result;

result<void> prepare_for_rows(target_session& target) {
    const target_facts& facts = target.facts();
    if (facts.is_mariadb) {
        return fail(errc::target_refused, "the target is MariaDB, which takes no row images from "
                                          "MySQL: writing SQL instead is not there yet");
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
        done = target.execute("SET SESSION gtid_next = 'AUTOMATIC'");
        if (!done) return wrap(std::move(done.error()), "after the format description");
    }
    done = target.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

} // namespace understudy::applier
