#pragma once
// What AWS answers with: members that nobody asks for are let be. Pure; any thread.
#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>

namespace keyledger::integrations::aws {

// nullopt: it is no JSON object.
inline std::optional<rapidjson::Document> parse_object(std::string_view text) {
    constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
    rapidjson::Document document;
    document.Parse<kFlags>(text.data(), text.size());
    if (document.HasParseError() || !document.IsObject()) return std::nullopt;
    return document;
}

// Empty: there is no such member, or it is no text.
inline std::string text_member(const rapidjson::Value& object, const char* name) {
    const auto at = object.FindMember(name);
    if (at == object.MemberEnd() || !at->value.IsString()) return "";
    return {at->value.GetString(), at->value.GetStringLength()};
}

}  // namespace keyledger::integrations::aws
