// A request's start line and fields: Beast's parser, then ours over what it accepts.
#include <boost/asio/buffer.hpp>

#include "api/http/messages/message.hpp"
#include "security/primitives/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

// Nothing that a caller sent may end our header early or begin another one.
void check_answer(const api::Request& request) {
    api::Response response = api::json(200, "{}");
    response.headers.add("Keyledger-Position", "1");
    const std::string head = api::header_text(request, response, {});
    promise(head.find("\r\n\r\n") == head.size() - 4, "an answer has one header");
    promise(head.find('\0') == head.npos, "an answer's header is text");
}

// Gives the parser what it takes, until `done`; the rest is left.
template <class Receipt>
boost::system::error_code put(api::MessageParser& parser, std::string_view& rest, const Receipt& done) {
    boost::system::error_code error;
    while (!rest.empty() && !done()) {
        const std::size_t used = parser.put(boost::asio::buffer(rest), error);
        rest.remove_prefix(used);
        if (error || used == 0) break;
    }
    return error;
}

void check_refusal(const boost::system::error_code& error, const api::MessageParser& parser) {
    if (!error || error == boost::beast::http::error::need_more) return;
    const api::Problem told = api::refusal_of(error, !parser.get().target().empty());
    promise(told.type.status >= 400, "a refusal is an error");
}

}  // namespace

void head(std::string_view text) {
    static const api::ServerOptions options = [] {
        api::ServerOptions made;
        made.trusted_proxies.push_back(*api::Cidr::parse("127.0.0.0/8"));
        return made;
    }();
    static api::RandomBytes random;
    static const api::IpAddress peer = *api::IpAddress::parse("127.0.0.1");
    api::MessageParser parser;
    parser.header_limit(static_cast<std::uint32_t>(options.limits.header_bytes));
    parser.body_limit(options.limits.body_bytes);
    std::string_view rest = text;
    const boost::system::error_code error = put(parser, rest, [&] { return parser.is_header_done(); });
    if (error == boost::beast::http::error::need_more) return;
    api::Request request;
    const auto problem = api::read_header(parser.get(), peer, options, random, request);
    promise(api::valid_request_id(request.request_id), "every request has a good id, a refused one too");
    check_refusal(error, parser);
    check_answer(request);
    if (problem || error) return;
    promise(request.user_agent.size() <= api::kMaxUserAgentBytes, "a user agent is bounded");
    promise(security::code_points_of(request.user_agent).has_value(), "a user agent is text");
    for (const std::string& segment : request.segments)
        promise(segment != "." && segment != "..", "no dot segment passes");
    check_refusal(put(parser, rest, [&] { return parser.is_done(); }), parser);
    promise(parser.get().body().size() <= options.limits.body_bytes, "a body is bounded");
}

}  // namespace keyledger::fuzz
