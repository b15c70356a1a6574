#include "applier/ddl/body_names.hpp"
#include "applier/ddl/lexer.hpp"
#include "applier/ddl/redaction.hpp"
#include "applier/statement_plan.hpp"
#include "protocol/assert.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <array>
#include <stdexcept>
#include <string>

// input := modes 1, charset 1, text      modes: bit 0 ANSI_QUOTES, 1 NO_BACKSLASH_ESCAPES, 2
// MariaDB, 3 MySQL 5.6

namespace understudy::fuzz {

namespace {

state::object_selection renaming() {
    state::task_spec spec;
    spec.name = "fuzz";
    spec.objects.include = {"corpus.*", "a.b"};
    spec.objects.exclude = {"corpus.articles", "corpus.tmp_*"};
    spec.objects.rename = {{"corpus", "corpus_copy"},
                           {"corpus.orders", "corpus_dw.facts"},
                           {"corpus.items", "corpus_copy.articles"}};
    spec.objects.definers = state::definer_policy(state::definer_policy::choice::current_user);
    spec.objects.accounts = {"a*@*", "b@localhost"};
    auto made = state::object_selection::make(spec);
    if (!made) throw std::runtime_error(made.error().what);
    return std::move(*made);
}

} // namespace

void feed_ddl(std::span<const std::byte> input) {
    using namespace applier;
    static const state::object_selection selection = renaming();
    constexpr std::array<std::uint16_t, 8> charsets{45, 8, 1, 13, 28, 95, 248, 3};
    protocol::byte_reader in(input);
    const unsigned modes = in.u8();
    const std::uint16_t charset = charsets[in.u8() % charsets.size()];
    const std::string_view text = protocol::as_text(in.rest());
    const std::uint64_t sql_mode = ((modes & 1U) != 0 ? ddl::mode_ansi_quotes : 0) |
                                   ((modes & 2U) != 0 ? ddl::mode_no_backslash_escapes : 0);
    const std::uint32_t version = (modes & 4U) != 0 ? 101106 : (modes & 8U) != 0 ? 50624 : 90704;

    const auto list =
        ddl::tokenize(text, sql_mode, version, ddl::statement_charset::of_collation(charset));
    std::size_t at = 0;
    for (const auto& token : list.tokens) {
        UNDERSTUDY_ASSERT(token.begin >= at && token.end >= token.begin);
        UNDERSTUDY_ASSERT(token.end <= text.size());
        at = token.end;
    }
    UNDERSTUDY_ASSERT(list.tokens.back().what == ddl::token::kind::end);
    for (const auto& name : ddl::read_body(ddl::token_cursor(list.tokens)).names)
        UNDERSTUDY_ASSERT(name.where.begin < name.where.end && name.where.end <= text.size());
    const auto shown = ddl::redacted(text, sql_mode, ddl::statement_charset::of_collation(charset));
    UNDERSTUDY_ASSERT(shown == text || !shown.contains("IDENTIFIED BY '"));
    const auto plan =
        plan_statement({text, "corpus", sql_mode, version, false, charset}, selection);
    if (plan && plan->what == statement_plan::action::skip)
        UNDERSTUDY_ASSERT(!plan->reason.empty());
}

} // namespace understudy::fuzz
