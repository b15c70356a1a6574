#include "apps/inspection/change_reader.hpp"

#include <utility>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::result;
using format = relay_command::format;

change_reader::change_reader(parts with)
    : with_(std::move(with)), definitions_(with_.keys, with_.warn), turn_(with_.to),
      out_([this](std::string_view piece) { return turn_.write(piece); }), text_(out_, with_.text),
      json_(out_, with_.shows_secrets), redo_(out_, with_.shows_secrets), undo_(out_, none_, out_),
      selector_(with_.filter, {.definitions = definitions_,
                               .writer = writer(),
                               .gate = &out_,
                               .statement = with_.statement,
                               .row = with_.row}) {}

change_writer& change_reader::writer() {
    switch (with_.how) {
    case format::json: return json_;
    case format::sql: return redo_;
    case format::undo: return undo_;
    case format::text: break;
    }
    return text_;
}

piece_context change_reader::context() {
    return {.indexed = with_.search.get(),
            .entered = [this](const std::filesystem::path& path) { definitions_.enter(path); }};
}

void change_reader::begin_piece(ordered_turns& turns, std::size_t number) {
    turn_.begin(turns, number);
    redo_.begin_session();
}

ordered_turns::delivery change_reader::end_piece(bool complete) {
    // Half a piece is good to read, and not to execute.
    if (!complete && (with_.how == format::sql || with_.how == format::undo)) turn_.drop();
    auto flushed = complete || with_.how == format::text || with_.how == format::json
                       ? out_.flush()
                       : result<void>{};
    return [flushed = std::move(flushed), rest = turn_.take()]() mutable -> result<void> {
        if (!flushed) return flushed;
        return rest();
    };
}

result<void> change_reader::waiting() {
    if (auto done = out_.flush(); !done) return done;
    return with_.flush ? with_.flush() : result<void>{};
}

} // namespace understudy::apps
