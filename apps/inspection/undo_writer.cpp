#include "apps/inspection/undo_writer.hpp"

#include "apps/inspection/redo_writer.hpp"
#include "apps/inspection/shown_statement.hpp"
#include "apps/inspection/shown_value.hpp"
#include "protocol/errc.hpp"

namespace understudy::apps {

using namespace relay::inspection;

namespace {

std::unexpected<protocol::error> cannot(const transaction& in, const std::string& what) {
    return protocol::fail(
        protocol::errc::unsupported,
        in.place() + ": " + what +
            " cannot be taken back; leave it out (--kind insert,update,delete, --table, --gtid, "
            "--since), if what comes after it can be undone without");
}

} // namespace

undo_writer::done undo_writer::record(std::string_view text) {
    reversed_records::append(records_.text(), text);
    return records_.written();
}

// Everything comes out the other way round, so a transaction begins with its end.
undo_writer::done undo_writer::begin(const transaction&) {
    return record("COMMIT;\n");
}

undo_writer::done undo_writer::row(const transaction&, const described_table& table,
                                   const row_change& change) {
    text_.clear();
    if (auto done = sql_.append_undo(text_, table, change); !done) return done;
    return text_.empty() ? done{} : record(text_);
}

undo_writer::done undo_writer::statement(const transaction& in, const protocol::query_event& query,
                                         statement_kind, const protocol::event_header&) {
    std::string text = "the statement ";
    append_harmless(text, shown_statement(query).substr(0, 200));
    return cannot(in, text);
}

undo_writer::done undo_writer::other(const transaction& in, const stream_event& event) {
    return cannot(in, "a " + to_string(event.event.header.type) + " event");
}

undo_writer::done undo_writer::end(const transaction& of, transaction_end how, std::uint64_t) {
    if (how == transaction_end::prepared) return cannot(of, "an XA transaction");
    return record(transaction_comment(of) + "BEGIN;\n");
}

undo_writer::done undo_writer::finish() {
    if (auto done = records_.flush(); !done) return done;
    out_.text() += row_session_settings;
    const auto done = kept_.for_each([&](std::string_view text) {
        out_.text() += text;
        return out_.written();
    });
    if (!done) return done;
    return out_.flush();
}

} // namespace understudy::apps
