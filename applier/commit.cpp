#include "applier/commit.hpp"

#include <tuple>

namespace understudy::applier {

protocol::result<void> commit_or_roll_back(target_session& target, protocol::result<void> done) {
    if (done) return target.run("COMMIT");
    // What is left open is rolled back with the session.
    if (!target.broken()) std::ignore = target.execute("ROLLBACK");
    return done;
}

} // namespace understudy::applier
