// decode_rows FILE…: writes every row of binary log files as text to nowhere and says how fast.

#include "protocol/binlog/rows_event.hpp"
#include "protocol/value/value_writer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace understudy::protocol;

template<class T>
T must(result<T> got) {
    if (!got) throw std::runtime_error(got.error().what);
    if constexpr (!std::is_void_v<T>) return std::move(*got);
}

struct open_table {
    table_map map;
    std::vector<column_definition> columns;
};

struct counters {
    std::uint64_t rows = 0;
    std::uint64_t values = 0;
    std::uint64_t text_bytes = 0;
};

class decoder {
public:
    void decode(std::span<const std::byte> rest) {
        constexpr std::size_t magic_size = 4;
        rest = rest.subspan(magic_size);
        bool has_checksum = false;
        format_description format;
        while (!rest.empty()) {
            const auto header = must(decode_event_header(rest));
            const auto bytes = rest.first(header.length);
            rest = rest.subspan(header.length);
            if (header.type == event_type::format_description) {
                format = must(decode_format_description(bytes));
                has_checksum = format.has_checksum();
                continue;
            }
            take(must(decode_event(bytes, has_checksum)), format);
        }
    }
    [[nodiscard]] const counters& counted() const { return counted_; }

private:
    void take(const event_view& event, const format_description& format) {
        switch (event.header.type) {
        case event_type::table_map: {
            // A server gives a changed definition a new id.
            auto map = must(decode_table_map(event, format));
            auto& table = tables_[map.table_id];
            if (table.columns.empty()) table = {map, must(define_columns(map))};
            break;
        }
        case event_type::write_rows:
        case event_type::update_rows:
        case event_type::delete_rows: write(must(decode_rows_event(event, format))); break;
        default: break;
        }
    }

    void write(const rows_event& rows) {
        const auto& table = tables_.at(rows.table_id);
        row_reader reader(table.map, rows);
        while (must(reader.next())) {
            if (rows.kind != rows_kind::write) write(table, reader.before());
            if (rows.kind != rows_kind::delete_) write(table, reader.after());
        }
    }

    void write(const open_table& table, const row_image& image) {
        out_.clear();
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (!image.columns[i].present) continue;
            must(writer_.append(out_, table.columns[i], image.columns[i]));
            out_ += '\n';
            ++counted_.values;
        }
        ++counted_.rows;
        counted_.text_bytes += out_.size();
    }

    std::map<std::uint64_t, open_table> tables_;
    value_writer writer_{value_form::text};
    std::string out_;
    counters counted_;
};

std::string read_file(const char* path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    std::string bytes(in ? static_cast<std::size_t>(in.tellg()) : 0, '\0');
    in.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!in || bytes.empty()) throw std::runtime_error(std::string("cannot read ") + path);
    return bytes;
}

} // namespace

int main(int argc, char** argv) {
    try {
        for (int i = 1; i < argc; ++i) {
            const auto bytes = read_file(argv[i]);
            decoder rows;
            const auto start = std::chrono::steady_clock::now();
            rows.decode(std::as_bytes(std::span(bytes)));
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
            const auto& counted = rows.counted();
            fmt::print("{}: {} bytes, {} row images, {} values, {} bytes of text in {:.3f} s: "
                       "{:.0f} MB/s\n",
                       argv[i], bytes.size(), counted.rows, counted.values, counted.text_bytes,
                       took.count(), static_cast<double>(bytes.size()) / took.count() / 1e6);
        }
        return argc > 1 ? 0 : 2;
    } catch (const std::exception& problem) {
        fmt::print(stderr, "decode_rows: {}\n", problem.what());
        return 1;
    }
}
