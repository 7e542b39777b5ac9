#include "tests/support/http/openapi.hpp"

#include <rapidjson/error/en.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <stdexcept>

#include "tests/support/http/json_schema.hpp"

namespace keyledger::test {
namespace {

using rapidjson::Value;

constexpr std::string_view kProblemMedia = "application/problem+json";
constexpr std::string_view kProblemPrefix = "urn:keyledger:problem:";
// Headers that mean something to a caller: none may be sent that the answer does not document.
constexpr const char* kMeaningful[] = {"Idempotency-Replayed", "Keyledger-Position", "Location", "Retry-After",
                                       "WWW-Authenticate"};

std::string string_of(const Value& value) { return {value.GetString(), value.GetStringLength()}; }

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t slash = std::min(path.find('/'), path.size());
        segments.push_back(path.substr(0, slash));
        path.remove_prefix(slash);
    }
    return segments;
}

bool fits(std::string_view pattern, std::string_view path) {
    return std::ranges::equal(segments_of(pattern), segments_of(path),
                              [](std::string_view wanted, std::string_view is) {
                                  return wanted.starts_with('{') ? !is.empty() : wanted == is;
                              });
}

std::string media_type_of(const HttpResponse& answer) {
    const std::string type = answer.header("Content-Type").value_or("");
    return type.substr(0, type.find(';'));
}

bool is_media_type(const std::string& name, const Value& content) { return content.HasMember(name.c_str()); }

void append(std::vector<std::string>& to, std::vector<std::string> from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

struct OpenApi::Document {
    rapidjson::Document json;
    std::vector<Operation> operations;
    std::map<std::string, ProblemEntry> problems;
    JsonSchema schema{json};

    explicit Document(std::string_view text);
    const Value& operation_object(const Operation& operation) const;
    const Value& response_of(const Operation* operation, const std::string& status) const;
    std::set<std::string> problem_types(const Value& response) const;
    // Calls with a place in words and the response, for every answer of every operation, shared ones each
    // time.
    void each_response(const std::function<void(const std::string&, const Value&)>& visit) const;

    std::vector<std::string> header_violations(const Value& response, const HttpResponse& answer) const;
    std::vector<std::string> body_violations(const Value& response, const HttpResponse& answer) const;
    std::vector<std::string> problem_violations(const Value& response, const HttpResponse& answer,
                                                const Value& body) const;

    void find_faults(const Value& value, const std::string& path, std::set<std::string>& used,
                     std::vector<std::string>& faults) const;
    void find_bad_examples(const Value& object, const std::string& path, std::vector<std::string>& faults) const;
    std::vector<std::string> response_faults(const std::string& place, const Value& response) const;
};

OpenApi::Document::Document(std::string_view text) {
    json.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
    if (json.HasParseError() || !json.IsObject())
        throw std::runtime_error(
            "openapi.json is no JSON object: " + std::string(rapidjson::GetParseError_En(json.GetParseError())) +
            " at byte " + std::to_string(json.GetErrorOffset()));
    for (const auto& path : json["paths"].GetObject())
        for (const auto& member : path.value.GetObject()) {
            std::string method = string_of(member.name);
            if (method == "parameters") continue;
            std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::toupper(c); });
            operations.push_back({string_of(member.value["operationId"]), method, string_of(path.name)});
        }
    for (const auto& problem : json["components"]["x-problems"].GetObject())
        problems[string_of(problem.name)] = {problem.value["status"].GetInt(), string_of(problem.value["title"])};
}

const Value& OpenApi::Document::operation_object(const Operation& operation) const {
    std::string method = operation.method;
    std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::tolower(c); });
    return json["paths"][operation.path.c_str()][method.c_str()];
}

const Value& OpenApi::Document::response_of(const Operation* operation, const std::string& status) const {
    if (operation == nullptr) return json["components"]["responses"]["Listener"];
    const Value& responses = operation_object(*operation)["responses"];
    return schema.resolved(responses.HasMember(status.c_str()) ? responses[status.c_str()] : responses["default"]);
}

