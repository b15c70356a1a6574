#include "state/task_file_endpoint.hpp"

#include "state/command_output.hpp"
#include "state/durable_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy::state {

namespace {

using protocol::connect_options;
using protocol::tls_mode;

constexpr std::array<std::pair<std::string_view, tls_mode>, 5> tls_modes{{
    {"disabled", tls_mode::disabled},
    {"preferred", tls_mode::preferred},
    {"required", tls_mode::required},
    {"verify-ca", tls_mode::verify_ca},
    {"verify-identity", tls_mode::verify_identity},
}};

constexpr std::array<std::pair<std::string_view, protocol::compression>, 3> compressions{{
    {"none", protocol::compression::none},
    {"zlib", protocol::compression::zlib},
    {"zstd", protocol::compression::zstd},
}};

std::filesystem::path beside(const std::filesystem::path& file, const std::string& path) {
    return (std::filesystem::absolute(file).parent_path() / path).lexically_normal();
}

bool others_have(const std::filesystem::path& path, mode_t permission) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && (info.st_mode & permission) != 0;
}

// A directory that others cannot enter keeps its files from them as well.
bool others_may_read(const std::filesystem::path& file) {
    return others_have(std::filesystem::absolute(file).parent_path(), S_IXOTH) &&
           others_have(file, S_IROTH);
}

} // namespace

std::optional<protocol::server_address> parse_address(std::string_view text, std::uint16_t port) {
    protocol::server_address address{.host = {}, .port = port};
    auto colon = text.rfind(':');
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        address.host = text.substr(1, end - 1);
        colon = end + 1 == text.size() ? std::string_view::npos : end + 1;
        if (colon != std::string_view::npos && text[colon] != ':') return std::nullopt;
    } else {
        address.host = text.substr(0, colon);
    }
    if (address.host.empty() || address.host.starts_with('/')) return std::nullopt;
    const bool is_bare_ipv6 = !text.starts_with('[') && address.host.find(':') != std::string::npos;
    if (is_bare_ipv6) return std::nullopt;
    if (colon == std::string_view::npos) return address;
    const auto number = text.substr(colon + 1);
    const auto [end, failed] =
        std::from_chars(number.data(), number.data() + number.size(), address.port);
    const bool whole = failed == std::errc() && end == number.data() + number.size();
    return whole && address.port != 0 ? std::optional(address) : std::nullopt;
}

std::filesystem::path beside_task_file(const task_file_context& context, const std::string& path) {
    return beside(context.file, path);
}

void warn_if_others_may_read(const std::filesystem::path& file, std::string_view what,
                             task_file_context& context) {
    if (!others_may_read(file)) return;
    context.warnings.push_back(file.string() + " holds " + std::string(what) +
                               " and every user of this machine may read it; `chmod 600` it");
}

namespace {

// A password that is no text is not told back: it may well be the password.
std::string take_password(task_section& section, task_file_context& context) {
    const toml_node* node = section.take("password");
    if (node == nullptr) return {};
    if (node->what != toml_node::kind::text) {
        section.complain("password", "is not a text; allowed is a text in quotes");
        return {};
    }
    if (!node->text.empty()) warn_if_others_may_read(context.file, "a password", context);
    return node->text;
}

// A file's or a program's text as a password: one line.
std::string take_line(task_section& section, std::string_view key, std::string text,
                      const std::string& from) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    if (text.empty()) section.complain(key, from + " is empty");
    if (text.find('\n') != std::string::npos)
        section.complain(key, from + " has more than one line; allowed is the password alone");
    return text;
}

std::string take_password_from_file(task_section& section, const std::string& path,
                                    task_file_context& context) {
    const std::filesystem::path file = beside(context.file, path);
    auto text = read_whole(file);
    if (!text) {
        section.complain("password_file", text.error().what);
        return {};
    }
    warn_if_others_may_read(file, "a password", context);
    return take_line(section, "password_file", *std::move(text), file.string());
}

std::string take_password_from_environment(task_section& section, const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr)
        section.complain("password_env", "the environment variable it names is not set");
    return value == nullptr ? std::string() : std::string(value);
}

std::string take_password_from_command(task_section& section,
                                       const std::vector<std::string>& argv) {
    if (argv.empty() || argv.front().empty()) {
        section.complain("password_command",
                         "is empty; allowed is a list of a program and its arguments");
        return {};
    }
    auto text = command_output(argv);
    if (!text) {
        section.complain("password_command", text.error().what);
        return {};
    }
    return take_line(section, "password_command", *std::move(text),
                     "what " + argv.front() + " prints");
}

void read_password(task_section& section, connect_options& into, task_file_context& context) {
    const int given = section.has("password") + section.has("password_file") +
                      section.has("password_env") + section.has("password_command");
    if (section.present() && given == 0) {
        section.complain("password",
                         "is missing; needed is one of password, password_file, password_env and "
                         "password_command");
    }
    if (given > 1) {
        section.complain("password",
                         "is given more than once; allowed is one of password, password_file, "
                         "password_env and password_command");
    }
    std::string password = take_password(section, context);
    std::string path;
    section.read("password_file", path);
    if (!path.empty()) password = take_password_from_file(section, path, context);
    std::string variable;
    section.read("password_env", variable);
    if (!variable.empty()) password = take_password_from_environment(section, variable);
    std::vector<std::string> command;
    section.read("password_command", command);
    if (section.has("password_command")) password = take_password_from_command(section, command);
    into.password = protocol::secret(std::move(password));
}

