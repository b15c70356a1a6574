#include "applier/target_session.hpp"

#include "applier/errc.hpp"
#include "applier/server_errors.hpp"
#include "protocol/assert.hpp"

#include <mysql.h>

#include <openssl/crypto.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>
#include <map>
#include <mutex>

#include <fmt/format.h>

namespace understudy::applier {

using protocol::fail;
using protocol::result;
using protocol::tls_mode;

namespace {

// The C library's own start-up is not thread-safe.
void initialise_library() {
    static const bool done = [] { return mysql_library_init(0, nullptr, nullptr) == 0; }();
    UNDERSTUDY_ASSERT(done);
}

unsigned seconds(std::chrono::milliseconds time) {
    return static_cast<unsigned>(std::max<std::int64_t>(1, (time.count() + 999) / 1000));
}

// "8.0.36-28.1" is 80036, "5.5.5-10.11.6-MariaDB" is 101106.
std::uint32_t version_number(std::string_view text) {
    if (text.starts_with("5.5.5-") && text.contains("MariaDB")) text.remove_prefix(6);
    std::uint32_t parts[3] = {0, 0, 0};
    const char* at = text.data();
    const char* const end = at + text.size();
    for (std::uint32_t& part : parts) {
        const auto [next, error] = std::from_chars(at, end, part);
        if (error != std::errc{}) break;
        at = next;
        if (at == end || *at != '.') break;
        ++at;
    }
    return parts[0] * 10'000 + parts[1] * 100 + parts[2];
}

} // namespace

struct target_session::impl {
    MYSQL* handle = nullptr;
    std::string name; // user@host:port
    target_facts facts;
    std::mutex socket_mutex; // interrupt() against close
    int socket = -1;
    std::atomic<bool> lost{false};
    bool awaits_answer = false;                                     // between send() and receive()
    std::function<std::size_t(std::span<char>)>* produce = nullptr; // set while load_data runs

    ~impl() {
        {
            const std::lock_guard lock(socket_mutex);
            socket = -1;
        }
        if (handle != nullptr) mysql_close(handle);
    }

    [[nodiscard]] std::unexpected<protocol::error> failure(std::string_view step) {
        const unsigned number = mysql_errno(handle);
        std::string said = mysql_error(handle);
        errc code = sort_server_error(number);
        // Once signed in, what counts as "cannot connect" is the end of the conversation: a killed
        // server ends a TLS connection with CR_SSL_CONNECTION_ERROR, not with CR_SERVER_LOST.
        if (code == errc::connect_failed) code = errc::connection_lost;
        if (code == errc::connection_lost) lost = true;
        return fail(code, fmt::format("target {}: {}: {} (error {})", name, step, said, number),
                    {static_cast<std::uint16_t>(number), mysql_sqlstate(handle), said});
    }

    void set_options(const protocol::connect_options& options);
    void set_tls(const protocol::tls_options& tls, tls_mode mode);
    [[nodiscard]] result<void> set_compression(const protocol::connect_options& options);
    [[nodiscard]] result<void> sign_in(const protocol::connect_options& options, tls_mode mode);
    [[nodiscard]] std::unexpected<protocol::error>
    sign_in_failure(const protocol::connect_options& options, tls_mode mode);
    [[nodiscard]] result<execute_info> answer(); // to the statement whose result was read
    void keep_alive();
    void refuse_files();
};

void target_session::impl::set_options(const protocol::connect_options& options) {
    const unsigned connect_seconds = seconds(options.connect_timeout);
    mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
    if (options.read_timeout.count() > 0) {
        const unsigned read_seconds = seconds(options.read_timeout);
        mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &read_seconds);
    }
    if (options.write_timeout.count() > 0) {
        const unsigned write_seconds = seconds(options.write_timeout);
        mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &write_seconds);
    }
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    // "localhost" must not turn into a Unix socket: the task names a host and a port.
    const unsigned protocol_number =
        options.is_local() ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol_number);
    for (const auto& [name_of, value] : options.attributes)
        mysql_options4(handle, MYSQL_OPT_CONNECT_ATTR_ADD, name_of.c_str(), value.c_str());
    const unsigned long packet = 1UL << 30U;
    mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    // The capability is needed for load_data(); the handlers below refuse everything else.
    const unsigned local_infile = 1;
    mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &local_infile);
    refuse_files();
}

