#include "applier/ddl/rewriter.hpp"

#include <algorithm>
#include <utility>

namespace understudy::applier::ddl {

state::object_name rewriter::resolve(const name_reference& reference) const {
    return resolve(reference, statement_->database);
}

state::object_name rewriter::resolve(const name_reference& reference, std::string_view home) const {
    return selection_->as_stored(
        state::object_name{reference.database.value_or(std::string(home)), reference.name});
}

state::object_name rewriter::resolve_program(const name_reference& reference) const {
    return {selection_->as_stored(reference.database.value_or(std::string(statement_->database))),
            reference.name};
}

void rewriter::replace(const name_reference& reference, const state::object_name& source,
                       std::string_view home_on_target) {
    const auto target = selection_->map(source.database, source.object);
    const bool right_already = target.object == reference.name &&
                               (reference.database ? *reference.database == target.database
                                                   : home_on_target == target.database);
    if (!right_already) replace(reference.begin, reference.end, target.to_string());
}

namespace {

// Ends and beginnings of executable comments that stand inside of what is replaced
// ("/*!50000 db.*/t"): they stay, so that what is around them keeps its meaning.
std::string comment_marks(std::string_view text) {
    std::string marks;
    char quote = '\0';
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if (c == '`' || c == '"' || c == '\'') {
            quote = c;
        } else if (text.substr(at).starts_with("/*!") || text.substr(at).starts_with("/*M!")) {
            const auto end = text.find_first_not_of("0123456789", text.find('!', at) + 1);
            marks += ' ';
            marks += text.substr(at, std::min(end, text.size()) - at);
            marks += ' ';
        } else if (text.substr(at).starts_with("/*")) {
            at = std::min(text.find("*/", at + 2), text.size() - 2) + 1;
        } else if (text.substr(at).starts_with("*/")) {
            marks += " */ ";
        }
    }
    return marks;
}

} // namespace

void rewriter::replace(std::size_t begin, std::size_t end, std::string text) {
    text += comment_marks(statement_->text.substr(begin, end - begin));
    auto encoded = charset_.from_utf8(text);
    writable_ = writable_ && encoded.has_value();
    edits_.push_back({begin, end, std::move(encoded).value_or("")});
}

std::string rewriter::text() const {
    auto edits = edits_;
    // What is put in at a place comes before what is replaced there.
    std::ranges::sort(edits, {}, [](const edit& one) { return std::pair(one.begin, one.end); });
    std::string out;
    std::size_t at = 0;
    for (const auto& one : edits) {
        out.append(statement_->text.substr(at, one.begin - at));
        out.append(one.text);
        at = one.end;
    }
    out.append(statement_->text.substr(at));
    return out;
}

bool rewriter::mentions_renamed(token_cursor from) const {
    bool after_dot = false;
    for (; !from.at_end(); from.advance()) {
        const auto& one = from.peek();
        const bool is_name = one.what == token::kind::word || one.what == token::kind::identifier;
        if (is_name && !after_dot) {
            if (from.sees_symbol('.', 1)) {
                const auto target = selection_->map(one.text, from.peek(2).text);
                if (target.database != one.text || target.object != from.peek(2).text) return true;
            }
            const auto target = selection_->map(statement_->database, one.text);
            if (target.object != one.text) return true;
            if (target.database != selection_->map_database(statement_->database)) return true;
        }
        after_dot = from.sees_symbol('.');
    }
    return false;
}

} // namespace understudy::applier::ddl
