#include "api/audit_log.hpp"

#include "api/errc.hpp"
#include "state/json_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace understudy::api {

protocol::result<void> audit_log::write(const line& what) {
    const std::string text = boost::json::serialize(boost::json::object{
                                 {"time", state::time_text(std::chrono::system_clock::now())},
                                 {"peer", what.peer},
                                 {"who", state::as_utf8(what.who)},
                                 {"role", what.role},
                                 {"method", what.method},
                                 {"target", state::as_utf8(what.target)},
                                 {"status", what.status},
                             }) +
                             "\n";
    const std::scoped_lock lock(mutex_);
    const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    // One write of one line: appended as a whole.
    const bool written =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int number = errno;
    if (fd >= 0) ::close(fd);
    if (written) return {};
    return protocol::fail(errc::io_failed,
                          file_.string() + ": " + std::generic_category().message(number));
}

} // namespace understudy::api
