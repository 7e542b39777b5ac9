#include "tests/e2e/world/api_client.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <stdexcept>

#include "api/openapi/document.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr std::size_t kShown = 2000;

rapidjson::Document parsed(const Answer& answer) {
    rapidjson::Document body;
    body.Parse(answer.body.data(), answer.body.size());
    if (body.HasParseError())
        throw std::runtime_error("no JSON in an answer " + std::to_string(answer.status) + ": " + answer.body);
    return body;
}

template <class Read>
auto value_at(const Answer& answer, const char* pointer, bool (rapidjson::Value::*is)() const, Read read) {
    const rapidjson::Document body = parsed(answer);
    const rapidjson::Value* value = rapidjson::Pointer(pointer).Get(body);
    if (value == nullptr || !(value->*is)())
        throw std::runtime_error("nothing of that type at " + std::string(pointer) + " in an answer " +
                                 std::to_string(answer.status) + ": " + answer.body);
    return read(*value);
}

void watch_tokens(const Answer& answer) {
    if (const auto device = answer.header("Keyledger-Device")) watch_secret(*device);
    if (answer.status != 200 || answer.header("Content-Type") != "application/json") return;
    for (const char* token : {"/access_token", "/refresh_token"})
        if (answer.has(token)) watch_secret(answer.text(token));
}

}  // namespace

std::string api_document_text() { return std::string(api::openapi_document()); }

const OpenApi& api_document() {
    static const OpenApi document(api_document_text());
    return document;
}

// ---- Answer -----------------------------------------------------------------------------------------------
std::string Answer::text(const char* pointer) const {
    return value_at(*this, pointer, &rapidjson::Value::IsString,
                    [](const rapidjson::Value& v) { return std::string(v.GetString(), v.GetStringLength()); });
}
std::int64_t Answer::number(const char* pointer) const {
    return value_at(*this, pointer, &rapidjson::Value::IsInt64, [](const rapidjson::Value& v) { return v.GetInt64(); });
}
bool Answer::boolean(const char* pointer) const {
    return value_at(*this, pointer, &rapidjson::Value::IsBool, [](const rapidjson::Value& v) { return v.GetBool(); });
}
std::size_t Answer::count(const char* pointer) const {
    return value_at(*this, pointer, &rapidjson::Value::IsArray,
                    [](const rapidjson::Value& v) { return std::size_t{v.Size()}; });
}
bool Answer::has(const char* pointer) const { return rapidjson::Pointer(pointer).Get(parsed(*this)) != nullptr; }
bool Answer::is_null(const char* pointer) const {
    const rapidjson::Document body = parsed(*this);
    const rapidjson::Value* value = rapidjson::Pointer(pointer).Get(body);
    return value != nullptr && value->IsNull();
}
std::int64_t Answer::position() const {
    const auto value = header("Keyledger-Position");
    if (!value) throw std::runtime_error("no Keyledger-Position in an answer " + std::to_string(status));
    return std::stoll(*value);
}

// ---- ApiClient --------------------------------------------------------------------------------------------
ApiClient ApiClient::with(const std::string& name, const std::string& value) const {
    ApiClient other(*this);
    other.always_.emplace_back(name, value);
    return other;
}

Answer ApiClient::send(std::string_view method, std::string_view target, const HttpHeaders& headers,
                       std::string_view body) {
    HttpHeaders all = always_;
    all.insert(all.end(), headers.begin(), headers.end());
    return judged(method, target, body, http_.request(method, target, all, body));
}

Answer ApiClient::judged(std::string_view method, std::string_view target, std::string_view body,
                         HttpResponse response) {
    Answer answer{std::move(response)};
    const OpenApi::Operation* operation = api_document().find(method, target);
    saw_answer(api_document().case_of(operation, answer));
    auto found = api_document().violations(operation, method, answer);
    const bool json = answer.status < 300 && body.starts_with('{') && operation != nullptr;
    if (json)
        for (std::string& fault : api_document().request_violations(*operation, body))
            found.push_back("was accepted, and in the request " + fault);
    for (const std::string& fault : found)
        ADD_FAILURE() << method << " " << target << " answered " << answer.status << ", which " << fault << "\n"
                      << answer.body.substr(0, kShown);
    if (operation != nullptr && !answer.body.empty() && method != "HEAD") watch_tokens(answer);
    return answer;
}

Answer ApiClient::post(std::string_view target, std::string_view json, const HttpHeaders& headers) {
    HttpHeaders all = headers;
    all.emplace_back("Content-Type", "application/json");
    return send("POST", target, all, json);
}
Answer ApiClient::put(std::string_view target, std::string_view json, const HttpHeaders& headers) {
    HttpHeaders all = headers;
    all.emplace_back("Content-Type", "application/json");
    return send("PUT", target, all, json);
}
Answer ApiClient::form(std::string_view target, std::string_view body, const HttpHeaders& headers) {
    HttpHeaders all = headers;
    all.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return send("POST", target, all, body);
}

std::string json_object(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.StartObject();
    for (const auto& [name, value] : members) {
        writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
        writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    }
    writer.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

std::string form_body(std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string body;
    for (const auto& [name, value] : parameters) {
        body.append(body.empty() ? "" : "&").append(name).append("=");
        for (const unsigned char c : value) {
            if (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.') body += static_cast<char>(c);
            else body.append(1, '%').append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
        }
    }
    return body;
}

}  // namespace keyledger::test
