#pragma once

#include <string_view>
#include <system_error>

namespace understudy::apps {

// What an operator does about an error that ended a task, in a sentence or two; empty where the
// error's own text says it all. docs/operations.md has the long form.
[[nodiscard]] std::string_view advice_for(const std::error_code& code);

} // namespace understudy::apps
