#include "protocol/binlog/load_query_event.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

namespace understudy::protocol {

result<load_block_event> decode_load_block(const event_view& event) {
    byte_reader in(event.body);
    load_block_event decoded;
    decoded.file_id = in.u32();
    decoded.data = in.rest();
    if (auto read = in.status(to_string(event.header.type) + " event"); !read)
        return std::unexpected(std::move(read.error()));
    return decoded;
}

result<std::uint32_t> decode_delete_file(const event_view& event) {
    byte_reader in(event.body);
    const auto file_id = in.u32();
    if (auto read = in.finish("Delete_file event"); !read)
        return std::unexpected(std::move(read.error()));
    return file_id;
}

result<execute_load_query_event> decode_execute_load_query(const event_view& event,
                                                           const format_description& format) {
    constexpr std::size_t query_post_header = 13;
    constexpr std::size_t own_post_header = 13;
    byte_reader in(event.body);
    in.skip(query_post_header);
    execute_load_query_event decoded;
    decoded.file_id = in.u32();
    decoded.file_name_begin = in.u32();
    decoded.file_name_end = in.u32();
    const auto duplicates = in.u8();
    if (auto read = in.status("Execute_load_query event"); !read)
        return std::unexpected(std::move(read.error()));
    auto query = decode_query_event(event, format, format.post_header_length(event.header.type));
    if (!query) return std::unexpected(std::move(query.error()));
    decoded.query = std::move(*query);
    const bool named = decoded.file_name_begin <= decoded.file_name_end &&
                       decoded.file_name_end <= decoded.query.text.size();
    if (!named || duplicates > static_cast<std::uint8_t>(load_duplicates::replace) ||
        format.post_header_length(event.header.type) < query_post_header + own_post_header) {
        return fail(errc::malformed, "an Execute_load_query event says where its file's name "
                                     "stands, but its statement is shorter");
    }
    decoded.duplicates = static_cast<load_duplicates>(duplicates);
    return decoded;
}

std::string execute_load_query_event::text_for(std::string_view file) const {
    std::string out(query.text.substr(0, file_name_begin));
    out += " LOCAL INFILE '";
    out += file;
    out += '\'';
    if (duplicates == load_duplicates::replace) out += " REPLACE";
    if (duplicates == load_duplicates::ignore) out += " IGNORE";
    out += " INTO";
    out += query.text.substr(file_name_end);
    return out;
}

} // namespace understudy::protocol
