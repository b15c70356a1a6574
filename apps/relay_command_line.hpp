#pragma once

#include "apps/relay_options.hpp"

#include <CLI/CLI.hpp>

namespace understudy::apps {

// Adds `relay` and its verbs; parsing fills `into`, which must live as long.
void add_relay_commands(CLI::App& program, relay_command& into);

} // namespace understudy::apps
