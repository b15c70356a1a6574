#include "snapshot/object_drop.hpp"

namespace understudy::snapshot {

protocol::result<void> drop_object(applier::target_session& target, std::string_view kind,
                                   const std::string& name) {
    auto dropped = target.run("DROP " + std::string(kind) + " IF EXISTS " + name);
    constexpr unsigned unknown_database = 1049;
    if (dropped || dropped.error().server.number == unknown_database) return {};
    return protocol::wrap(std::move(dropped.error()), "taking the copy back");
}

} // namespace understudy::snapshot