std::set<std::string> OpenApi::Document::problem_types(const Value& response) const {
    std::set<std::string> types;
    if (response.HasMember("x-problem-types"))
        for (const Value& type : response["x-problem-types"].GetArray()) types.insert(string_of(type));
    return types;
}

void OpenApi::Document::each_response(const std::function<void(const std::string&, const Value&)>& visit) const {
    for (const Operation& operation : operations)
        for (const auto& response : operation_object(operation)["responses"].GetObject())
            visit(operation.id + " " + string_of(response.name), schema.resolved(response.value));
}

std::vector<std::string> OpenApi::Document::header_violations(const Value& response, const HttpResponse& answer) const {
    std::vector<std::string> found;
    static const Value kNone(rapidjson::kObjectType);
    const Value& headers = response.HasMember("headers") ? response["headers"] : kNone;
    for (const auto& header : headers.GetObject()) {
        const Value& rule = schema.resolved(header.value);
        const std::string name = string_of(header.name);
        const auto value = answer.header(name);
        const bool required = rule.HasMember("required") && rule["required"].GetBool();
        if (!value && required) found.push_back("lacks the header " + name);
        if (!value) continue;
        Value typed(rapidjson::StringRef(value->c_str()));
        const bool digits =
            !value->empty() && std::ranges::all_of(*value, [](unsigned char c) { return std::isdigit(c); });
        if (schema.resolved(rule["schema"])["type"] == "integer" && digits && value->size() < 19)
            typed.SetInt64(std::stoll(*value));
        append(found, schema.violations(rule["schema"], typed, "header " + name));
    }
    for (const char* name : kMeaningful)
        if (answer.header(name) && !headers.HasMember(name))
            found.push_back("has the header " + std::string(name) + ", which is not documented there");
    if (!answer.header("Cache-Control")) found.push_back("lacks the header Cache-Control");
    if (!headers.HasMember("Cache-Control") && answer.header("Cache-Control") != "no-store")
        found.push_back("may be kept by caches, which is not documented there");
    return found;
}

std::vector<std::string> OpenApi::Document::problem_violations(const Value& response, const HttpResponse& answer,
                                                               const Value& body) const {
    std::vector<std::string> found;
    const std::string slug = problem_slug(answer);
    if (!problem_types(response).contains(slug))
        found.push_back("has the problem type '" + slug + "', not documented there");
    const auto known = problems.find(slug);
    if (known == problems.end()) return found;
    if (known->second.status != answer.status) found.push_back("has another status than x-problems says of " + slug);
    if (string_of(body["title"]) != known->second.title) found.push_back("has another title than x-problems says");
    if (body["status"].GetInt() != answer.status) found.push_back("says another status in its body");
    if (string_of(body["request_id"]) != answer.header("X-Request-Id"))
        found.push_back("says another request id in its body than in X-Request-Id");
    return found;
}

std::vector<std::string> OpenApi::Document::body_violations(const Value& response, const HttpResponse& answer) const {
    if (!response.HasMember("content")) {
        if (answer.body.empty()) return {};
        return {"has a body, and none is documented there"};
    }
    const Value& content = response["content"];
    const std::string media = media_type_of(answer);
    if (!is_media_type(media, content)) return {"has the media type '" + media + "', not documented there"};
    rapidjson::Document body;
    const bool json = media == "application/json" || media.ends_with("+json");
    if (json) body.Parse<rapidjson::kParseValidateEncodingFlag>(answer.body.data(), answer.body.size());
    else  // the document says "string" of what is no JSON
        body.SetString(answer.body.data(), static_cast<rapidjson::SizeType>(answer.body.size()), body.GetAllocator());
    if (body.HasParseError()) return {"has a body that is no JSON: " + answer.body.substr(0, 200)};
    std::vector<std::string> found = schema.violations(content[media.c_str()]["schema"], body);
    if (found.empty() && media == kProblemMedia) append(found, problem_violations(response, answer, body));
    return found;
}

