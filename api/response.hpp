#pragma once
// Response: what a handler answers, free of any transport. The listener adds Content-Length, the request's
// id, and the headers that every answer carries (Cache-Control: no-store unless the handler sets its own).
#include <string>
#include <string_view>
#include <utility>

#include "api/headers.hpp"

namespace keyledger::api {

struct Response {
    int status = 200;
    std::string content_type;  // empty where there is no body
    Headers headers;
    std::string body;
};

inline Response json(int status, std::string text) {
    return {.status = status, .content_type = "application/json", .headers = {}, .body = std::move(text)};
}

inline Response no_content() { return {.status = 204, .content_type = {}, .headers = {}, .body = {}}; }

}  // namespace keyledger::api
