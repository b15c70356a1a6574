#include "applier/errc.hpp"

#include <string>

namespace understudy::applier {

namespace {

class category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "understudy.applier"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<errc>(code)) {
        case errc::connect_failed: return "the target cannot be reached";
        case errc::connection_lost: return "the connection to the target was lost";
        case errc::access_denied: return "the target refused the sign-in";
        case errc::missing_privilege: return "the account on the target lacks a privilege";
        case errc::transient: return "the target asks to try again";
        case errc::target_refused: return "the target refused a statement";
        case errc::read_only_target: return "the target is read-only";
        case errc::disk_full: return "the target has no room left";
        case errc::row_not_found: return "a row to change is not on the target";
        case errc::duplicate_key: return "a key is already on the target";
        case errc::missing_table: return "a selected table is not on the target";
        case errc::definition_mismatch: return "a table is defined differently on the target";
        case errc::packet_too_large: return "a row is larger than the target accepts";
        case errc::unsupported_statement: return "a statement is not understood";
        case errc::unsupported_event: return "an event cannot be applied";
        case errc::ddl_uncertain: return "nobody can tell whether a DDL was executed";
        case errc::fenced: return "another process applies this task";
        case errc::checkpoint_invalid: return "the checkpoint does not fit this task";
        case errc::reload_needed: return "a table has to be copied anew";
        case errc::long_statement: return "a long statement waits with its table";
        case errc::selection_changed: return "what is selected has changed";
        case errc::merge_waits: return "a statement waits for the other tables of a merge";
        case errc::quarantined: return "a table that is set aside is in the way";
        case errc::cancelled: return "stopped on request";
        }
        return "unknown applier error " + std::to_string(code);
    }
};

} // namespace

const std::error_category& applier_category() noexcept {
    static const category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), applier_category()};
}

} // namespace understudy::applier
