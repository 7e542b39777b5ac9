#include <openssl/crypto.h>
#include <rapidjson/document.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>
#include <set>

#include "security/keys/keyring_file.hpp"
#include "security/primitives/aead.hpp"
#include "security/primitives/base64url.hpp"

namespace keyledger::security {
namespace {

constexpr int kFormat = 1;
constexpr std::int64_t kLatestTimeMs = std::int64_t{1} << 48;
constexpr std::size_t kMaxKeyIdSize = 32;

KeyringError malformed(std::string why) {
    return {KeyringError::Code::kMalformed, "the keyring is malformed: " + std::move(why)};
}

struct Wiped {
    std::string& text;
    ~Wiped() { OPENSSL_cleanse(text.data(), text.size()); }
};

// Reads one key's object member by member. What is wrong is kept as the first error, which names the key.
class KeyReader {
public:
    KeyReader(const rapidjson::Value& object, std::size_t index) : object_(object), index_(index) {}

    Result<Key, KeyringError> read() {
        if (!object_.IsObject()) return Unexpected(malformed("entry " + std::to_string(index_) + " is not an object"));
        check_members();
        Key key;
        key.id = text("id");
        if (!is_key_id(key.id)) refuse("\"id\" must be 4 to 32 characters of base64url");
        const std::string named = text("purpose");
        key.purpose = key_purpose_named(named).value_or(KeyPurpose::kUnknown);
        if (key.purpose == KeyPurpose::kUnknown) key.unknown_purpose = named;
        if (key.purpose == KeyPurpose::kUnknown && !is_key_id(named)) refuse("\"purpose\" is no name");
        key.algorithm = text("algorithm");
        check_algorithm(key);
        key.created_at = time("created_at_ms").value_or(Instant());
        key.use_from = time("use_from_ms").value_or(Instant());
        if (object_.HasMember("retired_at_ms")) key.retired_at = time("retired_at_ms");
        if (object_.HasMember("revoked_at_ms")) key.revoked_at = time("revoked_at_ms");
        if (error_.empty()) read_material(key);
        if (!error_.empty()) return Unexpected(malformed(name(key) + ": " + error_));
        return key;
    }

private:
    void check_members() {
        static constexpr std::string_view kKnown[] = {"id",          "purpose",       "algorithm",     "created_at_ms",
                                                      "use_from_ms", "retired_at_ms", "revoked_at_ms", "material"};
        std::set<std::string_view> seen;
        for (const auto& member : object_.GetObject()) {
            std::string_view name(member.name.GetString(), member.name.GetStringLength());
            if (std::ranges::find(kKnown, name) == std::end(kKnown)) refuse("it has an unknown member");
            if (!seen.insert(name).second) refuse("\"" + std::string(name) + "\" occurs twice");
        }
    }

    void check_algorithm(const Key& key) {
        if (key.purpose == KeyPurpose::kUnknown) return;
        bool chosen = key.purpose == KeyPurpose::kTokenSigning;
        if (chosen && !signing_algorithm_named(key.algorithm)) refuse("\"algorithm\" must be RS256, ES256 or EdDSA");
        if (!chosen && key.algorithm != algorithm_for(key.purpose))
            refuse("\"algorithm\" must be " + std::string(algorithm_for(key.purpose)) + " for this purpose");
    }

    void read_material(Key& key) {
        if (key.revoked_at) {
            if (object_.HasMember("material")) refuse("it is revoked, but its material is still there");
            return;
        }
        Secret material = Secret::take(text("material"));
        if (!error_.empty()) return;
        if (key.purpose == KeyPurpose::kUnknown) {
            key.material = std::move(material);
            return;
        }
        if (is_signing(key.purpose)) {
            auto parsed = SigningKey::parse(*signing_algorithm_named(key.algorithm), material);
            if (!parsed) return refuse("\"material\": " + parsed.error());
            key.signing = std::make_shared<const SigningKey>(std::move(*parsed));
            return;
        }
        auto bytes = base64url_decode(material.reveal());
        if (!bytes || bytes->size() != kAeadKeySize) return refuse("\"material\" must be base64url of 32 bytes");
        key.material = Secret::take(std::move(*bytes));
    }

    std::string text(const char* member) {
        auto at = object_.FindMember(member);
        if (at != object_.MemberEnd() && at->value.IsString())
            return {at->value.GetString(), at->value.GetStringLength()};
        refuse("\"" + std::string(member) + "\" is missing or not a string");
        return {};
    }

