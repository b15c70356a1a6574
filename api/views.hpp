#pragma once

#include "api/task_service.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <span>

// What the API shows, as JSON. Pure.
namespace understudy::api {

[[nodiscard]] boost::json::object to_object(const task_view& task);
// {"tasks": […]}
[[nodiscard]] boost::json::object to_object(std::span<const task_view> tasks);

} // namespace understudy::api
