#pragma once
// Response: what a handler answers, free of any transport. The listener adds Content-Length, the request's
// id, and the headers that every answer carries (Cache-Control: no-store unless the handler sets its own).
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/wire/headers.hpp"

namespace keyledger::api {

// A body that is made while it is sent, for answers of any length in little memory. The listener asks for a piece when
// the one before has left, and drops the stream when the client has left.
class BodyStream {
public:
    virtual ~BodyStream() = default;
    // An empty piece ends the body. nullopt, or an exception: it can't go on; the connection is closed without the mark
    // of a whole answer, so that the client does not take a part for it.
    virtual boost::asio::awaitable<std::optional<std::string>> next() = 0;
};

struct Response {
    int status = 200;
    std::string content_type;  // empty where there is no body
    Headers headers;
    std::string body;
    std::shared_ptr<BodyStream> stream;  // instead of `body`, where it is set
    // Likewise, where it is not empty: a text that lasts as long as the programme does, sent from where it is. Whoever
    // asks for it and reads nothing costs no copy.
    std::string_view fixed_body{};

    std::string_view whole_body() const { return fixed_body.empty() ? std::string_view(body) : fixed_body; }
};

inline Response json(int status, std::string text) {
    return {.status = status, .content_type = "application/json", .headers = {}, .body = std::move(text), .stream = {}};
}

inline Response no_content() { return {.status = 204, .content_type = {}, .headers = {}, .body = {}, .stream = {}}; }

}  // namespace keyledger::api
