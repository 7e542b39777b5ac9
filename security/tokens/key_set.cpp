#include "security/tokens/key_set.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace keyledger::security {

Result<KeySet, std::string> KeySet::parse(std::string_view json) {
    constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
    if (json.size() > kMaxKeySetSize) return Unexpected(std::string("is above 256 KiB"));
    rapidjson::Document document;
    document.Parse<kFlags>(json.data(), json.size());
    const bool is_object = !document.HasParseError() && document.IsObject();
    const auto keys = is_object ? document.FindMember("keys") : rapidjson::Value::MemberIterator();
    if (!is_object || keys == document.MemberEnd() || !keys->value.IsArray())
        return Unexpected(std::string("is not a JSON object with an array 'keys'"));
    if (keys->value.Size() > kMaxKeysOfSet) return Unexpected(std::string("has more than 64 keys"));
    KeySet set;
    for (const rapidjson::Value& key : keys->value.GetArray()) {
        rapidjson::StringBuffer text;
        rapidjson::Writer<rapidjson::StringBuffer> writer(text);
        if (!key.IsObject() || !key.Accept(writer)) continue;
        if (auto read = PublicKey::parse({text.GetString(), text.GetSize()})) set.keys_.push_back(std::move(*read));
    }
    return set;
}

std::optional<bool> KeySet::verify(SigningAlgorithm algorithm, const std::optional<std::string>& key_id,
                                   std::string_view signed_part, std::string_view signature) const {
    std::vector<const PublicKey*> meant;
    for (const PublicKey& key : keys_)
        if (key.algorithm() == algorithm && (!key_id || (!key_id->empty() && key.key_id() == *key_id)))
            meant.push_back(&key);
    if (meant.empty() || (!key_id && meant.size() > 1)) return std::nullopt;
    for (const PublicKey* key : meant)
        if (key->verify(signed_part, signature)) return true;
    return false;
}

}  // namespace keyledger::security
