#include "app/config/providers_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <span>

#include "app/config/yaml.hpp"
#include "domain/base/nearest.hpp"
#include "domain/base/plain_text.hpp"
#include "domain/base/uuid.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

using integrations::ProviderOptions;
using integrations::ProviderPreset;
using Authentication = ProviderOptions::Authentication;
using Kind = YamlNode::Kind;

constexpr std::size_t kMostNameBytes = 32;
constexpr std::size_t kMostTitleBytes = 64;
constexpr std::string_view kTenantOfAll = "{tenantid}";
constexpr std::string_view kMembers[] = {"name",
                                         "preset",
                                         "title",
                                         "issuer",
                                         "client_id",
                                         "client_authentication",
                                         "client_secret_file",
                                         "client_key_file",
                                         "client_key_id",
                                         "scope",
                                         "register",
                                         "link_by_address",
                                         "believe_addresses",
                                         "tenants"};

const YamlNode* member(const YamlNode& map, std::string_view name) {
    const auto at = std::ranges::find(map.members, name, [](const auto& one) -> std::string_view { return one.first; });
    return at == map.members.end() || at->second.kind == Kind::kNothing ? nullptr : &at->second;
}

bool is_name(std::string_view text) {
    const auto is_fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !text.empty() && text.size() <= kMostNameBytes && std::ranges::all_of(text, is_fine) && text.front() != '-';
}

// One provider, and what is wrong with it.
class Reader {
public:
    Reader(const YamlNode& map, const std::string& file, const std::vector<integrations::NamedHost>& named,
           std::vector<std::string>& faults)
        : map_(map), file_(file), named_(named), faults_(faults) {}

    ProviderOptions read() {
        ProviderOptions options;
        look_at_members();
        begin_with_preset(options);
        options.name = text("name");
        if (!is_name(options.name)) fault(map_, "'name' is 1 to 32 small letters, digits and '-'");
        options.title = text("title", options.title.empty() ? options.name : options.title);
        if (options.title.size() > kMostTitleBytes || !is_plain_text(options.title))
            fault(map_, "'title' is plain text of 64 bytes at most");
        read_issuer(options);
        options.client_id = text("client_id");
        if (options.client_id.empty() || !is_plain_text(options.client_id)) fault(map_, "has no 'client_id'");
        read_authentication(options);
        options.scope = text("scope", options.scope);
        if ((" " + options.scope + " ").find(" openid ") == std::string::npos)
            fault(map_, "'scope' has to have openid in it");
        options.signs_up = is_on("register", false);
        options.links_by_address = is_on("link_by_address", false);
        read_trust(options);
        return options;
    }

private:
    void fault(const YamlNode& at, const std::string& sentence) {
        faults_.push_back("'" + file_ + "', line " + std::to_string(at.line) + ": " + sentence);
    }
    std::string text(std::string_view name, std::string otherwise = {}) {
        const YamlNode* found = member(map_, name);
        if (found == nullptr) return otherwise;
        if (found->kind == Kind::kScalar) return found->text;
        fault(*found, "'" + std::string(name) + "' is not a text");
        return otherwise;
    }
    bool is_on(std::string_view name, bool otherwise) {
        const std::string word = text(name, otherwise ? "on" : "off");
        if (word != "on" && word != "off") fault(map_, "'" + std::string(name) + "' is on or off");
        return word == "on";
    }
    void look_at_members() {
        for (const auto& [name, node] : map_.members) {
            if (std::ranges::find(kMembers, name) != std::end(kMembers)) continue;
            const auto nearest = nearest_to(name, kMembers);
            fault(node, "there is no member '" + as_plain_text(name) + "'" +
                            (nearest ? "; did you mean '" + std::string(*nearest) + "'?" : ""));
        }
    }
    void begin_with_preset(ProviderOptions& options) {
        const std::string name = text("preset");
        if (name.empty()) return;
        preset_ = std::ranges::find(integrations::kProviderPresets, name, &ProviderPreset::name);
        if (preset_ == integrations::kProviderPresets.end()) {
            preset_ = nullptr;
            return fault(map_, "there is no preset '" + as_plain_text(name) + "'; give google, microsoft or gitlab");
        }
        options.title = preset_->title;
        options.issuer = preset_->issuer;
        options.discovered_at = preset_->discovered_at;
        options.authentication = preset_->authentication;
        options.believes_addresses = preset_->believes_addresses;
        options.prompt_of_now = preset_->prompt_of_now;
    }
    void read_issuer(ProviderOptions& options) {
        const std::string given = text("issuer");
        if (!given.empty()) {
            options.issuer = given;
            options.discovered_at.clear();
        }
        const std::string& asked = options.discovered_at.empty() ? options.issuer : options.discovered_at;
        if (asked.empty()) fault(map_, "has no 'issuer', and no 'preset' that knows it");
        else if (asked.find_first_of("?#") != asked.npos || !integrations::read_destination(asked, named_))
            fault(map_, "'issuer' is no https URL without query, of a host that the service may call");
    }
    void read_authentication(ProviderOptions& options) {
        if (const std::string word = text("client_authentication"); word == "client_secret_basic")
            options.authentication = Authentication::kSecretBasic;
        else if (word == "client_secret_post") options.authentication = Authentication::kSecretPost;
        else if (word == "private_key_jwt") options.authentication = Authentication::kPrivateKey;
        else if (word == "none") options.authentication = Authentication::kNone;
        else if (!word.empty())
            fault(map_, "'client_authentication' is client_secret_basic, client_secret_post, private_key_jwt or none");
        const bool has_key = options.authentication == Authentication::kPrivateKey;
        options.secret_file = text(has_key ? "client_key_file" : "client_secret_file");
        options.key_id = text("client_key_id");
        if (member(map_, has_key ? "client_secret_file" : "client_key_file") != nullptr ||
            (!has_key && !options.key_id.empty()))
            return fault(map_,
                         "'client_key_file' and 'client_key_id' go with private_key_jwt, 'client_secret_file' with "
                         "the others");
        const bool has_secret = options.authentication != Authentication::kNone;
        if (has_secret == options.secret_file.empty())
            fault(map_, has_secret ? "names no file with the client's secret or key"
                                   : "'client_secret_file' is for no client that has a secret");
        else if (has_secret)
            if (auto unsafe = security::what_is_wrong_with_secret_file(options.secret_file)) fault(map_, *unsafe);
    }
    void read_trust(ProviderOptions& options) {
        options.believes_addresses = is_on("believe_addresses", options.believes_addresses);
        if (preset_ != nullptr && !preset_->believes_addresses && options.believes_addresses)
            fault(map_, "anybody can have any address at this provider: 'believe_addresses' stays off");
        if (options.links_by_address && !options.believes_addresses)
            fault(map_, "'link_by_address' goes by addresses that are not believed");
        // Without the member everybody is let in: one that is there and names nobody is a mistake.
        const auto found = std::ranges::find_if(map_.members, [](const auto& one) { return one.first == "tenants"; });
        if (found == map_.members.end()) return;
        const YamlNode* tenants = &found->second;
        if (options.issuer.find(kTenantOfAll) == std::string::npos)
            fault(*tenants, "'tenants' is for providers whose issuer names a tenant");
        if (tenants->kind != Kind::kList || tenants->items.empty())
            return fault(*tenants, "'tenants' is not a list of at least one tenant's id");
        for (const YamlNode& tenant : tenants->items) {
            const auto id = Uuid::parse(tenant.text);
            if (!id || id->to_string() != tenant.text)
                fault(tenant, "a tenant's id is a UUID in small letters, as the provider shows it");
            options.tenants.push_back(tenant.text);
        }
    }

