#include "api/wire/write_json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace keyledger::api {

namespace {

// What nothing has to be escaped in, as in nearly all that is written, is copied at once and not byte by byte. (Not by
// RAPIDJSON_SSE2: Debian's 1.1.0 takes U+001A to U+001F for characters that stand for themselves then.)
class TextWriter : public rapidjson::Writer<rapidjson::StringBuffer> {
public:
    using rapidjson::Writer<rapidjson::StringBuffer>::Writer;

    void string(std::string_view value) {
        bool is_plain = true;
        for (const char c : value) is_plain &= static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
        if (!is_plain) {
            String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
            return;
        }
        Prefix(rapidjson::kStringType);
        char* at = os_->Push(value.size() + 2);
        *at = '"';
        value.copy(at + 1, value.size());
        at[value.size() + 1] = '"';
        EndValue(true);
    }
};

}  // namespace

struct JsonText::Writer {
    static constexpr std::size_t kUsualBytes = 2048;  // tokens with what is said of them fit
    rapidjson::StringBuffer buffer{nullptr, kUsualBytes};
    TextWriter json{buffer};

    void string(std::string_view value) { json.string(value); }
    void name(std::string_view value) { json.string(value); }
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
JsonText& JsonText::boolean(std::string_view name, bool value) {
    writer_->name(name);
    writer_->json.Bool(value);
    return *this;
}
JsonText& JsonText::time(std::string_view name, Instant at) { return text(name, rfc3339(at)); }
JsonText& JsonText::time_or_null(std::string_view name, const std::optional<Instant>& at) {
    return text_or_null(name, at ? std::optional(rfc3339(*at)) : std::nullopt);
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

std::string rfc3339(Instant at) {
    const auto seconds = static_cast<std::time_t>(at.whole_seconds());
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 40> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(at.ms() - seconds * 1000));
    return std::string(text.data(), size) + fraction.data();
}

namespace {

// Reads a time from the left; what does not fit makes it bad for good.
struct TimeText {
    std::string_view rest;
    bool good = true;

    bool is_digit() const { return !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; }
    int digit() {
        const int value = is_digit() ? rest.front() - '0' : 0;
        good = good && is_digit();
        if (!rest.empty()) rest.remove_prefix(1);
        return value;
    }
    int number(int digits, int min, int max) {
        int value = 0;
        for (; digits > 0; --digits) value = 10 * value + digit();
        good = good && value >= min && value <= max;
        return value;
    }
    char one_of(std::string_view choices) {
        const char found = rest.empty() ? '\0' : rest.front();
        good = good && choices.find(found) != choices.npos;
        if (!rest.empty()) rest.remove_prefix(1);
        return found;
    }
    int milliseconds() {
        if (rest.empty() || rest.front() != '.') return 0;
        rest.remove_prefix(1);
        good = good && is_digit();
        int value = 0;
        for (int scale = 100; is_digit(); scale /= 10) value += scale * digit();
        return value;
    }
    int offset_minutes() {
        const char sign = one_of("Zz+-");
        if (sign != '+' && sign != '-') return 0;
        const int hours = number(2, 0, 23);
        one_of(":");
        const int minutes = hours * 60 + number(2, 0, 59);
        return sign == '-' ? -minutes : minutes;
    }
};

}  // namespace

std::optional<Instant> parse_rfc3339(std::string_view text) {
    namespace chrono = std::chrono;
    TimeText read{text};
    const auto in_year = chrono::year(read.number(4, 0, 9999));
    read.one_of("-");
    const auto in_month = chrono::month(static_cast<unsigned>(read.number(2, 1, 12)));
    read.one_of("-");
    const chrono::year_month_day date{in_year, in_month, chrono::day(static_cast<unsigned>(read.number(2, 1, 31)))};
    read.one_of("Tt");
    const int hour = read.number(2, 0, 23);
    read.one_of(":");
    const int minute = read.number(2, 0, 59);
    read.one_of(":");
    const int second = read.number(2, 0, 60);
    const int ms = read.milliseconds();
    const int offset = read.offset_minutes();
    if (!read.good || !read.rest.empty() || !date.ok()) return std::nullopt;
    const Instant midnight = Instant() + days(chrono::sys_days(date).time_since_epoch().count());
    return midnight + hours(hour) + minutes(minute - offset) + seconds(second) + milliseconds(ms);
}

}  // namespace keyledger::api
