#include "integrations/traces/otlp.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>

namespace keyledger::integrations {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr unsigned kSampled = 0x01;          // W3C trace flags
constexpr unsigned kParentIsKnown = 0x100;   // SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK
constexpr unsigned kParentIsRemote = 0x200;  // SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK
constexpr int kStatusError = 2;

void text(Writer& json, std::string_view value) {
    json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}
void member(Writer& json, const char* name, std::string_view value) {
    json.Key(name);
    text(json, value);
}
void attribute(Writer& json, std::string_view name, const Span::Value& value) {
    json.StartObject();
    member(json, "key", name);
    json.Key("value");
    json.StartObject();
    if (const auto* number = std::get_if<std::int64_t>(&value)) member(json, "intValue", std::to_string(*number));
    else member(json, "stringValue", std::get<std::string>(value));
    json.EndObject();
    json.EndObject();
}

void write(Writer& json, const Span& span) {
    json.StartObject();
    member(json, "traceId", span.trace_id);
    member(json, "spanId", span.span_id);
    if (!span.parent_id.empty()) member(json, "parentSpanId", span.parent_id);
    json.Key("flags");
    json.Uint(kSampled | kParentIsKnown | (span.is_parent_remote ? kParentIsRemote : 0));
    member(json, "name", span.name);
    json.Key("kind");
    json.Int(static_cast<int>(span.kind));
    member(json, "startTimeUnixNano", std::to_string(span.begun_ns));
    member(json, "endTimeUnixNano", std::to_string(std::max(span.begun_ns, span.ended_ns)));
    json.Key("attributes");
    json.StartArray();
    for (const auto& [name, value] : span.attributes) attribute(json, name, value);
    json.EndArray();
    if (span.has_failed) {
        json.Key("status");
        json.StartObject();
        json.Key("code");
        json.Int(kStatusError);
        json.EndObject();
    }
    json.EndObject();
}

// RFC 9110 section 5.6.2.
bool is_token(std::string_view name) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::ranges::all_of(name, [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               kMarks.find(c) != kMarks.npos;
    });
}

// Those that say how the message is framed, or what it is.
bool is_the_writers(std::string_view name) {
    std::string lower(name);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    constexpr std::string_view kOurs[] = {"connection", "content-length", "content-type",      "expect",  "host",
                                          "te",         "trailer",        "transfer-encoding", "upgrade", "user-agent"};
    return std::ranges::find(kOurs, lower) != std::end(kOurs);
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = static_cast<unsigned char>(text[i]);
        if (text[i] == '%') {
            const char* const end = text.data() + std::min(text.size(), i + 3);
            const auto [at, error] = std::from_chars(text.data() + i + 1, end, value, 16);
            if (error != std::errc{} || at != text.data() + i + 3) return std::nullopt;
            i += 2;
        }
        if (value < 0x20 || value == 0x7f) return std::nullopt;
        bytes.push_back(static_cast<char>(value));
    }
    return bytes;
}

}  // namespace

std::string otlp_request(std::span<const Span> spans, const TraceResource& resource) {
    rapidjson::StringBuffer buffer;
    Writer json(buffer);
    json.StartObject();
    json.Key("resourceSpans");
    json.StartArray();
    json.StartObject();
    json.Key("resource");
    json.StartObject();
    json.Key("attributes");
    json.StartArray();
    attribute(json, "service.name", resource.service_name);
    if (!resource.service_version.empty()) attribute(json, "service.version", resource.service_version);
    if (!resource.instance_id.empty()) attribute(json, "service.instance.id", resource.instance_id);
    json.EndArray();
    json.EndObject();
    json.Key("scopeSpans");
    json.StartArray();
    json.StartObject();
    json.Key("scope");
    json.StartObject();
    member(json, "name", "keyledger");
    if (!resource.service_version.empty()) member(json, "version", resource.service_version);
    json.EndObject();
    json.Key("spans");
    json.StartArray();
    for (const Span& span : spans) write(json, span);
    json.EndArray();
    json.EndObject();
    json.EndArray();
    json.EndObject();
    json.EndArray();
    json.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

std::int64_t rejected_spans(std::string_view answer, std::int64_t sent) {
    rapidjson::Document json;
    json.Parse<rapidjson::kParseIterativeFlag>(answer.data(), answer.size());
    if (json.HasParseError() || !json.IsObject()) return 0;
    const auto partial = json.FindMember("partialSuccess");
    if (partial == json.MemberEnd() || !partial->value.IsObject()) return 0;
    const auto rejected = partial->value.FindMember("rejectedSpans");
    if (rejected == partial->value.MemberEnd()) return 0;
    std::int64_t count = 0;
    if (rejected->value.IsInt64()) count = rejected->value.GetInt64();
    else if (rejected->value.IsString())
        std::from_chars(rejected->value.GetString(), rejected->value.GetString() + rejected->value.GetStringLength(),
                        count);
    return std::clamp<std::int64_t>(count, 0, sent);
}

std::optional<std::vector<std::pair<std::string, Secret>>> parse_trace_headers(std::string_view text) {
    std::vector<std::pair<std::string, Secret>> fields;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        const std::string_view one = trimmed(text.substr(at, comma - at));
        at = comma + 1;
        if (one.empty()) continue;
        const std::size_t equals = one.find('=');
        if (equals == one.npos) return std::nullopt;
        const std::string_view name = trimmed(one.substr(0, equals));
        auto value = percent_decoded(trimmed(one.substr(equals + 1)));
        if (!is_token(name) || is_the_writers(name) || !value || value->empty()) return std::nullopt;
        fields.emplace_back(std::string(name), Secret::take(std::move(*value)));
    }
    return fields;
}

}  // namespace keyledger::integrations
