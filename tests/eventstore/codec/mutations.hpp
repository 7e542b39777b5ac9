#pragma once
// Texts that differ a little from good ones: most are no JSON any more, many are JSON that says something else, some
// say the same in other words.
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "eventstore/codec/jcs.hpp"

namespace keyledger::eventstore::test {

class Mutations {
public:
    explicit Mutations(std::uint32_t seed) : random_(seed) {}

    // Of one to three changes.
    std::string of(std::string text) {
        for (std::size_t changes = 1 + below(3); changes > 0; --changes) text = changed(std::move(text));
        return text;
    }

private:
    static constexpr std::string_view kValues =  // with bars between them
        R"(null|true|false|0|-0|1|01|-7|1.5|1.0|1e3|1e400|999999999999999|1000000000000000|9007199254740993|)"
        R"(9223372036854775807|9223372036854775808|-9223372036854775808|""|"x"|"\u0061"|"\n"|"\ud83d\ude00"|"\ud800"|)"
        "\"\xC3\xA9\"|\"\xC3\"|"
        R"("0192e4a0-0000-7abc-8def-0123456789AB"|"sealed:name:\"Ann\""|[]|[ ]|{}|["a","b"]|[null]|{"a":1})";
    static constexpr std::string_view kBytes{"\"\\{}[]:, 09aeEu.+-\t\n\x1F\x7F\x80\xC3\xED\xFF\0", 27};

    std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
    std::string value() {
        const auto bars = static_cast<std::size_t>(std::ranges::count(kValues, '|'));
        std::string_view rest = kValues;
        for (std::size_t skipped = below(bars + 1); skipped > 0; --skipped) rest.remove_prefix(rest.find('|') + 1);
        return std::string(rest.substr(0, rest.find('|')));
    }
    char byte() { return kBytes[below(kBytes.size())]; }

    std::string changed(std::string text) {
        if (text.empty()) return std::string(1, byte());
        const std::size_t at = below(text.size());
        const std::size_t size = std::min(text.size() - at, 1 + below(12));
        switch (below(9)) {
            case 0: text[at] = byte(); return text;
            case 1: return text.insert(at, 1, byte());
            case 2: return text.erase(at, size);
            case 3: return text.insert(below(text.size()), text.substr(at, size));
            case 4: return text.insert(at, below(2) == 0 ? " " : "  ");
            case 5:
            case 6: return with_another_value(std::move(text), at);
            default: return with_other_members(std::move(text));
        }
    }

    // Behind some colon.
    std::string with_another_value(std::string text, std::size_t at) {
        std::size_t colon = text.find(':', at);
        if (colon == text.npos) colon = text.find(':');
        if (colon == text.npos) return value();
        const std::size_t end = std::min(text.find_first_of(",}", colon), text.size());
        return text.replace(colon + 1, end - colon - 1, value());
    }

    // One less, one twice, one of another name, or all in the other order.
    std::string with_other_members(std::string text) {
        rapidjson::Document json;
        try {
            json = parse_json(text);
        } catch (const CodecError&) {
            return text;
        }
        if (!json.IsObject() || json.ObjectEmpty()) return text;
        auto& memory = json.GetAllocator();
        const auto member = json.MemberBegin() + static_cast<std::ptrdiff_t>(below(json.MemberCount()));
        switch (below(4)) {
            case 0: json.EraseMember(member); break;
            case 1: {
                rapidjson::Value name(member->name, memory), value(member->value, memory);
                json.AddMember(name, value, memory);
                break;
            }
            case 2: member->name = rapidjson::Value(below(2) == 0 ? "a" : "user_id", memory); break;
            default: std::reverse(json.MemberBegin(), json.MemberEnd());
        }
        rapidjson::StringBuffer buffer;
        rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
        json.Accept(writer);
        return {buffer.GetString(), buffer.GetSize()};
    }

    std::mt19937 random_;
};

}  // namespace keyledger::eventstore::test
