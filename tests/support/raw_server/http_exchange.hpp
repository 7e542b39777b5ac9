#pragma once
// What a RawServer of a test needs to speak HTTP rightly.
#include <map>
#include <string>
#include <string_view>

#include "tests/support/raw_server/raw_server.hpp"

namespace keyledger::test {

struct HttpRequest {
    std::string method{};
    std::string target{};
    std::map<std::string, std::string> fields{};  // names in lower case
    std::string body{};
};
// The next one of the connection, by its Content-Length. False: there is none.
bool next_request(RawConnection& connection, HttpRequest& request);

// Of "a=b&c=d", decoded.
std::map<std::string, std::string> form_fields(std::string_view text);

}  // namespace keyledger::test
