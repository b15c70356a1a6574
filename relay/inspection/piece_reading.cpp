#include "relay/inspection/piece_reading.hpp"

#include "protocol/errc.hpp"
#include "relay/inspection/event_stream.hpp"
#include "relay/inspection/transaction_assembler.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::result;

constexpr std::chrono::milliseconds follow_interval{200};
constexpr std::size_t pieces_ahead = 4; // for each thread
constexpr unsigned events_between_looks = 64;

class reading {
public:
    reading(log_cutter& cutter, std::size_t threads, piece_reading how)
        : cutter_(cutter), turns_(pieces_ahead * threads), how_(how) {}

    void run(piece_reader& reader) {
        transaction_assembler assembler(reader.visitor());
        while (auto next = take()) {
            auto& [number, piece] = *next;
            if (!piece) {
                turns_.finish(number, [why = std::move(piece.error())]() -> result<void> {
                    return std::unexpected(why);
                });
                return;
            }
            if (!turns_.wait_for_room(number)) return;
            reader.begin_piece(turns_, number);
            auto ending = read(*piece, reader, assembler);
            const bool complete = ending.has_value();
            turns_.finish(number,
                          [this, deliver = reader.end_piece(complete),
                           ending = std::move(ending)]() mutable -> result<void> {
                              if (auto done = deliver(); !done) return done;
                              if (!ending) return std::unexpected(std::move(ending.error()));
                              ending_ = std::move(*ending);
                              return {};
                          });
            if (!complete) return;
        }
    }
    result<log_ending> outcome() {
        if (auto done = turns_.outcome(); !done) return std::unexpected(std::move(done.error()));
        return std::move(ending_);
    }

private:
    struct numbered_piece {
        std::size_t number = 0;
        result<log_piece> piece;
    };
    std::optional<numbered_piece> take() {
        const std::lock_guard lock(mutex_);
        if (all_cut_ || turns_.is_over()) return std::nullopt;
        auto piece = cutter_.next();
        all_cut_ = !piece || !*piece;
        if (!piece) return numbered_piece{next_, std::unexpected(std::move(piece.error()))};
        if (!*piece) return std::nullopt;
        return numbered_piece{next_++, std::move(**piece)};
    }

    result<log_ending> read(const log_piece& piece, piece_reader& reader,
                            transaction_assembler& assembler) {
        auto source = piece.open(reader.context());
        if (!source) return std::unexpected(std::move(source.error()));
        event_stream stream(std::move(*source), event_stream::checksums::check);
        for (unsigned looked = 0;; ++looked) {
            // What comes behind an error is of no use to anybody.
            if (looked % events_between_looks == 0 && turns_.is_over()) return log_ending{};
            const auto event = stream.next();
            if (!event) return std::unexpected(event.error());
            if (*event) {
                auto done = assembler.feed(**event);
                const bool passed_over = !done && how_.skip_unsupported &&
                                         done.error().code == protocol::errc::unsupported;
                if (!done && !passed_over) return std::unexpected(std::move(done.error()));
                continue;
            }
            if (!how_.follow) break;
            if (auto done = reader.waiting(); !done)
                return std::unexpected(std::move(done.error()));
            std::this_thread::sleep_for(follow_interval);
        }
        log_ending ending;
        if (assembler.in_transaction()) ending.open_transaction = assembler.current().place();
        ending.unfinished_bytes = stream.source().unfinished_bytes();
        return ending;
    }

    log_cutter& cutter_;
    ordered_turns turns_;
    piece_reading how_;
    std::mutex mutex_; // of the next two and the cutter
    std::size_t next_ = 0;
    bool all_cut_ = false;
    log_ending ending_; // written in turn
};

} // namespace

result<log_ending> read_pieces(log_cutter& cutter,
                               const std::vector<std::unique_ptr<piece_reader>>& readers,
                               piece_reading how) {
    reading all(cutter, readers.size(), how);
    run_on_threads(static_cast<unsigned>(readers.size()),
                   [&](unsigned number) { all.run(*readers[number]); });
    return all.outcome();
}

} // namespace understudy::relay::inspection
