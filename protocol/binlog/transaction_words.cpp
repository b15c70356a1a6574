#include "protocol/binlog/transaction_words.hpp"

#include <algorithm>
#include <initializer_list>

namespace understudy::protocol {

namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";

std::string_view skip_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

bool same_word(std::string_view word, std::string_view upper) {
    const auto same_letter = [](char a, char b) {
        return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 32) : a) == b;
    };
    return std::ranges::equal(word, upper, same_letter);
}

// Takes the word off the front of `text` if it is there, followed by a blank or the end.
bool take_word(std::string_view& text, std::string_view upper) {
    const auto start = skip_blanks(text);
    const auto word = start.substr(0, start.find_first_of(blanks));
    if (!same_word(word, upper)) {
        return false;
    }
    text = start.substr(word.size());
    return true;
}

bool starts_with_words(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::ranges::all_of(words, [&](auto word) { return take_word(text, word); });
}

bool is_only(std::string_view text, std::string_view word) {
    return take_word(text, word) && skip_blanks(text).empty();
}

} // namespace

bool is_begin(std::string_view text) {
    return is_only(text, "BEGIN");
}

bool is_commit(std::string_view text) {
    return is_only(text, "COMMIT");
}

bool is_rollback(std::string_view text) {
    return is_only(text, "ROLLBACK");
}

bool is_savepoint(std::string_view text) {
    return starts_with_words(text, {"SAVEPOINT"}) || starts_with_words(text, {"ROLLBACK", "TO"}) ||
           starts_with_words(text, {"ROLLBACK", "WORK", "TO"}) ||
           starts_with_words(text, {"RELEASE", "SAVEPOINT"});
}

bool is_xa_start(std::string_view text) {
    return starts_with_words(text, {"XA", "START"}) || starts_with_words(text, {"XA", "BEGIN"});
}

bool is_xa_commit_or_rollback(std::string_view text) {
    return starts_with_words(text, {"XA", "COMMIT"}) || starts_with_words(text, {"XA", "ROLLBACK"});
}

} // namespace understudy::protocol