// ---- faults of the document itself ------------------------------------------------------------------------
void OpenApi::Document::find_bad_examples(const Value& object, const std::string& path,
                                          std::vector<std::string>& faults) const {
    if (object.HasMember("example") && object.HasMember("schema"))
        append(faults, schema.violations(object["schema"], object["example"], path + "/example"));
    const bool is_schema = object.HasMember("type") && object.HasMember("examples") && object["examples"].IsArray();
    if (!is_schema) return;
    for (const Value& example : object["examples"].GetArray())
        append(faults, schema.violations(object, example, path + "/examples"));
}

void OpenApi::Document::find_faults(const Value& value, const std::string& path, std::set<std::string>& used,
                                    std::vector<std::string>& faults) const {
    if (value.IsArray())
        for (rapidjson::SizeType i = 0; i < value.Size(); ++i)
            find_faults(value[i], path + "/" + std::to_string(i), used, faults);
    if (!value.IsObject()) return;
    if (value.HasMember("$ref")) {
        used.insert(string_of(value["$ref"]));
        try {
            schema.resolved(value);
        } catch (const std::runtime_error& error) {
            faults.push_back(path + ": " + error.what());
        }
    }
    find_bad_examples(value, path, faults);
    for (const auto& member : value.GetObject())
        find_faults(member.value, path + "/" + string_of(member.name), used, faults);
}

std::vector<std::string> OpenApi::Document::response_faults(const std::string& place, const Value& response) const {
    std::vector<std::string> faults;
    const bool has_problems =
        response.HasMember("content") && is_media_type(std::string(kProblemMedia), response["content"]);
    const auto types = problem_types(response);
    if (has_problems == types.empty())
        faults.push_back(place + ": x-problem-types and the media type " + std::string(kProblemMedia) + " go together");
    const std::string status = place.substr(place.find(' ') + 1);
    for (const std::string& type : types) {
        const auto known = problems.find(type);
        if (known == problems.end()) faults.push_back(place + ": '" + type + "' is not in components.x-problems");
        else if (status != "default" && std::to_string(known->second.status) != status)
            faults.push_back(place + ": '" + type + "' has the status " + std::to_string(known->second.status));
    }
    return faults;
}

// ---- OpenApi ----------------------------------------------------------------------------------------------
OpenApi::OpenApi(std::string_view text) : document_(std::make_unique<Document>(text)) {}
OpenApi::~OpenApi() = default;

const std::vector<OpenApi::Operation>& OpenApi::operations() const { return document_->operations; }
const std::map<std::string, OpenApi::ProblemEntry>& OpenApi::problems() const { return document_->problems; }

std::set<std::string> OpenApi::repeatable() const {
    std::set<std::string> ids;
    for (const Operation& operation : operations()) {
        const Value& object = document_->operation_object(operation);
        if (!object.HasMember("parameters")) continue;
        for (const Value& parameter : object["parameters"].GetArray())
            if (document_->schema.resolved(parameter)["name"] == "Idempotency-Key") ids.insert(operation.id);
    }
    return ids;
}

const OpenApi::Operation* OpenApi::find(std::string_view method, std::string_view target) const {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    const std::string_view path = target.substr(0, target.find('?'));
    const Operation* found = nullptr;
    for (const Operation& operation : operations())
        if (operation.method == wanted && fits(operation.path, path) &&
            (found == nullptr || operation.path.find('{') == std::string::npos))
            found = &operation;
    return found;
}

OpenApi::Case OpenApi::case_of(const Operation* operation, const HttpResponse& answer) const {
    const std::string problem = problem_slug(answer);
    const std::string status = std::to_string(answer.status);
    if (operation == nullptr) return {"", "default", problem};
    const Value& responses = document_->operation_object(*operation)["responses"];
    return {operation->id, responses.HasMember(status.c_str()) ? status : "default", problem};
}

