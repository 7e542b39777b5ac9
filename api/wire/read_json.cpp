#include "api/wire/read_json.hpp"

#include <rapidjson/document.h>
#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "api/wire/body.hpp"
#include "api/wire/text.hpp"

namespace keyledger::api {
namespace {

// An unknown field's name is sent back, but not a whole body of it.
constexpr std::size_t kMaxEchoedBytes = 64;
constexpr double kNoInteger = 0.5;   // a number that nobody reads
constexpr int kMaxHugeNumbers = 16;  // each costs another look at the body

// nullopt: none, or one that we could not have written. With a fraction or an exponent it is read as a double, of which
// the largest may be one that was rounded.
std::optional<std::int64_t> exact_integer(std::string_view text) {
    const char* const end = text.data() + text.size();
    std::int64_t integer = 0;
    const auto [integer_end, error] = std::from_chars(text.data(), end, integer);
    if (integer_end == end) {
        const bool exact = error == std::errc{} && integer >= -kMaxJsonInteger && integer <= kMaxJsonInteger;
        return exact ? std::optional(integer) : std::nullopt;
    }
    double number = 0;
    if (std::from_chars(text.data(), end, number).ec != std::errc{}) return std::nullopt;
    if (std::abs(number) >= static_cast<double>(kMaxJsonInteger) || number != std::trunc(number)) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

// Between the parser and the document: refuses what RapidJSON would let through. A handler that answers false
// stops the parser at once, so that hostile nesting never gets deeper than the limit.
class Strict {
public:
    Strict(rapidjson::Document& document, const JsonLimits& limits) : document_(document), limits_(limits) {}

    bool Null() { return value() && document_.Null(); }
    bool Bool(bool b) { return value() && document_.Bool(b); }
    bool Int(int i) { return value() && document_.Int(i); }
    bool Uint(unsigned u) { return value() && document_.Uint(u); }
    bool Int64(std::int64_t i) { return number(i >= -kMaxJsonInteger && i <= kMaxJsonInteger) && document_.Int64(i); }
    bool Uint64(std::uint64_t u) {
        return number(u <= static_cast<std::uint64_t>(kMaxJsonInteger)) && document_.Uint64(u);
    }
    bool Double(double) { return number(false); }
    // Only of a body that others define: as an integer if it is one that we could have written, however it is spelt.
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        if (!value()) return false;
        const auto integer = exact_integer({text, size});
        return integer ? document_.Int64(*integer) : document_.Double(kNoInteger);
    }
    bool String(const char* text, rapidjson::SizeType size, bool copy) {
        return value() && sound({text, size}) && document_.String(text, size, copy);
    }
    bool StartObject() {
        if (!value() || !deeper()) return false;
        keys_.emplace_back();
        return document_.StartObject();
    }
    bool Key(const char* text, rapidjson::SizeType size, bool copy) {
        std::string_view key(text, size);
        if (!sound(key)) return false;
        auto& keys = keys_.back();
        if (std::ranges::find(keys, key) != keys.end()) return fail("It has a key twice in one object.");
        if (keys.size() == limits_.members) return fail("It has too many members in one object.");
        keys.push_back(key);  // parsing is in place: the view lasts as long as the buffer
        return document_.Key(text, size, copy);
    }
    bool EndObject(rapidjson::SizeType members) {
        keys_.pop_back();
        --depth_;
        return document_.EndObject(members);
    }
    bool StartArray() { return value() && deeper() && document_.StartArray(); }
    bool EndArray(rapidjson::SizeType items) {
        --depth_;
        return document_.EndArray(items);
    }

    std::string_view failure() const { return failure_; }

private:
    bool fail(std::string_view why) {
        failure_ = why;
        return false;
    }
    bool value() { return ++values_ <= limits_.values || fail("It has too many values."); }
    bool deeper() { return ++depth_ <= limits_.depth || fail("It is nested too deeply."); }
    bool number(bool exact) { return value() && (exact || fail("Numbers must be integers between -2^53 and 2^53.")); }
    bool sound(std::string_view text) {
        if (!limits_.allow_unknown_members && text.find('\0') != text.npos) return fail("A string has U+0000.");
        return valid_utf8(text) || fail("A string has a lone surrogate.");
    }

    rapidjson::Document& document_;
    const JsonLimits& limits_;
    std::string_view failure_;
    std::size_t depth_ = 0;
    std::size_t values_ = 0;
    std::vector<std::vector<std::string_view>> keys_;
};

std::string_view text_of(const rapidjson::Value& value) { return {value.GetString(), value.GetStringLength()}; }

// One step of a path: a member of an object, or an item of a list.
const rapidjson::Value* step_into(const rapidjson::Value& value, std::string_view name) {
    if (value.IsArray()) {
        rapidjson::SizeType index = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
        const bool good = error == std::errc{} && end == name.data() + name.size() && index < value.Size();
        return good ? &value[index] : nullptr;
    }
    if (!value.IsObject()) return nullptr;
    const auto at = value.FindMember(
        rapidjson::Value(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size()))));
    return at == value.MemberEnd() ? nullptr : &at->value;
}

