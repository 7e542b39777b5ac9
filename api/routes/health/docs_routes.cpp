// The API, for people: swagger-ui over the document that this service serves. All that it loads comes from here.
#include <algorithm>

#include "api/docs/docs_files.hpp"
#include "api/pages/pages.hpp"
#include "api/routes/call.hpp"
#include "api/routes/health/docs.hpp"
#include "api/routes/static_answer.hpp"

namespace keyledger::api::routes {
namespace {

constexpr std::string_view kKeptForGood = "public, max-age=31536000, immutable";
constexpr std::string_view kKeptByNobody = "public, max-age=0";  // it is a file of another version
// Pictures of the style sheet are in it (data:). It calls this service alone, and sends no form.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

const StaticFile* find_file(std::string_view name) {
    const auto files = docs_files();
    const auto found = std::ranges::find(files, name, &StaticFile::name);
    return found == files.end() ? nullptr : &*found;
}

// Below this page, so that what a proxy puts before it does no harm.
std::string path_of(std::string_view name) {
    const StaticFile* file = find_file(name);
    return file == nullptr ? std::string() : "docs/" + std::string(file->tag) + "/" + std::string(name);
}

std::string page_with(std::string_view icon) {
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta name=\"robots\" content=\"noindex\">\n<title>Keyledger API</title>\n";
    page.append("<link rel=\"icon\" href=\"").append(icon).append("\" type=\"image/svg+xml\">\n");
    page.append("<link rel=\"stylesheet\" href=\"").append(path_of("swagger-ui.css")).append("\">\n");
    for (const std::string_view script : {"swagger-ui-bundle.js", "init.js"})
        page.append("<script src=\"").append(path_of(script)).append("\" defer></script>\n");
    page +=
        "</head>\n<body>\n<main id=\"docs\"></main>\n<noscript><p>Without scripts the API can be read as an OpenAPI "
        "document: <a href=\"openapi.json\">openapi.json</a>.</p></noscript>\n<footer><p>Shown by swagger-ui (";
    page.append("<a href=\"").append(path_of("LICENSE")).append("\">licence</a>, ");
    page.append("<a href=\"").append(path_of("NOTICE")).append("\">notice</a>, ");
    page.append("<a href=\"")
        .append(path_of("swagger-ui-bundle.js.LICENSE.txt"))
        .append("\">what it has of others</a>");
    return page += ").</p></footer>\n</body>\n</html>\n";
}

std::string_view content_type_of(std::string_view name) {
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    return "text/plain; charset=utf-8";
}

Response no_docs(const Call& call) {
    return problem(call.request, problems::kNotFound, "This service does not show its API. /openapi.json has it.");
}

Reply show_docs(Call& call) {
    if (!offers_docs(call.context)) co_return no_docs(call);
    Response response;
    response.content_type = "text/html; charset=utf-8";
    response.body = page_with(call.context.pages.assets().path("icon.svg"));
    response.headers.add("Content-Security-Policy", kPolicy);
    co_return response;
}

Reply show_docs_file(Call& call) {
    if (!offers_docs(call.context)) co_return no_docs(call);
    const StaticFile* file = find_file(call.request.path_parameter("name"));
    if (file == nullptr) co_return problem(call.request, problems::kNotFound, "There is no such file.");
    const bool is_this_text = call.request.path_parameter("tag") == file->tag;
    co_return static_answer(call.request, *file, content_type_of(file->name),
                            is_this_text ? kKeptForGood : kKeptByNobody);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showDocs", kGet, "/docs", show_docs, kUnlimited, kAnybody},
    {"showDocsFile", kGet, "/docs/{tag}/{name}", show_docs_file, kUnlimited, kAnybody},
};
// clang-format on

}  // namespace

bool offers_docs(const Context& context) { return context.pages.has_docs() && !docs_files().empty(); }

RouteTable docs_routes() { return kRows; }

}  // namespace keyledger::api::routes
