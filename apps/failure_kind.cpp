#include "apps/failure_kind.hpp"

#include "apps/interruption.hpp"
#include "relay/errc.hpp"
#include "snapshot/errc.hpp"
#include "state/errc.hpp"

namespace understudy::apps {

failure_kind kind_of_failure(const protocol::error& error) {
    const bool passes = is_interruption(error) || error.code == relay::errc::disk_full ||
                        error.code == snapshot::errc::lock_not_granted ||
                        error.code == state::errc::io_failed;
    return passes ? failure_kind::passing : failure_kind::person;
}

} // namespace understudy::apps
