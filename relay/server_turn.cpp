#include "relay/server_turn.hpp"

#include <charconv>
#include <cstddef>
#include <optional>

namespace understudy::relay {

namespace {

constexpr char mark = '~'; // behind every letter and digit
constexpr std::size_t digits = 8;
constexpr std::size_t uuid_size = 36;
constexpr std::size_t prefix_size = 1 + digits + 1 + uuid_size + 1;

std::optional<server_turn> parse_prefix(std::string_view name) {
    if (name.size() <= prefix_size || name[0] != mark || name[1 + digits] != mark ||
        name[prefix_size - 1] != mark) {
        return std::nullopt;
    }
    server_turn turn;
    const auto number = name.substr(1, digits);
    const auto [end, failed] =
        std::from_chars(number.data(), number.data() + number.size(), turn.number);
    const auto server = protocol::uuid::parse(name.substr(1 + digits + 1, uuid_size));
    if (failed != std::errc() || end != number.data() + number.size() || !server) {
        return std::nullopt;
    }
    turn.server = *server;
    return turn;
}

} // namespace

server_turn server_turn::of(std::string_view name, const protocol::uuid& first) {
    return parse_prefix(name).value_or(server_turn{0, first});
}

std::string server_turn::name_of(std::string_view file) const {
    if (number == 0) return std::string(file);
    const auto plain = std::to_string(number);
    return mark + std::string(digits - plain.size(), '0') + plain + mark + server.to_string() +
           mark + std::string(file);
}

std::string_view server_turn::own_name(std::string_view name) {
    return parse_prefix(name) ? name.substr(prefix_size) : name;
}

bool server_turn::can_follow(std::string_view file) {
    return parse_prefix(file).has_value() || file.empty() ||
           static_cast<unsigned char>(file.front()) < static_cast<unsigned char>(mark);
}

} // namespace understudy::relay
