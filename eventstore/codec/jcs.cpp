#include "eventstore/codec/jcs.hpp"

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "eventstore/codec/json_index.hpp"

namespace keyledger::eventstore {
namespace {

constexpr int kMaxDepth = 64;

std::string_view text_of(const rapidjson::Value& string) { return {string.GetString(), string.GetStringLength()}; }

// UTF-8 bytes sort as code points, and code points as UTF-16 units, except that the planes above the first are
// written with surrogates (D800 to DFFF) and so come before E000 to FFFF. In UTF-8 that is lead byte F0 and above
// against EE and EF.
int utf16_rank(unsigned char lead) {
    if (lead >= 0xF0) return 0xEE;
    return lead >= 0xEE ? lead + 0x20 : lead;
}

bool utf16_less(std::string_view a, std::string_view b) {
    const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (at_b == b.end()) return false;
    if (at_a == a.end()) return true;
    const auto left = static_cast<unsigned char>(*at_a);
    const auto right = static_cast<unsigned char>(*at_b);
    const int left_rank = utf16_rank(left);
    const int right_rank = utf16_rank(right);
    return left_rank == right_rank ? left < right : left_rank < right_rank;
}

constexpr auto needs_escape = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; };

void write_escaped(std::string& out, char c) {
    static constexpr char kHex[] = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            out += "\\u00";
            out += kHex[static_cast<unsigned char>(c) >> 4];
            out += kHex[c & 15];
    }
}

// What needs no escape is most of it, and is written as it stands.
void write_string(std::string& out, std::string_view text) {
    out += '"';
    for (auto from = text.begin(); from != text.end();) {
        const auto to = std::find_if(from, text.end(), needs_escape);
        out.append(from, to);
        if (to == text.end()) break;
        write_escaped(out, *to);
        from = to + 1;
    }
    out += '"';
}

// ECMA-262 Number::toString over the shortest digits that read back as the same double.
void write_double(std::string& out, double number) {
    if (!std::isfinite(number)) throw CodecError("a number is not finite");
    if (number == 0) {
        out += '0';
        return;
    }
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::abs(number), std::chars_format::scientific);
    std::string_view text(buffer, static_cast<std::size_t>(end.ptr - buffer));
    const auto e = text.find('e');
    int exponent = 0;
    const char* from = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
    std::from_chars(from, text.data() + text.size(), exponent);
    std::string digits(1, text[0]);
    if (e > 1) digits += text.substr(2, e - 2);
    const int count = static_cast<int>(digits.size());
    const int point = exponent + 1;  // ECMA's n: where the decimal point stands, counted in digits
    if (number < 0) out += '-';
    if (count <= point && point <= 21) {
        out += digits;
        out.append(static_cast<std::size_t>(point - count), '0');
    } else if (0 < point && point <= 21) {
        out.append(digits, 0, static_cast<std::size_t>(point)).append(1, '.');
        out.append(digits, static_cast<std::size_t>(point));
    } else if (-6 < point && point <= 0) {
        out += "0.";
        out.append(static_cast<std::size_t>(-point), '0').append(digits);
    } else {
        out += digits[0];
        if (count > 1) out.append(1, '.').append(digits, 1);
        out += 'e';
        out += point > 0 ? '+' : '-';
        out += std::to_string(std::abs(point - 1));
    }
}

void write_number(std::string& out, const rapidjson::Value& value) {
    constexpr std::int64_t kExact = std::int64_t{1} << 53;
    if (value.IsInt64() && value.GetInt64() <= kExact && value.GetInt64() >= -kExact) {
        out += std::to_string(value.GetInt64());
    } else {
        write_double(out, value.GetDouble());
    }
}

void write(std::string& out, const rapidjson::Value& value, int depth);

void write_object(std::string& out, const rapidjson::Value& object, int depth) {
    std::vector<const rapidjson::Value::Member*> members;
    members.reserve(object.MemberCount());
    for (const auto& member : object.GetObject()) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return utf16_less(text_of(a->name), text_of(b->name)); });
    const auto twice = std::adjacent_find(members.begin(), members.end(), [](const auto* a, const auto* b) {
        return text_of(a->name) == text_of(b->name);
    });
    if (twice != members.end()) throw CodecError("an object has a member twice");  // RFC 8785 section 3.1
    out += '{';
    for (const auto* member : members) {
        if (member != members.front()) out += ',';
        write_string(out, text_of(member->name));
        out += ':';
        write(out, member->value, depth + 1);
    }
    out += '}';
}

void write(std::string& out, const rapidjson::Value& value, int depth) {
    if (depth > kMaxDepth) throw CodecError("JSON is nested too deeply");
    switch (value.GetType()) {
        case rapidjson::kNullType: out += "null"; return;
        case rapidjson::kFalseType: out += "false"; return;
        case rapidjson::kTrueType: out += "true"; return;
        case rapidjson::kStringType: return write_string(out, text_of(value));
        case rapidjson::kNumberType: return write_number(out, value);
        case rapidjson::kObjectType: return write_object(out, value, depth);
        case rapidjson::kArrayType: {
            out += '[';
            for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
                if (i > 0) out += ',';
                write(out, value[i], depth + 1);
            }
            out += ']';
            return;
        }
    }
}

