#include "snapshot/source_definition.hpp"

#include "snapshot/errc.hpp"

#include <utility>

namespace understudy::snapshot {

boost::asio::awaitable<protocol::result<shown_row>> read_shown(protocol::net::connection& source,
                                                               std::string sql, std::string what,
                                                               std::size_t columns) {
    auto answer = co_await source.query(std::move(sql));
    if (!answer) co_return protocol::wrap(std::move(answer.error()), what + " cannot be read");
    if (answer->rows.empty() || answer->rows[0].size() < columns)
        co_return protocol::fail(errc::object_unreadable,
                                 what + " cannot be read: the source shows nothing");
    co_return std::move(answer->rows[0]);
}

} // namespace understudy::snapshot
