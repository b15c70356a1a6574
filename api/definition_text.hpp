#pragma once

#include "protocol/result.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

// Definitions of tasks as JSON, for programs that do not write TOML, and without passwords, for
// those who look. Pure.
namespace understudy::api {

// What stands for a password that is there; given back in a changed definition it means the one
// that was there.
inline constexpr std::string_view hidden_password = "********";

// The same keys and values as TOML. The error names the key whose value TOML does not have (null).
[[nodiscard]] protocol::result<std::string> to_toml(const boost::json::object& definition);

// The definition as an object; passwords are hidden.
[[nodiscard]] protocol::result<boost::json::object> to_object(std::string_view toml);

// With hidden passwords replaced by those of `before`, for [source] and [target].
[[nodiscard]] protocol::result<boost::json::object>
with_passwords_of(boost::json::object definition, std::string_view before);

} // namespace understudy::api
