#include "tests/support/certificate_authority.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <random>
#include <stdexcept>
#include <utility>

namespace understudy::test {
namespace {

namespace fs = std::filesystem;

void require(bool ok, const char* what) {
    if (!ok) {
        throw std::runtime_error(fmt::format("certificate: {} failed: {}", what,
                                             ERR_error_string(ERR_get_error(), nullptr)));
    }
}

template<auto Free>
struct freed_by {
    void operator()(auto* object) const { Free(object); }
};
using certificate_handle = std::unique_ptr<X509, freed_by<X509_free>>;
using key_handle = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using extension_handle = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using file_handle = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

key_handle new_key() {
    key_handle key(EVP_EC_gen("P-256"));
    require(key != nullptr, "making a key");
    return key;
}

file_handle create(const fs::path& file) {
    file_handle handle(std::fopen(file.c_str(), "wb"));
    require(handle != nullptr, "creating a file");
    return handle;
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const extension_handle extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
    require(extension != nullptr, "making an extension");
    require(X509_add_ext(certificate, extension.get(), -1) == 1, "adding an extension");
}

// Without extensions, issuer and signature, which the two callers give in their own ways.
certificate_handle bare_certificate(const certificate_request& request, EVP_PKEY* key) {
    certificate_handle certificate(X509_new());
    require(certificate != nullptr, "making a certificate");
    std::random_device random;
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), random());
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), request.valid_from.count());
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), request.valid_until.count());
    X509_NAME_add_entry_by_NID(
        X509_get_subject_name(certificate.get()), NID_commonName, MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(request.common_name.c_str()), -1, -1, 0);
    require(X509_set_pubkey(certificate.get(), key) == 1, "setting the key");
    return certificate;
}

std::string alternative_names(const certificate_request& request) {
    std::string value;
    const auto add = [&](const char* type, const std::string& name) {
        value += fmt::format("{}{}:{}", value.empty() ? "" : ",", type, name);
    };
    for (const std::string& name : request.names)
        add("DNS", name);
    for (const std::string& address : request.addresses)
        add("IP", address);
    return value;
}

void write_certificate(X509* certificate, const fs::path& file) {
    require(PEM_write_X509(create(file).get(), certificate) == 1, "writing a certificate");
}

} // namespace

struct certificate_authority::secret {
    key_handle key;
    certificate_handle certificate;
};

void put_in_place(const certificate_files& issued, const certificate_files& where) {
    constexpr auto over = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(issued.certificate, where.certificate, over);
    std::filesystem::copy_file(issued.key, where.key, over);
}

certificate_authority::certificate_authority(fs::path directory)
    : directory_(std::move(directory)), secret_(std::make_unique<secret>()) {
    fs::create_directories(directory_);
    secret_->key = new_key();
    secret_->certificate =
        bare_certificate({.common_name = "understudy test authority"}, secret_->key.get());
    X509* certificate = secret_->certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    require(X509_sign(certificate, secret_->key.get(), EVP_sha256()) > 0, "signing");
    write_certificate(certificate, ca_file());
}

certificate_authority::certificate_authority(certificate_authority&&) noexcept = default;
certificate_authority& certificate_authority::operator=(certificate_authority&&) noexcept = default;
certificate_authority::~certificate_authority() = default;

certificate_files certificate_authority::issue(const certificate_request& request) {
    const key_handle key = new_key();
    const certificate_handle certificate = bare_certificate(request, key.get());
    X509* issuer = secret_->certificate.get();
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
    const std::string names = alternative_names(request);
    if (!names.empty()) add_extension(certificate.get(), issuer, NID_subject_alt_name, names);
    require(X509_sign(certificate.get(), secret_->key.get(), EVP_sha256()) > 0, "signing");
    const int number = ++issued_count_;
    certificate_files files{.certificate = directory_ / fmt::format("{}-cert.pem", number),
                            .key = directory_ / fmt::format("{}-key.pem", number)};
    write_certificate(certificate.get(), files.certificate);
    require(PEM_write_PrivateKey(create(files.key).get(), key.get(), nullptr, nullptr, 0, nullptr,
                                 nullptr) == 1,
            "writing a key");
    fs::permissions(files.key, fs::perms::owner_read | fs::perms::owner_write);
    return files;
}

} // namespace understudy::test
