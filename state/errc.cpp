#include "state/errc.hpp"

#include <string>

namespace understudy::state {

namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "understudy.state"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
        case errc::task_file_unreadable: return "the task file cannot be read";
        case errc::task_file_invalid: return "the task file is not valid";
        case errc::selection_invalid: return "include, exclude and rename contradict each other";
        case errc::already_running: return "another process runs this task";
        case errc::io_failed: return "a file operation in the data directory failed";
        case errc::damaged: return "a file in the data directory is damaged";
        }
        return "unknown state error";
    }
};

} // namespace

const std::error_category& state_category() noexcept {
    static const category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), state_category()};
}

} // namespace understudy::state
