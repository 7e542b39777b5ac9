#include "api/write_json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <cstdio>
#include <ctime>

namespace keyledger::api {

struct JsonText::Writer {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> json{buffer};

    void string(std::string_view value) {
        json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    }
    void name(std::string_view value) { json.Key(value.data(), static_cast<rapidjson::SizeType>(value.size())); }
};

JsonText::JsonText() : writer_(std::make_unique<Writer>()) { writer_->json.StartObject(); }
JsonText::~JsonText() = default;

JsonText& JsonText::text(std::string_view name, std::string_view value) {
    writer_->name(name);
    writer_->string(value);
    return *this;
}
JsonText& JsonText::text_or_null(std::string_view name, const std::optional<std::string>& value) {
    if (value) return text(name, *value);
    writer_->name(name);
    writer_->json.Null();
    return *this;
}
JsonText& JsonText::number(std::string_view name, std::int64_t value) {
    writer_->name(name);
    writer_->json.Int64(value);
    return *this;
}
JsonText& JsonText::truth(std::string_view name, bool value) {
    writer_->name(name);
    writer_->json.Bool(value);
    return *this;
}
JsonText& JsonText::time(std::string_view name, std::int64_t at_ms) { return text(name, rfc3339(at_ms)); }
JsonText& JsonText::time_or_null(std::string_view name, const std::optional<std::int64_t>& at_ms) {
    return text_or_null(name, at_ms ? std::optional(rfc3339(*at_ms)) : std::nullopt);
}
JsonText& JsonText::texts(std::string_view name, const std::vector<std::string>& values) {
    begin_array(name);
    for (const std::string& value : values) writer_->string(value);
    return end_array();
}
JsonText& JsonText::begin_array(std::string_view name) {
    writer_->name(name);
    writer_->json.StartArray();
    return *this;
}
JsonText& JsonText::end_array() {
    writer_->json.EndArray();
    return *this;
}
JsonText& JsonText::begin_object() {
    writer_->json.StartObject();
    return *this;
}
JsonText& JsonText::begin_object(std::string_view name) {
    writer_->name(name);
    return begin_object();
}
JsonText& JsonText::end_object() {
    writer_->json.EndObject();
    return *this;
}
std::string JsonText::finish() {
    writer_->json.EndObject();
    return {writer_->buffer.GetString(), writer_->buffer.GetSize()};
}

std::string rfc3339(std::int64_t at_ms) {
    const std::int64_t floor_s = at_ms >= 0 ? at_ms / 1000 : (at_ms - 999) / 1000;
    const auto seconds = static_cast<std::time_t>(floor_s);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 40> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(at_ms - floor_s * 1000));
    return std::string(text.data(), size) + fraction.data();
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
    std::tm utc{};
    const std::string copy(text);
    const char* rest = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
    if (!rest) return std::nullopt;
    std::string_view tail(rest);
    std::int64_t ms = 0;
    if (tail.starts_with('.')) {
        const auto digits = tail.substr(1, tail.find_first_not_of("0123456789", 1) - 1);
        if (digits.empty() || digits.size() > 9) return std::nullopt;
        for (std::size_t i = 0; i < 3; ++i) ms = 10 * ms + (i < digits.size() ? digits[i] - '0' : 0);
        tail.remove_prefix(1 + digits.size());
    }
    if (tail != "Z") return std::nullopt;
    const int day = utc.tm_mday;
    const std::int64_t at_s = ::timegm(&utc);
    if (utc.tm_mday != day) return std::nullopt;  // it made the 30th of February the 2nd of March
    return at_s * 1000 + ms;
}

}  // namespace keyledger::api
