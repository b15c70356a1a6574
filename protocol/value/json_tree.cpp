#include "protocol/value/json_tree.hpp"

#include "protocol/assert.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <algorithm>

namespace understudy::protocol {

namespace {

constexpr std::uint64_t small_size_max = 0xffff;

json_type type_of(const json_node& node) {
    if (!node.expanded) {
        return node.value.type;
    }
    if (node.is_object) {
        return node.is_large ? json_type::large_object : json_type::small_object;
    }
    return node.is_large ? json_type::large_array : json_type::small_array;
}

bool is_inlined(json_type type, bool in_large) {
    return type == json_type::literal || type == json_type::int16 || type == json_type::uint16 ||
           (in_large && (type == json_type::int32 || type == json_type::uint32));
}

// The bytes of a value that was not changed.
std::optional<std::span<const std::byte>> bytes_of(const json_value& value) {
    const auto first = [&](std::size_t size) {
        return size <= value.data.size() ? std::optional(value.data.first(size)) : std::nullopt;
    };
    const auto up_to_end_of = [&](const std::byte* end) {
        return first(static_cast<std::size_t>(end - value.data.data()));
    };
    switch (value.type) {
    case json_type::literal: return read_json_literal(value) ? first(1) : std::nullopt;
    case json_type::int16:
    case json_type::uint16: return first(2);
    case json_type::int32:
    case json_type::uint32: return first(4);
    case json_type::int64:
    case json_type::uint64:
    case json_type::double_: return first(8);
    case json_type::string: {
        const auto text = read_json_string(value);
        if (!text) return std::nullopt;
        return up_to_end_of(reinterpret_cast<const std::byte*>(text->data() + text->size()));
    }
    case json_type::opaque: {
        const auto opaque = read_json_opaque(value);
        if (!opaque) return std::nullopt;
        return up_to_end_of(opaque->data.data() + opaque->data.size());
    }
    default: {
        const auto container = json_container::open(value);
        return container ? first(container->size()) : std::nullopt;
    }
    }
}

std::uint64_t container_size(const json_node& node, bool large) {
    const std::uint64_t width = large ? 4 : 2;
    std::uint64_t size = 2 * width;
    for (const auto& member : node.members) {
        size += 1 + width;
        size += node.is_object ? width + 2 + member.key.size() : 0;
        size += is_inlined(type_of(member), large) ? 0 : member.size;
    }
    return size;
}

class tree_writer {
public:
    explicit tree_writer(std::vector<std::byte>& out) : bytes_(out), out_(out) {}

    void write(const json_node& node) {
        if (node.expanded) {
            write_container(node);
        } else {
            out_.bytes(*bytes_of(node.value));
        }
    }

private:
    void write_container(const json_node& node) {
        const std::size_t width = node.is_large ? 4 : 2;
        const auto start = bytes_.size();
        out_.little_endian(node.members.size(), width);
        out_.little_endian(node.size, width);
        const auto keys_at = bytes_.size();
        const std::size_t keys_size = node.is_object ? node.members.size() * (width + 2) : 0;
        const auto values_at = keys_at + keys_size;
        bytes_.resize(values_at + node.members.size() * (1 + width));
        if (node.is_object) {
            write_keys(node, start, keys_at, width);
        }
        for (std::size_t i = 0; i < node.members.size(); ++i) {
            write_value(node.members[i], start, values_at + i * (1 + width), width);
        }
        UNDERSTUDY_ASSERT(bytes_.size() - start == node.size);
    }

    void write_keys(const json_node& object, std::size_t start, std::size_t at, std::size_t width) {
        for (const auto& member : object.members) {
            patch(at, bytes_.size() - start, width);
            patch(at + width, member.key.size(), 2);
            at += width + 2;
            for (const char c : member.key) {
                bytes_.push_back(static_cast<std::byte>(c));
            }
        }
    }

    void write_value(const json_node& node, std::size_t start, std::size_t at, std::size_t width) {
        const auto type = type_of(node);
        bytes_[at] = static_cast<std::byte>(type);
        if (is_inlined(type, width == 4)) {
            std::ranges::copy(*bytes_of(node.value),
                              bytes_.begin() + static_cast<std::ptrdiff_t>(at + 1));
            sign_extend(type, at + 1, width);
            return;
        }
        patch(at + 1, bytes_.size() - start, width);
        write(node);
    }

    // An int16 in an entry of four bytes.
    void sign_extend(json_type type, std::size_t at, std::size_t width) {
        if (type == json_type::int16 && (bytes_[at + 1] & std::byte{0x80}) != std::byte{0}) {
            std::fill(bytes_.begin() + static_cast<std::ptrdiff_t>(at + 2),
                      bytes_.begin() + static_cast<std::ptrdiff_t>(at + width), std::byte{0xff});
        }
    }

    void patch(std::size_t at, std::uint64_t number, std::size_t width) {
        for (std::size_t i = 0; i < width; ++i) {
            bytes_[at + i] = static_cast<std::byte>(number >> (8 * i) & 0xff);
        }
    }

    std::vector<std::byte>& bytes_;
    byte_writer out_;
};

} // namespace

bool json_node::expand(std::size_t& members_left) {
    if (expanded) {
        return true;
    }
    const auto container = json_container::open(value);
    if (!container || container->count() > members_left) {
        return false;
    }
    members_left -= container->count();
    is_object = container->is_object();
    members.reserve(container->count());
    for (std::uint32_t i = 0; i < container->count(); ++i) {
        const auto element = container->value(i);
        const auto name = is_object ? container->key(i) : std::string_view();
        if (!element || !name) {
            return false;
        }
        members.push_back({.key = std::string(*name), .value = *element});
    }
    expanded = true;
    return true;
}

std::size_t json_node::place_of(std::string_view wanted_key) const {
    const auto is_before = [](const json_node& member, std::string_view wanted) {
        return member.key.size() != wanted.size() ? member.key.size() < wanted.size()
                                                  : member.key < wanted;
    };
    return static_cast<std::size_t>(
        std::lower_bound(members.begin(), members.end(), wanted_key, is_before) - members.begin());
}

std::optional<std::uint64_t> json_size(json_node& node) {
    if (!node.expanded) {
        const auto bytes = bytes_of(node.value);
        if (!bytes) {
            return std::nullopt;
        }
        node.size = bytes->size();
        return node.size;
    }
    for (auto& member : node.members) {
        if (!json_size(member)) {
            return std::nullopt;
        }
    }
    node.size = container_size(node, false);
    node.is_large = node.size > small_size_max || node.members.size() > small_size_max;
    if (node.is_large) {
        node.size = container_size(node, true);
    }
    return node.size;
}

void append_json_document(std::vector<std::byte>& out, const json_node& root) {
    out.push_back(static_cast<std::byte>(type_of(root)));
    tree_writer(out).write(root);
}

} // namespace understudy::protocol
