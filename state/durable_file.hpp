#pragma once

#include "protocol/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace understudy::state {

// Replaces a file as a whole: temp file beside it (mode 0600), fsync, rename, fsync of the
// directory. After a crash the file holds the old text or the new, never a part. errc::io_failed
// names the file and what the system said.
[[nodiscard]] protocol::result<void> write_durably(const std::filesystem::path& file,
                                                   std::string_view text);

// The same for readers, but for the two fsyncs: after a crash of the machine the file may be empty.
// For what is written anew every second and means nothing by then; an fsync makes every commit of a
// database on the same disk wait.
[[nodiscard]] protocol::result<void> write_for_readers(const std::filesystem::path& file,
                                                       std::string_view text);

// The whole file. `text` of the error says why not; a missing file is an error too.
[[nodiscard]] protocol::result<std::string> read_whole(const std::filesystem::path& file);

// errc::io_failed with what the system said of that file.
[[nodiscard]] std::unexpected<protocol::error> file_error(const std::filesystem::path& file,
                                                          const std::error_code& failure);

} // namespace understudy::state
