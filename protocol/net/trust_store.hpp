#pragma once

#include <openssl/ssl.h>

namespace understudy::protocol::net {

// The machine's certificate authorities: what $SSL_CERT_FILE and $SSL_CERT_DIR name, or OpenSSL's
// own places. Reading all of them takes some 50 ms of processor time.

// The client library of the target's connections reads them for each connection, also where nobody
// asks who the server is; with an own CA it would ask. From here on it finds none, nor do child
// processes. Changes the environment: call it first in main, before there are threads.
void hide_trust_store_from_libraries();

// For whoever does ask. As OpenSSL does it, a store that is not there is an empty one, and then no
// server is trusted. Any thread.
void load_trust_store(SSL_CTX* into);

} // namespace understudy::protocol::net
