#include "api/routes/static_answer.hpp"

#include "api/routes/conditions.hpp"
#include "api/wire/field_values.hpp"

namespace keyledger::api {

Response static_answer(const Request& request, const StaticFile& file, std::string_view content_type,
                       std::string_view cache_control) {
    const bool is_gzip = !file.gzip.empty() && prefers_gzip(request.headers);
    Response response;
    response.content_type = content_type;
    response.headers.add("Cache-Control", cache_control);
    if (!file.gzip.empty()) response.headers.add("Vary", "Accept-Encoding");
    const std::string tagged = std::string(file.tag) + (is_gzip ? "gzip" : "");
    response = with_entity_tag(request, std::move(response), "", tagged);
    if (response.status == 304) return response;
    if (is_gzip) response.headers.add("Content-Encoding", "gzip");
    response.fixed_body = is_gzip ? file.gzip : file.text;
    return response;
}

}  // namespace keyledger::api
