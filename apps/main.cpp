#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "protocol/net/trust_store.hpp"

#include <cstdio>
#include <exception>
#include <variant>

namespace understudy::apps {

int execute(const say_and_exit& what) {
    std::fputs(what.text.c_str(), what.code == exit_good ? stdout : stderr);
    return what.code;
}

} // namespace understudy::apps

int main(int argc, char** argv) {
    using namespace understudy::apps;
    understudy::protocol::net::hide_trust_store_from_libraries();
    try {
        return std::visit([](const auto& what) { return execute(what); },
                          parse_command_line(argc, argv));
    } catch (const std::exception& thrown) {
        std::fprintf(stderr, "understudy: unexpected: %s\n", thrown.what());
        return exit_failed;
    }
}
