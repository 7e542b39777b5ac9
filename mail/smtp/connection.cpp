#include "mail/smtp/connection.hpp"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>

#include "mail/message/address.hpp"

namespace keyledger::mail {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLeastTime{100};  // with less no server is asked

void make_ready() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

// What went wrong before or beside a mail: of no concern to whether the mail is one that a server takes.
std::string_view trouble(CURLcode result) {
    switch (static_cast<int>(result)) {
        case CURLE_COULDNT_RESOLVE_HOST: return "host-unknown";
        case CURLE_OPERATION_TIMEDOUT: return "timeout";
        case CURLE_LOGIN_DENIED: return "login";
        case CURLE_USE_SSL_FAILED: return "tls-not-offered";
        case CURLE_PEER_FAILED_VERIFICATION: return "tls-certificate";
        case CURLE_SSL_CACERT_BADFILE: return "tls-ca-file";
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER: return "tls";
        case CURLE_ABORTED_BY_CALLBACK: return "stopped";
        default: return "connection";
    }
}

// They are about whoever logs in, and not about this mail (RFC 4954 section 6).
bool is_about_login(int code) { return code == 530 || code == 534 || code == 535 || code == 538; }

}  // namespace

struct SmtpConnection::Curl {
    CURL* handle = curl_easy_init();
    ~Curl() { curl_easy_cleanup(handle); }

    template <class Value>
    void set(CURLoption option, Value value) {
        if (const CURLcode code = curl_easy_setopt(handle, option, value); code != CURLE_OK) throw std::bad_alloc();
    }
    template <class Value>
    Value information(CURLINFO about) {
        Value value{};
        curl_easy_getinfo(handle, about, &value);
        return value;
    }
};

struct SmtpConnection::Recipients {
    curl_slist* list;
    explicit Recipients(const std::string& one) : list(curl_slist_append(nullptr, one.c_str())) {
        if (list == nullptr) throw std::bad_alloc();
    }
    ~Recipients() { curl_slist_free_all(list); }
};

SmtpConnection::SmtpConnection(const SmtpOptions& options, const std::atomic<bool>& stopped)
    : options_(options), stopped_(stopped) {
    make_ready();
    curl_ = std::make_unique<Curl>();
    if (curl_->handle == nullptr) throw std::bad_alloc();
    Curl& curl = *curl_;
    const std::string url = options.url + (options.url.ends_with('/') ? "" : "/") + options.greet_with;  // its "path"
    curl.set(CURLOPT_URL, url.c_str());
    curl.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl.set(CURLOPT_PROXY, "");  // none from the environment
    curl.set(CURLOPT_NOSIGNAL, 1L);
    curl.set(CURLOPT_UPLOAD, 1L);
    curl.set(CURLOPT_USE_SSL, static_cast<long>(needs_tls(options) ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl.set(CURLOPT_SSL_VERIFYPEER, 1L);
    curl.set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options.ca_file.empty()) {
        curl.set(CURLOPT_CAINFO, options.ca_file.c_str());
        curl.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // or the system's were trusted, too
    }
    if (!options.user.empty()) {
        std::string password(options.password.reveal());
        curl.set(CURLOPT_USERNAME, options.user.c_str());
        curl.set(CURLOPT_PASSWORD, password.c_str());
        Secret::wipe(password);
        curl.set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
    }
    using Bytes = std::size_t (*)(char*, std::size_t, std::size_t, void*);
    curl.set(CURLOPT_HEADERFUNCTION,
             static_cast<Bytes>([](char* line, std::size_t size, std::size_t count, void* self) {
                 const std::size_t bytes = size * count;
                 return static_cast<SmtpConnection*>(self)->replies_.take({line, bytes}) ? bytes : std::size_t{0};
             }));
    curl.set(CURLOPT_HEADERDATA, this);
    curl.set(CURLOPT_WRITEFUNCTION, static_cast<Bytes>([](char*, std::size_t size, std::size_t count, void*) {
                 return size * count;  // replies again
             }));
    curl.set(CURLOPT_READFUNCTION, static_cast<Bytes>([](char* to, std::size_t size, std::size_t count, void* self) {
                 Transfer& transfer = static_cast<SmtpConnection*>(self)->transfer_;
                 transfer.began = true;
                 const std::size_t bytes = std::min(size * count, transfer.left.size());
                 std::memcpy(to, transfer.left.data(), bytes);
                 transfer.left.remove_prefix(bytes);
                 return bytes;
             }));
    curl.set(CURLOPT_READDATA, this);
    using Progress = int (*)(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
    curl.set(CURLOPT_XFERINFOFUNCTION, static_cast<Progress>([](void* self, auto, auto, auto, auto) {
                 return static_cast<SmtpConnection*>(self)->stopped_ ? 1 : 0;
             }));
    curl.set(CURLOPT_XFERINFODATA, this);
    curl.set(CURLOPT_NOPROGRESS, 0L);
}

SmtpConnection::~SmtpConnection() {
    // libcurl says QUIT, and would wait two minutes for a server that does not answer.
    const auto socket = curl_->information<curl_socket_t>(CURLINFO_ACTIVESOCKET);
    if (socket != CURL_SOCKET_BAD) shutdown(socket, SHUT_RD);
}

Delivery SmtpConnection::send(const Envelope& envelope, std::chrono::steady_clock::time_point deadline) {
    // A server closes what was kept too long, and that shows only when it is used again: once, and before anything of
    // the mail went out, a new connection is tried.
    for (;;) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left < kLeastTime) return Delivery::again("expired");
        Delivery delivery = attempt(envelope, std::min(left, options_.send_timeout));
        if (!died_while_kept_) return delivery;
    }
}

