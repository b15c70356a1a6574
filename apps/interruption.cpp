#include "apps/interruption.hpp"

#include "applier/errc.hpp"
#include "applier/server_errors.hpp"
#include "protocol/errc.hpp"
#include "snapshot/errc.hpp"

namespace understudy::apps {

bool is_interruption(const protocol::error& error) {
    if (error.code.category() == applier::applier_category())
        return error.code == applier::errc::selection_changed ||
               applier::is_retryable(static_cast<applier::errc>(error.code.value()));
    if (error.code == protocol::errc::server_error)
        return applier::is_retryable(applier::sort_server_error(error.server.number));
    return error.code == protocol::errc::connect_failed ||
           error.code == protocol::errc::connection_lost ||
           error.code == protocol::errc::timed_out ||
           error.code == snapshot::errc::source_read_failed;
}

} // namespace understudy::apps
