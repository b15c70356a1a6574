#pragma once

#include "protocol/result.hpp"

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace understudy::api {

// What the server needs to speak TLS (1.2 or newer), from two PEM files: a certificate with its
// chain, and its key. errc::bad_tls names the file and what is wrong with it. Asks nobody for
// anything: a key with a pass phrase is refused.
[[nodiscard]] protocol::result<std::shared_ptr<boost::asio::ssl::context>>
make_tls(const std::filesystem::path& certificate, const std::filesystem::path& key);

// The server's own certificate (PEM), without its chain.
[[nodiscard]] std::string certificate_in(const boost::asio::ssl::context& context);

} // namespace understudy::api
