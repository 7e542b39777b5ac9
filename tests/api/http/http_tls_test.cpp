// TLS in the process: real handshakes with keys made here.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "tests/api/http/http_fixture.hpp"

using namespace keyledger;
using namespace keyledger::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// A directory with a self-signed certificate for localhost, its key, and a key that belongs to nothing.
class Certificate {
public:
    Certificate() {
        char pattern[] = "/tmp/keyledger-tls-XXXXXX";
        directory_ = mkdtemp(pattern);
        make(1);
    }
    // As a renewal puts it there.
    void make(int serial, long seconds = 3600) {
        std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> other(EVP_EC_gen("P-256"), EVP_PKEY_free);
        std::unique_ptr<X509, void (*)(X509*)> leaf(X509_new(), X509_free);
        X509_set_version(leaf.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(leaf.get()), serial);
        X509_gmtime_adj(X509_getm_notBefore(leaf.get()), 0);
        X509_gmtime_adj(X509_getm_notAfter(leaf.get()), seconds);
        X509_set_pubkey(leaf.get(), key.get());
        X509_NAME* name = X509_get_subject_name(leaf.get());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1,
                                   -1, 0);
        X509_set_issuer_name(leaf.get(), name);
        X509_sign(leaf.get(), key.get(), EVP_sha256());
        write(certificate(), [&](FILE* file) { return PEM_write_X509(file, leaf.get()); });
        write(own_key(), [&](FILE* file) { return write_key(file, key.get()); });
        write(foreign_key(), [&](FILE* file) { return write_key(file, other.get()); });
    }
    ~Certificate() { std::filesystem::remove_all(directory_); }
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;

    std::string certificate() const { return directory_ + "/cert.pem"; }
    std::string own_key() const { return directory_ + "/key.pem"; }
    std::string foreign_key() const { return directory_ + "/other.pem"; }
    api::ServerOptions options(api::ServerLimits limits = {}) const {
        api::ServerOptions made;
        made.limits = limits;
        made.tls = {.certificate_chain = certificate(), .private_key = own_key()};
        return made;
    }

private:
    static int write_key(FILE* file, EVP_PKEY* key) {
        return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    }
    template <class Write>
    static void write(const std::string& path, Write write_to) {
        FILE* file = std::fopen(path.c_str(), "w");
        ASSERT_NE(file, nullptr);
        EXPECT_EQ(write_to(file), 1);
        std::fclose(file);
    }
    std::string directory_;
};

class TlsClient {
public:
    explicit TlsClient(std::uint16_t port) : port_(port) {}

