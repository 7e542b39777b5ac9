#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "eventstore/reference/event_reference.hpp"

namespace keyledger::eventstore::reference {
namespace {

using rapidjson::Value;

void write_yaml(std::string& out, const Value& value, std::size_t indent);

std::string quoted(const Value& value) {
    rapidjson::StringBuffer text;
    rapidjson::Writer<rapidjson::StringBuffer> writer(text);
    value.Accept(writer);
    return text.GetString();
}

// A name that YAML takes for a text though it is not quoted.
bool is_plain(std::string_view name) {
    const auto allowed = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
    };
    return !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) &&
           std::all_of(name.begin(), name.end(), allowed) && name != "null" && name != "true" && name != "false";
}

bool is_short(const Value& value) {
    return (value.IsObject() && value.ObjectEmpty()) || (value.IsArray() && value.Empty()) ||
           !(value.IsObject() || value.IsArray());
}

void write_member(std::string& out, const Value& value, std::size_t indent) {
    if (is_short(value)) {
        out.append(" ").append(quoted(value)).append("\n");
        return;
    }
    out += '\n';
    write_yaml(out, value, indent + 2);
}

void write_yaml(std::string& out, const Value& value, std::size_t indent) {
    if (value.IsObject()) {
        for (const auto& member : value.GetObject()) {
            const std::string_view name(member.name.GetString(), member.name.GetStringLength());
            out.append(indent, ' ').append(is_plain(name) ? std::string(name) : quoted(member.name)).append(":");
            write_member(out, member.value, indent);
        }
    } else if (value.IsArray()) {
        for (const auto& item : value.GetArray()) {
            out.append(indent, ' ').append("-");
            write_member(out, item, indent);
        }
    } else {
        out.append(indent, ' ').append(quoted(value)).append("\n");
    }
}

}  // namespace

std::string as_yaml(const Value& value) {
    std::string out;
    write_yaml(out, value, 0);
    return out;
}

std::string asyncapi_yaml() {
    return "# Written by `make docs` from the declarations of the events; a test fails when it is stale.\n" +
           as_yaml(asyncapi_document());
}

std::string asyncapi_json() { return quoted(asyncapi_document()) + "\n"; }

}  // namespace keyledger::eventstore::reference
