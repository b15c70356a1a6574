#include "protocol/net/trust_store.hpp"
#include "tests/support/certificate_authority.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace understudy::protocol::net {
namespace {

class trust_store : public testing::Test {
protected:
    trust_store() {
        if (const char* const said = std::getenv("SSL_CERT_FILE")) before = said;
        ::setenv("SSL_CERT_FILE", authority.ca_file().c_str(), 1);
        ::setenv("SSL_CERT_DIR", directory.path().c_str(), 1);
    }
    ~trust_store() override {
        ::unsetenv("SSL_CERT_DIR");
        if (before) {
            ::setenv("SSL_CERT_FILE", before->c_str(), 1);
        } else {
            ::unsetenv("SSL_CERT_FILE");
        }
    }
    static int trusted(const std::function<void(SSL_CTX*)>& load) {
        const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
            SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
        load(context.get());
        return sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context.get())));
    }
    static void as_libraries_do(SSL_CTX* context) {
        EXPECT_EQ(SSL_CTX_set_default_verify_paths(context), 1);
    }

    test::scratch_directory directory{"trust_store"};
    test::certificate_authority authority{directory.path() / "ca"};
    std::optional<std::string> before;
};

TEST_F(trust_store, is_what_the_environment_names) {
    EXPECT_EQ(trusted(as_libraries_do), 1);
    EXPECT_EQ(trusted(load_trust_store), 1);
    ::setenv("SSL_CERT_FILE", (directory.path() / "nothing").c_str(), 1);
    EXPECT_EQ(trusted(load_trust_store), 0);
}

// The last of these tests: it cannot be taken back.
TEST_F(trust_store, that_is_hidden_is_found_by_us_alone) {
    hide_trust_store_from_libraries();
    EXPECT_EQ(trusted(as_libraries_do), 0);
    EXPECT_EQ(trusted(load_trust_store), 1);
}

} // namespace
} // namespace understudy::protocol::net
