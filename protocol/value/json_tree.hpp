#pragma once

#include "protocol/value/json_binary.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// A value of a document that is being changed. A container is cut into its members only where
// something below it changes; the others are copied as they came, because offsets inside a
// container count from its own start.
struct json_node {
    std::string key{};  // of a member of an object
    json_value value{}; // meaningless once expanded
    bool expanded = false;
    bool is_object = false;
    std::vector<json_node> members{}; // of an expanded container
    // Set by json_size.
    bool is_large = false;
    std::uint64_t size = 0;

    // Cuts a container into its members, unless that is done; false for scalars, for damage, and
    // for more than members_left of them, which goes down by their number.
    [[nodiscard]] bool expand(std::size_t& members_left);
    // Where the member is, or where it belongs: members are in order of length, then bytes.
    [[nodiscard]] std::size_t place_of(std::string_view key) const;
};

// How many bytes the value takes outside of the entry that names it; fills in size and is_large of
// everything expanded. std::nullopt if its bytes do not fit.
[[nodiscard]] std::optional<std::uint64_t> json_size(json_node& node);

// Appends type and value. json_size must have been asked.
void append_json_document(std::vector<std::byte>& out, const json_node& root);

} // namespace understudy::protocol
