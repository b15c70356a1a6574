#include "apps/commands.hpp"
#include "apps/serve_daemon.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace understudy::apps {

int execute(const serve_command& what) {
    serve_command complete = what;
    complete.version = UNDERSTUDY_VERSION;
    const auto ended = serve(complete);
    if (ended) return exit_good;
    fmt::print(stderr, "understudy: {}\n", ended.error().what);
    return exit_failed;
}

} // namespace understudy::apps
