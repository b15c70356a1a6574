#include "protocol/errc.hpp"
#include "protocol/session/auth_caching_sha2.hpp"
#include "protocol/session/auth_ed25519.hpp"
#include "protocol/session/auth_native.hpp"
#include "protocol/session/handshake.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/protocol/server_packets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace understudy::protocol {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using action = handshake::action;

connect_options options(tls_mode mode = tls_mode::disabled) {
    connect_options made;
    made.host = "db.example";
    made.user = "repl";
    made.password = secret("s3cret pass");
    made.database = "shop";
    made.tls.mode = mode;
    return made;
}

// The only packet of the output, taken apart.
struct sent_packet {
    int sequence = -1;
    test::bytes payload;
};
sent_packet sent(const handshake& machine) {
    byte_reader reader(machine.output());
    const auto size = reader.u24();
    sent_packet packet;
    packet.sequence = reader.u8();
    const auto payload = reader.bytes(size);
    packet.payload.assign(payload.begin(), payload.end());
    EXPECT_TRUE(reader.ok() && reader.at_end());
    return packet;
}

struct response {
    std::uint32_t capabilities = 0;
    std::string user;
    test::bytes answer;
    std::string database;
    std::string plugin;
};
response decode_response(const test::bytes& payload) {
    byte_reader reader(payload);
    response decoded;
    decoded.capabilities = reader.u32();
    reader.skip(4 + 1 + 23);
    decoded.user = reader.nul_text();
    const auto answer = reader.lenenc_bytes();
    decoded.answer.assign(answer.begin(), answer.end());
    if ((decoded.capabilities & capability::connect_with_db) != 0) {
        decoded.database = reader.nul_text();
    }
    decoded.plugin = reader.nul_text();
    if ((decoded.capabilities & capability::connect_attributes) != 0) reader.lenenc_bytes();
    EXPECT_TRUE(reader.ok() && reader.at_end());
    return decoded;
}

void expect_error(const result<action>& got, errc code, const std::string& text) {
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, make_error_code(code)) << got.error().what;
    EXPECT_THAT(got.error().what, HasSubstr(text));
    EXPECT_THAT(got.error().what, Not(HasSubstr("s3cret")));
}

const test::bytes nonce = test::to_bytes("0123456789abcdefghij");
const test::bytes fast_done = test::from_hex("0103");
const test::bytes full_wanted = test::from_hex("0104");

TEST(handshake, signs_in_the_fast_way) {
    handshake machine(options());
    ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
    const auto packet = sent(machine);
    EXPECT_EQ(packet.sequence, 1);
    const auto answer = decode_response(packet.payload);
    EXPECT_EQ(answer.user, "repl");
    EXPECT_EQ(answer.database, "shop");
    EXPECT_EQ(answer.plugin, "caching_sha2_password");
    EXPECT_EQ(answer.answer, caching_sha2_response(secret("s3cret pass"), nonce));
    EXPECT_EQ(answer.capabilities & capability::ssl, 0U);
    ASSERT_EQ(machine.on_packet(fast_done, 2), action::read);
    ASSERT_EQ(machine.on_packet(test::ok_payload(), 3), action::done);
    EXPECT_EQ(machine.server().version, "9.7.4");
    EXPECT_EQ(machine.server().version_number, 90704U);
    EXPECT_EQ(machine.server().connection_id, 42U);
    EXPECT_FALSE(machine.server().encrypted);
    EXPECT_TRUE(machine.output().empty());
}

TEST(handshake, asks_for_nothing_that_the_server_does_not_offer) {
    handshake machine(options());
    auto request = test::greeting_request{.version = "5.6.24"};
    request.capabilities = capability::needed;
    request.plugin = "mysql_native_password";
    request.ends_with_nul = false;
    ASSERT_EQ(machine.on_packet(test::greeting_payload(request), 0), action::write);
    const auto answer = decode_response(sent(machine).payload);
    EXPECT_EQ(answer.capabilities, capability::needed);
    EXPECT_EQ(answer.plugin, "mysql_native_password");
    EXPECT_EQ(answer.answer, native_password_response(secret("s3cret pass"), nonce));
}

TEST(handshake, encrypts_the_password_with_the_servers_key_without_tls) {
    handshake machine(options());
    ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
    ASSERT_EQ(machine.on_packet(full_wanted, 2), action::write);
    EXPECT_EQ(sent(machine).payload, test::from_hex("02"));
    EXPECT_EQ(sent(machine).sequence, 3);
    expect_error(machine.on_packet(test::to_bytes("\x01 no key"), 4), errc::malformed, "RSA");
}

