#include "precheck/owner_sql.hpp"

#include "precheck/needs.hpp"
#include "state/name_glob.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <set>

namespace understudy::precheck {

namespace {

// Since then an account's REQUIRE is ALTER USER's; before it was GRANT's.
constexpr std::uint32_t alter_user_requires_since = 50706;
constexpr std::uint32_t xa_recover_admin_since = 80000;

constexpr const char* table_rights[] = {"SELECT",     "INSERT",      "UPDATE",    "DELETE",
                                        "CREATE",     "DROP",        "ALTER",     "INDEX",
                                        "REFERENCES", "CREATE VIEW", "SHOW VIEW", "TRIGGER"};

// As REQUIRE SUBJECT compares it; empty: the file cannot be read.
std::string subject_of(const std::string& certificate) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
        std::fopen(certificate.c_str(), "rb"), &std::fclose);
    if (!file) return {};
    const std::unique_ptr<X509, void (*)(X509*)> read(
        PEM_read_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
    if (!read) return {};
    const std::unique_ptr<char, void (*)(char*)> text(
        X509_NAME_oneline(X509_get_subject_name(read.get()), nullptr, 0),
        [](char* one) { OPENSSL_free(one); });
    return text ? text.get() : std::string();
}

std::string sql_string(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += c;
        out += c;
    }
    return out + "'";
}

// Empty: signing in without TLS must stay possible.
std::string requirement(const protocol::tls_options& tls) {
    using mode = protocol::tls_mode;
    if (tls.mode == mode::disabled || tls.mode == mode::preferred) return "";
    if (tls.cert.empty()) return "SSL";
    const auto subject = subject_of(tls.cert);
    return subject.empty() ? "X509" : "SUBJECT " + sql_string(subject);
}

std::string account_sql(std::string_view side, std::string_view task,
                        const protocol::connect_options& endpoint, const assumed_server& server,
                        const std::string& account_host) {
    const std::string account = quote_account(endpoint.user + "@" + account_host);
    auto text =
        fmt::format("-- Task {}: what the owner of the {}, {} ({}), executes.\n"
                    "-- An account that does not exist yet, with the password of the task:\n"
                    "--   CREATE USER {} IDENTIFIED BY '…';\n",
                    task, side, endpoint.address(), server.to_string(), account);
    const auto required = requirement(endpoint.tls);
    if (required.empty()) return text;
    const bool alters = server.is_mariadb || server.version_number >= alter_user_requires_since;
    return text + fmt::format("{} {} REQUIRE {};\n",
                              alters ? "ALTER USER" : "GRANT USAGE ON *.* TO", account, required);
}

// Databases that are named by a pattern: of those nothing was seen that could be named in full.
struct database_pattern {
    std::string like;
    bool whole = false; // all of each database
    std::string text;   // of the task file
};

std::vector<database_pattern> database_patterns(const state::task_spec& spec) {
    std::vector<database_pattern> found;
    for (const std::string& text : spec.objects.include) {
        const auto pattern = state::object_pattern::parse(text);
        if (!pattern || !pattern->database.has_wildcard()) continue;
        // GRANT knows no regular expressions.
        found.push_back(
            {pattern->database.like().value_or("%"), pattern->object.is_everything(), text});
    }
    return found;
}

void add(std::vector<need>& needs, const std::string& like, const std::string& why,
         std::initializer_list<const char*> privileges) {
    for (const char* one : privileges)
        needs.push_back({{one}, like, "", why, true});
}

std::string with_patterns(std::string text, const std::vector<database_pattern>& patterns) {
    for (const auto& [like, whole, written] : patterns) {
        if (like == "%")
            text +=
                "-- GRANT cannot say " + written + ": the rights below are for all databases.\n";
    }
    return text;
}

source_seen assume(const assumed_server& server) {
    source_seen seen;
    seen.server.version_number = server.version_number;
    seen.server.is_mariadb = server.is_mariadb;
    // What is not known may have other definers.
    seen.definers.push_back({"view", {}, "somebody else"});
    return seen;
}

} // namespace

std::optional<assumed_server> assumed_server::parse(std::string_view text) {
    assumed_server made;
    constexpr std::string_view mariadb = "mariadb-";
    made.is_mariadb = text.starts_with(mariadb);
    if (made.is_mariadb) text.remove_prefix(mariadb.size());
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    const auto* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, major);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, minor);
    if (second.ec != std::errc{} || second.ptr != end || major > 99 || minor > 99)
        return std::nullopt;
    // The last of its line: what a line learned later is asked for by its newer name.
    constexpr std::uint32_t last_patch = 99;
    made.version_number = major * 10'000 + minor * 100 + last_patch;
    return made;
}

