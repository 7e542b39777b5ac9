#pragma once
// The API's one client in these tests. Every answer is held against openapi.json: an operation, status,
// problem type, header, media type or body that the document lacks fails the running test, wherever it came
// up. One thread at a time.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/http/http_client.hpp"
#include "tests/support/http/openapi.hpp"

namespace keyledger::test {

// The document of this build.
const OpenApi& api_document();
std::string api_document_text();

struct Answer : HttpResponse {
    // Values by JSON Pointer ("/items/0/id"). A place that is not there or of another type is an exception
    // that shows the body.
    std::string text(const char* pointer) const;
    std::int64_t number(const char* pointer) const;
    bool boolean(const char* pointer) const;
    bool is_null(const char* pointer) const;
    bool has(const char* pointer) const;
    std::size_t count(const char* pointer = "/items") const;

    // The slug of the problem; empty when it is none.
    std::string problem() const { return problem_slug(*this); }
    // Of Keyledger-Position; throws when there is none.
    std::int64_t position() const;
};

// Of a program at a page, where whoever asks for nothing gets HTML.
inline const HttpHeaders kAsksForJson{{"Accept", "application/problem+json"}};

class ApiClient {
public:
    explicit ApiClient(std::uint16_t port) : port_(port), http_(port) {}
    // The same service and headers, over a connection of its own.
    ApiClient(const ApiClient& other) : port_(other.port_), http_(other.port_), always_(other.always_) {}
    ApiClient& operator=(const ApiClient&) = delete;

    // A client of the same service that sends these headers with every request.
    ApiClient with(const std::string& name, const std::string& value) const;
    ApiClient as(const std::string& access_token) const { return with("Authorization", "Bearer " + access_token); }

    Answer send(std::string_view method, std::string_view target, const HttpHeaders& headers = {},
                std::string_view body = {});
    Answer get(std::string_view target, const HttpHeaders& headers = {}) { return send("GET", target, headers); }
    Answer del(std::string_view target, const HttpHeaders& headers = {}) { return send("DELETE", target, headers); }
    Answer post(std::string_view target, std::string_view json, const HttpHeaders& headers = {});
    Answer put(std::string_view target, std::string_view json, const HttpHeaders& headers = {});
    Answer form(std::string_view target, std::string_view body, const HttpHeaders& headers = {});

    // Holds an answer that came over another connection against the document.
    static Answer judged(std::string_view method, std::string_view target, std::string_view body,
                         HttpResponse response);

    std::uint16_t port() const { return port_; }

private:
    std::uint16_t port_;
    HttpClient http_;
    HttpHeaders always_;
};

// {"name":"value",…} with everything escaped that JSON wants escaped.
std::string json_object(std::initializer_list<std::pair<std::string_view, std::string_view>> members);
// name=value&… as application/x-www-form-urlencoded.
std::string form_body(std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);

}  // namespace keyledger::test
