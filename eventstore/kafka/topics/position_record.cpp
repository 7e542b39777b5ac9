#include "eventstore/kafka/topics/position_record.hpp"

#include <rapidjson/document.h>

#include <algorithm>

#include "eventstore/codec/jcs.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::kafka {
namespace {

constexpr int kFormat = 1;

const rapidjson::Value* find(const rapidjson::Value& object, const char* name) {
    const auto at = object.FindMember(name);
    return at == object.MemberEnd() ? nullptr : &at->value;
}

std::string_view text_of(const rapidjson::Value* value) {
    return value && value->IsString() ? std::string_view(value->GetString(), value->GetStringLength())
                                      : std::string_view();
}

}  // namespace

std::string encode(const PositionRecord& record) {
    std::string offsets;
    for (const std::int64_t offset : record.offsets) {
        if (!offsets.empty()) offsets += ',';
        offsets += std::to_string(offset);
    }
    std::string json = "{\"format\":" + std::to_string(kFormat);
    json.append(",\"leaf_hash\":\"").append(security::hex_encode(security::view_of(record.cursor.leaf_hash)));
    json.append("\",\"log_id\":\"").append(record.log_id.to_string());
    json.append("\",\"offsets\":[").append(offsets);
    json.append("],\"position\":").append(std::to_string(record.cursor.position));
    if (record.signed_from > 0) json.append(",\"signed_from\":").append(std::to_string(record.signed_from));
    json.append("}");
    return json;
}

std::optional<PositionRecord> decode_position_record(std::string_view value) try {
    const rapidjson::Document json = parse_json(value);
    if (!json.IsObject()) return std::nullopt;
    const rapidjson::Value* format = find(json, "format");
    const rapidjson::Value* position = find(json, "position");
    const rapidjson::Value* offsets = find(json, "offsets");
    const auto log_id = Uuid::parse(text_of(find(json, "log_id")));
    const auto leaf_hash = security::hex_decode(text_of(find(json, "leaf_hash")));
    PositionRecord record;
    if (!format || !format->IsInt() || format->GetInt() != kFormat || !position || !position->IsInt64() || !offsets ||
        !offsets->IsArray() || !log_id || !leaf_hash || leaf_hash->size() != record.cursor.leaf_hash.size())
        return std::nullopt;
    record.log_id = *log_id;
    record.cursor.position = position->GetInt64();
    const rapidjson::Value* signed_from = find(json, "signed_from");  // absent in those of before
    if (signed_from && !signed_from->IsInt64()) return std::nullopt;
    if (signed_from) record.signed_from = signed_from->GetInt64();
    std::copy(leaf_hash->begin(), leaf_hash->end(), record.cursor.leaf_hash.begin());
    for (const auto& offset : offsets->GetArray()) {
        if (!offset.IsInt64() || offset.GetInt64() < 0) return std::nullopt;
        record.offsets.push_back(offset.GetInt64());
    }
    return record;
} catch (const CodecError&) {
    return std::nullopt;
}

}  // namespace keyledger::eventstore::kafka