TEST(handshake, does_not_take_an_ok_for_the_servers_key) {
    handshake machine(options());
    ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
    ASSERT_EQ(machine.on_packet(full_wanted, 2), action::write);
    expect_error(machine.on_packet(test::ok_payload(), 4), errc::malformed, "type 0");
}

TEST(handshake, sends_the_password_in_clear_over_tls_only) {
    handshake machine(options(tls_mode::required));
    ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write_then_tls);
    EXPECT_EQ(sent(machine).payload.size(), 32U);
    EXPECT_EQ(sent(machine).sequence, 1);
    ASSERT_EQ(machine.on_tls("TLSv1.3"), action::write);
    EXPECT_EQ(sent(machine).sequence, 2);
    EXPECT_NE(decode_response(sent(machine).payload).capabilities & capability::ssl, 0U);
    ASSERT_EQ(machine.on_packet(full_wanted, 3), action::write);
    EXPECT_EQ(sent(machine).payload, test::to_bytes(std::string_view("s3cret pass\0", 12)));
    ASSERT_EQ(machine.on_packet(test::ok_payload(), 5), action::done);
    EXPECT_TRUE(machine.server().encrypted);
    EXPECT_EQ(machine.server().tls_version, "TLSv1.3");
}

TEST(handshake, takes_a_unix_socket_for_safe) {
    auto local = options(tls_mode::preferred);
    local.host = "/run/mysqld.sock";
    handshake machine(local);
    ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
    EXPECT_FALSE(machine.warning().has_value());
    ASSERT_EQ(machine.on_packet(full_wanted, 2), action::write);
    EXPECT_EQ(sent(machine).payload.size(), 12U);
}

TEST(handshake, follows_a_switch_of_the_plugin_with_the_new_nonce) {
    handshake machine(options());
    ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
    const auto other = std::string("ABCDEFGHIJKLMNOPQRST");
    ASSERT_EQ(machine.on_packet(test::auth_switch_payload("mysql_native_password", other), 2),
              action::write);
    EXPECT_EQ(sent(machine).payload,
              native_password_response(secret("s3cret pass"), test::to_bytes(other)));
    ASSERT_EQ(machine.on_packet(test::ok_payload(), 4), action::done);
}

TEST(handshake, answers_a_switch_with_an_empty_packet_when_there_is_no_password) {
    auto open = options();
    open.password = secret();
    handshake machine(open);
    ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
    ASSERT_EQ(machine.on_packet(
                  test::auth_switch_payload("mysql_native_password", "ABCDEFGHIJKLMNOPQRST"), 2),
              action::write);
    EXPECT_EQ(sent(machine).payload.size(), 0U);
}

TEST(handshake, names_plugins_it_lacks_and_how_to_mend_it) {
    for (const std::string plugin : {"authentication_webauthn_client", "dialog", ""}) {
        SCOPED_TRACE(plugin);
        handshake machine(options());
        ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
        const auto got = machine.on_packet(test::auth_switch_payload(plugin, "x"), 2);
        expect_error(got, errc::plugin_unsupported, "\"" + plugin + "\"");
        expect_error(got, errc::plugin_unsupported, "ALTER USER");
    }
    handshake old(options());
    ASSERT_EQ(old.on_packet(test::greeting_payload(), 0), action::write);
    expect_error(old.on_packet(test::from_hex("fe"), 2), errc::plugin_unsupported,
                 "mysql_old_password");
    handshake factor(options());
    ASSERT_EQ(factor.on_packet(test::greeting_payload(), 0), action::write);
    expect_error(factor.on_packet(test::from_hex("0261"), 2), errc::plugin_unsupported,
                 "second factor");
}

TEST(handshake, follows_as_many_switches_as_an_account_has_plugins) {
    handshake machine(options());
    ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
    const auto long_nonce = std::string(31, 'n') + std::string(1, '\0');
    const auto signature =
        ed25519_response(secret("s3cret pass"), test::to_bytes(std::string_view(long_nonce)));
    std::uint8_t sequence = 2;
    for (int i = 0; i < 8; ++i, sequence += 2) {
        ASSERT_EQ(
            machine.on_packet(test::auth_switch_payload("client_ed25519", long_nonce), sequence),
            action::write);
    }
    expect_error(
        machine.on_packet(test::auth_switch_payload("client_ed25519", long_nonce), sequence),
        errc::malformed, "more than 8 times");
    EXPECT_EQ(signature.size(), 64U);
}

