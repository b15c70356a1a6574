#include "precheck/items.hpp"

#include "precheck/needs.hpp"

#include <algorithm>
#include <iterator>

namespace understudy::precheck {

namespace {

[[nodiscard]] item privileges_item(std::string id, const server_seen& server,
                                   std::vector<need> needs) {
    const std::string title = "privileges of " + server.account;
    if (!server.granted) {
        return skip(std::move(id), severity::blocking, title, "SHOW GRANTS was not answered");
    }
    const std::vector<need> lacking = missing(*server.granted, std::move(needs));
    if (lacking.empty())
        return pass(std::move(id), severity::blocking, title, "all that is needed");
    std::string fix = grant_statements(lacking, server.account);
    if (!server.granted->roles().empty()) {
        fix += "\n-- or, if a role of the account has them:\nSET DEFAULT ROLE ALL TO " +
               quote_account(server.account) + ";";
    }
    return {std::move(id),
            severity::blocking,
            outcome::failed,
            title,
            "missing: " + describe(lacking),
            "needed " + reasons(lacking),
            std::move(fix)};
}

void append(std::vector<item>& all, std::vector<item> more) {
    std::ranges::move(more, std::back_inserter(all));
}

} // namespace

item pass(std::string id, severity level, std::string title, std::string seen) {
    return {std::move(id), level, outcome::passed, std::move(title), std::move(seen), "", ""};
}

item expect_none(std::string id, severity level, std::string title,
                 std::span<const std::string> names, std::string why, std::string fix) {
    if (names.empty()) return pass(std::move(id), level, std::move(title), "none");
    return {std::move(id),  level,          outcome::failed, std::move(title),
            some_of(names), std::move(why), std::move(fix)};
}

item skip(std::string id, severity level, std::string title, std::string because) {
    return {std::move(id),
            level,
            outcome::skipped,
            std::move(title),
            "not looked at: " + std::move(because),
            "",
            ""};
}

std::string some_of(std::span<const std::string> names, std::size_t shown) {
    std::string text;
    for (std::size_t i = 0; i < std::min(shown, names.size()); ++i) {
        if (i > 0) text += ", ";
        text += names[i];
    }
    if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
    return text;
}

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

item questions_item(std::string_view side, const server_seen& server, bool privileges_missing) {
    const std::string id = std::string(side) + ".answers";
    const std::string title = "answers to all questions";
    const auto unexplained = [&](const unanswered& one) {
        return !(one.denied && privileges_missing);
    };
    const auto first = std::ranges::find_if(server.questions, unexplained);
    if (first == server.questions.end()) {
        return server.questions.empty()
                   ? pass(id, severity::blocking, title, "yes")
                   : skip(id, severity::blocking, title, "privileges are missing");
    }
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            first->sql + ": " + first->what,
            "what could not be asked could not be checked",
            "Mend what the server says and run the precheck again."};
}

item source_privileges_item(const subject& about) {
    return privileges_item("source.privileges", about.source.server,
                           source_needs(about.spec, about.selection, about.source));
}

item target_privileges_item(const subject& about, const target_seen& target) {
    return privileges_item("target.privileges", target.server,
                           target_needs(about.spec, about.selection, about.source, target));
}

std::vector<item> source_items(const subject& about) {
    std::vector<item> all;
    all.push_back(source_version_item(about.source));
    append(all, tls_items("source", about.spec.source, about.source.server));
    append(all, source_log_items(about));
    append(all, following_items(about));
    all.push_back(start_position_item(about));
    append(all, identity_items(about));
    all.push_back(source_privileges_item(about));
    const bool lacking = all.back().state != outcome::passed;
    all.push_back(questions_item("source", about.source.server, lacking));
    append(all, source_object_items(about));
    append(all, source_account_items(about));
    append(all, source_health_items(about));
    append(all, shape_items(about));
    return all;
}

std::vector<item> target_items(const subject& about, const target_seen& target) {
    std::vector<item> all;
    all.push_back(target_version_item(about.source, target));
    append(all, tls_items("target", about.spec.target, target.server));
    if (!target.server.is_mariadb) append(all, dialect_items(about));
    append(all, feature_items(about, target));
    append(all, target_setting_items(about, target));
    all.push_back(writer_item(about, target));
    all.push_back(target_privileges_item(about, target));
    const bool lacking = all.back().state != outcome::passed;
    all.push_back(questions_item("target", target.server, lacking));
    append(all, definer_items(about, target));
    if (!about.source.tables.empty()) all.push_back(target_names_item(about, target));
    append(all, existing_table_items(about, target));
    append(all, target_account_items(about, target));
    append(all, merged_items(about, target));
    if (!about.source.tables.empty()) {
        all.push_back(other_tasks_item(about, target));
        all.push_back(ring_item(about, target));
        append(all, bystander_items(about, target));
    }
    append(all, target_health_items(about, target));
    return all;
}

} // namespace understudy::precheck