    std::optional<Instant> time(const char* member) {
        auto at = object_.FindMember(member);
        bool good = at != object_.MemberEnd() && at->value.IsInt64() && at->value.GetInt64() >= 0 &&
                    at->value.GetInt64() <= kLatestTimeMs;
        if (good) return Instant::at_ms(at->value.GetInt64());
        refuse("\"" + std::string(member) + "\" is missing or not a time in milliseconds since 1970");
        return std::nullopt;
    }

    static bool is_key_id(std::string_view id) {
        auto is_base64url = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        };
        return id.size() >= 4 && id.size() <= kMaxKeyIdSize && std::ranges::all_of(id, is_base64url);
    }

    std::string name(const Key& key) const {
        return is_key_id(key.id) ? "key " + key.id : "entry " + std::to_string(index_);
    }

    void refuse(std::string why) {
        if (error_.empty()) error_ = std::move(why);
    }

    const rapidjson::Value& object_;
    std::size_t index_;
    std::string error_;
};

}  // namespace

Result<std::vector<Key>, KeyringError> parse_keyring(std::string&& text) {
    Wiped wiped{text};
    if (text.size() > kMaxKeyringSize) return Unexpected(malformed("it is above 256 KiB"));
    if (text.find('\0') != std::string::npos) return Unexpected(malformed("it holds a NUL byte"));
    // Behind a text that ends within a character the parser's check of UTF-8 would read on.
    const auto end = std::string_view(text).substr(text.size() - std::min<std::size_t>(text.size(), 2));
    if (std::ranges::any_of(end, [](char c) { return (c & 0x80) != 0; }))
        return Unexpected(malformed("it is not JSON (at its end)"));
    // Parsed in place, so that no copy of the material is left in the parser's memory.
    rapidjson::Document json;
    json.ParseInsitu<rapidjson::kParseInsituFlag | rapidjson::kParseValidateEncodingFlag |
                     rapidjson::kParseIterativeFlag>(text.data());
    if (json.HasParseError())
        return Unexpected(malformed("it is not JSON (at byte " + std::to_string(json.GetErrorOffset()) + ")"));
    bool framed = json.IsObject() && json.MemberCount() == 2 && json.HasMember("keyring") && json["keyring"].IsInt() &&
                  json["keyring"].GetInt() == kFormat && json.HasMember("keys") && json["keys"].IsArray();
    if (!framed) return Unexpected(malformed("it must be {\"keyring\": 1, \"keys\": [...]}"));
    if (json["keys"].Size() > kMaxKeys) return Unexpected(malformed("it holds more than 100 keys"));

    std::vector<Key> keys;
    std::set<std::string> ids;
    for (const rapidjson::Value& entry : json["keys"].GetArray()) {
        auto key = KeyReader(entry, keys.size()).read();
        if (!key) return Unexpected(key.error());
        if (!ids.insert(key->id).second) return Unexpected(malformed("the id " + key->id + " occurs twice"));
        keys.push_back(std::move(*key));
    }
    return keys;
}

Secret keyring_text(const std::vector<Key>& keys) {
    // Large enough from the start: a buffer that grows would leave copies behind.
    rapidjson::StringBuffer buffer(nullptr, kMaxKeyringSize);
    rapidjson::PrettyWriter<rapidjson::StringBuffer> json(buffer);
    json.SetIndent(' ', 2);
    auto text = [&](const char* member, std::string_view value) {
        json.Key(member);
        json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    };
    auto time = [&](const char* member, std::optional<Instant> at) {
        if (!at) return;
        json.Key(member);
        json.Int64(at->ms());
    };
    json.StartObject();
    json.Key("keyring");
    json.Int(kFormat);
    json.Key("keys");
    json.StartArray();
    for (const Key& key : keys) {
        json.StartObject();
        text("id", key.id);
        text("purpose", key.purpose == KeyPurpose::kUnknown ? key.unknown_purpose : name_of(key.purpose));
        text("algorithm", key.algorithm);
        time("created_at_ms", key.created_at);
        time("use_from_ms", key.use_from);
        time("retired_at_ms", key.retired_at);
        time("revoked_at_ms", key.revoked_at);
        if (key.signing) text("material", key.signing->pem().reveal());
        if (key.purpose == KeyPurpose::kUnknown) {
            if (!key.material.empty()) text("material", key.material.reveal());
        } else if (!key.material.empty()) {
            Secret encoded = Secret::take(base64url_encode(key.material.reveal()));
            text("material", encoded.reveal());
        }
        json.EndObject();
    }
    json.EndArray();
    json.EndObject();
    buffer.Put('\n');
    Secret whole(std::string_view(buffer.GetString(), buffer.GetSize()));
    OPENSSL_cleanse(const_cast<char*>(buffer.GetString()), buffer.GetSize());
    return whole;
}

}  // namespace keyledger::security
