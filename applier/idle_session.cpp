#include "applier/idle_session.hpp"

namespace understudy::applier {

protocol::result<void> end_session(target_session& target, const std::string& id) {
    auto killed = target.run("KILL " + id);
    if (!killed && target.broken()) return killed;
    return {};
}

} // namespace understudy::applier
