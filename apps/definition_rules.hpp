#pragma once

#include "api/access.hpp"
#include "api/task_service.hpp"
#include "protocol/result.hpp"

#include <filesystem>
#include <string>

namespace understudy::apps {

// The definition as TOML, if this caller may give it. A definition can name files, variables and
// commands that the daemon reads or runs as its own user. That is nothing new to the owner, who is
// that user; an operator who comes over the network must not get at them. So for operators
// passwords are given as such or lie, like certificates and keys, in `credentials`
// (DATA-DIR/credentials), and origin is not theirs to give. serve_errc::not_allowed names the key.
[[nodiscard]] protocol::result<std::string>
permitted_definition(const api::caller& who, const api::given_definition& given,
                     const std::filesystem::path& credentials);

} // namespace understudy::apps
