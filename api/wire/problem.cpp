#include "api/wire/problem.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "api/wire/text.hpp"

namespace keyledger::api {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void put(Writer& writer, std::string_view text) {
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void put(Writer& writer, std::string_view name, std::string_view value) {
    put(writer, name);
    put(writer, value);
}

}  // namespace

Response problem(std::string_view request_id, const Problem& what) {
    rapidjson::StringBuffer buffer;
    Writer writer(buffer);
    writer.StartObject();
    put(writer, "type", std::string(kProblemPrefix).append(what.type.slug));
    put(writer, "title", what.type.title);
    put(writer, "status");
    writer.Int(what.type.status);
    put(writer, "detail", what.detail);
    if (!request_id.empty()) put(writer, "request_id", request_id);
    if (!what.errors.empty()) {
        put(writer, "errors");
        writer.StartArray();
        for (const FieldError& error : what.errors) {
            writer.StartObject();
            put(writer, "field", error.field);
            put(writer, "detail", error.detail);
            writer.EndObject();
        }
        writer.EndArray();
    }
    for (const Parameter& member : what.members) put(writer, member.name, member.value);
    for (const auto& [name, values] : what.lists) {
        put(writer, name);
        writer.StartArray();
        for (const std::string& value : values) put(writer, value);
        writer.EndArray();
    }
    writer.EndObject();
    Response response{.status = what.type.status,
                      .content_type = std::string(kProblemContentType),
                      .headers = {},
                      .body = {buffer.GetString(), buffer.GetSize()},
                      .stream = {}};
    if (what.retry_after) response.headers.add("Retry-After", std::to_string(what.retry_after->whole_seconds_up()));
    return response;
}

Response problem(const Request& request, const Problem& what) {
    const std::string& told = request.echoed_request_id;
    return problem(told.empty() || !valid_utf8(told) ? request.request_id : told, what);
}

Response problem(const Request& request, const ProblemType& type, std::string detail) {
    Problem what{.type = type, .detail = std::move(detail), .retry_after = {}, .errors = {}, .members = {}};
    return problem(request, what);
}

}  // namespace keyledger::api