TEST(handshake, sends_a_sha256_password_in_clear_over_tls_and_encrypted_otherwise) {
    auto request = test::greeting_request{};
    request.plugin = "sha256_password";
    handshake safe(options(tls_mode::required));
    ASSERT_EQ(safe.on_packet(test::greeting_payload(request), 0), action::write_then_tls);
    ASSERT_EQ(safe.on_tls("TLSv1.2"), action::write);
    EXPECT_EQ(decode_response(sent(safe).payload).answer,
              test::to_bytes(std::string_view("s3cret pass\0", 12)));

    auto local = options();
    local.host = "/run/mysqld.sock";
    for (const auto& open : {options(), local}) {
        handshake machine(open);
        ASSERT_EQ(machine.on_packet(test::greeting_payload(request), 0), action::write);
        EXPECT_EQ(decode_response(sent(machine).payload).answer, test::from_hex("01"));
        // The key comes with and without the mark of a plugin's data.
        expect_error(machine.on_packet(test::to_bytes("-----no key"), 2), errc::malformed, "RSA");
    }
    auto nobody = options();
    nobody.password = secret();
    handshake machine(nobody);
    ASSERT_EQ(machine.on_packet(test::greeting_payload(request), 0), action::write);
    EXPECT_EQ(decode_response(sent(machine).payload).answer, test::from_hex("00"));
}

TEST(handshake, sends_a_clear_password_only_to_a_server_that_it_has_checked) {
    const auto wanted = test::auth_switch_payload("mysql_clear_password", "");
    for (const auto mode : {tls_mode::verify_ca, tls_mode::verify_identity}) {
        handshake machine(options(mode));
        ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write_then_tls);
        ASSERT_EQ(machine.on_tls("TLSv1.3"), action::write);
        ASSERT_EQ(machine.on_packet(wanted, 3), action::write);
        EXPECT_EQ(sent(machine).payload, test::to_bytes(std::string_view("s3cret pass\0", 12)));
    }
    for (const auto mode : {tls_mode::preferred, tls_mode::required}) {
        handshake machine(options(mode));
        ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write_then_tls);
        ASSERT_EQ(machine.on_tls("TLSv1.3"), action::write);
        expect_error(machine.on_packet(wanted, 3), errc::password_exposed, "verify-identity");
    }
    auto local = options(tls_mode::disabled);
    local.host = "/run/mysqld.sock";
    for (const auto& open : {options(), local}) {
        handshake machine(open);
        ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
        expect_error(machine.on_packet(wanted, 2), errc::password_exposed, "verify-identity");
    }
    // Not at once either, whatever the greeting says.
    auto request = test::greeting_request{};
    request.plugin = "mysql_clear_password";
    handshake machine(options());
    ASSERT_EQ(machine.on_packet(test::greeting_payload(request), 0), action::write);
    EXPECT_EQ(decode_response(sent(machine).payload).plugin, "caching_sha2_password");
}

TEST(handshake, answers_parsecs_salt_with_a_signature) {
    handshake machine(options());
    ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
    const auto switched = test::auth_switch_payload("parsec", std::string(32, 'n'));
    ASSERT_EQ(machine.on_packet(switched, 2), action::write);
    EXPECT_TRUE(sent(machine).payload.empty());
    ASSERT_EQ(machine.on_packet(test::from_hex("5000000102030405060708090a0b0c0d0e0f1011"), 4),
              action::write);
    EXPECT_EQ(sent(machine).payload.size(), 96U);
    ASSERT_EQ(machine.on_packet(test::ok_payload(), 6), action::done);

    for (const std::string salt : {"50", "5000", "5004000102", "51000102", "01"}) {
        SCOPED_TRACE(salt);
        handshake other(options());
        ASSERT_EQ(other.on_packet(test::greeting_payload(), 0), action::write);
        ASSERT_EQ(other.on_packet(switched, 2), action::write);
        expect_error(other.on_packet(test::from_hex(salt), 4), errc::malformed, "salt");
    }
}

TEST(handshake, refuses_nonces_of_the_wrong_size) {
    for (const std::string plugin : {"mysql_native_password", "caching_sha2_password",
                                     "sha256_password", "client_ed25519", "parsec"}) {
        SCOPED_TRACE(plugin);
        for (const std::size_t size : {std::size_t{0}, std::size_t{18}, std::size_t{34}}) {
            handshake machine(options());
            ASSERT_EQ(machine.on_packet(test::greeting_payload(), 0), action::write);
            expect_error(
                machine.on_packet(test::auth_switch_payload(plugin, std::string(size, 'n')), 2),
                errc::malformed, "a nonce of");
        }
    }
}

