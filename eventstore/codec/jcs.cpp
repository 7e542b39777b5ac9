#include "eventstore/codec/jcs.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

namespace keyledger::eventstore {
namespace {

constexpr int kMaxDepth = 64;

std::string_view text_of(const rapidjson::Value& string) {
    return {string.GetString(), string.GetStringLength()};
}

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

void write_string(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    for (char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\b': out += "\\b"; break;
            case '\f': out += "\\f"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    out += "\\u00";
                    out += kHex[static_cast<unsigned char>(c) >> 4];
                    out += kHex[c & 15];
                } else {
                    out += c;
                }
        }
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

}  // namespace

std::string jcs(const rapidjson::Value& value) {
    std::string out;
    write(out, value, 0);
    return out;
}

rapidjson::Document parse_json(std::string_view text) {
    rapidjson::Document json;
    constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag |
                                rapidjson::kParseIterativeFlag;
    json.Parse<kFlags>(text.data(), text.size());
    if (json.HasParseError()) throw CodecError("not JSON");
    return json;
}

}  // namespace keyledger::eventstore
