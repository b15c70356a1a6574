#pragma once

#include "apps/inspection/temporary_file.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace understudy::apps {

// Pieces of text that are written from the first to the last and read from the last to the first,
// however many there are: beyond some megabytes they are in a temporary file. One thread.
class reversed_records {
public:
    // Appends a piece, in the form in which take() wants it.
    static void append(std::string& out, std::string_view record);
    // Bytes of whole or cut records, one behind the other.
    [[nodiscard]] protocol::result<void> take(std::string_view bytes);
    // Every record, the last one first.
    [[nodiscard]] protocol::result<void>
    for_each(const std::function<protocol::result<void>(std::string_view)>& visit) const;

private:
    temporary_file file_;
};

} // namespace understudy::apps