    SSL_CTX* settings() { return context_.native_handle(); }
    boost::system::error_code handshake() {
        boost::system::error_code error;
        stream_ = std::make_unique<asio::ssl::stream<asio::ip::tcp::socket>>(io_, context_);
        stream_->lowest_layer().connect({asio::ip::address_v4::loopback(), port_});
        stream_->handshake(asio::ssl::stream_base::client, error);
        return error;
    }
    void send(const std::string& text) { asio::write(*stream_, asio::buffer(text)); }
    // Everything up to the end; `error` tells whether the end was a proper close_notify.
    std::string read_to_end(boost::system::error_code& error) {
        std::string all;
        asio::read(*stream_, asio::dynamic_buffer(all), error);
        return all;
    }
    SSL* session() { return stream_->native_handle(); }
    long serial() {
        const std::unique_ptr<X509, void (*)(X509*)> shown(SSL_get1_peer_certificate(session()), X509_free);
        return ASN1_INTEGER_get(X509_get0_serialNumber(shown.get()));
    }
    std::string ask(const std::string& text) {
        send(text);
        std::string answer(1, '\0');
        asio::read(*stream_, asio::buffer(answer));
        std::string rest(4096, '\0');
        rest.resize(stream_->read_some(asio::buffer(rest)));
        return answer + rest;
    }

private:
    std::uint16_t port_;
    asio::io_context io_;
    asio::ssl::context context_{asio::ssl::context::tls_client};
    std::unique_ptr<asio::ssl::stream<asio::ip::tcp::socket>> stream_;
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

std::string get(std::string_view target, std::string_view fields = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

void expect_refused_start(const api::TlsFiles& files, std::string_view named) {
    api::Router router({});
    Recorder recorder;
    api::ServerOptions options;
    options.tls = files;
    try {
        api::Server server(options, router, recorder);
        ADD_FAILURE() << "it takes " << files.private_key;
    } catch (const api::ServerError& error) {
        EXPECT_TRUE(has(error.what(), named)) << error.what();
    }
}

}  // namespace

TEST(HttpTls, ServesRequestsInOrderAndEndsWithACloseNotify) {
    Certificate certificate;
    TestServer server(certificate.options());
    TlsClient client(server.port());
    ASSERT_FALSE(client.handshake());
    EXPECT_STREQ(SSL_get_version(client.session()), "TLSv1.3");
    client.send(get("/show/1") + get("/show/2") + get("/hello", "Connection: close\r\n"));
    boost::system::error_code end;
    std::string all = client.read_to_end(end);
    EXPECT_EQ(end, asio::error::eof) << end.message();
    EXPECT_LT(all.find("id=1\n"), all.find("id=2\n"));
    EXPECT_TRUE(has(all, R"({"hello":"world"})"));
    EXPECT_TRUE(has(all, "\r\nStrict-Transport-Security: max-age="));
}

TEST(HttpTls, CarriesAnswersThatAreLongerThanOneRecord) {
    Certificate certificate;
    TestServer server(certificate.options());
    TlsClient client(server.port());
    ASSERT_FALSE(client.handshake());
    client.send(get("/fixed") + get("/big", "Connection: close\r\n"));
    boost::system::error_code end;
    EXPECT_GT(client.read_to_end(end).size(), TestServer::kFixedBytes + TestServer::kBigBytes) << end.message();
    EXPECT_EQ(end, asio::error::eof) << end.message();
}

TEST(HttpTls, AnswersARefusalAlsoWhenTheBodyWasNotRead) {
    Certificate certificate;
    TestServer server(certificate.options());
    TlsClient client(server.port());
    ASSERT_FALSE(client.handshake());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(50'000, 'x'));
    boost::system::error_code end;
    EXPECT_TRUE(client.read_to_end(end).starts_with("HTTP/1.1 413 "));
}

TEST(HttpTls, TakesVersion12ButNothingOlderAndNoWeakCipher) {
    Certificate certificate;
    TestServer server(certificate.options());
    TlsClient tls12(server.port());
    SSL_CTX_set_max_proto_version(tls12.settings(), TLS1_2_VERSION);
    EXPECT_FALSE(tls12.handshake());
    TlsClient tls11(server.port());
    SSL_CTX_set_cipher_list(tls11.settings(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(tls11.settings(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(tls11.settings(), TLS1_1_VERSION);
    EXPECT_TRUE(tls11.handshake());
    TlsClient cbc(server.port());
    SSL_CTX_set_max_proto_version(cbc.settings(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(cbc.settings(), "ECDHE-ECDSA-AES128-SHA:AES128-SHA");
    EXPECT_TRUE(cbc.handshake());
}

TEST(HttpTls, NegotiatesHttp11Only) {
    Certificate certificate;
    TestServer server(certificate.options());
    static constexpr unsigned char kBoth[] = "\x02h2\x08http/1.1";
    TlsClient both(server.port());
    SSL_CTX_set_alpn_protos(both.settings(), kBoth, sizeof kBoth - 1);
    ASSERT_FALSE(both.handshake());
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(both.session(), &chosen, &size);
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(chosen), size), "http/1.1");
    static constexpr unsigned char kHttp2[] = "\x02h2";
    TlsClient http2(server.port());
    SSL_CTX_set_alpn_protos(http2.settings(), kHttp2, sizeof kHttp2 - 1);
    EXPECT_TRUE(http2.handshake());
}

TEST(HttpTls, GivesNothingToAClientThatSpeaksPlainHttpOrDawdles) {
    Certificate certificate;
    TestServer server(certificate.options({.handshake = 100ms}));
    EXPECT_FALSE(has(server.converse(get("/hello")), "hello"));
    EXPECT_EQ(server.converse(""), "");
    expect_eventually([&] { return server.server.open_connections() == 0; }, "both are gone");
    EXPECT_TRUE(server.recorder.failures().empty());
    EXPECT_TRUE(server.recorder.requests().empty());
}

TEST(HttpTls, DoesNotStartWithoutAKeyThatFits) {
    Certificate files;
    expect_refused_start({files.certificate() + ".missing", files.own_key()}, "cert.pem.missing");
    expect_refused_start({files.certificate(), files.own_key() + ".missing"}, "key.pem.missing");
    expect_refused_start({files.certificate(), files.foreign_key()}, "other.pem: key values mismatch");
}

// Scenario: a certificate is renewed while the service runs. Who comes later sees the new one; who is there goes on.
TEST(HttpTls, ShowsARenewedCertificateToConnectionsThatComeAfterIt) {
    Certificate files;
    TestServer server(files.options());
    TlsClient before(server.port());
    ASSERT_FALSE(before.handshake());
    EXPECT_EQ(before.serial(), 1);
    files.make(2);
    TlsClient not_yet(server.port());
    ASSERT_FALSE(not_yet.handshake());
    EXPECT_EQ(not_yet.serial(), 1);
    server.server.reload_tls();
    TlsClient after(server.port());
    ASSERT_FALSE(after.handshake());
    EXPECT_EQ(after.serial(), 2);
    EXPECT_TRUE(has(after.ask(get("/hello")), " 200 "));
    EXPECT_TRUE(has(before.ask(get("/hello")), " 200 ")) << "an open connection goes on";
}

TEST(HttpTls, KeepsTheCertificateOfBeforeWhenTheNewOneIsNoGood) {
    Certificate files;
    TestServer server(files.options());
    std::filesystem::copy_file(files.foreign_key(), files.own_key(), std::filesystem::copy_options::overwrite_existing);
    EXPECT_THROW(server.server.reload_tls(), api::ServerError);
    std::filesystem::remove(files.certificate());
    EXPECT_THROW(server.server.reload_tls(), api::ServerError);
    TlsClient client(server.port());
    ASSERT_FALSE(client.handshake());
    EXPECT_EQ(client.serial(), 1);
}

TEST(HttpTls, TellsWhenTheCertificateEndsThatNewConnectionsGet) {
    Certificate files;
    TestServer server(files.options());
    const auto first = server.server.certificate_end();
    ASSERT_TRUE(first);
    files.make(2, 7200);
    EXPECT_EQ(server.server.certificate_end(), first) << "what lies on the disk is not in use";
    server.server.reload_tls();
    ASSERT_TRUE(server.server.certificate_end());
    EXPECT_GE(*server.server.certificate_end() - *first, seconds(3600));
    EXPECT_LE(*server.server.certificate_end() - *first, seconds(3660));
}

TEST(HttpTls, ClosesConnectionsBeyondTheLimitBeforeAHandshake) {
    Certificate certificate;
    TestServer server(certificate.options({.connections_per_network = 1}));
    TlsClient first(server.port());
    ASSERT_FALSE(first.handshake());
    TlsClient second(server.port());
    EXPECT_TRUE(second.handshake());
    EXPECT_EQ(server.server.refused_connections(), 1u);
    EXPECT_TRUE(has(first.ask(get("/hello")), " 200 "));
}
