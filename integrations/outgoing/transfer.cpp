#include "integrations/outgoing/transfer.hpp"

#include <curl/curl.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <new>
#include <stdexcept>

#include "integrations/outgoing/addresses.hpp"

namespace keyledger::integrations {
namespace {

using commands::OutgoingFault;

constexpr std::size_t kMostHeadBytes = 64 * 1024;  // of all heads: of informational answers, too, and trailers

OutgoingFault fault_of(CURLcode result) {
    switch (static_cast<int>(result)) {
        case CURLE_COULDNT_RESOLVE_HOST: return OutgoingFault::kUnknownHost;
        case CURLE_COULDNT_CONNECT: return OutgoingFault::kUnreachable;
        case CURLE_OPERATION_TIMEDOUT: return OutgoingFault::kTooSlow;
        case CURLE_FILESIZE_EXCEEDED: return OutgoingFault::kTooLarge;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER: return OutgoingFault::kTls;
        case CURLE_OUT_OF_MEMORY: return OutgoingFault::kBusy;
        default: return OutgoingFault::kBroken;
    }
}

}  // namespace

struct Transfer::Curl {
    CURL* handle = curl_easy_init();
    curl_slist* fields = nullptr;

    Curl() = default;
    Curl(const Curl&) = delete;
    Curl& operator=(const Curl&) = delete;
    ~Curl() {
        curl_easy_cleanup(handle);
        for (curl_slist* at = fields; at != nullptr; at = at->next) explicit_bzero(at->data, strlen(at->data));
        curl_slist_free_all(fields);
    }
    template <class Value>
    void set(CURLoption option, Value value) {
        if (curl_easy_setopt(handle, option, value) != CURLE_OK) throw std::bad_alloc();
    }
    // Without a value the field is not sent.
    void add_field(std::string_view name, std::string_view value) {
        if (value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos)
            throw std::invalid_argument("a field of a request has a line break in it");
        std::string line(name);
        line.append(value.empty() ? ":" : ": ").append(value);
        curl_slist* longer = curl_slist_append(fields, line.c_str());
        Secret::wipe(line);
        if (longer == nullptr) throw std::bad_alloc();
        fields = longer;
    }
};

Transfer::Transfer(commands::OutgoingRequest request, Destination to, Time deadline, Answer answer)
    : request_(std::move(request)), to_(std::move(to)), deadline_(deadline), answer_(std::move(answer)) {}
Transfer::~Transfer() = default;

void Transfer::make_ready(const OutgoingOptions& options, Time now) {
    curl_ = std::make_unique<Curl>();
    if (curl_->handle == nullptr) throw std::bad_alloc();
    set_rules(options);
    set_content();
    set_receivers();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now).count();
    curl_->set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(left, 1)));
}

void* Transfer::handle() const { return curl_->handle; }

void Transfer::set_rules(const OutgoingOptions& options) {
    Curl& curl = *curl_;
    curl.set(CURLOPT_PRIVATE, this);
    curl.set(CURLOPT_CURLU, to_.url.get());
    curl.set(CURLOPT_PROTOCOLS_STR, to_.is_plain ? "http" : "https");
    curl.set(CURLOPT_FOLLOWLOCATION, 0L);
    curl.set(CURLOPT_PROXY, "");  // none from the environment
    curl.set(CURLOPT_NOSIGNAL, 1L);
    curl.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl.set(CURLOPT_SSL_VERIFYPEER, 1L);
    curl.set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options.ca_file.empty()) {
        curl.set(CURLOPT_CAINFO, options.ca_file.c_str());
        curl.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // or the system's were trusted, too
    }
    curl.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    // A name server that keeps silent would otherwise be waited for by all when its request is given up.
    curl.set(CURLOPT_QUICK_EXIT, 1L);
    curl.set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.most_bytes));
}

void Transfer::set_content() {
    Curl& curl = *curl_;
    curl.add_field("User-Agent", "Keyledger");
    curl.add_field("Expect", "");
    curl.add_field("Accept", request_.accept.empty() ? "*/*" : std::string_view(request_.accept));
    if (!request_.authorization.empty()) curl.add_field("Authorization", request_.authorization.reveal());
    for (const auto& field : request_.fields) curl.add_field(field.name, field.value.reveal());
    if (request_.body) {
        const std::string_view content = request_.body->content.reveal();
        curl.set(CURLOPT_POST, 1L);
        curl.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(content.size()));
        curl.set(CURLOPT_POSTFIELDS, content.data());  // not copied
        curl.add_field("Content-Type", request_.body->type);
    }
    curl.set(CURLOPT_HTTPHEADER, curl.fields);
}

void Transfer::set_receivers() {
    Curl& curl = *curl_;
    using Bytes = std::size_t (*)(char*, std::size_t, std::size_t, void*);
    curl.set(CURLOPT_WRITEFUNCTION,
             static_cast<Bytes>([](char* bytes, std::size_t size, std::size_t count, void* self) {
                 return static_cast<Transfer*>(self)->take_body(bytes, size * count) ? size * count : std::size_t{0};
             }));
    curl.set(CURLOPT_WRITEDATA, this);
    curl.set(CURLOPT_HEADERFUNCTION, static_cast<Bytes>([](char*, std::size_t size, std::size_t count, void* self) {
                 return static_cast<Transfer*>(self)->take_head(size * count) ? size * count : std::size_t{0};
             }));
    curl.set(CURLOPT_HEADERDATA, this);
    using OpenSocket = curl_socket_t (*)(void*, curlsocktype, curl_sockaddr*);
    curl.set(CURLOPT_OPENSOCKETFUNCTION, static_cast<OpenSocket>([](void* self, curlsocktype, curl_sockaddr* address) {
                 return static_cast<Transfer*>(self)->open_socket(address);
             }));
    curl.set(CURLOPT_OPENSOCKETDATA, this);
}

bool Transfer::take_body(const char* bytes, std::size_t size) noexcept {
    is_too_large_ = is_too_large_ || size > request_.most_bytes - received_.body.size();
    if (is_too_large_) return false;
    try {
        received_.body.append(bytes, size);
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

bool Transfer::take_head(std::size_t size) noexcept {
    head_bytes_ += size;
    is_too_large_ = is_too_large_ || head_bytes_ > kMostHeadBytes;
    return !is_too_large_;
}

// Looks at the address itself: a name may have another one than when it was looked at before.
int Transfer::open_socket(void* given) noexcept {
    const auto& address = *static_cast<const curl_sockaddr*>(given);
    const bool may = to_.is_plain ? is_loopback(address.addr) : to_.is_named || is_of_open_internet(address.addr);
    if (!may) {
        met_forbidden_address_ = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

Transfer::Outcome Transfer::outcome_of(int result) {
    if (is_too_large_) return Unexpected(OutgoingFault::kTooLarge);
    if (result == CURLE_COULDNT_CONNECT && met_forbidden_address_) return Unexpected(OutgoingFault::kForbiddenHost);
    if (result != CURLE_OK) return Unexpected(fault_of(static_cast<CURLcode>(result)));
    long status = 0;
    curl_easy_getinfo(curl_->handle, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300 && status < 400) return Unexpected(OutgoingFault::kRedirected);
    if (status < 200 || status > 599) return Unexpected(OutgoingFault::kBroken);
    received_.status = static_cast<int>(status);
    const char* type = nullptr;
    curl_easy_getinfo(curl_->handle, CURLINFO_CONTENT_TYPE, &type);
    if (type != nullptr) received_.type = type;
    return std::move(received_);
}

void Transfer::finish(int result) { answer_(outcome_of(result)); }

}  // namespace keyledger::integrations
