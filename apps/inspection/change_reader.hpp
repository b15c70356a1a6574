#pragma once

#include "apps/inspection/change_json_writer.hpp"
#include "apps/inspection/change_text_writer.hpp"
#include "apps/inspection/redo_writer.hpp"
#include "apps/inspection/reversed_records.hpp"
#include "apps/inspection/spooled_output.hpp"
#include "apps/inspection/turn_output.hpp"
#include "apps/inspection/undo_writer.hpp"
#include "apps/relay_options.hpp"
#include "relay/inspection/change_selector.hpp"
#include "relay/inspection/key_search.hpp"
#include "relay/inspection/piece_reading.hpp"
#include "relay/inspection/remembered_definitions.hpp"

#include <filesystem>
#include <functional>
#include <memory>

namespace understudy::apps {

// The part of one thread in `relay show` and `relay history`: selects the changes of its pieces and
// writes them in the form that was asked for. SQL sets up its session anew in each piece, so that
// it comes out the same however many threads there are.
class change_reader final : public relay::inspection::piece_reader {
public:
    struct parts {
        relay::inspection::change_filter filter;
        relay::inspection::change_selector::statement_test statement;
        relay::inspection::change_selector::row_test row;
        relay_command::format how = relay_command::format::text;
        change_text_writer::options text;
        bool shows_secrets = false;
        relay::key_ring keys;
        relay::inspection::remembered_definitions::warning warn;
        // May be nullptr; shared with the row test.
        std::shared_ptr<relay::inspection::key_search> search;
        turn_output::sink to; // text, or records for reversed_records with --undo
        std::function<protocol::result<void>()> flush;
    };
    explicit change_reader(parts with);

    relay::inspection::transaction_visitor& visitor() override { return selector_; }
    relay::inspection::piece_context context() override;
    void begin_piece(relay::inspection::ordered_turns& turns, std::size_t number) override;
    relay::inspection::ordered_turns::delivery end_piece(bool complete) override;
    protocol::result<void> waiting() override;

private:
    [[nodiscard]] relay::inspection::change_writer& writer();

    parts with_;
    relay::inspection::remembered_definitions definitions_;
    turn_output turn_;
    spooled_output out_;
    reversed_records none_; // what is undone is put together elsewhere, in the end
    change_text_writer text_;
    change_json_writer json_;
    redo_writer redo_;
    undo_writer undo_;
    relay::inspection::change_selector selector_;
};

} // namespace understudy::apps
