#pragma once
// One HTTP request by libcurl on the calling thread: for what is asked before the service runs, or beside it. No
// redirects and no proxy of the environment; size and time are bounded.
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"

namespace keyledger::integrations::aws {

using Time = std::chrono::steady_clock::time_point;

inline constexpr std::size_t kMostAnswerBytes = 1024 * 1024;

struct Credentials {
    std::string access_key_id;
    Secret secret_access_key;
    Secret session_token;  // empty: the keys are nobody's for a time only
};

// By AWS Signature Version 4. What it names outlives the call.
struct Signing {
    const Credentials& credentials;
    std::string_view region;
    std::string_view service;
};

struct HttpCall {
    struct Field {
        std::string name;
        Secret value;  // never empty: libcurl would sign a field that it does not send
    };
    std::string method = "GET";
    std::string url;
    std::vector<Field> fields{};
    std::string body{};                // of POST
    const Signing* signing = nullptr;  // all fields are signed
    std::chrono::milliseconds connect_timeout{5'000};
};
struct HttpAnswer {
    int status = 0;
    std::string body;
};

// The error says why there is no answer, as a part of a sentence; it quotes nothing that was sent.
Result<HttpAnswer, std::string> call(const HttpCall& what, Time deadline);

// Where a URL without TLS may go: "http://" and a host that is this machine by its name or address.
bool is_plain_to_this_machine(std::string_view url);

}  // namespace keyledger::integrations::aws
