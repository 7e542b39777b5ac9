#pragma once
// Between Beast's messages and ours. Internal to api/http.
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/http/server.hpp"
#include "api/requests/identifiers.hpp"
#include "api/wire/problem.hpp"
#include "domain/base/time.hpp"

namespace keyledger::api {

using MessageParser = boost::beast::http::request_parser<boost::beast::http::string_body>;
using Fields = boost::beast::http::fields;

// Fills everything but the body and the times from a complete header. A problem: the request is to be refused
// and its connection closed. The request's id, address and method are set even then.
std::optional<Problem> read_header(const boost::beast::http::request_header<Fields>& header, const IpAddress& peer,
                                   const ServerOptions& options, RandomBytes& random, Request& request);

// Whether the request came by https to a trusted proxy, as `X-Forwarded-Proto` says: of several values the last, which
// is that proxy's own.
bool came_by_https(const Request& request, const IpAddress& peer, std::span<const Cidr> proxies);

// RFC 9112 section 5.2: a field's value that goes on in the next line. Beast joins the lines, another reader of
// the same bytes may not, and the two then disagree about where the message ends.
bool has_fold(std::string_view fields);
// The same of the `lines` fields, at least, with which a chunked message ended.
bool ends_in_fold(std::string_view message, std::size_t lines);

// RFC 9112 section 2.2: empty lines before a request are skipped. Only of CR LF, and not many, so that nobody
// keeps a connection with them.
class EmptyLines {
public:
    static constexpr std::size_t kMost = 4;

    // Takes them off the buffer's front. True: what is left there is the start of a request, or is to be
    // refused as one.
    bool skip(boost::beast::flat_buffer& buffer);

private:
    std::size_t skipped_ = 0;
};

// Reads one message out of a buffer, and refuses what Beast alone would let through.
class MessageReader {
public:
    enum class ReadUntil : std::uint8_t { kHeader, kMessage };

    explicit MessageReader(const ServerLimits& limits);

    // Takes what the buffer has of it. http::error::need_more: it has not got all.
    boost::system::error_code take(boost::beast::flat_buffer& buffer, ReadUntil until);
    bool start_line_read() const { return !parser.get().target().empty(); }

    MessageParser parser;

private:
    std::size_t fields() const;

    std::size_t max_header_bytes_;
    std::size_t header_bytes_ = 0;
    std::size_t header_fields_ = 0;  // what comes behind the body is more
};

// What to tell a caller whose message Beast refused.
Problem refusal_of(const boost::system::error_code& error, bool start_line_read);

Problem simple_problem(const ProblemType& type, std::string detail);

enum class Persistence : std::uint8_t { kKeep, kClose };
struct Framing {
    bool http_10 = false;
    bool tls = false;  // between the client and this service, or a proxy that says so
    Persistence persistence = Persistence::kKeep;
    std::string_view date;  // IMF-fixdate; empty: not sent
    std::int64_t hsts_seconds = 31'536'000;
};

// A body of no more is sent in one write with its header.
inline constexpr std::size_t kJoinedBytes = 16 * 1024;

// Status line and header of the answer, with the fields that every answer has, and room for a body that is joined to
// them. Content-Length tells the body's size also where the body is not sent (HEAD); a stream has none.
std::string header_text(const Request& request, const Response& response, const Framing& framing);

// A piece of a stream as it is sent: a chunk of RFC 9112 section 7.1, or just its bytes in HTTP/1.0. An empty piece is
// the end.
std::string chunk_text(std::string piece, const Framing& framing);

// IMF-fixdate of RFC 9110 section 5.6.7.
std::string http_date(Instant at);

}  // namespace keyledger::api
