#include "api/http/messages/message.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <cstdio>
#include <ctime>

#include "api/requests/target.hpp"
#include "api/wire/field_values.hpp"
#include "api/wire/text.hpp"
#include "domain/base/plain_text.hpp"

namespace keyledger::api {
namespace {

namespace http = boost::beast::http;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Two of these would let two readers of one request (a proxy, a handler) believe different things.
constexpr std::array<std::string_view, 10> kAtMostOnce{"Host",
                                                       "Content-Length",
                                                       "Content-Type",
                                                       "Transfer-Encoding",
                                                       "Authorization",
                                                       "X-Request-Id",
                                                       "Idempotency-Key",
                                                       "Keyledger-Min-Position",
                                                       "Origin",
                                                       "Access-Control-Request-Method"};

std::optional<Problem> refuse(std::string detail) { return simple_problem(problems::kBadRequest, std::move(detail)); }

std::optional<Problem> copy_fields(const Fields& fields, std::size_t max_fields, Headers& headers) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (const auto& field : fields) {
        count += 1;
        bytes += field.name_string().size() + field.value().size();
    }
    headers.reserve(std::min(count, max_fields), bytes);
    for (const auto& field : fields) {
        if (headers.size() == max_fields)
            return simple_problem(problems::kHeaderTooLarge,
                                  "Send at most " + std::to_string(max_fields) + " header fields.");
        headers.add(view(field.name_string()), view(field.value()));
    }
    for (std::string_view name : kAtMostOnce)
        if (headers.count(name) > 1) return refuse("Send the header " + std::string(name) + " once.");
    return std::nullopt;
}

// Beast takes a message with any other coding for one without a body, and its body for the next request.
std::optional<Problem> check_framing(const Headers& headers, unsigned version) {
    auto coding = headers.find("Transfer-Encoding");
    if (coding && !equal_ignoring_case(*coding, "chunked"))
        return refuse("The only transfer coding that is accepted is chunked.");
    // Beast takes lists of equal numbers (RFC 9110 section 8.6 lets it); not everybody does.
    auto length = headers.find("Content-Length");
    if (length && length->find_first_not_of("0123456789") != length->npos)
        return refuse("Content-Length must be one number.");
    if (coding && version < 11) return refuse("HTTP/1.0 has no transfer codings; send Content-Length.");
    return std::nullopt;
}

// What the absolute form of a target says of the host goes before Host (RFC 9112 section 3.2.2), which has to
// be there and good even then (section 3.2). Nothing here is chosen by either.
std::optional<Problem> check_host(const Headers& headers, unsigned version) {
    auto host = headers.find("Host");
    if (!host && version < 11) return std::nullopt;
    if (!host) return refuse("Send exactly one Host header.");
    if (!valid_host(*host)) return refuse("The Host header must be a host with an optional port.");
    return std::nullopt;
}

// RFC 9110 section 10.1.1. A list, though only one member of it is known.
std::optional<Problem> check_expectations(Request& request) {
    for (const std::string_view expectation : list_elements(request.headers, "Expect")) {
        if (!equal_ignoring_case(expectation, "100-continue"))
            return simple_problem(problems::kExpectationFailed, "The only expectation that is met is 100-continue.");
        request.expects_continue = true;
    }
    return std::nullopt;
}

// It goes into events and is shown to auditors.
std::string storable(std::string_view text) {
    std::string plain = as_plain_text(text);
    plain.resize(shortened(plain, kMaxUserAgentBytes).size());
    return plain;
}

IpAddress client_of(const Headers& headers, const IpAddress& peer, std::span<const Cidr> proxies) {
    std::vector<std::string_view> lines;
    for (std::size_t i = 0; i < headers.size(); ++i)
        if (auto field = headers.at(i); equal_ignoring_case(field.name, "X-Forwarded-For"))
            lines.push_back(field.value);
    return lines.empty() ? peer : client_behind(peer, lines, proxies);
}

void identify(RandomBytes& random, const TraceRules& traces, Request& request) {
    auto parent = request.header("traceparent");
    bool one = request.headers.count("traceparent") == 1;
    auto accepted = parent && one ? accept_traceparent(*parent) : std::nullopt;
    if (traces.is_on) request.traceparent = begin_span(random, accepted, traces);
    else request.traceparent = accepted ? *accepted : make_traceparent(random);
    if (auto id = request_id_of(request.header("X-Request-Id"))) {
        request.request_id = std::move(id->logged);
        request.echoed_request_id = std::move(id->echoed);
        return;
    }
    // A trace that begins here has no other request of ours: one name will do, for the log too.
    request.request_id = accepted ? make_request_id(random) : trace_id_of(request.traceparent);
    request.echoed_request_id = request.request_id;
}

void line(std::string& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

// The listener's own: a handler can't break the framing of its answer.
bool is_framing(std::string_view name) {
    return equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Transfer-Encoding") ||
           equal_ignoring_case(name, "Connection");
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

// RFC 9110 section 2.5: a later minor version of HTTP/1 is read as the last one that is known here. Beast judges the
// version as soon as it is there, be the line's end or not: a target has no blank, so that " HTTP/1." behind one is the
// version.
void read_as_known_version(boost::beast::flat_buffer& buffer) {
    constexpr std::string_view kBefore = " HTTP/1.";
    char* const start = static_cast<char*>(buffer.data().data());
    std::string_view line(start, buffer.size());
    if (const std::size_t end = line.find("\r\n"); end != line.npos) line = line.substr(0, end);
    else if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() < kBefore.size() + 1) return;
    const std::size_t minor = line.size() - 1;
    if (line[minor] < '2' || line[minor] > '9' || !line.substr(0, minor).ends_with(kBefore)) return;
    if (line.find(' ') == minor - kBefore.size()) return;  // it is the target
    start[minor] = '1';
}

}  // namespace

Problem simple_problem(const ProblemType& type, std::string detail) {
    return {.type = type, .detail = std::move(detail), .retry_after = {}, .errors = {}, .members = {}};
}

std::optional<Problem> read_header(const http::request_header<Fields>& header, const IpAddress& peer,
                                   const ServerOptions& options, RandomBytes& random, Request& request) {
    request.operation = kUnmatched;
    request.method = parse_method(view(header.method_string()));
    request.client_ip = peer;
    auto bad_fields = copy_fields(header, options.limits.header_fields, request.headers);
    identify(random, options.traces, request);
    request.client_ip = client_of(request.headers, peer, options.trusted_proxies);
    request.client_address = request.client_ip.to_string();
    request.user_agent = storable(request.header("User-Agent").value_or(""));
    if (bad_fields) return bad_fields;
    if (auto bad = check_framing(request.headers, header.version())) return bad;
    std::string_view raw = view(header.target());
    if (raw.size() > options.limits.target_bytes)
        return simple_problem(problems::kUriTooLong, "Send a request target of at most " +
                                                         std::to_string(options.limits.target_bytes) + " bytes.");
    request.target = raw;
    auto target = parse_target(raw);
    if (!target) return refuse(target.error());
    if (target->asterisk && request.method != Method::kOptions) return refuse("The target * is for OPTIONS only.");
    if (auto bad = check_host(request.headers, header.version())) return bad;
    if (auto bad = check_expectations(request)) return bad;
    request.segments = std::move(target->segments);
    request.query = std::move(target->query);
    return std::nullopt;
}

bool came_by_https(const Request& request, const IpAddress& peer, std::span<const Cidr> proxies) {
    if (!std::ranges::any_of(proxies, [&](const Cidr& proxy) { return proxy.contains(peer); })) return false;
    const auto said = list_elements(request.headers, "X-Forwarded-Proto");
    return !said.empty() && equal_ignoring_case(said.back(), "https");
}

bool has_fold(std::string_view fields) {
    for (std::size_t at = fields.find('\n'); at != fields.npos; at = fields.find('\n', at + 1))
        if (at + 1 < fields.size() && (fields[at + 1] == ' ' || fields[at + 1] == '\t')) return true;
    return false;
}

// Were there folds, so many lines could not reach back to the first field, and one of the folds would be among them.
bool ends_in_fold(std::string_view message, std::size_t lines) {
    constexpr std::string_view kEnd = "\r\n\r\n";
    if (lines == 0 || !message.ends_with(kEnd)) return false;
    std::size_t from = message.size() - 3;  // a line's end
    for (; lines > 0 && from > 0 && from != message.npos; --lines) from = message.rfind('\n', from - 1);
    return has_fold(message.substr(from == message.npos ? 0 : from));
}

MessageReader::MessageReader(const ServerLimits& limits) : max_header_bytes_(limits.header_bytes) {
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser.body_limit(limits.body_bytes);
}

std::size_t MessageReader::fields() const {
    return static_cast<std::size_t>(std::distance(parser.get().begin(), parser.get().end()));
}

boost::system::error_code MessageReader::take(boost::beast::flat_buffer& buffer, ReadUntil until) {
    boost::system::error_code error;
    while (until == ReadUntil::kHeader ? !parser.is_header_done() : !parser.is_done()) {
        if (buffer.size() == 0) return http::error::need_more;
        const bool in_header = !parser.is_header_done();
        if (in_header && header_bytes_ == 0) read_as_known_version(buffer);
        const std::size_t used = parser.put(buffer.data(), error);
        const std::string_view read(static_cast<const char*>(buffer.data().data()), used);
        const bool folded =
            in_header ? has_fold(read) : parser.is_done() && ends_in_fold(read, fields() - header_fields_);
        buffer.consume(used);
        if (folded) return http::error::bad_obs_fold;
        // Beast applies its limit to what it has not parsed yet, so that fields sent one by one would never
        // reach it.
        if (in_header) header_bytes_ += used;
        if (header_bytes_ > max_header_bytes_) return http::error::header_limit;
        if (error && error != http::error::need_more) return error;
        if (parser.is_header_done() && in_header) header_fields_ = fields();
        if (error || used == 0) return http::error::need_more;
    }
    return {};
}

bool EmptyLines::skip(boost::beast::flat_buffer& buffer) {
    const auto start = [&] { return std::string_view(static_cast<const char*>(buffer.data().data()), buffer.size()); };
    for (; skipped_ < kMost && start().starts_with("\r\n"); ++skipped_) buffer.consume(2);
    return !start().empty() && (start() != "\r" || skipped_ == kMost);
}

Problem refusal_of(const boost::system::error_code& error, bool start_line_read) {
    if (error == http::error::header_limit && !start_line_read)
        return simple_problem(problems::kUriTooLong, "Send a shorter request target.");
    if (error == http::error::header_limit)
        return simple_problem(problems::kHeaderTooLarge, "Send fewer or shorter header fields.");
    if (error == http::error::body_limit) return simple_problem(problems::kPayloadTooLarge, "Send a shorter body.");
    if (error == http::error::bad_version)
        return simple_problem(problems::kHttpVersion, "Use HTTP/1.1, and end each line with CR LF.");
    return simple_problem(problems::kBadRequest, "The message is not well-formed HTTP/1.1: " + error.message() + ".");
}

std::string header_text(const Request& request, const Response& response, const Framing& framing) {
    constexpr std::size_t kUsualHead = 512;
    const std::size_t joined = response.whole_body().size() <= kJoinedBytes ? response.whole_body().size() : 0;
    std::string text;
    text.reserve(kUsualHead + joined);
    text.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
    text.append(reason.data(), reason.size()).append("\r\n");
    if (!framing.date.empty()) line(text, "Date", framing.date);
    if (may_have_body(response.status)) {
        if (!response.content_type.empty()) line(text, "Content-Type", response.content_type);
        if (!response.stream) line(text, "Content-Length", std::to_string(response.whole_body().size()));
        else if (!framing.http_10)  // there the end of the connection ends the body
            line(text, "Transfer-Encoding", "chunked");
    }
    for (std::size_t i = 0; i < response.headers.size(); ++i)
        if (auto field = response.headers.at(i); !is_framing(field.name)) line(text, field.name, field.value);
    if (!response.headers.contains("Cache-Control")) line(text, "Cache-Control", "no-store");
    // Browsers hold to all that they are told: of two policies, to what both allow.
    if (!response.headers.contains("Content-Security-Policy"))
        line(text, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    text.append("X-Content-Type-Options: nosniff\r\n"
                "Referrer-Policy: no-referrer\r\n");
    if (framing.tls && framing.hsts_seconds > 0)
        line(text, "Strict-Transport-Security", "max-age=" + std::to_string(framing.hsts_seconds));
    line(text, "X-Request-Id", request.echoed_request_id.empty() ? request.request_id : request.echoed_request_id);
    if (framing.persistence == Persistence::kClose) line(text, "Connection", "close");
    else if (framing.http_10) line(text, "Connection", "keep-alive");
    text.append("\r\n");
    return text;
}

std::string chunk_text(std::string piece, const Framing& framing) {
    if (framing.http_10) return piece;
    char size[32];
    const int digits = std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    piece.insert(0, size, static_cast<std::size_t>(digits));
    return piece.append("\r\n");
}

std::string http_date(Instant at) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto seconds = static_cast<std::time_t>(at.whole_seconds());
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[64];
    int size =
        std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[parts.tm_wday], parts.tm_mday,
                      kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace keyledger::api
