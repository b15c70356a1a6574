#pragma once

#include "applier/ddl/lexer.hpp"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier::ddl {

// [database .] name as it stands in a statement, with its place in the text.
struct name_reference {
    std::optional<std::string> database;
    std::string name;
    std::size_t begin = 0;
    std::size_t end = 0;
};

// Walks the tokens of one statement. Keywords compare without case and only against unquoted words.
class token_cursor {
public:
    explicit token_cursor(const std::vector<token>& tokens, std::size_t at = 0)
        : tokens_(&tokens), at_(at) {}

    [[nodiscard]] const token& peek(std::size_t ahead = 0) const {
        const auto index = at_ + ahead;
        return index < tokens_->size() ? (*tokens_)[index] : tokens_->back();
    }
    [[nodiscard]] bool at_end() const { return peek().what == token::kind::end; }
    [[nodiscard]] std::size_t index() const { return at_; }
    void advance() {
        if (!at_end()) ++at_;
    }

    [[nodiscard]] bool sees(std::string_view keyword, std::size_t ahead = 0) const;
    [[nodiscard]] bool sees_symbol(char symbol, std::size_t ahead = 0) const;
    // Steps over the keyword if it is there.
    bool take(std::string_view keyword);
    bool take_symbol(char symbol);
    // Steps over all of the keywords or none.
    bool take_all(std::initializer_list<std::string_view> keywords);
    bool take_any(std::initializer_list<std::string_view> keywords);

    // A possibly qualified name; nullopt (and no step) when none stands here. ".name" means no
    // database.
    [[nodiscard]] std::optional<name_reference> take_name();
    // user, user@host, CURRENT_USER, CURRENT_USER()
    bool take_account();
    // From "(" to its ")"; false when there is none here.
    bool take_parentheses();

private:
    const std::vector<token>* tokens_;
    std::size_t at_;
};

[[nodiscard]] bool equal_keyword(std::string_view word, std::string_view keyword);

} // namespace understudy::applier::ddl
