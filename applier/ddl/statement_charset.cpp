#include "applier/ddl/statement_charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>

namespace understudy::applier::ddl {

namespace {

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

unsigned byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool within(unsigned value, unsigned low, unsigned high) {
    return low <= value && value <= high;
}

class converter {
public:
    converter(const char* to, const char* from) : handle_(iconv_open(to, from)) {}
    ~converter() {
        if (good()) iconv_close(handle_);
    }
    converter(const converter&) = delete;
    converter& operator=(const converter&) = delete;

    [[nodiscard]] bool good() const {
        return handle_ != reinterpret_cast<iconv_t>(-1); // NOLINT: iconv's own word for failure
    }
    // Calls bad() for each byte that cannot be converted; false ends it.
    template<class Bad>
    [[nodiscard]] bool run(std::string_view text, std::string& out, Bad bad) {
        std::string input(text);
        char* in = input.data();
        std::size_t left = input.size();
        while (left > 0) {
            std::array<char, 256> buffer{};
            char* to = buffer.data();
            std::size_t room = buffer.size();
            const bool stuck =
                iconv(handle_, &in, &left, &to, &room) == static_cast<std::size_t>(-1);
            out.append(buffer.data(), buffer.size() - room);
            if (!stuck || room < 8) continue;
            if (!bad()) return false;
            ++in;
            --left;
        }
        return true;
    }

private:
    iconv_t handle_;
};

// A character of four bytes is outside the basic plane.
std::string into_utf8mb3(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (byte_at(text, at) < 0xF0) {
            out += text[at];
        } else {
            out += '?';
            at += 3;
        }
    }
    return out;
}

} // namespace

statement_charset statement_charset::of_collation(std::uint16_t id) {
    struct known {
        const char* name;
        shape how;
        std::array<std::uint16_t, 8> collations;
    };
    // iconv's names for what MySQL means: its latin1 is cp1252, its euckr cp949.
    static constexpr known all[] = {
        {"BIG5", shape::big5, {1, 84}},
        {"ISO-8859-2", shape::single, {2, 9, 21, 27, 77}},
        {"CP850", shape::single, {4, 80}},
        {"CP1252", shape::single, {5, 8, 15, 31, 47, 48, 49, 94}},
        {"KOI8-R", shape::single, {7, 74}},
        {"EUC-JP", shape::single, {12, 91}},
        {"SJIS", shape::sjis, {13, 88}},
        {"CP1251", shape::single, {14, 23, 50, 51, 52}},
        {"ISO-8859-8", shape::single, {16, 71}},
        {"TIS-620", shape::single, {18, 89}},
        {"CP949", shape::single, {19, 85}},
        {"ISO-8859-13", shape::single, {20, 41, 42, 79}},
        {"KOI8-U", shape::single, {22, 75}},
        {"GB2312", shape::single, {24, 86}},
        {"ISO-8859-7", shape::single, {25, 70}},
        {"CP1250", shape::single, {26, 34, 44, 66, 99}},
        {"GBK", shape::gbk, {28, 87}},
        {"CP1257", shape::single, {29, 58, 59}},
        {"ISO-8859-9", shape::single, {30, 78}},
        {"CP866", shape::single, {36, 68}},
        {"MACINTOSH", shape::single, {39, 53}},
        {"CP852", shape::single, {40, 81}},
        {"CP1256", shape::single, {57, 67}},
        {"CP932", shape::sjis, {95, 96}},
        {"EUC-JP-MS", shape::single, {97, 98}},
        {"GB18030", shape::gb18030, {248, 249, 250}},
    };
    statement_charset made;
    constexpr std::uint16_t binary = 63; // identifiers come as they are stored
    const bool utf8 = id == 0 || id == 33 || id == 76 || id == 83 || id == 45 || id == 46 ||
                      id == binary || within(id, 192, 247) || id >= 255;
    if (utf8) return made;
    made.iconv_name_ = nullptr;
    for (const known& one : all) {
        if (std::ranges::find(one.collations, id) == one.collations.end()) continue;
        made.iconv_name_ = one.name;
        made.shape_ = one.how;
    }
    return made;
}

bool statement_charset::is_utf8() const {
    return iconv_name_ != nullptr && std::string_view(iconv_name_) == "UTF-8";
}

std::size_t statement_charset::length_at(std::string_view text, std::size_t at) const {
    const unsigned lead = byte_at(text, at);
    const unsigned next = byte_at(text, at + 1);
    bool two = false;
    switch (shape_) {
    case shape::single: return 1;
    case shape::big5:
        two = within(lead, 0xA1, 0xF9) && (within(next, 0x40, 0x7E) || within(next, 0xA1, 0xFE));
        break;
    case shape::gb18030:
        if (within(lead, 0x81, 0xFE) && within(next, 0x30, 0x39)) return 4;
        [[fallthrough]];
    case shape::gbk:
        two = within(lead, 0x81, 0xFE) && (within(next, 0x40, 0x7E) || within(next, 0x80, 0xFE));
        break;
    case shape::sjis:
        two = (within(lead, 0x81, 0x9F) || within(lead, 0xE0, 0xFC)) &&
              (within(next, 0x40, 0x7E) || within(next, 0x80, 0xFC));
        break;
    }
    return two ? 2 : 1;
}

std::optional<std::string> statement_charset::name_to_utf8(std::string_view bytes) const {
    if (is_ascii(bytes)) return std::string(bytes);
    if (iconv_name_ == nullptr) return std::nullopt;
    converter convert("UTF-8", iconv_name_);
    if (!convert.good()) return std::nullopt;
    std::string out;
    const bool done = convert.run(bytes, out, [&] {
        out += '?';
        return true;
    });
    return done ? std::optional(into_utf8mb3(out)) : std::nullopt;
}

std::optional<std::string> statement_charset::from_utf8(std::string_view text) const {
    if (is_ascii(text)) return std::string(text);
    if (iconv_name_ == nullptr) return std::nullopt;
    converter convert(iconv_name_, "UTF-8");
    std::string out;
    if (!convert.good() || !convert.run(text, out, [] { return false; })) return std::nullopt;
    return out;
}

} // namespace understudy::applier::ddl