Delivery SmtpConnection::attempt(const Envelope& envelope, milliseconds limit) {
    Curl& curl = *curl_;
    const Recipients recipients(envelope.to);
    transfer_ = {envelope.message};
    replies_.begin(!is_ascii(envelope.to));
    curl.set(CURLOPT_MAIL_FROM, envelope.from.c_str());
    curl.set(CURLOPT_MAIL_RCPT, recipients.list);
    curl.set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(envelope.message.size()));
    curl.set(CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    curl.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(limit, options_.connect_timeout).count()));
    // Also bounds the good-bye after a mail that was refused.
    curl.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(limit.count() / 1000 + 1));
    const CURLcode result = curl_easy_perform(curl.handle);
    const long opened = curl.information<long>(CURLINFO_NUM_CONNECTS);
    opened_ += static_cast<std::uint64_t>(opened);
    curl.set(CURLOPT_MAIL_RCPT, static_cast<curl_slist*>(nullptr));
    Delivery delivery = verdict(result);
    died_while_kept_ = keeps_one_ && opened == 0 && replies_.code() == 0 && delivery == Delivery::again("connection");
    keeps_one_ = result == CURLE_OK;
    return delivery;
}

Delivery SmtpConnection::verdict(int result) {
    if (result == CURLE_OK) return Delivery::sent();
    if (replies_.lacks_utf8()) return Delivery::refused("smtputf8-not-offered");
    const int code = replies_.code();
    // A server's no to MAIL, RCPT or DATA, or to what it was given then. Before these it is about the connection.
    const bool is_about_mail = result == CURLE_SEND_ERROR || (result == CURLE_WEIRD_SERVER_REPLY && transfer_.began);
    if (is_about_mail && code >= 500 && code < 600 && !is_about_login(code)) return Delivery::refused(replies_.told());
    if (code >= 400 && code < 600 && result != CURLE_OPERATION_TIMEDOUT && result != CURLE_LOGIN_DENIED)
        return Delivery::again(is_about_login(code) ? "login" : replies_.told());
    return Delivery::again(std::string(trouble(static_cast<CURLcode>(result))));
}

}  // namespace keyledger::mail