// What the two client libraries call the same five modes. MariaDB's has no name for verify_ca: a CA
// without VERIFY_SERVER_CERT checks the chain and not the name.
void target_session::impl::set_tls(const protocol::tls_options& tls, tls_mode mode) {
    const auto file = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
#ifdef MARIADB_PACKAGE_VERSION
    const my_bool verify_name = mode == tls_mode::verify_identity ? 1 : 0;
    const my_bool enforce = mode == tls_mode::disabled ? 0 : 1;
    mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &enforce);
    mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify_name);
    if (mode == tls_mode::disabled) return;
#else
    static constexpr unsigned modes[] = {SSL_MODE_DISABLED, SSL_MODE_REQUIRED, SSL_MODE_REQUIRED,
                                         SSL_MODE_VERIFY_CA, SSL_MODE_VERIFY_IDENTITY};
    const unsigned ssl_mode = modes[static_cast<std::size_t>(mode)];
    mysql_options(handle, MYSQL_OPT_SSL_MODE, &ssl_mode);
    const bool get_key = true;
    mysql_options(handle, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &get_key);
    if (mode == tls_mode::disabled) return;
#endif
    // A CA is only looked at by the modes that verify, as the mysql client does it.
    const bool verifies = mode == tls_mode::verify_ca || mode == tls_mode::verify_identity;
    if (verifies) mysql_options(handle, MYSQL_OPT_SSL_CA, file(tls.ca));
    mysql_options(handle, MYSQL_OPT_SSL_CERT, file(tls.cert));
    mysql_options(handle, MYSQL_OPT_SSL_KEY, file(tls.key));
}

// A server that does not offer what is asked for is refused by MySQL's library; with MariaDB's the
// connection is not compressed then.
result<void> target_session::impl::set_compression(const protocol::connect_options& options) {
    const auto algorithm = options.compressed;
    if (algorithm == protocol::compression::none) return {};
#ifdef MARIADB_PACKAGE_VERSION
    if (algorithm == protocol::compression::zstd) {
        return fail(errc::connect_failed,
                    fmt::format("target {}: compression is \"zstd\", which the client library "
                                "(MariaDB's) does not have: choose \"zlib\" or \"none\"",
                                options.to_string()));
    }
    mysql_options(handle, MYSQL_OPT_COMPRESS, nullptr);
#else
    const std::string name(protocol::to_string(algorithm));
    mysql_options(handle, MYSQL_OPT_COMPRESSION_ALGORITHMS, name.c_str());
    const unsigned level = static_cast<unsigned>(options.zstd_level);
    mysql_options(handle, MYSQL_OPT_ZSTD_COMPRESSION_LEVEL, &level);
#endif
    return {};
}

std::unexpected<protocol::error>
target_session::impl::sign_in_failure(const protocol::connect_options& options, tls_mode mode) {
    const unsigned number = mysql_errno(handle);
    const std::string said = mysql_error(handle);
    std::string_view step = "sign-in";
    switch (number) {
    case 2005: step = "name resolution"; break;
    case 2002:
    case 2003: step = "TCP connection"; break;
    case 2012:
    case 2013: step = "handshake"; break;
    case 2026: step = "TLS"; break;
    default: break;
    }
    const bool certificate =
        number == 2026 && (said.contains("ertificate") || said.contains("self") ||
                           said.contains("verif") || said.contains("expired"));
    if (certificate) step = "TLS, certificate of the target";
    std::string advice;
    if (number == 2026 && said.contains("does not support")) {
        advice =
            fmt::format(". tls.mode is {} and the target offers no TLS", protocol::to_string(mode));
    } else if (number == 2058 || number == 2059) {
        advice = ". The client library lacks the authentication plugin of this account";
    }
    lost = true;
    return fail(is_connection_lost(number) ? errc::connect_failed : sort_server_error(number),
                fmt::format("target {}: {} failed: {} (error {}){}", options.to_string(), step,
                            said, number, advice),
                {static_cast<std::uint16_t>(number), mysql_sqlstate(handle), said});
}

