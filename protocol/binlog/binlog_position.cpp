#include "protocol/binlog/binlog_position.hpp"

#include <charconv>
#include <string_view>

namespace understudy::protocol {

namespace {

struct numbered_file {
    std::string_view base;
    std::uint64_t number = 0;
};

// "binlog.000012" is "binlog" and 12; without a number at the end the whole name is the base.
numbered_file split(std::string_view file) {
    const auto dot = file.rfind('.');
    if (dot == std::string_view::npos) {
        return {file, 0};
    }
    const auto digits = file.substr(dot + 1);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
        return {file, 0};
    }
    return {file.substr(0, dot), number};
}

} // namespace

std::strong_ordering binlog_position::operator<=>(const binlog_position& other) const {
    const auto mine = split(file);
    const auto theirs = split(other.file);
    if (const auto order = mine.base <=> theirs.base; order != 0) {
        return order;
    }
    if (const auto order = mine.number <=> theirs.number; order != 0) {
        return order;
    }
    // "log.1" and "log.01" are different files: order must agree with equality.
    if (const auto order = file <=> other.file; order != 0) {
        return order;
    }
    return offset <=> other.offset;
}

std::uint64_t advance_offset(std::uint64_t previous, std::uint32_t end_log_pos) {
    constexpr std::uint64_t wrap = std::uint64_t{1} << 32;
    if (end_log_pos == 0) {
        return previous;
    }
    const auto candidate = previous - previous % wrap + end_log_pos;
    return candidate < previous ? candidate + wrap : candidate;
}

} // namespace understudy::protocol
