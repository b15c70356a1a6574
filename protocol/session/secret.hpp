#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace understudy::protocol {

// A password: wiped from memory when it goes, never printed. Copying is explicit in the type,
// printing is impossible.
class secret {
public:
    secret() = default;
    explicit secret(std::string value) : value_(std::move(value)) {}
    secret(const secret&) = default;
    secret(secret&& other) noexcept;
    secret& operator=(const secret& other);
    secret& operator=(secret&& other) noexcept;
    ~secret();

    [[nodiscard]] std::string_view reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }

private:
    std::string value_;
};

} // namespace understudy::protocol