result<void> target_session::impl::sign_in(const protocol::connect_options& options,
                                           tls_mode mode) {
    UNDERSTUDY_ASSERT(handle == nullptr);
    handle = mysql_init(nullptr);
    UNDERSTUDY_ASSERT(handle != nullptr);
    set_options(options);
    set_tls(options.tls, mode);
    if (auto set = set_compression(options); !set) return set;

    std::string password(options.password.reveal());
    const bool local = options.is_local();
    const bool connected =
        mysql_real_connect(
            handle, local ? nullptr : options.host.c_str(), options.user.c_str(), password.c_str(),
            options.database.empty() ? nullptr : options.database.c_str(), options.port,
            local ? options.host.c_str() : nullptr, CLIENT_FOUND_ROWS) != nullptr;
    OPENSSL_cleanse(password.data(), password.size());
    // The library keeps a copy for reconnects, which are off.
    if (handle->passwd != nullptr) OPENSSL_cleanse(handle->passwd, std::strlen(handle->passwd));
    if (!connected) return sign_in_failure(options, mode);

    const bool encrypted = mysql_get_ssl_cipher(handle) != nullptr;
    if (!encrypted && mode != tls_mode::disabled) {
        // MariaDB's library does not complain where the server offers none.
        constexpr std::uint16_t tls_error = 2026; // CR_SSL_CONNECTION_ERROR
        return fail(
            errc::connect_failed,
            fmt::format("target {}: TLS failed: tls.mode is {} and the connection is not encrypted",
                        options.to_string(), protocol::to_string(mode)),
            {tls_error, "HY000", "the server does not offer TLS"});
    }
    UNDERSTUDY_ASSERT(!encrypted || mode != tls_mode::disabled);
    refuse_files(); // MySQL's library forgets the handlers when it connects
    keep_alive();
    return {};
}

// A peer that vanished without a word is noticed after about half a minute, however long a
// statement may run.
void target_session::impl::keep_alive() {
#ifdef MARIADB_PACKAGE_VERSION
    const int descriptor = static_cast<int>(mysql_get_socket(handle));
#else
    const int descriptor = handle->net.fd;
#endif
    const std::lock_guard lock(socket_mutex);
    socket = descriptor;
    const int on = 1;
    const int idle_seconds = 15;
    const int interval_seconds = 5;
    const int probes = 3;
    const unsigned unacknowledged_ms = 30'000;
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
    setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval_seconds, sizeof interval_seconds);
    setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
               sizeof unacknowledged_ms);
}

// A target may ask for any file of ours in answer to any statement (LOAD DATA LOCAL is the server's
// request). These handlers answer from memory while load_data() runs and refuse otherwise; no path
// is ever opened.
void target_session::impl::refuse_files() {
    const auto init = [](void** state, const char*, void* user) -> int {
        *state = user;
        return static_cast<impl*>(user)->produce == nullptr ? 1 : 0;
    };
    const auto read = [](void* state, char* buffer, unsigned int size) -> int {
        auto* const self = static_cast<impl*>(state);
        if (self->produce == nullptr) return -1;
        return static_cast<int>((*self->produce)(std::span(buffer, size)));
    };
    const auto end = [](void*) {};
    const auto error = [](void*, char* buffer, unsigned int size) -> int {
        std::strncpy(buffer, "no file is sent to the target", size);
        return 2; // CR_UNKNOWN_ERROR's place: any number that is not 0
    };
    mysql_set_local_infile_handler(handle, init, read, end, error, this);
}

