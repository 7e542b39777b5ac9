#include "api/http/messages/incoming.hpp"

#include <boost/beast/http/error.hpp>

#include "api/http/messages/message.hpp"

namespace keyledger::api {

namespace http = boost::beast::http;
using ReadUntil = MessageReader::ReadUntil;

namespace {

constexpr std::size_t kMaxReadBytes = 16 * 1024;  // that a transport gives at once

}  // namespace

struct Incoming::State {
    State(const ServerOptions& all, RandomBytes& bytes, const IpAddress& address)
        : options(all), random(bytes), peer(address), buffer(all.limits.header_bytes + kMaxReadBytes) {}

    const ServerOptions& options;
    RandomBytes& random;
    IpAddress peer;
    boost::beast::flat_buffer buffer;
    EmptyLines before;
    std::optional<MessageReader> reader;  // of the request that has begun
    bool header_read = false;
    bool told_to_continue = false;
    bool overflowed = false;
    Persistence persistence = Persistence::kKeep;
    Request request;
    Problem refusal;

    void begin() {
        reader.emplace(options.limits);
        header_read = told_to_continue = false;
        request = Request{};
    }
    Next refuse(Problem why) {
        refusal = std::move(why);
        persistence = Persistence::kClose;
        return Next::kRefused;
    }
    Next read_on();
    std::optional<Next> read_head();
};

std::optional<Incoming::Next> Incoming::State::read_head() {
    const boost::system::error_code error = reader->take(buffer, ReadUntil::kHeader);
    if (error == http::error::need_more && !overflowed) return Next::kNothing;
    auto bad = read_header(reader->parser.get(), peer, options, random, request);
    if (error) bad = refusal_of(overflowed ? http::error::header_limit : error, reader->start_line_read());
    if (bad) return refuse(std::move(*bad));
    header_read = true;
    reader->parser.eager(true);
    return std::nullopt;
}

Incoming::Next Incoming::State::read_on() {
    if (persistence == Persistence::kClose) return Next::kNothing;
    if (!reader) {
        if (!before.skip(buffer)) return Next::kNothing;
        begin();
    }
    if (!header_read)
        if (auto outcome = read_head()) return *outcome;
    const bool nothing_of_body = buffer.size() == 0;
    const boost::system::error_code error = reader->take(buffer, ReadUntil::kMessage);
    if (error == http::error::need_more) {
        const bool waits =
            nothing_of_body && !told_to_continue && request.expects_continue && reader->parser.get().version() >= 11;
        if (!waits) return Next::kNothing;
        told_to_continue = true;
        return Next::kContinue;
    }
    if (error) return refuse(refusal_of(error, true));
    request.body = std::move(reader->parser.get().body());
    if (!reader->parser.keep_alive()) persistence = Persistence::kClose;
    return Next::kRequest;
}

Incoming::Incoming(const ServerOptions& options, RandomBytes& random, const IpAddress& peer)
    : state_(std::make_unique<State>(options, random, peer)) {}
Incoming::~Incoming() = default;

void Incoming::add(std::string_view bytes) {
    if (closed()) return;
    auto& buffer = state_->buffer;
    state_->overflowed = bytes.size() > buffer.max_size() - buffer.size();
    if (state_->overflowed) bytes = {};
    auto room = buffer.prepare(bytes.size());
    bytes.copy(static_cast<char*>(room.data()), bytes.size());
    buffer.commit(bytes.size());
}

Incoming::Next Incoming::next() { return state_->read_on(); }
Request& Incoming::request() { return state_->request; }
const Problem& Incoming::refusal() const { return state_->refusal; }

std::string Incoming::answer(const Response& response) {
    const Framing framing{.http_10 = state_->reader->parser.get().version() < 11,
                          .tls = false,
                          .persistence = state_->persistence,
                          .date = {}};
    std::string text = header_text(state_->request, response, framing);
    if (state_->request.method != Method::kHead) text += response.whole_body();
    state_->reader.reset();
    state_->before = EmptyLines{};
    return text;
}

bool Incoming::begun() const { return state_->reader.has_value(); }
bool Incoming::closed() const { return !state_->reader && state_->persistence == Persistence::kClose; }

}  // namespace keyledger::api
