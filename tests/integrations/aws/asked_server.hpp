#pragma once
// A server on 127.0.0.1 that answers requests by what is in them, and keeps them.
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/raw_server/raw_server.hpp"

namespace keyledger::test {

struct AskedRequest {
    std::string head;
    std::string body;

    std::string line() const { return head.substr(0, head.find("\r\n")); }
    // Of a field, in whatever case its name is; empty: there is none.
    std::string field(std::string_view name) const;
};

class AskedServer {
public:
    using Answer = std::function<std::string(const AskedRequest&)>;
    explicit AskedServer(Answer answer);

    std::string url(const std::string& path = "") const { return "http://127.0.0.1:" + server_.port() + path; }
    std::vector<AskedRequest> requests() const;

private:
    void serve(RawConnection& connection);

    const Answer answer_;
    mutable std::mutex mutex_;
    std::vector<AskedRequest> requests_;
    RawServer server_;  // last: ended first
};

}  // namespace keyledger::test