namespace {

// read_only stops accounts without the right to override it; super_read_only stops everybody.
result<bool> stopped_by_read_only(target_session& session, bool read_only, bool super_read_only) {
    if (super_read_only) return true;
    if (!read_only) return false;
    auto grants = session.query("SHOW GRANTS");
    if (!grants) return std::unexpected(std::move(grants.error()));
    for (const auto& row : grants->rows) {
        const std::string& grant = row.front().value();
        for (const std::string_view right :
             {"ALL PRIVILEGES ON *.*", "SUPER", "CONNECTION_ADMIN", "READ_ONLY ADMIN"}) {
            if (grant.contains(right) && grant.contains("ON *.*")) return false;
        }
    }
    return true;
}

result<target_facts> read_facts(target_session& session) {
    auto answer = session.query(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'server_uuid', 'gtid_mode', "
        "'read_only', 'super_read_only', 'local_infile', 'max_allowed_packet', "
        "'lower_case_table_names')");
    if (!answer) return std::unexpected(std::move(answer.error()));
    std::map<std::string, std::optional<std::string>> values;
    for (auto& row : answer->rows)
        values[row[0].value()] = row[1];
    const auto is_on = [&](const char* name) {
        const std::string value = values[name].value_or("OFF");
        return value == "ON" || value == "1";
    };
    target_facts facts;
    facts.version = values["version"].value_or("");
    facts.version_number = version_number(facts.version);
    facts.is_mariadb = facts.version.contains("MariaDB");
    facts.server_uuid = values["server_uuid"].value_or("");
    facts.gtid_mode_on = is_on("gtid_mode");
    facts.local_infile = is_on("local_infile");
    facts.max_allowed_packet = to_number(values["max_allowed_packet"]);
    facts.lower_case_table_names =
        static_cast<std::uint32_t>(to_number(values["lower_case_table_names"]));
    auto stopped = stopped_by_read_only(session, is_on("read_only"), is_on("super_read_only"));
    if (!stopped) return std::unexpected(std::move(stopped.error()));
    facts.read_only = *stopped;
    return facts;
}

result<void> prepare_session(target_session& session) {
    auto done = session.execute(fmt::format(
        "SET SESSION time_zone = '+00:00', sql_mode = '{}', autocommit = 1, net_read_timeout = "
        "600, net_write_timeout = 600, wait_timeout = 28800, sql_select_limit = "
        "18446744073709551615, sql_safe_updates = 0, sql_big_selects = 1, completion_type = 0"
        " /*!80000 , max_execution_time = 0 */ /*M!100300 , max_statement_time = 0 */",
        session_sql_mode));
    if (done) done = session.execute("SET SESSION TRANSACTION READ WRITE");
    if (!done) return std::unexpected(std::move(done.error()));
    // Setting these needs a privilege, so only where they are in the way.
    auto in_the_way = session.query(
        "SHOW SESSION VARIABLES WHERE Variable_name IN ('innodb_strict_mode', "
        "'restrict_fk_on_non_standard_key', 'sql_generate_invisible_primary_key') AND Value = "
        "'ON'");
    if (!in_the_way) return std::unexpected(std::move(in_the_way.error()));
    for (const auto& row : in_the_way->rows) {
        const std::string& name = row[0].value();
        done = session.execute("SET SESSION " + name + " = OFF");
        if (done) continue;
        if (name == "sql_generate_invisible_primary_key") {
            return wrap(
                std::move(done.error()),
                "the target adds invisible primary keys, which tables of the source do not have");
        }
        // The others keep the target from refusing what the source took: whoever may not set them
        // has the statements that need it refused, by name.
        if (done.error().code != errc::missing_privilege)
            return std::unexpected(std::move(done.error()));
    }
    return {};
}

} // namespace

target_session::target_session(std::unique_ptr<impl> state) : impl_(std::move(state)) {}
target_session::~target_session() = default;

result<std::unique_ptr<target_session>>
target_session::connect(const protocol::connect_options& options, const warning_sink& warn) {
    initialise_library();
    const bool verifies =
        options.tls.mode == tls_mode::verify_ca || options.tls.mode == tls_mode::verify_identity;
    if (verifies && options.tls.ca.empty()) {
        return fail(errc::connect_failed,
                    fmt::format("target {}: tls.mode is {} and tls.ca is not given",
                                options.to_string(), protocol::to_string(options.tls.mode)));
    }
    auto state = std::make_unique<impl>();
    state->name = options.to_string();
    // Bytes over a Unix socket do not leave the machine.
    const bool needs_no_tls = options.is_local() && options.tls.mode == tls_mode::preferred;
    const auto mode = needs_no_tls ? tls_mode::disabled : options.tls.mode;
    auto signed_in = state->sign_in(options, mode);
    if (!signed_in && mode == tls_mode::preferred && signed_in.error().server.number == 2026) {
        if (warn) {
            warn(fmt::format(
                "target {}: no TLS ({}); going on without encryption because tls.mode is preferred",
                options.to_string(), signed_in.error().server.message));
        }
        state = std::make_unique<impl>();
        state->name = options.to_string();
        signed_in = state->sign_in(options, tls_mode::disabled);
    } else if (signed_in && mode == tls_mode::preferred && warn) {
        warn(fmt::format(
            "target {}: tls.mode preferred encrypts but does not authenticate the server; use "
            "verify-identity with tls.ca to be safe from an impostor",
            options.to_string()));
    }
    if (!signed_in) return std::unexpected(std::move(signed_in.error()));

    std::unique_ptr<target_session> session(new target_session(std::move(state)));
    if (auto prepared = prepare_session(*session); !prepared)
        return std::unexpected(std::move(prepared.error()));
    auto facts = read_facts(*session);
    if (!facts) return std::unexpected(std::move(facts.error()));
    session->impl_->facts = std::move(*facts);
    return session;
}

const target_facts& target_session::facts() const {
    return impl_->facts;
}