struct Paths {
    std::set<std::string, std::less<>> asked;  // with all that is in them
    std::set<std::string, std::less<>> inner;  // on the way to those
    std::set<std::string, std::less<>> ignored;
    void add(std::string_view path) {
        asked.emplace(path);
        for (auto dot = path.find('.'); dot != path.npos; dot = path.find('.', dot + 1))
            inner.emplace(path.substr(0, dot));
    }
};

// Members that nobody asked for, by their paths.
void list_unknown(const rapidjson::Value& value, const std::string& prefix, const Paths& paths,
                  std::vector<std::string>& unknown) {
    const auto look_at = [&](const std::string& path, const rapidjson::Value& inside) {
        if (paths.ignored.contains(path)) return;
        if (paths.inner.contains(path) && (inside.IsObject() || inside.IsArray()))
            list_unknown(inside, path + '.', paths, unknown);
        else if (!paths.asked.contains(path) && !paths.inner.contains(path)) unknown.push_back(path);
    };
    if (value.IsObject())
        for (const auto& member : value.GetObject()) {
            const std::string name = prefix + std::string(text_of(member.name));
            if (text_of(member.name).find('.') != std::string_view::npos)
                unknown.push_back(name);  // it only looks like a path
            else look_at(name, member.value);
        }
    else
        for (rapidjson::SizeType i = 0; i < value.Size(); ++i) look_at(prefix + std::to_string(i), value[i]);
}

}  // namespace

struct JsonFields::Body {
    const Request& request;
    std::string buffer;  // parsed in place: every decoded string lies in here
    rapidjson::Document document;
    bool allow_unknown_members = false;
    std::vector<std::size_t> hidden;  // where numbers stood that are too large to be read
    Paths paths;
    std::vector<FieldError> errors;
    std::optional<Response> broken;  // nothing could be read at all

    explicit Body(const Request& from) : request(from) {}

    void malformed(std::string_view why) {
        broken = problem(request, problems::kMalformedJson, "The body must be one JSON object. " + std::string(why));
    }
    void parse(const JsonLimits& limits);
    rapidjson::ParseResult run(const JsonLimits& limits, std::string_view& failure);
    bool hide_huge_number(const rapidjson::ParseResult& result);
    void error(std::string_view name, std::string detail) { errors.push_back({std::string(name), std::move(detail)}); }
    const rapidjson::Value* find(std::string_view name) const {
        if (broken) return nullptr;
        const rapidjson::Value* value = &document;
        for (std::string_view rest = name; value != nullptr;) {
            const auto dot = std::min(rest.find('.'), rest.size());
            value = step_into(*value, rest.substr(0, dot));
            if (dot == rest.size()) break;
            rest.remove_prefix(dot + 1);
        }
        return value;
    }
    // Null when absent or null.
    const rapidjson::Value* ask(std::string_view name) {
        if (!allow_unknown_members) paths.add(name);  // only unknown ones are held against them
        const rapidjson::Value* value = find(name);
        return value == nullptr || value->IsNull() ? nullptr : value;
    }
    std::optional<std::string_view> text(std::string_view name, const rapidjson::Value& value, std::size_t max_bytes) {
        if (!value.IsString()) {
            error(name, "must be a string");
            return std::nullopt;
        }
        if (value.GetStringLength() > max_bytes) {
            error(name, "must have at most " + std::to_string(max_bytes) + " bytes");
            return std::nullopt;
        }
        if (text_of(value).find('\0') != std::string_view::npos) {
            error(name, "must not have U+0000");
            return std::nullopt;
        }
        return text_of(value);
    }
    std::optional<std::string_view> optional(std::string_view name, std::size_t max_bytes) {
        const rapidjson::Value* value = ask(name);
        return value == nullptr ? std::nullopt : text(name, *value, max_bytes);
    }
    std::optional<std::string_view> required(std::string_view name, std::size_t max_bytes) {
        const rapidjson::Value* value = ask(name);
        if (value == nullptr) {
            error(name, "is required");
            return std::nullopt;
        }
        auto found = text(name, *value, max_bytes);
        if (found && found->empty()) {
            error(name, "must not be empty");
            return std::nullopt;
        }
        return found;
    }
};