    const YamlNode& map_;
    const std::string& file_;
    const std::vector<integrations::NamedHost>& named_;
    std::vector<std::string>& faults_;
    const ProviderPreset* preset_ = nullptr;
};

}  // namespace

ProvidersRead load_providers(const std::string& path, const std::vector<integrations::NamedHost>& named) {
    const auto refuse = [](std::string sentence) { return Unexpected(std::vector{std::move(sentence)}); };
    if (path.empty()) return std::vector<ProviderOptions>{};
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return refuse("there is no file '" + path + "'");
    // Whoever can write it decides who gets in.
    if (auto unsafe = security::what_is_wrong_with_trusted_file(path, status)) return refuse(std::move(*unsafe));
    if (static_cast<std::size_t>(status.st_size) > kMaxYamlBytes) return refuse("'" + path + "' is larger than 1 MiB");
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return refuse("can't read '" + path + "'");
    return parse_providers(path, text, named);
}

ProvidersRead parse_providers(const std::string& path, const std::string& text,
                              const std::vector<integrations::NamedHost>& named) {
    const auto refuse = [](std::string sentence) { return Unexpected(std::vector{std::move(sentence)}); };
    const auto yaml = parse_yaml(text);
    if (!yaml) return refuse("'" + path + "', " + yaml.error());
    const YamlNode* list = member(*yaml, "providers");
    if (list == nullptr || list->kind != Kind::kList || yaml->members.size() != 1)
        return refuse("'" + path + "' is not a map with a list 'providers' alone");
    if (list->items.size() > kMaxProviders)
        return refuse("'" + path + "' has more than " + std::to_string(kMaxProviders) + " providers");
    std::vector<std::string> faults;
    std::vector<ProviderOptions> all;
    std::set<std::string> names;
    for (const YamlNode& from : list->items) {
        all.push_back(Reader(from, path, named, faults).read());
        if (!names.insert(all.back().name).second)
            faults.push_back("'" + path + "', line " + std::to_string(from.line) + ": another one has this 'name'");
    }
    if (!faults.empty()) return Unexpected(std::move(faults));
    return all;
}

}  // namespace keyledger::app
