#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

// Certificates for TLS tests: an authority of one's own, and what it signs, as PEM files.
//
//   certificate_authority authority(directory);
//   certificate_files server = authority.issue({.names = {"db.example"}});
//   certificate_files expired = authority.issue({.names = {"localhost"}, .valid_until = -1h});
namespace understudy::test {

struct certificate_files {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

// Where a server looks for them, over what is there: as a renewal does it.
void put_in_place(const certificate_files& issued, const certificate_files& where);

struct certificate_request {
    std::string common_name = "understudy test";
    std::vector<std::string> names{};                          // DNS names it is valid for
    std::vector<std::string> addresses{};                      // IP addresses it is valid for
    std::chrono::seconds valid_from = std::chrono::hours(-48); // both relative to now
    std::chrono::seconds valid_until = std::chrono::hours(48);
};

class certificate_authority {
public:
    // Makes `directory` and, in it, ca.pem.
    explicit certificate_authority(std::filesystem::path directory);
    certificate_authority(certificate_authority&&) noexcept;
    certificate_authority& operator=(certificate_authority&&) noexcept;
    ~certificate_authority();

    [[nodiscard]] std::filesystem::path ca_file() const { return directory_ / "ca.pem"; }
    // Each call makes a new key and two new files in the directory.
    [[nodiscard]] certificate_files issue(const certificate_request& request);

private:
    struct secret;

    std::filesystem::path directory_;
    std::unique_ptr<secret> secret_;
    int issued_count_ = 0;
};

} // namespace understudy::test
