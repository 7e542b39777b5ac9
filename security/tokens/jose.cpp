#include "security/tokens/jose.hpp"

#include <rapidjson/error/error.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace keyledger::security {
namespace {

using Value = JoseObject::Value;
using Kind = Value::Kind;

// Keeps the members of the outermost object. Numbers come as they are written, so that none is too large to
// be ignored.
class Members : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Members> {
public:
    std::map<std::string, Value, std::less<>> all;
    bool doubled = false;

    bool Default() { return keep({Kind::kOther, {}, {}}); }
    bool Bool(bool value) { return keep({Kind::kFlag, value ? "true" : "false", {}}); }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        return keep({Kind::kNumber, std::string(text, size), {}});
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        if (depth_ == 2 && in_list_) {
            list_.texts.emplace_back(text, size);
            return true;
        }
        return keep({Kind::kText, std::string(text, size), {}});
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        if (depth_ == 1) name_.assign(text, size);
        return true;
    }
    bool StartObject() { return depth_ == 0 ? open() : keep({Kind::kOther, {}, {}}) && open(); }
    bool EndObject(rapidjson::SizeType) { return close(); }
    bool StartArray() {
        if (depth_ == 0) return false;
        if (depth_ > 1) return keep({Kind::kOther, {}, {}}) && open();
        in_list_ = true;
        list_ = {Kind::kTexts, {}, {}};
        return open();
    }
    bool EndArray(rapidjson::SizeType) {
        close();
        if (depth_ != 1) return true;
        in_list_ = false;
        return keep(std::move(list_));
    }

private:
    bool open() {
        ++depth_;
        return true;
    }
    bool close() {
        --depth_;
        return true;
    }
    // A value at the depth where it stands; one within a list makes that no list of strings.
    bool keep(Value value) {
        if (depth_ == 0) return false;  // the whole is no object
        if (depth_ == 2 && in_list_) list_.kind = Kind::kOther;
        if (depth_ != 1) return true;
        doubled = !all.emplace(name_, std::move(value)).second;
        return !doubled;
    }

    std::string name_;
    Value list_;
    int depth_ = 0;
    bool in_list_ = false;
};

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return lower;
}

}  // namespace

Result<JoseObject, std::string> JoseObject::parse(std::string_view json) {
    constexpr unsigned kFlags =
        rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
    if (json.find('\0') != json.npos) return Unexpected(std::string("is not JSON"));
    // By its size: no NUL would stop the check of UTF-8, which takes as many bytes as a character should have.
    rapidjson::MemoryStream stream(json.data(), json.size());
    Members members;
    rapidjson::Reader reader;
    const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, members);
    if (members.doubled) return Unexpected(std::string("has a member twice"));
    if (result.IsError()) return Unexpected(std::string("is not a JSON object"));
    JoseObject object;
    object.members_ = std::move(members.all);
    return object;
}

const Value* JoseObject::find(std::string_view name) const {
    const auto at = members_.find(name);
    return at == members_.end() ? nullptr : &at->second;
}

const std::string* JoseObject::text(std::string_view name) const {
    const Value* value = find(name);
    return value != nullptr && value->kind == Kind::kText ? &value->text : nullptr;
}

std::optional<Instant> numeric_date(std::string_view number) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), seconds);
    const bool whole = end == number.data() + number.size() && !number.empty();
    const bool negative = number.starts_with('-');
    if (!whole || (error != std::errc{} && error != std::errc::result_out_of_range)) return std::nullopt;
    constexpr Instant kEarliest = Instant() - kLatestNumericDate.since_epoch();
    const bool tiny = number.find("e-") != number.npos || number.find("E-") != number.npos;
    if (error == std::errc::result_out_of_range) return tiny ? Instant() : negative ? kEarliest : kLatestNumericDate;
    if (!std::isfinite(seconds)) return std::nullopt;  // from_chars knows "inf" and "nan", JSON does not
    const double latest = static_cast<double>(kLatestNumericDate.ms());
    return Instant::at_ms(std::llround(std::clamp(seconds * 1000, -latest, latest)));
}

Result<JoseHeader, std::string> read_jose_header(const JoseObject& header, std::span<const std::string_view> types) {
    JoseHeader read;
    const std::string* algorithm = header.text("alg");
    // RFC 9864 section 2.2: another name of the same algorithm.
    const auto named =
        algorithm ? signing_algorithm_named(*algorithm == "Ed25519" ? "EdDSA" : *algorithm) : std::nullopt;
    if (!named) return Unexpected(std::string("its 'alg' is none of RS256, ES256, EdDSA and Ed25519"));
    read.algorithm = *named;
    if (header.has("crit")) return Unexpected(std::string("its 'crit' names what is not understood here"));
    if (header.has("kid")) {
        const std::string* key_id = header.text("kid");
        if (!key_id) return Unexpected(std::string("its 'kid' is no string"));
        read.key_id = *key_id;
    }
    if (header.has("typ")) {
        constexpr std::string_view kPrefix = "application/";
        std::string type = header.text("typ") ? lower_case(*header.text("typ")) : std::string();
        if (type.starts_with(kPrefix)) type.erase(0, kPrefix.size());
        if (std::ranges::find(types, type) == types.end())
            return Unexpected(std::string("its 'typ' is that of something else"));
    }
    return read;
}

}  // namespace keyledger::security
