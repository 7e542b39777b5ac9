#include "api/routes/oauth/claims_parameter.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>

#include "domain/applications/application_definition.hpp"
#include "domain/ladder/assurance.hpp"

namespace keyledger::api::routes {
namespace {

using Json = rapidjson::Value;

// Section 5.4.
constexpr std::array kScopesOfClaims{std::pair{std::string_view("name"), kScopeProfile},
                                     std::pair{std::string_view("preferred_username"), kScopeProfile},
                                     std::pair{std::string_view("locale"), kScopeProfile},
                                     std::pair{std::string_view("email"), kScopeEmail},
                                     std::pair{std::string_view("email_verified"), kScopeEmail}};

std::string_view text_of(const Json& value) {
    return value.IsString() ? std::string_view(value.GetString(), value.GetStringLength()) : std::string_view();
}

std::vector<std::string_view> values_of(const Json& asked) {
    std::vector<std::string_view> values;
    if (!asked.IsObject()) return values;
    if (asked.HasMember("value")) values.push_back(text_of(asked["value"]));
    if (asked.HasMember("values") && asked["values"].IsArray())
        for (const Json& value : asked["values"].GetArray()) values.push_back(text_of(value));
    return values;
}

void read_acr(const Json& asked, AskedClaims& claims) {
    const auto values = values_of(asked);
    const auto has = [&](std::string_view level) { return std::ranges::find(values, level) != values.end(); };
    if (values.empty() || has(kOneFactor)) return;
    const bool essential = asked.HasMember("essential") && asked["essential"].IsTrue();
    if (has(kTwoFactors)) claims.second_factor = essential ? SecondFactor::kNeeded : SecondFactor::kWanted;
    else claims.is_beyond = claims.is_beyond || essential;
}

bool read_part(const Json& part, AskedClaims& claims) {
    if (!part.IsObject()) return false;
    for (const auto& member : part.GetObject()) {
        const std::string_view name = text_of(member.name);
        if (!member.value.IsObject() && !member.value.IsNull()) return false;
        if (name == "acr") read_acr(member.value, claims);
        if (const auto values = values_of(member.value); name == "sub" && !values.empty())
            claims.user = UserId::parse(values.front()).value_or(UserId{});
        for (const auto& [claim, scope] : kScopesOfClaims)
            if (claim == name) claims.scope.emplace_back(scope);
    }
    return true;
}

}  // namespace

std::optional<AskedClaims> read_claims_parameter(std::string_view text) {
    AskedClaims claims;
    if (text.empty()) return claims;
    rapidjson::Document json;
    json.Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag>(text.data(), text.size());
    if (json.HasParseError() || !json.IsObject()) return std::nullopt;
    for (const char* part : {"userinfo", "id_token"})
        if (json.HasMember(part) && !read_part(json[part], claims)) return std::nullopt;
    return claims;
}

}  // namespace keyledger::api::routes
