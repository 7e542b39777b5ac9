#include "tests/support/raw_server/raw_server.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace keyledger::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

template <class Write>
void write_file(const std::string& path, Write write) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
    if (!file || write(file.get()) != 1) throw std::runtime_error("can't write " + path);
}

}  // namespace

TestCertificate::TestCertificate(const std::string& host) {
    folder_ = std::filesystem::temp_directory_path() / "keyledger-certificate-XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("no folder for a certificate");
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> leaf(X509_new(), X509_free);
    X509_set_version(leaf.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(leaf.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(leaf.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(leaf.get()), 3600);
    X509_set_pubkey(leaf.get(), key.get());
    X509_NAME* const name = X509_get_subject_name(leaf.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(leaf.get(), name);
    X509_sign(leaf.get(), key.get(), EVP_sha256());
    write_file(file(), [&](FILE* to) { return PEM_write_X509(to, leaf.get()); });
    write_file(key_file(),
               [&](FILE* to) { return PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

TestCertificate::~TestCertificate() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

RawConnection::RawConnection(tcp::socket socket, asio::ssl::context* tls) {
    if (tls != nullptr) tls_.emplace(std::move(socket), *tls);
    else plain_.emplace(std::move(socket));
}

bool RawConnection::shake_hands() {
    boost::system::error_code error;
    if (tls_) tls_->handshake(asio::ssl::stream_base::server, error);
    return !error;
}

bool RawConnection::read_more() {
    char bytes[4096];
    boost::system::error_code error;
    const std::size_t size =
        tls_ ? tls_->read_some(asio::buffer(bytes), error) : plain_->read_some(asio::buffer(bytes), error);
    read_.append(bytes, size);
    return !error;
}

std::string RawConnection::head() {
    constexpr std::string_view kEnd = "\r\n\r\n";
    while (read_.find(kEnd) == std::string::npos)
        if (!read_more()) return {};
    return body(read_.find(kEnd) + kEnd.size());
}

std::string RawConnection::body(std::size_t size) {
    while (read_.size() < size)
        if (!read_more()) return {};
    std::string taken = read_.substr(0, size);
    read_.erase(0, size);
    return taken;
}

bool RawConnection::send(std::string_view bytes) {
    boost::system::error_code error;
    if (tls_) asio::write(*tls_, asio::buffer(bytes), error);
    else asio::write(*plain_, asio::buffer(bytes), error);
    return !error;
}

void RawConnection::wait_for_end() {
    while (read_more()) {
    }
}

void RawConnection::shut_down() {
    boost::system::error_code ignored;
    (tls_ ? tls_->next_layer() : *plain_).shutdown(tcp::socket::shutdown_both, ignored);
}

RawServer::RawServer(Serve serve, const TestCertificate* certificate)
    : serve_(std::move(serve)), acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    port_ = acceptor_.local_endpoint().port();
    if (certificate != nullptr) {
        tls_.emplace(asio::ssl::context::tls_server);
        tls_->use_certificate_chain_file(certificate->file());
        tls_->use_private_key_file(certificate->key_file(), asio::ssl::context::pem);
    }
    accepting_ = std::jthread([this] { accept(); });
}

RawServer::~RawServer() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        for (const auto& connection : open_) connection->shut_down();
    }
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // and accept() comes back
}

void RawServer::accept() {
    for (;;) {
        boost::system::error_code error;
        tcp::socket socket = acceptor_.accept(error);
        if (error) return;
        ++connections_;
        const std::lock_guard lock(mutex_);
        if (ended_) return;
        open_.push_back(std::make_shared<RawConnection>(std::move(socket), tls_ ? &*tls_ : nullptr));
        serving_.emplace_back([this, connection = open_.back()] {
            if (connection->shake_hands()) serve_(*connection);
            connection->shut_down();
        });
    }
}

std::string http_answer(std::string_view status, std::string_view type, std::string_view body) {
    std::string answer = "HTTP/1.1 ";
    answer.append(status).append("\r\nContent-Type: ").append(type);
    answer.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return answer;
}

}  // namespace keyledger::test