void JsonFields::Body::parse(const JsonLimits& limits) {
    if (!has_media_type(request, "application/json")) {
        broken = problem(request, problems::kUnsupportedMediaType,
                         "Send the body as JSON in UTF-8, with Content-Type: application/json.");
        return;
    }
    broken = refuse_coding(request);
    if (broken) return;
    buffer = request.body;
    if (buffer.empty()) return malformed("It is empty.");
    if (buffer.starts_with("\xEF\xBB\xBF")) return malformed("It starts with a byte order mark.");
    if (buffer.find('\0') != buffer.npos) return malformed("It has a NUL byte.");
    if (!valid_utf8(buffer)) return malformed("It is not UTF-8.");
    allow_unknown_members = limits.allow_unknown_members;
    std::string_view failure;
    rapidjson::ParseResult result = run(limits, failure);
    for (int count = 0; hide_huge_number(result) && count < kMaxHugeNumbers; ++count) result = run(limits, failure);
    if (!result.IsError()) {
        if (!document.IsObject()) malformed("It is another kind of value.");
        return;
    }
    if (!failure.empty()) return malformed(failure);
    malformed("The syntax is wrong at byte " + std::to_string(result.Offset()) + ".");
}

rapidjson::ParseResult JsonFields::Body::run(const JsonLimits& limits, std::string_view& failure) {
    constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag;
    rapidjson::InsituStringStream stream(buffer.data());
    rapidjson::Reader reader;
    Strict strict(document, limits);
    rapidjson::ParseResult result;
    auto generate = [&](rapidjson::Document&) {
        result = allow_unknown_members ? reader.Parse<kFlags | rapidjson::kParseNumbersAsStringsFlag>(stream, strict)
                                       : reader.Parse<kFlags>(stream, strict);
        return !result.IsError();
    };
    document.Populate(generate);
    failure = strict.failure();
    return result;
}

// RapidJSON reads no number beyond a double's, though it may be no more than passed over. An empty list of the same
// length in its place is as little what anybody asks for.
bool JsonFields::Body::hide_huge_number(const rapidjson::ParseResult& result) {
    if (!allow_unknown_members || result.Code() != rapidjson::kParseErrorNumberTooBig) return false;
    hidden.push_back(result.Offset());
    buffer = request.body;
    for (const std::size_t at : hidden) {
        const std::size_t end = std::min(buffer.find_first_not_of("+-.0123456789Ee", at), buffer.size());
        if (end - at < 2) return false;
        buffer.replace(at, end - at, "[" + std::string(end - at - 2, ' ') + "]");
    }
    return true;
}

JsonFields::JsonFields(const Request& request, const JsonLimits& limits) : body_(std::make_unique<Body>(request)) {
    body_->parse(limits);
}

JsonFields::~JsonFields() { Secret::wipe(body_->buffer); }

std::string JsonFields::required_string(std::string_view name, std::size_t max_bytes) {
    return std::string(body_->required(name, max_bytes).value_or(std::string_view{}));
}

std::optional<std::string> JsonFields::optional_string(std::string_view name, std::size_t max_bytes) {
    const auto found = body_->optional(name, max_bytes);
    return found ? std::optional<std::string>(*found) : std::nullopt;
}

std::optional<Secret> JsonFields::optional_secret(std::string_view name, std::size_t max_bytes) {
    const auto found = body_->optional(name, max_bytes);
    return found ? std::optional<Secret>(*found) : std::nullopt;
}

Secret JsonFields::required_secret(std::string_view name, std::size_t max_bytes) {
    return Secret(body_->required(name, max_bytes).value_or(std::string_view{}));
}

std::optional<std::int64_t> JsonFields::optional_integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const rapidjson::Value* value = body_->ask(name);
    if (value == nullptr) return std::nullopt;
    if (value->IsInt64() && value->GetInt64() >= min && value->GetInt64() <= max) return value->GetInt64();
    body_->error(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
}

std::int64_t JsonFields::required_integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const rapidjson::Value* value = body_->find(name);
    if (value == nullptr || value->IsNull()) body_->error(name, "is required");
    return optional_integer(name, min, max).value_or(min);
}

std::optional<bool> JsonFields::optional_bool(std::string_view name) {
    const rapidjson::Value* value = body_->ask(name);
    if (value == nullptr) return std::nullopt;
    if (value->IsBool()) return value->GetBool();
    body_->error(name, "must be true or false");
    return std::nullopt;
}

