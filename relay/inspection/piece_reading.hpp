#pragma once

#include "protocol/result.hpp"
#include "relay/inspection/log_piece.hpp"
#include "relay/inspection/ordered_turns.hpp"
#include "relay/inspection/transaction.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace understudy::relay::inspection {

// What one thread makes of the pieces that it is given, one after the other. Only that thread calls
// it, but for what end_piece() returns.
class piece_reader {
public:
    virtual ~piece_reader() = default;
    // The same one for all pieces.
    [[nodiscard]] virtual transaction_visitor& visitor() = 0;
    [[nodiscard]] virtual piece_context context() { return {}; }
    virtual void begin_piece(ordered_turns& turns, std::size_t number) = 0;
    // What is to be done with what was made of the piece when its turn comes. complete: it was read
    // to its end.
    [[nodiscard]] virtual ordered_turns::delivery end_piece(bool complete) = 0;
    // What is followed has nothing more at the moment.
    [[nodiscard]] virtual protocol::result<void> waiting() { return {}; }
};

// How the last piece ended.
struct log_ending {
    std::string open_transaction; // where it begins; empty: the log ends between two
    std::uint64_t unfinished_bytes = 0;
};

struct piece_reading {
    bool follow = false; // the log grows: never ends by itself
    // Rows that are known and cannot be read are passed over.
    bool skip_unsupported = false;
};

// Reads all pieces, each by one of the readers, on a thread for each of them. The first error in
// the order of the log ends it; what comes before it is delivered. Memory is the readers' for as
// many pieces as are under way, a few for each thread.
[[nodiscard]] protocol::result<log_ending>
read_pieces(log_cutter& cutter, const std::vector<std::unique_ptr<piece_reader>>& readers,
            piece_reading how);

} // namespace understudy::relay::inspection
