#include "app/config/clients_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <span>

#include "app/config/json.hpp"
#include "domain/base/nearest.hpp"
#include "domain/base/plain_text.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

using Kind = YamlNode::Kind;
using Names = std::span<const std::string_view>;

constexpr std::string_view kMembersOfFile[] = {"clients", "first_party_audiences"};
constexpr std::string_view kMembersOfClient[] = {
    "client_id", "client_secret_sha256", "audiences", "introspect", "revoke", "evaluate", "roles", "namespaces"};

const YamlNode* member(const YamlNode& map, std::string_view name) {
    const auto at = std::ranges::find(map.members, name, [](const auto& one) -> std::string_view { return one.first; });
    return at == map.members.end() ? nullptr : &at->second;
}

bool is_text(const YamlNode& node) { return node.kind == Kind::kScalar && node.is_quoted; }

// Members of one object, and what is wrong with them. None is quoted but names.
class Members {
public:
    // `where`: ", client 3", or nothing.
    Members(const YamlNode& map, std::string file, std::string where, std::vector<std::string>& faults)
        : map_(map), file_(std::move(file)), where_(std::move(where)), faults_(faults) {}

    void fault(const YamlNode& at, const std::string& sentence) {
        faults_.push_back("'" + file_ + "', line " + std::to_string(at.line) + where_ + ": " + sentence);
    }
    // The file is our own: what is misspelt would otherwise give a client less, or more, than was meant.
    void allow(Names known) {
        std::set<std::string_view> seen;
        for (const auto& [name, node] : map_.members) {
            if (!seen.insert(name).second) fault(node, "a member occurs twice: '" + as_plain_text(name) + "'");
            if (std::ranges::find(known, name) != known.end()) continue;
            const std::string shown = is_plain_text(name) ? " '" + name + "'" : "";
            const auto nearest = nearest_to(name, known);
            fault(node,
                  "there is no member" + shown + (nearest ? "; did you mean '" + std::string(*nearest) + "'?" : ""));
        }
    }
    std::vector<std::string> texts(std::string_view name, std::vector<std::string> otherwise = {}) {
        const YamlNode* found = member(map_, name);
        if (found == nullptr) return otherwise;
        std::vector<std::string> items;
        bool is_fine = found->kind == Kind::kList;
        for (const YamlNode& item : found->items) {
            is_fine = is_fine && is_text(item);
            items.push_back(item.text);
        }
        if (!is_fine) fault(*found, "'" + std::string(name) + "' is not an array of strings");
        return items;
    }
    // Whether the member says "all" and not the other word; `otherwise` where it is not there.
    bool is_all(std::string_view name, std::string_view other, bool otherwise = false) {
        const YamlNode* found = member(map_, name);
        if (found == nullptr) return otherwise;
        const bool is_word = is_text(*found) && (found->text == "all" || found->text == other);
        if (!is_word) fault(*found, "'" + std::string(name) + "' is 'all' or '" + std::string(other) + "'");
        return found->text == "all";
    }
    std::string id() {
        const YamlNode* found = member(map_, "client_id");
        if (found == nullptr || !is_text(*found) || found->text.empty()) {
            fault(map_, "has no 'client_id'");
            return "";
        }
        if (!is_plain_text(found->text)) fault(*found, "'client_id' is not plain text");
        else if (found->text == commands::kFirstPartyClientId) fault(*found, "'keyledger' is the built-in client");
        return found->text;
    }
    std::string digest() {
        const YamlNode* found = member(map_, "client_secret_sha256");
        auto bytes = found != nullptr && is_text(*found) ? security::hex_decode(found->text) : std::nullopt;
        if (bytes && bytes->size() == 32) return std::move(*bytes);
        fault(found != nullptr ? *found : map_, "'client_secret_sha256' is not the 64 hex digits of a SHA-256");
        return "";
    }

private:
    const YamlNode& map_;
    const std::string file_;
    const std::string where_;
    std::vector<std::string>& faults_;
};