result<void> target_session::send(std::string_view sql) {
    // Its answer would be taken for the answer to this one.
    UNDERSTUDY_ASSERT(!impl_->awaits_answer);
    if (mysql_send_query(impl_->handle, sql.data(), static_cast<unsigned long>(sql.size())) != 0) {
        return impl_->failure("statement");
    }
    impl_->awaits_answer = true;
    return {};
}

result<execute_info> target_session::receive() {
    impl_->awaits_answer = false;
    if (mysql_read_query_result(impl_->handle) != 0) return impl_->failure("statement");
    return impl_->answer();
}

result<void> target_session::allow_many_statements(bool allowed) {
    UNDERSTUDY_ASSERT(!impl_->awaits_answer);
    const auto option =
        allowed ? MYSQL_OPTION_MULTI_STATEMENTS_ON : MYSQL_OPTION_MULTI_STATEMENTS_OFF;
    if (mysql_set_server_option(impl_->handle, option) != 0) return impl_->failure("session");
    return {};
}

bool target_session::more_answers() const {
    return !impl_->awaits_answer && !impl_->lost && mysql_more_results(impl_->handle) != 0;
}

result<execute_info> target_session::receive_behind_rows() {
    constexpr unsigned more_results_exist = 8;
    impl_->handle->server_status |= more_results_exist;
    return receive_next();
}

result<execute_info> target_session::receive_next() {
    if (mysql_next_result(impl_->handle) != 0) return impl_->failure("statement");
    return impl_->answer();
}

result<execute_info> target_session::impl::answer() {
    if (mysql_field_count(handle) != 0) {
        // ANALYZE, CHECK and their kin answer with rows nobody asked for.
        MYSQL_RES* const rows = mysql_store_result(handle);
        if (rows == nullptr) return failure("statement");
        mysql_free_result(rows);
    }
    execute_info info;
    info.affected_rows = mysql_affected_rows(handle);
    info.warnings = mysql_warning_count(handle);
    if (const char* const text = mysql_info(handle); text != nullptr) info.info = text;
    return info;
}

result<execute_info> target_session::execute(std::string_view sql) {
    if (auto sent = send(sql); !sent) return std::unexpected(std::move(sent.error()));
    return receive();
}

result<void> target_session::run(std::string_view sql) {
    auto done = execute(sql);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

result<query_rows> target_session::query(std::string_view sql) {
    if (auto sent = send(sql); !sent) return std::unexpected(std::move(sent.error()));
    impl_->awaits_answer = false;
    if (mysql_read_query_result(impl_->handle) != 0) return impl_->failure("query");
    MYSQL_RES* const answer = mysql_store_result(impl_->handle);
    if (answer == nullptr) {
        if (mysql_errno(impl_->handle) != 0) return impl_->failure("query");
        return query_rows{};
    }
    query_rows out;
    const unsigned width = mysql_num_fields(answer);
    const MYSQL_FIELD* const fields = mysql_fetch_fields(answer);
    for (unsigned i = 0; i < width; ++i)
        out.columns.emplace_back(fields[i].name);
    while (MYSQL_ROW row = mysql_fetch_row(answer)) {
        const unsigned long* const lengths = mysql_fetch_lengths(answer);
        auto& values = out.rows.emplace_back(width);
        for (unsigned i = 0; i < width; ++i) {
            if (row[i] != nullptr) values[i].emplace(row[i], lengths[i]);
        }
    }
    mysql_free_result(answer);
    return out;
}

result<std::optional<std::string>> target_session::scalar(std::string_view sql) {
    auto answer = query(sql);
    if (!answer) return std::unexpected(std::move(answer.error()));
    if (answer->rows.empty()) return std::nullopt;
    return std::move(answer->rows.front().front());
}

result<execute_info>
target_session::load_data(std::string_view sql,
                          std::function<std::size_t(std::span<char>)> produce) {
    impl_->produce = &produce;
    auto done = execute(sql);
    impl_->produce = nullptr;
    return done;
}

bool target_session::awaits_answer() const {
    return impl_->awaits_answer;
}

bool target_session::broken() const {
    return impl_->lost;
}

std::uint64_t target_session::connection_id() const {
    return mysql_thread_id(impl_->handle);
}

void target_session::interrupt() {
    const std::lock_guard lock(impl_->socket_mutex);
    if (impl_->socket >= 0) ::shutdown(impl_->socket, SHUT_RDWR);
}

} // namespace understudy::applier
