#include "relay/errc.hpp"

#include <string>

namespace understudy::relay {

namespace {

class category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "understudy.relay"; }

    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
        case errc::io_failed: return "the operating system refused a file operation";
        case errc::disk_full: return "the disk of the relay log is full";
        case errc::corrupt: return "the relay log is damaged";
        case errc::torn: return "the relay log's tail was not completely written";
        case errc::unsupported_version: return "the relay log was written by another version";
        case errc::position_not_held: return "the relay log does not hold the position asked for";
        case errc::files_begin_anew: return "the source's log files begin anew";
        case errc::wrong_source: return "the relay log is that of another source";
        case errc::locked: return "the relay log is in use by another process";
        case errc::closed: return "the relay log was closed";
        case errc::tampered: return "the encrypted relay log was tampered with";
        case errc::bad_key: return "a key of the relay log is missing or cannot be used";
        }
        return "unknown relay error";
    }
};

} // namespace

const std::error_category& relay_category() noexcept {
    static const category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), relay_category()};
}

} // namespace understudy::relay