TEST(handshake, treats_tls_as_the_mode_says) {
    auto without_tls = test::greeting_request{};
    without_tls.capabilities &= ~capability::ssl;
    for (const auto mode : {tls_mode::required, tls_mode::verify_ca, tls_mode::verify_identity}) {
        handshake machine(options(mode));
        expect_error(machine.on_packet(test::greeting_payload(without_tls), 0),
                     errc::tls_not_offered, std::string(to_string(mode)));
    }
    handshake disabled(options(tls_mode::disabled));
    EXPECT_EQ(disabled.on_packet(test::greeting_payload(), 0), action::write);
    EXPECT_FALSE(disabled.warning().has_value());

    handshake preferred(options(tls_mode::preferred));
    EXPECT_EQ(preferred.on_packet(test::greeting_payload(), 0), action::write_then_tls);
    EXPECT_THAT(preferred.warning().value_or(""), HasSubstr("does not check who answers"));

    handshake plain(options(tls_mode::preferred));
    EXPECT_EQ(plain.on_packet(test::greeting_payload(without_tls), 0), action::write);
    EXPECT_THAT(plain.warning().value_or(""), HasSubstr("not encrypted"));
}

TEST(handshake, sorts_the_errors_of_the_connection_phase) {
    handshake busy(options());
    expect_error(busy.on_packet(test::error_payload(1040, "Too many connections", ""), 0),
                 errc::server_error, "1040: Too many connections");
    handshake host(options());
    expect_error(host.on_packet(test::error_payload(1130, "Host not allowed", ""), 1),
                 errc::access_denied, "1130");
    handshake denied(options());
    ASSERT_EQ(denied.on_packet(test::greeting_payload(), 0), action::write);
    const auto got = denied.on_packet(test::error_payload(1045, "Access denied", "28000"), 2);
    expect_error(got, errc::access_denied, "repl@db.example:3306");
    EXPECT_EQ(got.error().server.number, 1045);
    EXPECT_EQ(got.error().server.sqlstate, "28000");
    EXPECT_EQ(got.error().server.message, "Access denied");
}

TEST(handshake, refuses_packets_out_of_order_and_servers_that_are_too_old) {
    handshake order(options());
    expect_error(order.on_packet(test::greeting_payload(), 1), errc::malformed, "packet number 1");
    handshake after(options());
    ASSERT_EQ(after.on_packet(test::greeting_payload(), 0), action::write);
    expect_error(after.on_packet(test::ok_payload(), 3), errc::malformed, "packet number 3");
    handshake protocol_9(options());
    expect_error(protocol_9.on_packet(test::from_hex("0935"), 0), errc::unsupported, "version 9");
    auto bare = test::greeting_request{};
    bare.capabilities = capability::protocol_41;
    handshake old(options());
    expect_error(old.on_packet(test::greeting_payload(bare), 0), errc::unsupported, "too old");
}

TEST(handshake, reports_a_greeting_cut_at_any_byte) {
    const auto whole = test::greeting_payload({.plugin = ""});
    for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
        handshake machine(options());
        EXPECT_FALSE(machine.on_packet(std::span(whole).first(size), 0).has_value()) << size;
    }
}

TEST(server_greeting, tells_mariadb_from_mysql) {
    auto request = test::greeting_request{.version = "5.5.5-10.11.19-MariaDB-log"};
    request.capabilities &= ~capability::long_password;
    const auto old = decode_server_greeting(test::greeting_payload(request));
    ASSERT_TRUE(old.has_value());
    EXPECT_TRUE(old->is_mariadb);
    EXPECT_EQ(old->version, "10.11.19-MariaDB-log");
    EXPECT_EQ(old->version_number, 101119U);
    request.version = "11.8.2";
    EXPECT_TRUE(decode_server_greeting(test::greeting_payload(request))->is_mariadb);
    EXPECT_FALSE(decode_server_greeting(test::greeting_payload())->is_mariadb);
}

TEST(server_greeting, reads_version_numbers) {
    EXPECT_EQ(parse_version_number("9.7.4-debug"), 90704U);
    EXPECT_EQ(parse_version_number("5.6.24-log"), 50624U);
    EXPECT_EQ(parse_version_number("8.0.100"), 80099U);
    EXPECT_EQ(parse_version_number("8.4"), 80400U);
    EXPECT_EQ(parse_version_number("banana"), 0U);
    EXPECT_EQ(parse_version_number(""), 0U);
    EXPECT_EQ(parse_version_number("8"), 0U);
}

TEST(tls_mode, is_spelled_as_in_the_task_file) {
    for (const auto mode : {tls_mode::disabled, tls_mode::preferred, tls_mode::required,
                            tls_mode::verify_ca, tls_mode::verify_identity}) {
        EXPECT_EQ(parse_tls_mode(to_string(mode)), mode);
    }
    EXPECT_FALSE(parse_tls_mode("VERIFY_CA").has_value());
}

} // namespace
} // namespace understudy::protocol