std::string assumed_server::to_string() const {
    return fmt::format("{} {}.{}", is_mariadb ? "MariaDB" : "MySQL", version_number / 10'000,
                       version_number / 100 % 100);
}

std::string source_owner_sql(const state::task_spec& spec, const state::object_selection& selection,
                             const owner_sql_options& options) {
    const auto seen = assume(options.source);
    auto needs = source_needs(spec, selection, seen);
    const auto patterns = database_patterns(spec);
    for (const auto& [like, whole, text] : patterns) {
        if (!spec.initial.schema && !spec.initial.data) break;
        add(needs, like, "", {"SELECT"});
        if (spec.initial.schema) add(needs, like, "", {"SHOW VIEW", "TRIGGER"});
        if (spec.initial.schema && whole) add(needs, like, "", {"EVENT"});
        if (spec.initial.data) add(needs, like, "", {"LOCK TABLES"});
        const bool all_routines = spec.initial.schema && whole && !options.source.is_mariadb &&
                                  options.source.version_number >= xa_recover_admin_since;
        if (all_routines) needs.push_back({{"SHOW_ROUTINE"}, "", "", ""});
    }
    if (spec.initial.data && !options.source.is_mariadb &&
        options.source.version_number >= xa_recover_admin_since)
        needs.push_back({{"XA_RECOVER_ADMIN"}, "", "", ""});
    return with_patterns(
               account_sql("source", spec.name, spec.source, options.source, options.account_host),
               patterns) +
           grant_statements(needs, spec.source.user + "@" + options.account_host) + "\n";
}

std::string target_owner_sql(const state::task_spec& spec, const state::object_selection& selection,
                             const owner_sql_options& options) {
    const auto source = assume(options.source);
    target_seen seen;
    seen.server.version_number = options.target.version_number;
    seen.server.is_mariadb = options.target.is_mariadb;
    std::vector<need> needs;
    if (!options.target.is_mariadb && spec.apply.how != state::task_spec::writer::sql)
        needs.push_back({{"REPLICATION_APPLIER"}, "", "", ""});
    auto more = target_needs(spec, selection, source, seen);
    std::erase_if(more,
                  [](const need& one) { return one.one_of.front() == "REPLICATION_APPLIER"; });
    needs.insert(needs.end(), more.begin(), more.end());
    for (const std::string& text : spec.objects.include) {
        const auto pattern = state::object_pattern::parse(text);
        if (!pattern || pattern->database.has_wildcard() || pattern->object.is_everything())
            continue;
        const auto& database = pattern->database.name();
        const auto on_target = pattern->object.has_wildcard()
                                   ? selection.map_database(database)
                                   : selection.map(database, pattern->object.name()).database;
        for (const char* privilege : table_rights)
            needs.push_back({{privilege}, on_target, "", ""});
    }
    const auto patterns = database_patterns(spec);
    std::set<std::string> likes;
    for (const auto& one : patterns)
        likes.insert(one.like);
    for (const auto& [from, to] : spec.objects.rename) {
        const auto before = state::object_pattern::parse(from);
        if (!before || !before->database.has_wildcard()) continue;
        const auto pattern = state::object_pattern::parse(to);
        if (pattern) likes.insert(pattern->database.like().value_or("%"));
    }
    for (const auto& like : likes) {
        for (const char* privilege : table_rights)
            add(needs, like, "", {privilege});
        add(needs, like, "", {"CREATE ROUTINE", "ALTER ROUTINE", "EVENT"});
    }
    return with_patterns(
               account_sql("target", spec.name, spec.target, options.target, options.account_host),
               patterns) +
           "-- Where triggers or functions come along and the target writes a binary log:\n"
           "--   SET PERSIST log_bin_trust_function_creators = ON;\n" +
           (selection.accounts().empty()
                ? ""
                : "-- Nobody can grant what they have not: where the accounts of objects.accounts "
                  "may do more than this account, it needs that too, WITH GRANT OPTION.\n") +
           grant_statements(needs, spec.target.user + "@" + options.account_host) + "\n";
}

} // namespace understudy::precheck
