#include "protocol/value/json_diff.hpp"

#include "protocol/errc.hpp"
#include "protocol/value/json_path.hpp"
#include "protocol/value/json_tree.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace understudy::protocol {

namespace {

constexpr std::size_t key_size_max = 0xffff;

const char* name_of(json_diff_operation operation) {
    switch (operation) {
    case json_diff_operation::replace: return "REPLACE";
    case json_diff_operation::insert: return "INSERT";
    case json_diff_operation::remove: return "REMOVE";
    }
    return "?";
}

std::unexpected<error> damaged(const std::string& what) {
    return fail(errc::malformed,
                "a partial JSON update cannot be read (" + what + "): the row image is damaged");
}

// Where the last step of a path leads: the member of `parent` with this number, or where it would
// be.
struct destination {
    json_node* parent = nullptr;
    std::size_t place = 0;
    bool exists = false;
};

std::optional<destination> step(json_node& from, const json_path_leg& leg,
                                std::size_t& members_left) {
    if (!from.expand(members_left) || from.is_object == leg.is_index) {
        return std::nullopt;
    }
    const auto count = from.members.size();
    if (leg.is_index) {
        return destination{&from, std::min<std::size_t>(leg.index, count), leg.index < count};
    }
    const auto place = from.place_of(leg.name);
    return destination{&from, place, place < count && from.members[place].key == leg.name};
}

std::optional<destination> find(json_node& root, std::span<const json_path_leg> legs,
                                std::size_t& members_left) {
    auto* node = &root;
    std::optional<destination> found;
    for (const auto& leg : legs) {
        if (found) {
            if (!found->exists) return std::nullopt;
            node = &found->parent->members[found->place];
        }
        found = step(*node, leg, members_left);
        if (!found) return std::nullopt;
    }
    return found;
}

bool change(json_node& root, const json_diff& diff, const json_value& value,
            std::size_t& members_left) {
    const auto legs = parse_json_path(diff.path);
    if (!legs) {
        return false;
    }
    if (legs->empty()) {
        root = {.value = value};
        return diff.operation == json_diff_operation::replace;
    }
    const auto found = find(root, *legs, members_left);
    if (!found || legs->back().name.size() > key_size_max) {
        return false;
    }
    auto& members = found->parent->members;
    const auto at = members.begin() + static_cast<std::ptrdiff_t>(found->place);
    switch (diff.operation) {
    case json_diff_operation::replace:
        if (!found->exists) return false;
        *at = {.key = std::move(at->key), .value = value};
        return true;
    case json_diff_operation::insert:
        if (found->exists && !legs->back().is_index) return false;
        members.insert(at, {.key = legs->back().name, .value = value});
        return true;
    case json_diff_operation::remove:
        if (!found->exists) return false;
        members.erase(at);
        return true;
    }
    return false;
}

} // namespace

// diffs := {operation 1, path lenenc, (replace, insert: binary JSON lenenc)}
result<std::vector<json_diff>> decode_json_diffs(std::span<const std::byte> diffs) {
    std::vector<json_diff> decoded;
    byte_reader in(diffs);
    while (!in.at_end()) {
        json_diff diff;
        const unsigned operation = in.u8();
        if (operation > static_cast<unsigned>(json_diff_operation::remove)) {
            return damaged("operation " + std::to_string(operation));
        }
        diff.operation = static_cast<json_diff_operation>(operation);
        diff.path = in.lenenc_text();
        if (diff.operation != json_diff_operation::remove) {
            diff.value = in.lenenc_bytes();
        }
        decoded.push_back(diff);
    }
    if (!in.ok()) {
        return damaged("it ends before its last field");
    }
    return decoded;
}

result<std::vector<std::byte>> apply_json_diffs(std::span<const std::byte> before,
                                                std::span<const json_diff> diffs) {
    json_node root;
    const auto document = read_json_document(before);
    if (!document) {
        return damaged("the document before it");
    }
    root.value = *document;
    // No part of a document stands in it twice, so nothing longer than this can come out: entries
    // of a large container are at most 11 bytes for 7 of a small one.
    std::uint64_t size_max = 2 * before.size() + 16;
    std::size_t members_left = before.size();
    for (const auto& diff : diffs) {
        const auto value = read_json_document(diff.value);
        members_left += diff.value.size();
        if (!value || !change(root, diff, *value, members_left)) {
            return fail(errc::malformed,
                        std::string("the partial JSON update ") + name_of(diff.operation) + " " +
                            std::string(diff.path) +
                            " does not fit the document before it: the images do not belong "
                            "together or are damaged");
        }
        size_max += 2 * (diff.value.size() + diff.path.size()) + 32;
    }
    const auto size = json_size(root);
    if (!size ||
        *size > std::min<std::uint64_t>(size_max, std::numeric_limits<std::int32_t>::max())) {
        return damaged("what comes out is no document");
    }
    std::vector<std::byte> after;
    after.reserve(static_cast<std::size_t>(*size) + 1);
    append_json_document(after, root);
    return after;
}

} // namespace understudy::protocol
