#include "tests/protocol/binlog_file.hpp"

#include "protocol/wire/byte_reader.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace understudy::protocol::test {

namespace {

constexpr std::size_t magic_size = 4;

std::vector<std::byte> read_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in || text.size() < magic_size) {
        throw std::runtime_error("cannot read " + path);
    }
    const auto bytes = as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

} // namespace

binlog_file binlog_file::read(const std::string& name) {
    return read_path(std::string(UNDERSTUDY_TEST_DATA) + "/binlog/" + name);
}

binlog_file binlog_file::read_path(const std::string& path) {
    binlog_file file;
    file.bytes = read_bytes(path);
    std::span<const std::byte> rest(file.bytes);
    rest = rest.subspan(magic_size);
    while (!rest.empty()) {
        const auto header = decode_event_header(rest);
        if (!header || header->length > rest.size()) {
            throw std::runtime_error(path + " is torn");
        }
        file.events.push_back(rest.first(header->length));
        rest = rest.subspan(header->length);
    }
    auto format = decode_format_description(file.events.front());
    if (!format) {
        throw std::runtime_error(path + ": " + format.error().what);
    }
    file.format = *format;
    return file;
}

event_view binlog_file::view(std::size_t index) const {
    auto event = decode_event(events.at(index), format.has_checksum());
    if (!event) {
        throw std::runtime_error(event.error().what);
    }
    return *event;
}

std::vector<event_view> binlog_file::all(event_type type) const {
    std::vector<event_view> found;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (const auto event = view(i); event.header.type == type) {
            found.push_back(event);
        }
    }
    return found;
}

const std::vector<std::string>& captured_files() {
    static const std::vector<std::string> names = {
        "mysql_97_all_types.binlog",
        "mysql_97_all_types_full_metadata.binlog",
        "mysql_97_statements.binlog",
        "mysql_97_payload_and_partial_json.binlog",
        "mysql_97_tagged_previous_gtids.binlog",
        "mysql_56_all_types.binlog",
        "mariadb_1011.binlog",
        "mariadb_1011_compressed.binlog",
        "public/mysql_57_anonymous.binlog",
        "public/mysql_57_intvar.binlog",
        "public/mysql_57_load.binlog",
        "public/mysql_57_rand.binlog",
        "public/mysql_57_rows.binlog",
        "public/mysql_57_update.binlog",
        "public/mysql_57_user_var.binlog",
        "public/mysql_80_labels.binlog",
        "public/mysql_80_metadata.binlog",
        "public/mysql_80_negative_time.binlog",
        "public/mysql_80_partial_json.binlog",
        "public/mysql_80_payload.binlog",
        "public/mysql_80_previous_gtids.binlog",
        "public/mysql_84.binlog",
    };
    return names;
}

} // namespace understudy::protocol::test