void read_readable_file(task_section& section, std::string_view key, std::string& into,
                        const task_file_context& context) {
    section.read(key, into);
    if (into.empty()) return;
    const std::filesystem::path file = beside(context.file, into);
    into = file.string();
    std::error_code failure;
    if (!std::filesystem::is_regular_file(file, failure)) {
        section.complain(key, "there is no file " + into);
    } else if (::access(file.c_str(), R_OK) != 0) {
        section.complain(key, into + " may not be read by this user");
    }
}

void read_tls(task_section& endpoint, protocol::tls_options& into, task_file_context& context) {
    task_section tls(endpoint, "tls");
    tls.read_choice<tls_mode>("mode", into.mode, tls_modes);
    read_readable_file(tls, "ca", into.ca, context);
    read_readable_file(tls, "cert", into.cert, context);
    read_readable_file(tls, "key", into.key, context);
    const bool verifies =
        into.mode == tls_mode::verify_ca || into.mode == tls_mode::verify_identity;
    if (verifies && !tls.has("ca")) {
        tls.complain("ca",
                     "is missing; tls.mode \"" + std::string(to_string(into.mode)) +
                         "\" needs the file of the authority that signed the server's certificate");
    }
    if (tls.has("cert") != tls.has("key")) {
        tls.complain(tls.has("cert") ? "key" : "cert",
                     "is missing; tls.cert and tls.key are given together or not at all");
    }
    context.finish(tls);
}

// A socket is an address of its own: host, port or socket, and nothing given twice.
void read_address(task_section& section, connect_options& into) {
    section.read("host", into.host);
    section.read("port", into.port, 1, 65535);
    std::string socket;
    section.read("socket", socket);
    if (!section.present()) return;
    if (section.has("hosts")) return;
    if (!section.has("socket")) {
        section.require("host", "a name or an address, or socket = the path of a Unix socket");
        return;
    }
    for (const char* other : {"host", "port"}) {
        if (section.has(other)) {
            section.complain(other, "is given beside socket; a server is reached by host and port, "
                                    "or by its Unix socket");
        }
    }
    if (!socket.empty() && !socket.starts_with('/')) {
        section.complain("socket", "found \"" + socket + "\"; allowed is a path from / on");
    }
    into.host = std::move(socket);
}

// "db1", "db1:3306", "10.0.0.1:3306", "[::1]:3306"
void read_hosts(task_section& section, task_spec& spec) {
    std::vector<std::string> texts;
    section.read("hosts", texts);
    if (!section.has("hosts")) return;
    for (const char* other : {"host", "port", "socket"}) {
        if (section.has(other)) {
            section.complain(other, "is given beside hosts; allowed is one of them");
        }
    }
    for (const auto& text : texts) {
        const auto address = parse_address(text, protocol::server_address{}.port);
        if (!address) {
            section.complain("hosts", "found \"" + text +
                                          "\"; allowed are \"host\", \"host:port\" and "
                                          "\"[IPv6 address]:port\"");
        } else if (std::ranges::find(spec.source_hosts, *address) != spec.source_hosts.end()) {
            section.complain("hosts", "names \"" + text + "\" twice");
        } else {
            spec.source_hosts.push_back(*address);
        }
    }
    if (texts.empty()) section.complain("hosts", "is empty; needed is at least one server");
    if (spec.source_hosts.empty()) return;
    spec.source = spec.source.at(spec.source_hosts.front());
    if (spec.source_hosts.size() == 1) spec.source_hosts.clear();
}

void read_compression(task_section& section, connect_options& into) {
    section.read_choice<protocol::compression>("compression", into.compressed, compressions);
    section.read("zstd_level", into.zstd_level, 1, protocol::zstd_level_max);
    if (section.has("zstd_level") && into.compressed != protocol::compression::zstd) {
        section.complain("zstd_level", "is of use with compression = \"zstd\" only");
    }
}

} // namespace

void task_file_context::finish(task_section& section) {
    section.finish();
    keys.insert(keys.end(), section.known().begin(), section.known().end());
}

void read_endpoint(task_section& section, connect_options& into, task_file_context& context) {
    read_address(section, into);
    section.read("user", into.user);
    if (section.present()) section.require("user", "the account to sign in with");
    read_password(section, into, context);
    read_tls(section, into.tls, context);
    read_compression(section, into);
    section.read_duration("connect_timeout", into.connect_timeout, {});
    section.read_duration("read_timeout", into.read_timeout, {});
    section.read_duration("write_timeout", into.write_timeout, {});
    context.finish(section);
}

void read_source(task_section& section, task_spec& spec, task_file_context& context) {
    read_hosts(section, spec);
    section.read("semi_sync", spec.semi_sync);
    read_endpoint(section, spec.source, context);
}

} // namespace understudy::state