commands::Client read_client(Members& members) {
    using namespace commands;
    members.allow(kMembersOfClient);
    Client client;
    client.client_id = members.id();
    client.audiences = members.texts("audiences");
    if (members.is_all("introspect", "own")) client.introspection_right = IntrospectionRight::kAllTokens;
    if (members.is_all("revoke", "own")) client.revocation_right = RevocationRight::kAllTokens;
    const bool asks_all = client.introspection_right == IntrospectionRight::kAllTokens;
    if (members.is_all("roles", "own", asks_all)) client.role_disclosure = RoleDisclosure::kAll;
    client.namespaces = members.texts("namespaces", {client.client_id});
    if (members.is_all("evaluate", "none")) client.evaluation_right = EvaluationRight::kAnybody;
    return client;
}

}  // namespace

Result<FileClients, std::vector<std::string>> FileClients::load(const std::string& path) {
    const auto refuse = [](std::string sentence) { return Unexpected(std::vector{std::move(sentence)}); };
    if (path.empty()) return parse(path, R"({"clients":[]})");
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return refuse("there is no file '" + path + "'");
    if (auto unsafe = security::what_is_wrong_with_secret_file(path, status)) return refuse(std::move(*unsafe));
    if (static_cast<std::size_t>(status.st_size) > kMaxClientsFileBytes)
        return refuse("'" + path + "' is larger than 1 MiB");
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return refuse("can't read '" + path + "'");
    return parse(path, text);
}

Result<FileClients, std::vector<std::string>> FileClients::parse(const std::string& path, const std::string& text) {
    const auto refuse = [](std::string sentence) { return Unexpected(std::vector{std::move(sentence)}); };
    const auto json = parse_json(text);
    if (!json) return refuse("'" + path + "', " + json.error());
    const YamlNode* list = member(*json, "clients");
    if (list == nullptr || list->kind != Kind::kList)
        return refuse("'" + path + "' is not a JSON object with an array 'clients'");
    if (list->items.size() > kMaxClients)
        return refuse("'" + path + "' has more than " + std::to_string(kMaxClients) + " clients");
    std::vector<std::string> faults;
    Members of_file(*json, path, "", faults);
    of_file.allow(kMembersOfFile);
    FileClients registry;
    for (std::size_t i = 0; i < list->items.size(); ++i) {
        const YamlNode& from = list->items[i];
        Members members(from, path, ", client " + std::to_string(i + 1), faults);
        if (from.kind != Kind::kMap) {
            members.fault(from, "is not an object");
            continue;
        }
        Entry entry{std::make_shared<const commands::Client>(read_client(members)), members.digest()};
        const std::string key = entry.client->client_id;
        const bool is_new = key.empty() || registry.clients_.emplace(key, std::move(entry)).second;
        if (!is_new) members.fault(from, "'" + as_plain_text(key) + "' occurs twice");
    }
    commands::Client first_party;
    first_party.client_id = commands::kFirstPartyClientId;
    first_party.audiences = of_file.texts("first_party_audiences");
    Entry entry{std::make_shared<const commands::Client>(std::move(first_party)), {}};
    registry.clients_.emplace(commands::kFirstPartyClientId, std::move(entry));
    if (!faults.empty()) return Unexpected(std::move(faults));
    return registry;
}

commands::SharedClient FileClients::authenticate(std::string_view client_id, const Secret& secret) {
    static const std::string kNobody(32, '\0');
    const auto at = clients_.find(client_id);
    const bool can = at != clients_.end() && !at->second.secret_sha256.empty();
    const auto digest = security::sha256(secret.reveal());
    const bool same = Secret::equal(security::view_of(digest), can ? at->second.secret_sha256 : kNobody);
    if (!can || !same) return nullptr;
    return at->second.client;
}

commands::SharedClient FileClients::find(std::string_view client_id) {
    const auto at = clients_.find(client_id);
    return at == clients_.end() ? nullptr : at->second.client;
}

LiveClients::LiveClients(FileClients clients) : clients_(std::make_shared<FileClients>(std::move(clients))) {}

void LiveClients::replace(FileClients clients) {
    auto next = std::make_shared<FileClients>(std::move(clients));
    const std::lock_guard lock(mutex_);
    clients_.swap(next);
}

std::shared_ptr<FileClients> LiveClients::now() const {
    const std::lock_guard lock(mutex_);
    return clients_;
}

commands::SharedClient LiveClients::authenticate(std::string_view client_id, const Secret& secret) {
    return now()->authenticate(client_id, secret);
}

commands::SharedClient LiveClients::find(std::string_view client_id) { return now()->find(client_id); }

}  // namespace keyledger::app