// The parser validates bytes, but takes the escape of a low surrogate alone for a character: ED A0 to ED BF.
bool is_text(std::string_view text) {
    for (auto at = text.find('\xED'); at != text.npos; at = text.find('\xED', at + 1))
        if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return false;
    return true;
}

// Builds a document or an index, with numbers to the last bit: RapidJSON's exact conversion is undefined for 0e60. No
// deeper than jcs() goes: RapidJSON reads any depth without recursion, but writes, copies and compares with it.
template <class To>
class BoundedBuilder {
public:
    explicit BoundedBuilder(To& to) : to_(to) {}

    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        std::int64_t integer = 0;
        if (is_read(text, size, integer)) return to_.Int64(integer);
        std::uint64_t large = 0;
        if (is_read(text, size, large)) return to_.Uint64(large);
        double fraction = 0;
        return is_read(text, size, fraction) && to_.Double(fraction);
    }
    bool Null() { return to_.Null(); }
    bool Bool(bool b) { return to_.Bool(b); }
    bool String(const char* text, rapidjson::SizeType size, bool copy) {
        return is_text({text, size}) && to_.String(text, size, copy);
    }
    bool Key(const char* text, rapidjson::SizeType size, bool copy) {
        return is_text({text, size}) && to_.Key(text, size, copy);
    }
    bool StartObject() { return goes_deeper() && to_.StartObject(); }
    bool EndObject(rapidjson::SizeType members) { return --depth_, to_.EndObject(members); }
    bool StartArray() { return goes_deeper() && to_.StartArray(); }
    bool EndArray(rapidjson::SizeType items) { return --depth_, to_.EndArray(items); }
    bool is_too_deep() const { return depth_ > kMaxDepth; }

    // The parser's other ways to say a number; it is told to use none of them.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

private:
    template <class Number>
    static bool is_read(const char* text, rapidjson::SizeType size, Number& number) {
        const auto [end, error] = std::from_chars(text, text + size, number);
        return error == std::errc{} && end == text + size;
    }

    bool goes_deeper() { return ++depth_ <= kMaxDepth; }

    To& to_;
    int depth_ = 0;
};

// What BoundedBuilder takes, without a document.
struct BoundedLook : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, BoundedLook> {
    int depth = 0;
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        double number = 0;
        const auto [end, error] = std::from_chars(text, text + size, number);
        return error == std::errc{} && end == text + size;
    }
    bool String(const char* text, rapidjson::SizeType size, bool) { return is_text({text, size}); }
    bool Key(const char* text, rapidjson::SizeType size, bool) { return is_text({text, size}); }
    bool StartObject() { return ++depth <= kMaxDepth; }
    bool EndObject(rapidjson::SizeType) { return --depth, true; }
    bool StartArray() { return ++depth <= kMaxDepth; }
    bool EndArray(rapidjson::SizeType) { return --depth, true; }
};

// Eight bytes at a time.
bool is_ascii(std::string_view text) {
    std::uint64_t seen = 0;
    std::size_t at = 0;
    for (std::uint64_t eight = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        seen |= eight;
    }
    for (; at < text.size(); ++at) seen |= static_cast<unsigned char>(text[at]);
    return (seen & 0x8080'8080'8080'8080ULL) == 0;
}

template <unsigned kFlags, class To>
bool is_parsed(std::string_view text, To& to) {
    rapidjson::MemoryStream bytes(text.data(), text.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
    rapidjson::Reader reader;
    BoundedBuilder<To> builder(to);
    const bool is_good = !reader.Parse<kFlags>(stream, builder).IsError();
    if (builder.is_too_deep()) throw CodecError("JSON is nested too deeply");
    return is_good;
}

// Nearly all that is stored is ASCII, which is UTF-8 as it stands; RapidJSON's validation takes longer than the rest.
template <class To>
void read_into(std::string_view text, To& to) {
    constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
    constexpr unsigned kValidating = kFlags | rapidjson::kParseValidateEncodingFlag;
    const bool is_good = is_ascii(text) ? is_parsed<kFlags>(text, to) : is_parsed<kValidating>(text, to);
    if (!is_good) throw CodecError("not JSON");
}

template <unsigned kFlags>
bool is_json(std::string_view text) {
    rapidjson::MemoryStream bytes(text.data(), text.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
    rapidjson::Reader reader;
    BoundedLook look;
    return !reader.Parse<kFlags>(stream, look).IsError();
}

}  // namespace

std::string jcs(const rapidjson::Value& value) {
    std::string out;
    write(out, value, 0);
    return out;
}

void append_json_string(std::string& out, std::string_view text) { write_string(out, text); }

rapidjson::Document parse_json(std::string_view text) {
    rapidjson::Document json;
    auto generate = [&](rapidjson::Document& document) {
        read_into(text, document);
        return true;
    };
    json.Populate(generate);
    return json;
}

void read_json(std::string_view text, JsonIndexBuilder& builder) { read_into(text, builder); }

bool is_json_object(std::string_view text) {
    if (!text.starts_with('{')) return false;
    // By recursion, which BoundedLook bounds.
    constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag;
    return is_ascii(text) ? is_json<kFlags>(text) : is_json<kFlags | rapidjson::kParseValidateEncodingFlag>(text);
}

}  // namespace keyledger::eventstore
