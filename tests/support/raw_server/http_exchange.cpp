#include "tests/support/raw_server/http_exchange.hpp"

#include <algorithm>
#include <sstream>

namespace keyledger::test {
namespace {

std::string decoded(std::string_view text) {
    std::string clear;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%' || i + 2 >= text.size()) {
            clear += text[i];
            continue;
        }
        clear += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
    }
    return clear;
}

}  // namespace

bool next_request(RawConnection& connection, HttpRequest& request) {
    request = {};
    const std::string head = connection.head();
    if (head.empty()) return false;
    std::istringstream lines(head);
    std::string line;
    std::getline(lines, line);
    std::istringstream(line) >> request.method >> request.target;
    while (std::getline(lines, line) && line != "\r") {
        const std::size_t colon = line.find(": ");
        std::string name = line.substr(0, colon);
        std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
        request.fields[name] = line.substr(colon + 2, line.size() - colon - 3);
    }
    if (const auto length = request.fields.find("content-length"); length != request.fields.end())
        request.body = connection.body(std::stoul(length->second));
    return true;
}

std::map<std::string, std::string> form_fields(std::string_view text) {
    std::map<std::string, std::string> fields;
    for (bool more = !text.empty(); more;) {
        const std::size_t end = text.find('&');
        const std::string_view pair = text.substr(0, end);
        const std::size_t equals = pair.find('=');
        fields[decoded(pair.substr(0, equals))] = decoded(pair.substr(equals + 1));
        more = end != text.npos;
        if (more) text.remove_prefix(end + 1);
    }
    return fields;
}

}  // namespace keyledger::test
