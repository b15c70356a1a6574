#include "protocol/binlog/xa_id.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

namespace understudy::protocol {

namespace {

constexpr std::size_t part_bytes_max = 64; // MAXGTRIDSIZE, MAXBQUALSIZE of the XA specification

class text_reader {
public:
    explicit text_reader(std::string_view text) : rest_(text) {}

    void skip_blanks() {
        while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0)
            rest_.remove_prefix(1);
    }
    bool take(char symbol) {
        skip_blanks();
        if (!rest_.starts_with(symbol)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // 'text' or X'hex'
    std::optional<std::string> part() {
        skip_blanks();
        const bool hex = rest_.starts_with('X') || rest_.starts_with('x');
        if (hex) rest_.remove_prefix(1);
        if (!rest_.starts_with('\'')) return std::nullopt;
        const auto end = rest_.find('\'', 1);
        if (end == std::string_view::npos) return std::nullopt;
        const auto inside = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        return hex ? from_hex(inside) : std::string(inside);
    }
    std::optional<std::uint32_t> number() {
        skip_blanks();
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc{}) return std::nullopt;
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }
    bool at_end() {
        skip_blanks();
        return rest_.empty() || rest_ == "ONE PHASE";
    }

private:
    static std::optional<std::string> from_hex(std::string_view digits) {
        if (digits.size() % 2 != 0) return std::nullopt;
        std::string out;
        for (std::size_t i = 0; i < digits.size(); i += 2) {
            unsigned value = 0;
            const char* const end = digits.data() + i + 2;
            const auto [stop, error] = std::from_chars(digits.data() + i, end, value, 16);
            if (error != std::errc{} || stop != end) return std::nullopt;
            out += static_cast<char>(value);
        }
        return out;
    }

    std::string_view rest_;
};

void append_hex(std::string& out, std::string_view bytes) {
    out += "X'";
    for (const char byte : bytes)
        fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(byte));
    out += '\'';
}

} // namespace

std::string xa_id::to_string() const {
    std::string out;
    append_hex(out, gtrid);
    out += ',';
    append_hex(out, bqual);
    out += ',' + std::to_string(format);
    return out;
}

std::optional<xa_id> xa_id::parse(std::string_view text) {
    text_reader in(text);
    xa_id id;
    auto gtrid = in.part();
    if (!gtrid) return std::nullopt;
    id.gtrid = std::move(*gtrid);
    if (in.take(',')) {
        auto bqual = in.part();
        if (!bqual) return std::nullopt;
        id.bqual = std::move(*bqual);
    }
    if (in.take(',')) {
        const auto format = in.number();
        if (!format) return std::nullopt;
        id.format = *format;
    }
    const bool fits = id.gtrid.size() <= part_bytes_max && id.bqual.size() <= part_bytes_max;
    if (!fits || !in.at_end()) return std::nullopt;
    return id;
}

result<xa_prepare_event> decode_xa_prepare(const event_view& event) {
    byte_reader in(event.body);
    xa_prepare_event decoded;
    decoded.one_phase = in.u8() != 0;
    decoded.id.format = in.u32();
    const auto gtrid_size = in.u32();
    const auto bqual_size = in.u32();
    if (gtrid_size > part_bytes_max || bqual_size > part_bytes_max) {
        return fail(errc::malformed,
                    fmt::format("an XA_PREPARE event names a transaction by {} + {} bytes; 64 + 64 "
                                "is the most",
                                gtrid_size, bqual_size));
    }
    decoded.id.gtrid = in.text(gtrid_size);
    decoded.id.bqual = in.text(bqual_size);
    if (auto done = in.finish("an XA_PREPARE event"); !done)
        return std::unexpected(std::move(done.error()));
    return decoded;
}

} // namespace understudy::protocol
