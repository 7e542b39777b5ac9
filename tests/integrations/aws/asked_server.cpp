#include "tests/integrations/aws/asked_server.hpp"

#include <strings.h>

#include <cstdlib>

namespace keyledger::test {

std::string AskedRequest::field(std::string_view name) const {
    for (std::size_t at = head.find("\r\n"); at != head.npos && at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
        const std::string line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        const std::size_t colon = line.find(": ");
        if (colon == name.size() && ::strncasecmp(line.c_str(), name.data(), colon) == 0) return line.substr(colon + 2);
    }
    return "";
}

AskedServer::AskedServer(Answer answer)
    : answer_(std::move(answer)), server_([this](RawConnection& connection) { serve(connection); }) {}

std::vector<AskedRequest> AskedServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void AskedServer::serve(RawConnection& connection) {
    for (;;) {
        AskedRequest request{connection.head(), ""};
        if (request.head.empty()) return;
        const std::string size = request.field("Content-Length");
        if (!size.empty()) request.body = connection.body(std::strtoul(size.c_str(), nullptr, 10));
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
        }
        if (!connection.send(answer_(request))) return;
    }
}

}  // namespace keyledger::test
