#pragma once

#include "state/toml_document.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::state {

// Everything that is wrong with one task file, told together.
class task_file_problems {
public:
    void add(std::uint32_t line, std::uint32_t column, std::string key, std::string text);
    [[nodiscard]] bool empty() const { return problems_.empty(); }
    // "file:line:column: key: what", a line each, in the order of the file.
    [[nodiscard]] std::string to_string(std::string_view file) const;

private:
    struct problem {
        std::uint32_t line;
        std::uint32_t column;
        std::string text;
    };
    std::vector<problem> problems_;
};

// Reads the keys of one table of a task file into the fields of a task_spec. Each read() notes the
// key as known, leaves the field as it is when the key is absent, and adds a problem (what was
// found, what is allowed) when the value will not do.
//
//   task_section relay(root, "relay", problems);
//   relay.read_size("segment_bytes", spec.relay.segment_bytes, {.smallest = 1U << 20U});
//   relay.finish(); // what nobody asked for is unknown
class task_section {
public:
    struct size_range {
        std::uint64_t smallest = 0;
        std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
        bool zero_too = false; // 0 has a meaning of its own
    };
    struct time_range {
        std::chrono::milliseconds shortest{1};
        std::chrono::milliseconds longest{std::chrono::hours{24 * 365}};
    };

    // The document itself.
    task_section(const toml_node& root, task_file_problems& problems);
    // A table of another section; absent ones read as empty.
    task_section(task_section& parent, std::string_view key);

    [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
    [[nodiscard]] bool present() const { return table_ != nullptr; }

    void read(std::string_view key, bool& into);
    void read(std::string_view key, std::string& into);
    void read(std::string_view key, std::vector<std::string>& into);
    void read_size(std::string_view key, std::uint64_t& into, size_range allowed);
    void read_duration(std::string_view key, std::chrono::milliseconds& into, time_range allowed);

    template<std::integral T>
    void read(std::string_view key, T& into, std::int64_t smallest, std::int64_t largest) {
        std::int64_t value = static_cast<std::int64_t>(into);
        read_integer(key, value, smallest, largest);
        into = static_cast<T>(value);
    }

    template<class T>
    void read_choice(std::string_view key, T& into,
                     std::span<const std::pair<std::string_view, T>> choices) {
        std::vector<std::string_view> names;
        for (const auto& choice : choices)
            names.push_back(choice.first);
        const std::size_t chosen = choose(key, names);
        if (chosen < choices.size()) into = choices[chosen].second;
    }

    // For keys with a meaning of their own. Null when absent; noted as known.
    [[nodiscard]] const toml_node* take(std::string_view key);
    // At the value of `key`, at the key's table when it is absent.
    void complain(std::string_view key, std::string text);
    void complain(std::string_view key, const toml_node& at, std::string text);
    void require(std::string_view key, std::string_view what);

    void finish();
    // Keys asked for so far, "source.tls.mode".
    [[nodiscard]] const std::vector<std::string>& known() const { return known_; }

private:
    [[nodiscard]] const toml_node* find(std::string_view key) const;
    [[nodiscard]] std::string full(std::string_view key) const;
    void read_integer(std::string_view key, std::int64_t& into, std::int64_t smallest,
                      std::int64_t largest);
    [[nodiscard]] std::size_t choose(std::string_view key, std::span<const std::string_view> names);
    [[nodiscard]] std::string hint_for(std::string_view unknown) const;

    task_file_problems& problems_;
    const toml_node* table_ = nullptr;
    std::uint32_t line_ = 1;
    std::uint32_t column_ = 1;
    std::string path_; // "source.tls", empty for the document
    std::vector<std::string> known_;
};

} // namespace understudy::state
