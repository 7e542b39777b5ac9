#include "tests/support/http/json_schema.hpp"

#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

#include "domain/base/uuid.hpp"

namespace keyledger::test {
namespace {

using rapidjson::Value;

std::string text_of(const Value& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    constexpr std::size_t kShown = 120;
    std::string text(buffer.GetString(), buffer.GetSize());
    return text.size() > kShown ? text.substr(0, kShown) + "..." : text;
}

bool has_type(const Value& value, std::string_view type) {
    if (type == "null") return value.IsNull();
    if (type == "boolean") return value.IsBool();
    if (type == "integer") return value.IsInt64();
    if (type == "number") return value.IsNumber();
    if (type == "string") return value.IsString();
    if (type == "array") return value.IsArray();
    if (type == "object") return value.IsObject();
    throw std::runtime_error("openapi.json: unknown type " + std::string(type));
}

bool has_one_of_types(const Value& value, const Value& rule) {
    if (rule.IsString()) return has_type(value, rule.GetString());
    return std::any_of(rule.Begin(), rule.End(), [&](const Value& type) { return has_type(value, type.GetString()); });
}

std::int64_t code_points(const Value& value) {
    const std::string_view text(value.GetString(), value.GetStringLength());
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

bool has_format(std::string_view text, std::string_view format) {
    static const std::regex kDateTime(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z)");
    static const std::regex kReference(R"([!-~]+)");
    const std::string whole(text);
    if (format == "uuid") return Uuid::parse(text).has_value();
    if (format == "date-time") return std::regex_match(whole, kDateTime);
    if (format == "uri-reference") return std::regex_match(whole, kReference);
    if (format == "password") return true;
    throw std::runtime_error("openapi.json: unknown format " + std::string(format));
}

const std::set<std::string> kAnnotations{"description", "examples",  "example",         "default",
                                         "readOnly",    "writeOnly", "contentEncoding", "contentMediaType"};
// Looked at together with `properties`.
const std::set<std::string> kOfObjects{"properties", "required", "additionalProperties"};

}  // namespace

struct JsonSchema::Place {
    std::string path;
    Violations& found;

    Place below(const std::string& name) const { return {path + "/" + name, found}; }
    void add(const std::string& what, const Value& value) const {
        found.push_back((path.empty() ? "the body" : path) + " " + what + ": " + text_of(value));
    }
};

const Value& JsonSchema::resolved(const Value& value) const {
    const Value* at = &value;
    for (int hops = 0; at->IsObject() && at->HasMember("$ref"); ++hops) {
        const std::string reference = (*at)["$ref"].GetString();
        const bool local = reference.starts_with("#/") && hops < 8;
        at = local ? rapidjson::Pointer(reference.c_str()).Get(document_) : nullptr;
        if (at == nullptr) throw std::runtime_error("openapi.json: a $ref leads nowhere: " + reference);
    }
    return *at;
}

Violations JsonSchema::violations(const Value& schema, const Value& value, const std::string& where) const {
    Violations found;
    check(Place{where, found}, schema, value);
    return found;
}

void JsonSchema::check(const Place& place, const Value& schema, const Value& value) const {
    const Value& rules = resolved(schema);
    if (rules.HasMember("type") && !has_one_of_types(value, rules["type"]))
        return place.add("must be of type " + text_of(rules["type"]), value);
    for (const auto& rule : rules.GetObject()) check_keyword(place, rule.name.GetString(), rule.value, value);
    if (value.IsObject()) check_object(place, rules, value);
}

void JsonSchema::check_keyword(const Place& place, const std::string& keyword, const Value& rule,
                               const Value& value) const {
    if (keyword == "type" || kAnnotations.contains(keyword) || kOfObjects.contains(keyword)) return;
    const bool text = value.IsString();
    const bool number = value.IsInt64();
    auto refuse_unless = [&](bool good) {
        if (!good) place.add("breaks '" + keyword + "' " + text_of(rule), value);
    };
    if (keyword == "const") return refuse_unless(value == rule);
    if (keyword == "enum")
        return refuse_unless(std::any_of(rule.Begin(), rule.End(), [&](const Value& v) { return v == value; }));
    if (keyword == "oneOf") return check_one_of(place, rule, value);
    if (keyword == "minLength") return refuse_unless(!text || code_points(value) >= rule.GetInt64());
    if (keyword == "maxLength") return refuse_unless(!text || code_points(value) <= rule.GetInt64());
    if (keyword == "minimum") return refuse_unless(!number || value.GetInt64() >= rule.GetInt64());
    if (keyword == "maximum") return refuse_unless(!number || value.GetInt64() <= rule.GetInt64());
    if (keyword == "maxItems") return refuse_unless(!value.IsArray() || value.Size() <= rule.GetUint());
    if (keyword == "maxProperties") return refuse_unless(!value.IsObject() || value.MemberCount() <= rule.GetUint());
    if (keyword == "pattern")
        return refuse_unless(!text || std::regex_search(value.GetString(), std::regex(rule.GetString())));
    if (keyword == "format") return refuse_unless(!text || has_format(value.GetString(), rule.GetString()));
    if (keyword == "items") {
        if (!value.IsArray()) return;
        for (rapidjson::SizeType i = 0; i < value.Size(); ++i) check(place.below(std::to_string(i)), rule, value[i]);
        return;
    }
    place.add("has a rule that tests/support/http/json_schema.cpp does not know, '" + keyword + "'; teach it", rule);
}

void JsonSchema::check_object(const Place& place, const Value& schema, const Value& value) const {
    if (schema.HasMember("required"))
        for (const Value& name : schema["required"].GetArray())
            if (!value.HasMember(name))
                place.add("must have the member '" + std::string(name.GetString()) + "'", value);
    if (!schema.HasMember("properties")) return;
    const Value& properties = schema["properties"];
    const bool open = schema.HasMember("additionalProperties") && schema["additionalProperties"].GetBool();
    for (const auto& member : value.GetObject()) {
        auto known = properties.FindMember(member.name);
        if (known != properties.MemberEnd()) check(place.below(member.name.GetString()), known->value, member.value);
        else if (!open)
            place.add("has a member that is not documented: '" + std::string(member.name.GetString()) + "'", value);
    }
}

void JsonSchema::check_one_of(const Place& place, const Value& choices, const Value& value) const {
    int fitting = 0;
    Violations all;
    for (const Value& choice : choices.GetArray()) {
        const Violations found = violations(choice, value, place.path);
        fitting += found.empty() ? 1 : 0;
        all.insert(all.end(), found.begin(), found.end());
    }
    if (fitting == 1) return;
    place.add(
        "must fit exactly one of " + std::to_string(choices.Size()) + " schemas and fits " + std::to_string(fitting),
        value);
    place.found.insert(place.found.end(), all.begin(), all.end());
}

}  // namespace keyledger::test
