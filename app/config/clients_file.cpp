#include "app/config/clients_file.hpp"

#include <rapidjson/document.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <span>

#include "domain/base/nearest.hpp"
#include "domain/base/plain_text.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

std::optional<std::vector<std::string>> texts(const rapidjson::Value& array) {
    if (!array.IsArray()) return std::nullopt;
    std::vector<std::string> items;
    for (const auto& item : array.GetArray()) {
        if (!item.IsString()) return std::nullopt;
        items.emplace_back(item.GetString(), item.GetStringLength());
    }
    return items;
}

const rapidjson::Value* member(const rapidjson::Value& object, const char* name) {
    const auto at = object.FindMember(name);
    return at == object.MemberEnd() ? nullptr : &at->value;
}

// "all", the other word, or the other word where there is none. nullopt: something else.
std::optional<std::string> word_in(const rapidjson::Value& object, const char* name, std::string_view other) {
    const auto* found = member(object, name);
    if (!found) return std::string(other);
    const std::string word = found->IsString() ? found->GetString() : "";
    if (word != "all" && word != other) return std::nullopt;
    return word;
}

constexpr std::string_view kMembersOfFile[] = {"clients", "first_party_audiences"};
constexpr std::string_view kMembersOfClient[] = {
    "client_id", "client_secret_sha256", "audiences", "introspect", "revoke", "evaluate", "roles", "namespaces"};

// The file is our own: what is misspelt would otherwise give a client less, or more, than was meant.
std::optional<std::string> what_is_unknown(const rapidjson::Value& object, std::span<const std::string_view> known) {
    std::set<std::string_view> seen;
    for (const auto& one : object.GetObject()) {
        const std::string_view name{one.name.GetString(), one.name.GetStringLength()};
        if (!seen.insert(name).second) return "a member occurs twice: '" + std::string(name) + "'";
        if (std::ranges::find(known, name) != known.end()) continue;
        const std::string shown = is_plain_text(name) ? " '" + std::string(name) + "'" : "";
        const auto nearest = nearest_to(name, known);
        return "there is no member" + shown + (nearest ? "; did you mean '" + std::string(*nearest) + "'?" : "");
    }
    return std::nullopt;
}

}  // namespace

Result<FileClients, std::string> FileClients::load(const std::string& path) {
    if (path.empty()) return parse(path, R"({"clients":[]})");
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return Unexpected("KEYLEDGER_CLIENTS_FILE: there is no file '" + path + "'");
    if (auto unsafe = security::what_is_wrong_with_secret_file(path, status)) return Unexpected(std::move(*unsafe));
    if (static_cast<std::size_t>(status.st_size) > kMaxClientsFileBytes)
        return Unexpected("'" + path + "' is larger than 1 MiB");
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return Unexpected("can't read '" + path + "'");
    return parse(path, text);
}

Result<FileClients, std::string> FileClients::parse(const std::string& path, const std::string& text) {
    rapidjson::Document json;
    json.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
    const auto* list = !json.HasParseError() && json.IsObject() ? member(json, "clients") : nullptr;
    if (!list || !list->IsArray() || list->Size() > kMaxClients)
        return Unexpected("'" + path + "' is not a JSON object with an array 'clients'");
    if (const auto unknown = what_is_unknown(json, kMembersOfFile)) return Unexpected("'" + path + "': " + *unknown);
    FileClients registry;
    for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
        const auto& from = (*list)[i];
        const std::string where = "'" + path + "', client " + std::to_string(i + 1) + ": ";
        if (!from.IsObject()) return Unexpected(where + "is not an object");
        if (const auto unknown = what_is_unknown(from, kMembersOfClient)) return Unexpected(where + *unknown);
        const auto* id = member(from, "client_id");
        if (!id || !id->IsString() || id->GetStringLength() == 0) return Unexpected(where + "has no 'client_id'");
        if (!is_plain_text({id->GetString(), id->GetStringLength()}))
            return Unexpected(where + "'client_id' is not plain text");
        Entry entry;
        entry.client.client_id = id->GetString();
        const auto* digest = member(from, "client_secret_sha256");
        auto bytes = digest && digest->IsString() ? security::hex_decode(digest->GetString()) : std::nullopt;
        if (!bytes || bytes->size() != 32)
            return Unexpected(where + "'client_secret_sha256' is not the 64 hex digits of a SHA-256");
        entry.secret_sha256 = std::move(*bytes);
        if (const auto* audiences = member(from, "audiences")) {
            auto read = texts(*audiences);
            if (!read) return Unexpected(where + "'audiences' is not an array of strings");
            entry.client.audiences = std::move(*read);
        }
        const auto introspect = word_in(from, "introspect", "own");
        if (!introspect) return Unexpected(where + "'introspect' is 'all' or 'own'");
        if (*introspect == "all") entry.client.introspects = commands::Introspects::kAllTokens;
        const auto revoke = word_in(from, "revoke", "own");
        if (!revoke) return Unexpected(where + "'revoke' is 'all' or 'own'");
        if (*revoke == "all") entry.client.revokes = commands::Revokes::kAllTokens;
        const bool asks_all = entry.client.introspects == commands::Introspects::kAllTokens;
        if (asks_all) entry.client.tells_roles = commands::TellsRoles::kAll;
        if (const auto* roles = member(from, "roles")) {
            const std::string which = roles->IsString() ? roles->GetString() : "";
            if (which != "all" && which != "own") return Unexpected(where + "'roles' is 'all' or 'own'");
            entry.client.tells_roles = which == "all" ? commands::TellsRoles::kAll : commands::TellsRoles::kOwn;
        }
        entry.client.namespaces.push_back(entry.client.client_id);
        if (const auto* namespaces = member(from, "namespaces")) {
            auto read = texts(*namespaces);
            if (!read) return Unexpected(where + "'namespaces' is not an array of strings");
            entry.client.namespaces = std::move(*read);
        }
        const auto evaluate = word_in(from, "evaluate", "none");
        if (!evaluate) return Unexpected(where + "'evaluate' is 'all' or 'none'");
        if (*evaluate == "all") entry.client.evaluates = commands::Evaluates::kAnybody;
        const std::string key = entry.client.client_id;
        if (key == commands::kFirstPartyClientId) return Unexpected(where + "'keyledger' is the built-in client");
        if (!registry.clients_.emplace(key, std::move(entry)).second)
            return Unexpected(where + "'" + key + "' occurs twice");
    }
    Entry first_party;
    first_party.client.client_id = commands::kFirstPartyClientId;
    if (const auto* audiences = member(json, "first_party_audiences")) {
        auto read = texts(*audiences);
        if (!read) return Unexpected("'" + path + "': 'first_party_audiences' is not an array of strings");
        first_party.client.audiences = std::move(*read);
    }
    registry.clients_.emplace(first_party.client.client_id, std::move(first_party));
    return registry;
}

std::optional<commands::Client> FileClients::authenticate(std::string_view client_id, const Secret& secret) {
    static const std::string kNobody(32, '\0');
    const auto at = clients_.find(client_id);
    const bool can = at != clients_.end() && !at->second.secret_sha256.empty();
    const auto digest = security::sha256(secret.reveal());
    const bool same = Secret::equal(security::view_of(digest), can ? at->second.secret_sha256 : kNobody);
    if (!can || !same) return std::nullopt;
    return at->second.client;
}

std::optional<commands::Client> FileClients::find(std::string_view client_id) {
    const auto at = clients_.find(client_id);
    if (at == clients_.end()) return std::nullopt;
    return at->second.client;
}

}  // namespace keyledger::app
