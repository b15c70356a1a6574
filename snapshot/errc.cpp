#include "snapshot/errc.hpp"

#include <string>

namespace understudy::snapshot {

namespace {

class category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "understudy.snapshot"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<errc>(code)) {
        case errc::source_read_failed: return "a read from the source failed";
        case errc::object_unreadable: return "the definition of a selected object cannot be read";
        case errc::lock_not_granted: return "the short read lock was not granted in time";
        case errc::unsupported_object: return "an object cannot be copied faithfully";
        case errc::value_not_exact: return "the target did not store a row as it is";
        case errc::changed_during_copy: return "a table was altered while it was copied";
        case errc::merged_key_taken: return "a key is taken by a row of another table";
        case errc::taken_back: return "the copy was being taken back";
        case errc::cancelled: return "stopped on request";
        }
        return "unknown snapshot error " + std::to_string(code);
    }
};

} // namespace

const std::error_category& snapshot_category() noexcept {
    static const category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), snapshot_category()};
}

} // namespace understudy::snapshot
