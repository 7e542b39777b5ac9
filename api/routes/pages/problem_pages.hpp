#pragma once
// Problems (RFC 9457) as pages, where somebody looks at them: too many attempts, a body that is too long, a service
// that is away, a page that there is not. Which it is follows from the place that was asked for: at a place of pages it
// is a page unless the caller asks for JSON (`Accept`), at a route of the API it never is. Where nothing stands,
// whoever asks for HTML gets a page. Status and headers stay as they are. Any thread.
#include <map>
#include <mutex>
#include <span>
#include <string>

#include "api/pages/pages.hpp"
#include "api/requests/request.hpp"

namespace keyledger::api {

// Whether people are sent to that path by browsers.
bool is_place_of_pages(std::span<const std::string> segments);

class ProblemPages {
public:
    // `pages` must outlive it.
    explicit ProblemPages(const Pages& pages) : pages_(pages) {}

    void dress(const Request& request, Response& response);

private:
    Response shown(const Request& request, const Response& problem);

    const Pages& pages_;
    // By all that they say: whoever is told to wait, again and again, costs no rendering.
    std::mutex mutex_;
    std::map<std::string, Response> kept_;
};

}  // namespace keyledger::api
