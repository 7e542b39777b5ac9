#pragma once
// What comes over one connection, as requests: for a listener with a transport of its own. The same bytes are
// the same requests, and refused with the same words, as on the API's listener. No I/O, no deadlines. Not
// thread-safe.
#include <memory>
#include <string>
#include <string_view>

#include "api/http/server.hpp"
#include "api/requests/identifiers.hpp"
#include "api/wire/problem.hpp"

namespace keyledger::api {

class Incoming {
public:
    // What is given must outlive it. Of the options it takes the limits of sizes and the trusted proxies.
    Incoming(const ServerOptions& options, RandomBytes& random, const IpAddress& peer);
    ~Incoming();
    Incoming(const Incoming&) = delete;
    Incoming& operator=(const Incoming&) = delete;

    void add(std::string_view bytes);

    enum class Next {
        kNothing,   // not yet
        kContinue,  // the client waits for `100 Continue` before it sends the body
        kRequest,   // request() is whole
        kRefused,   // refusal() says why; request() has what is known of it
    };
    // Ask until there is nothing. A request and a refusal are to be answered before the next question.
    Next next();
    Request& request();
    const Problem& refusal() const;
    // The whole answer, as it is sent.
    std::string answer(const Response& response);

    bool begun() const;   // a part of a request is here
    bool closed() const;  // the last answer was the last one: what comes now is nobody's

private:
    struct State;
    std::unique_ptr<State> state_;
};

inline constexpr std::string_view kContinueText = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace keyledger::api
