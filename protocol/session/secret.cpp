#include "protocol/session/secret.hpp"

#include <openssl/crypto.h>

namespace understudy::protocol {

namespace {

// The whole buffer: a moved-from or shortened string keeps its bytes in place.
void wipe(std::string& value) {
    value.resize(value.capacity());
    OPENSSL_cleanse(value.data(), value.size());
    value.clear();
}

} // namespace

// A short string is moved by copying, so the place it came from is wiped too.
secret::secret(secret&& other) noexcept : value_(std::move(other.value_)) {
    wipe(other.value_);
}

secret& secret::operator=(const secret& other) {
    if (this != &other) {
        wipe(value_);
        value_ = other.value_;
    }
    return *this;
}

secret& secret::operator=(secret&& other) noexcept {
    if (this != &other) {
        wipe(value_);
        value_ = std::move(other.value_);
        wipe(other.value_);
    }
    return *this;
}

secret::~secret() {
    wipe(value_);
}

} // namespace understudy::protocol
