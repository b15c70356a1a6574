#pragma once

#include "applier/ddl/statement_charset.hpp"
#include "applier/target_session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::applier {

// How a target spells DISABLE ON …: REPLICA since MySQL 8.2.0, SLAVE before and on MariaDB.
[[nodiscard]] bool says_replica(const target_facts& target);

// A CREATE or ALTER EVENT that leaves an event that the source runs switched off for replicas
// (DISABLE ON REPLICA): both sides would run it otherwise. DISABLE stays what it is, so that
// whoever switches the target's events on one day knows which of them were on. It has to be in the
// statement itself: an event that is switched off by a second statement may have run in between.
// `replica_word`: REPLICA or SLAVE, as says_replica tells. nullopt when the text cannot be read.
// Pure.
[[nodiscard]] std::optional<std::string>
disable_event(std::string_view text, std::uint64_t sql_mode, std::uint32_t source_version,
              const ddl::statement_charset& charset, std::string_view replica_word);

} // namespace understudy::applier
