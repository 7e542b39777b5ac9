#include "app/config/applications_file.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <stdexcept>

#include "app/config/yaml.hpp"

namespace keyledger::app {
namespace {

using Kind = YamlNode::Kind;

struct Wrong : std::runtime_error {
    Wrong(const YamlNode& where, const std::string& what)
        : std::runtime_error("line " + std::to_string(where.line) + ": " + what) {}
};

constexpr std::string_view kUnit = "_ms";
constexpr std::int64_t kMostSeconds = 1'000'000'000;

// ---- reading ---------------------------------------------------------------------------------------------------
void read_value(const YamlNode& node, const std::string& name, std::string& value) {
    if (node.kind != Kind::kScalar) throw Wrong(node, name + " is not a text");
    value = node.text;
}
void read_value(const YamlNode& node, const std::string& name, std::vector<std::string>& values) {
    if (node.kind != Kind::kList) throw Wrong(node, name + " is not a list; write [] for none");
    for (const YamlNode& item : node.items) read_value(item, "an item of " + name, values.emplace_back());
}
void read_value(const YamlNode& node, const std::string& name, Duration& value) {
    std::int64_t count = 0;
    const char* end = node.text.data() + node.text.size();
    const auto [rest, error] = std::from_chars(node.text.data(), end, count);
    const bool is_number = node.kind == Kind::kScalar && error == std::errc() && rest == end;
    if (!is_number || count < 0 || count > kMostSeconds) throw Wrong(node, name + " is not a number of seconds");
    value = seconds(count);
}
template <class E>
    requires std::is_enum_v<E>
void read_value(const YamlNode& node, const std::string& name, E& value) {
    std::string known;
    for (const auto& [one, text] : enum_names(E{})) {
        if (node.kind == Kind::kScalar && text == node.text) {
            value = one;
            return;
        }
        known.append(known.empty() ? "" : ", ").append(text);
    }
    throw Wrong(node, name + " is one of: " + known);
}
template <class E>
    requires std::is_enum_v<E>
void read_value(const YamlNode& node, const std::string& name, std::vector<E>& values) {
    if (node.kind != Kind::kList) throw Wrong(node, name + " is not a list; write [] for none");
    for (const YamlNode& item : node.items) read_value(item, "an item of " + name, values.emplace_back());
}
template <class T>
void read_value(const YamlNode& node, const std::string& name, std::optional<T>& value) {
    if (node.kind == Kind::kNothing && node.text.empty())  // as of a colour without quotation marks
        throw Wrong(node,
                    name + " has no value; write null for none, and a value that begins with # in quotation marks");
    if (node.kind != Kind::kNothing) read_value(node, name, value.emplace());
}

const YamlNode* member(const YamlNode& map, std::string_view name) {
    const auto found = std::ranges::find_if(map.members, [&](const auto& one) { return one.first == name; });
    return found == map.members.end() ? nullptr : &found->second;
}

std::set<std::string_view> known_members() {
    std::set<std::string_view> names{"status", "state"};
    const auto add = [&](const auto& field) { names.insert(name_of_member(field.name)); };
    std::apply([&](const auto&... field) { (add(field), ...); }, ApplicationDefinition::fields());
    return names;
}

void check_members(const YamlNode& node, const std::string& what) {
    static const std::set<std::string_view> kKnown = known_members();
    if (node.kind != Kind::kMap) throw Wrong(node, what + " is not a map of names to values");
    for (const auto& [name, value] : node.members) {
        if (kKnown.contains(name)) continue;
        std::string all;
        for (const std::string_view one : kKnown) all.append(all.empty() ? "" : ", ").append(one);
        throw Wrong(value, what + " has a member '" + name + "'; known are: " + all);
    }
}

// Only who says so means it: a value that was forgotten deletes nothing.
bool is_absent(const YamlNode& node, const std::string& what) {
    if (node.kind == Kind::kNothing && node.text.empty())
        throw Wrong(node, what + " has no value; write null or {state: absent} to delete it");
    if (node.kind == Kind::kNothing) return true;
    check_members(node, what);
    const YamlNode* state = member(node, "state");
    if (state == nullptr) return false;
    if (state->text != "absent" && state->text != "present") throw Wrong(*state, "state is 'absent' or 'present'");
    if (state->text == "absent" && node.members.size() > 1)
        throw Wrong(node, what + " is to be absent, and has other members");
    return state->text == "absent";
}

ApplicationEntry read_entry(const std::string& id, const YamlNode& node) {
    const auto application_id = ApplicationId::parse(id);
    if (!application_id) throw Wrong(node, "'" + id + "' is no client id: write a UUID, such as uuidgen makes");
    ApplicationEntry entry{*application_id, std::nullopt, node.line};
    const std::string what = "application '" + id + "'";
    if (is_absent(node, what)) return entry;
    commands::WantedApplication wanted;
    const auto read = [&](const auto& field) {
        const std::string name(name_of_member(field.name));
        if (const YamlNode* value = member(node, name)) read_value(*value, name, wanted.definition.*field.member);
    };
    std::apply([&](const auto&... field) { (read(field), ...); }, ApplicationDefinition::fields());
    if (member(node, "name") == nullptr) throw Wrong(node, what + " has no name");
    if (const YamlNode* status = member(node, "status")) {
        if (status->text != "enabled" && status->text != "disabled")
            throw Wrong(*status, "status is 'enabled' or 'disabled'");
        if (status->text == "disabled") wanted.status = ApplicationStatus::kDisabled;
    }
    entry.wanted = std::move(wanted);
    return entry;
}

std::vector<ApplicationEntry> read_all(const YamlNode& file) {
    if (file.kind != Kind::kMap || file.members.size() != 1 || file.members[0].first != "applications")
        throw Wrong(file, "a file of applications has one member, 'applications'");
    const YamlNode& all = file.members[0].second;
    if (all.kind != Kind::kMap) throw Wrong(all, "applications is not a map of client ids to applications");
    if (all.members.size() > kMaxApplicationsOfAFile)
        throw Wrong(all, "more than " + std::to_string(kMaxApplicationsOfAFile) + " applications");
    std::vector<ApplicationEntry> entries;
    std::set<ApplicationId> named;
    for (const auto& [id, node] : all.members) {
        entries.push_back(read_entry(id, node));
        if (!named.insert(entries.back().id).second) throw Wrong(node, "the client id '" + id + "' stands there twice");
    }
    return entries;
}

// ---- writing ---------------------------------------------------------------------------------------------------
// What JSON writes, YAML reads between double quotes.
std::string written(const std::string& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer>(buffer).String(value);
    return {buffer.GetString(), buffer.GetSize()};
}
std::string written(Duration value) { return std::to_string(value.whole_seconds()); }
template <class E>
    requires std::is_enum_v<E>
std::string written(E value) {
    return std::string(stored_name(value));
}
template <class T>
std::string written(const std::vector<T>& values) {
    std::string text = "[";
    for (const T& value : values) text.append(text.size() == 1 ? "" : ", ").append(written(value));
    return text + "]";
}
template <class T>
std::string written(const std::optional<T>& value) {
    return value ? written(*value) : "null";
}

}  // namespace

std::string_view name_of_member(std::string_view name) {
    if (name.ends_with(kUnit)) name.remove_suffix(kUnit.size());
    return name;
}

Result<std::vector<ApplicationEntry>, std::string> read_applications_file(std::string_view text) {
    try {
        KEYLEDGER_TRY(file, parse_yaml(text));
        return read_all(*file);
    } catch (const Wrong& wrong) {
        return Unexpected(std::string(wrong.what()));
    }
}

std::string text_of_application(const ApplicationId& id, const commands::WantedApplication& application) {
    static const ApplicationDefinition kDefault{};
    std::string text = "  " + id.to_string() + ":\n";
    const auto add = [&](const auto& field) {
        const auto& value = application.definition.*field.member;
        if (value != kDefault.*field.member)
            text.append("    ").append(name_of_member(field.name)).append(": ").append(written(value)).append("\n");
    };
    std::apply([&](const auto&... field) { (add(field), ...); }, ApplicationDefinition::fields());
    if (application.status == ApplicationStatus::kDisabled) text += "    status: disabled\n";
    return text;
}

}  // namespace keyledger::app
