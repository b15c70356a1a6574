#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace understudy::applier {

// Rows of XA transactions that the source has prepared and not yet committed or rolled back: they
// wait on the target, in `understudy`.`prepared_xa`, a transaction in numbered parts of any size
// (part 0 is there even when nothing selected was changed). Written and removed in the transaction
// of the checkpoint, so they are as durable as it is and need neither the relay log nor the source
// any more. SQL only; stateless but for names.
class prepared_store {
public:
    prepared_store(std::string meta_database, std::string task);

    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    [[nodiscard]] protocol::result<void> write(target_session& target, std::string_view xa_id,
                                               std::uint32_t part,
                                               std::span<const std::byte> bytes) const;
    // nullopt: there is no such part.
    [[nodiscard]] protocol::result<std::optional<std::string>>
    read(target_session& target, std::string_view xa_id, std::uint32_t part) const;
    // All parts of one transaction. Returns their number.
    [[nodiscard]] protocol::result<std::uint64_t> remove(target_session& target,
                                                         std::string_view xa_id) const;
    // A note that transactions were perhaps prepared when the task began, whose rows nobody has.
    [[nodiscard]] protocol::result<void> note_unknown(target_session& target, bool unknown) const;
    [[nodiscard]] protocol::result<bool> has_unknown(target_session& target) const;
    [[nodiscard]] protocol::result<void> remove_all(target_session& target) const;

private:
    [[nodiscard]] std::string condition(std::string_view xa_id) const;

    std::string table_;
    std::string task_;
};

} // namespace understudy::applier
