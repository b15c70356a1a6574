#include "apps/inspection/reversed_records.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace understudy::apps {

using protocol::result;

namespace {

constexpr std::size_t size_bytes = sizeof(std::uint64_t);
constexpr std::uint64_t window_size = 1U << 20U;

} // namespace

// The size stands behind the record, so that it can be found from the end.
void reversed_records::append(std::string& out, std::string_view record) {
    const std::uint64_t size = record.size();
    std::array<char, size_bytes> bytes{};
    std::memcpy(bytes.data(), &size, size_bytes);
    out += record;
    out.append(bytes.data(), bytes.size());
}

result<void> reversed_records::take(std::string_view bytes) {
    return file_.append(bytes);
}

result<void>
reversed_records::for_each(const std::function<result<void>(std::string_view)>& visit) const {
    std::string window; // bytes [begin, begin + window.size()) of the file
    std::uint64_t begin = file_.size();
    const auto cover = [&](std::uint64_t from, std::uint64_t end) -> result<void> {
        if (from >= begin) return {};
        begin = from > window_size ? std::min(from, end - std::min(end, window_size)) : 0;
        window.resize(static_cast<std::size_t>(end - begin));
        return file_.read_at(begin, window);
    };
    for (auto end = file_.size(); end > 0;) {
        if (auto done = cover(end - size_bytes, end); !done) return done;
        std::uint64_t size = 0;
        std::memcpy(&size, window.data() + (end - size_bytes - begin), size_bytes);
        const auto start = end - size_bytes - size;
        if (auto done = cover(start, end); !done) return done;
        const auto record =
            std::string_view(window).substr(static_cast<std::size_t>(start - begin), size);
        if (auto done = visit(record); !done) return done;
        end = start;
    }
    return {};
}

} // namespace understudy::apps