std::vector<std::string> JsonFields::string_list(std::string_view name, std::size_t max_items, std::size_t max_bytes) {
    std::vector<std::string> items;
    const rapidjson::Value* value = body_->ask(name);
    if (value == nullptr) return items;
    if (!value->IsArray() || value->Size() > max_items) {
        body_->error(name, "must be a list of at most " + std::to_string(max_items) + " strings");
        return items;
    }
    for (const rapidjson::Value& item : value->GetArray()) {
        auto text = body_->text(name, item, max_bytes);
        if (!text) return {};
        items.emplace_back(*text);
    }
    return items;
}

std::vector<std::string> JsonFields::required_string_list(std::string_view name, std::size_t max_items,
                                                          std::size_t max_bytes) {
    const rapidjson::Value* value = body_->find(name);
    if (value == nullptr || value->IsNull()) body_->error(name, "is required: a list, which may be empty");
    return string_list(name, max_items, max_bytes);
}

std::size_t JsonFields::list(std::string_view name, std::size_t max_items) {
    const rapidjson::Value* value = body_->ask(name);
    if (value == nullptr) return 0;
    if (value->IsArray() && value->Size() <= max_items) return value->Size();
    body_->error(name, "must be a list of at most " + std::to_string(max_items) + " items");
    return 0;
}

std::size_t JsonFields::object_list(std::string_view name, std::size_t max_items) {
    const rapidjson::Value* value = body_->ask(name);
    if (value == nullptr) return 0;
    const auto is_object = [](const rapidjson::Value& item) { return item.IsObject(); };
    if (!value->IsArray() || value->Size() > max_items || !std::all_of(value->Begin(), value->End(), is_object)) {
        body_->error(name, "must be a list of at most " + std::to_string(max_items) + " objects");
        return 0;
    }
    return value->Size();
}

bool JsonFields::object(std::string_view name) {
    const rapidjson::Value* value = body_->ask(name);
    if (value == nullptr) return false;
    if (value->IsObject()) return true;
    body_->error(name, "must be an object");
    return false;
}

bool JsonFields::has_any(std::span<const std::string_view> names) const {
    return std::ranges::any_of(names, [&](std::string_view name) { return has(name); });
}

void JsonFields::unchanged(std::span<const std::string_view> names, const std::string& as_read) {
    rapidjson::Document current;
    current.Parse(as_read.data(), as_read.size());
    for (const std::string_view name : names) {
        body_->ask(name);
        const rapidjson::Value* given = body_->find(name);
        if (given == nullptr) continue;
        const rapidjson::Value* known = step_into(current, name);
        if (known == nullptr || *given != *known)
            body_->error(name, "is read-only: leave it out, or send it as it was read");
    }
}

std::vector<std::pair<std::string, std::string>> JsonFields::plain_members(std::string_view name) {
    std::vector<std::pair<std::string, std::string>> plain;
    const rapidjson::Value* object = body_->ask(name);
    if (object == nullptr || !object->IsObject()) return plain;
    for (const auto& member : object->GetObject()) {
        const rapidjson::Value& value = member.value;
        const std::string key(text_of(member.name));
        if (value.IsString()) plain.emplace_back(key, text_of(value));
        if (value.IsBool()) plain.emplace_back(key, value.GetBool() ? "true" : "false");
        if (value.IsInt64()) plain.emplace_back(key, std::to_string(value.GetInt64()));
    }
    return plain;
}

void JsonFields::ignore(std::string_view name) {
    body_->ask(name);
    body_->paths.ignored.emplace(name);
}

bool JsonFields::has(std::string_view name) const { return body_->find(name) != nullptr; }

void JsonFields::refuse(std::string_view name, std::string detail) { body_->error(name, std::move(detail)); }

std::size_t JsonFields::errors() const { return body_->errors.size(); }

std::vector<FieldError> JsonFields::take_errors(std::size_t from) {
    const auto begin = body_->errors.begin() + static_cast<std::ptrdiff_t>(from);
    std::vector<FieldError> taken(begin, body_->errors.end());
    body_->errors.erase(begin, body_->errors.end());
    return taken;
}

Result<void, Response> JsonFields::finish() {
    if (body_->broken) return Unexpected(std::move(*body_->broken));
    std::size_t known = body_->errors.size();
    std::vector<std::string> unknown;
    if (!body_->allow_unknown_members) list_unknown(body_->document, "", body_->paths, unknown);
    for (const std::string& name : unknown)
        body_->error(shortened(name, kMaxEchoedBytes), "is not a field of this request");
    if (body_->errors.empty()) return {};
    Problem what{.type = known == 0 ? problems::kUnknownField : problems::kInvalidFields,
                 .detail = "Mend the fields listed in errors and send the request again.",
                 .retry_after = {},
                 .errors = std::move(body_->errors),
                 .members = {}};
    return Unexpected(problem(body_->request, what));
}

}  // namespace keyledger::api