std::set<OpenApi::Case> OpenApi::documented() const {
    std::set<Case> cases;
    for (const Operation& operation : operations())
        for (const auto& [name, value] : document_->operation_object(operation)["responses"].GetObject()) {
            const Value& response = document_->schema.resolved(value);
            const std::string status = string_of(name);
            const auto problems = document_->problem_types(response);
            for (const std::string& problem : problems) cases.insert({operation.id, status, problem});
            const bool other_media =
                !response.HasMember("content") || response["content"].MemberCount() > (problems.empty() ? 0u : 1u);
            if (other_media) cases.insert({operation.id, status, ""});
        }
    return cases;
}

bool OpenApi::is_page_of_problem(const Case& answer) const {
    const auto at = std::ranges::find(operations(), answer.operation, &Operation::id);
    if (!answer.problem.empty() || at == operations().end()) return false;
    const Value& responses = document_->operation_object(*at)["responses"];
    if (!responses.HasMember(answer.status.c_str())) return false;
    const Value& response = document_->schema.resolved(responses[answer.status.c_str()]);
    return response.HasMember("content") && is_media_type("text/html", response["content"]) &&
           is_media_type(std::string(kProblemMedia), response["content"]);
}

std::vector<std::string> OpenApi::violations(const Operation* operation, std::string_view method,
                                             const HttpResponse& answer) const {
    const Value& response = document_->response_of(operation, std::to_string(answer.status));
    std::vector<std::string> found = document_->header_violations(response, answer);
    if (method != "HEAD") append(found, document_->body_violations(response, answer));
    if (answer.header("X-Content-Type-Options") != "nosniff") found.push_back("lacks X-Content-Type-Options: nosniff");
    return found;
}

std::vector<std::string> OpenApi::request_violations(const Operation& operation, std::string_view body) const {
    const Value& object = document_->operation_object(operation);
    if (!object.HasMember("requestBody")) return {operation.id + " has no body"};
    const Value& content = document_->schema.resolved(object["requestBody"])["content"];
    rapidjson::Document json;
    if (string_of(content.MemberBegin()->name) == "application/x-ndjson")  // the document says "string" of it
        json.SetString(body.data(), static_cast<rapidjson::SizeType>(body.size()), json.GetAllocator());
    else json.Parse(body.data(), body.size());
    if (json.HasParseError()) return {"no JSON"};
    return document_->schema.violations(content.MemberBegin()->value["schema"], json);
}

std::set<std::string> OpenApi::answered_problems() const {
    std::set<std::string> all;
    document_->each_response(
        [&](const std::string&, const Value& response) { all.merge(document_->problem_types(response)); });
    return all;
}

std::vector<std::string> OpenApi::faults() const {
    std::vector<std::string> faults;
    std::set<std::string> used;
    document_->find_faults(document_->json, "#", used, faults);
    document_->each_response([&](const std::string& place, const Value& response) {
        append(faults, document_->response_faults(place, response));
    });
    for (const auto& kind : document_->json["components"].GetObject()) {
        const std::string name = string_of(kind.name);
        if (name == "securitySchemes" || name == "x-problems") continue;
        for (const auto& component : kind.value.GetObject()) {
            const std::string reference = "#/components/" + name + "/" + string_of(component.name);
            if (!used.contains(reference)) faults.push_back(reference + ": nothing refers to it; use it or remove it");
        }
    }
    return faults;
}

std::string problem_slug(const HttpResponse& answer) {
    if (media_type_of(answer) != kProblemMedia) return {};
    rapidjson::Document body;
    body.Parse(answer.body.data(), answer.body.size());
    if (!body.IsObject() || !body.HasMember("type") || !body["type"].IsString()) return {};
    const std::string type = string_of(body["type"]);
    return type.starts_with(kProblemPrefix) ? type.substr(kProblemPrefix.size()) : std::string();
}

}  // namespace keyledger::test
