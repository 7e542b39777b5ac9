#pragma once
// The part of JSON Schema 2020-12 that openapi.json uses. A keyword that is not known here is a violation: no
// rule can stand in the document and never be checked. An object with `properties` has no others, unless the
// schema says `additionalProperties: true`: an answer with a member that nobody documented is a mistake.
// Heavy (RapidJSON): for .cpp files only.
#include <rapidjson/document.h>

#include <string>
#include <vector>

namespace keyledger::test {

using Violations = std::vector<std::string>;

class JsonSchema {
public:
    // References are resolved in `document`, which must outlive this.
    explicit JsonSchema(const rapidjson::Document& document) : document_(document) {}

    // What `value` breaks, each with the JSON Pointer of its place below `where`.
    Violations violations(const rapidjson::Value& schema, const rapidjson::Value& value,
                          const std::string& where = "") const;
    // Follows `$ref` (to the end of a chain). Throws std::runtime_error that names a reference to nothing.
    const rapidjson::Value& resolved(const rapidjson::Value& value) const;

private:
    struct Place;
    void check(const Place& place, const rapidjson::Value& schema, const rapidjson::Value& value) const;
    void check_keyword(const Place& place, const std::string& keyword, const rapidjson::Value& rule,
                       const rapidjson::Value& value) const;
    void check_object(const Place& place, const rapidjson::Value& schema, const rapidjson::Value& value) const;
    void check_one_of(const Place& place, const rapidjson::Value& choices, const rapidjson::Value& value) const;

    const rapidjson::Document& document_;
};

}  // namespace keyledger::test
