#include "integrations/aws/http_call.hpp"

#include <curl/curl.h>
#include <string.h>

#include <algorithm>
#include <new>

namespace keyledger::integrations::aws {
namespace {

struct Curl {
    CURL* handle = curl_easy_init();
    curl_slist* fields = nullptr;

    Curl() {
        if (handle == nullptr) throw std::bad_alloc();
    }
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
    void add_field(std::string_view name, std::string_view value) {
        std::string line(name);
        line.append(": ").append(value);
        curl_slist* longer = curl_slist_append(fields, line.c_str());
        Secret::wipe(line);
        if (longer == nullptr) throw std::bad_alloc();
        fields = longer;
    }
};

bool can_be_sent(std::string_view value) { return value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos; }

bool can_be_sent(const HttpCall& what) {
    const auto is_fine = [](const HttpCall::Field& field) {
        return !field.value.empty() && can_be_sent(field.value.reveal());
    };
    return std::ranges::all_of(what.fields, is_fine) &&
           (what.signing == nullptr || can_be_sent(what.signing->credentials.session_token.reveal()));
}

void set_rules(Curl& curl, const HttpCall& what, std::chrono::milliseconds left) {
    curl.set(CURLOPT_URL, what.url.c_str());
    curl.set(CURLOPT_PROTOCOLS_STR, "http,https");
    curl.set(CURLOPT_FOLLOWLOCATION, 0L);
    curl.set(CURLOPT_PROXY, "");
    curl.set(CURLOPT_NOSIGNAL, 1L);
    curl.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(what.connect_timeout, left).count()));
    curl.set(CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
    curl.set(CURLOPT_USERAGENT, "Keyledger");  // unlike a field it is not signed, as AWS's own clients do
}

void set_content(Curl& curl, const HttpCall& what) {
    if (what.method == "POST") {
        curl.set(CURLOPT_POST, 1L);
        curl.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
        curl.set(CURLOPT_POSTFIELDS, what.body.data());  // not copied
    } else curl.set(CURLOPT_CUSTOMREQUEST, what.method.c_str());
    for (const HttpCall::Field& field : what.fields) curl.add_field(field.name, field.value.reveal());
    if (what.signing != nullptr) {
        const Signing& signing = *what.signing;
        std::string scope = "aws:amz:";
        scope.append(signing.region).append(":").append(signing.service);
        curl.set(CURLOPT_AWS_SIGV4, scope.c_str());
        curl.set(CURLOPT_USERNAME, signing.credentials.access_key_id.c_str());
        std::string key(signing.credentials.secret_access_key.reveal());
        curl.set(CURLOPT_PASSWORD, key.c_str());
        Secret::wipe(key);
        if (!signing.credentials.session_token.empty())
            curl.add_field("X-Amz-Security-Token", signing.credentials.session_token.reveal());
    }
    curl.set(CURLOPT_HTTPHEADER, curl.fields);
}

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* body) noexcept {
    auto& received = *static_cast<std::string*>(body);
    if (size * count > kMostAnswerBytes - received.size()) return 0;
    try {
        received.append(bytes, size * count);
        return size * count;
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

}  // namespace

Result<HttpAnswer, std::string> call(const HttpCall& what, Time deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Unexpected(std::string("there was no time left"));
    // Values come from files, and from what a metadata service answers.
    if (!can_be_sent(what)) return Unexpected(std::string("what is to be sent is empty, or has a line break in it"));
    HttpAnswer answer;
    Curl curl;
    set_rules(curl, what, left);
    set_content(curl, what);
    curl.set(CURLOPT_WRITEFUNCTION, take);
    curl.set(CURLOPT_WRITEDATA, &answer.body);
    const CURLcode result = curl_easy_perform(curl.handle);
    if (result == CURLE_WRITE_ERROR) return Unexpected(std::string("its answer is larger than 1 MiB"));
    if (result != CURLE_OK) return Unexpected(std::string(curl_easy_strerror(result)));
    long status = 0;
    curl_easy_getinfo(curl.handle, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    return answer;
}

bool is_plain_to_this_machine(std::string_view url) {
    constexpr std::string_view kScheme = "http://";
    if (!url.starts_with(kScheme)) return false;
    url.remove_prefix(kScheme.size());
    const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
    for (const std::string_view host : {"127.0.0.1", "localhost", "[::1]"}) {
        if (!authority.starts_with(host)) continue;
        const std::string_view rest = authority.substr(host.size());
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        if (rest.empty() || (rest.front() == ':' && std::ranges::all_of(rest.substr(1), is_digit))) return true;
    }
    return false;
}

}  // namespace keyledger::integrations::aws
