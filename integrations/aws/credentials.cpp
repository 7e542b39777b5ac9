#include "integrations/aws/credentials.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "integrations/aws/json.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::integrations::aws {
namespace {

constexpr std::size_t kMostTextBytes = 64 * 1024;
constexpr std::chrono::milliseconds kMetadataConnectTimeout{2'000};  // where there is none, nobody answers at all
constexpr const char* kInstance = "http://169.254.169.254";
constexpr const char* kContainer = "http://169.254.170.2";
constexpr const char* kPlainHosts[] = {"http://169.254.170.2/", "http://169.254.170.23/", "http://[fd00:ec2::23]/"};
constexpr const char* kMend =
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_SECRET_ACCESS_KEY_FILE), or give the instance or task a "
    "role";

using Text = Result<std::string, std::string>;
using Found = Result<Credentials, std::string>;

std::string_view given(const Variables& variables, const char* name) {
    const char* text = variables(name);
    return text == nullptr ? std::string_view() : text;
}

enum class Readers { kOwnerAlone, kAnybody };

Text text_of_file(const std::string& name, const std::string& path, Readers readers) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return Unexpected(name + ": there is no file '" + path + "'");
    const auto unsafe = readers == Readers::kAnybody ? security::what_is_wrong_with_trusted_file(path, status)
                                                     : security::what_is_wrong_with_secret_file(path, status);
    if (unsafe) return Unexpected(name + ": " + *unsafe);
    if (static_cast<std::size_t>(status.st_size) > kMostTextBytes)
        return Unexpected(name + ": '" + path + "' is larger than 64 KiB");
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return Unexpected(name + ": can't read '" + path + "'");
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
}

// Empty: neither is set.
Text text_of(const Variables& variables, const std::string& name) {
    const std::string of_file = name + "_FILE";
    const std::string_view direct = given(variables, name.c_str());
    const std::string_view path = given(variables, of_file.c_str());
    if (!direct.empty() && !path.empty()) return Unexpected(name + " and " + of_file + " are both set; set one");
    if (path.empty()) return std::string(direct);
    return text_of_file(of_file, std::string(path), Readers::kOwnerAlone);
}

// nullopt: none are given.
Result<std::optional<Credentials>, std::string> static_keys(const Variables& variables) {
    Text id = text_of(variables, "AWS_ACCESS_KEY_ID");
    if (!id) return Unexpected(id.error());
    Text key = text_of(variables, "AWS_SECRET_ACCESS_KEY");
    if (!key) return Unexpected(key.error());
    Text token = text_of(variables, "AWS_SESSION_TOKEN");
    if (!token) return Unexpected(token.error());
    if (id->empty() && key->empty()) return std::optional<Credentials>();
    if (id->empty() || key->empty())
        return Unexpected(std::string("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: set both or none"));
    return std::optional(Credentials{*id, Secret::take(std::move(*key)), Secret::take(std::move(*token))});
}

// As containers and instances are told theirs.
Found credentials_in(const std::string& who, const HttpAnswer& answer) {
    if (answer.status != 200) return Unexpected(who + " answered " + std::to_string(answer.status));
    const auto document = parse_object(answer.body);
    if (!document) return Unexpected(who + " did not answer with a JSON object");
    Credentials found{text_member(*document, "AccessKeyId"), Secret(text_member(*document, "SecretAccessKey")),
                      Secret(text_member(*document, "Token"))};
    if (found.access_key_id.empty() || found.secret_access_key.empty())
        return Unexpected(who + " gave no AccessKeyId and SecretAccessKey");
    return found;
}

bool may_be_asked(std::string_view url) {
    if (url.starts_with("https://") || is_plain_to_this_machine(url)) return true;
    return std::ranges::any_of(kPlainHosts, [&](std::string_view host) { return url.starts_with(host); });
}

Found ask_container(const Variables& variables, Time deadline) {
    const std::string_view relative = given(variables, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    HttpCall asked;
    asked.url = relative.empty() ? std::string(given(variables, "AWS_CONTAINER_CREDENTIALS_FULL_URI"))
                                 : kContainer + std::string(relative);
    asked.connect_timeout = kMetadataConnectTimeout;
    if (!may_be_asked(asked.url))
        return Unexpected(std::string("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of ECS, EKS "
                                      "or this machine"));
    std::string token(given(variables, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    // Kubernetes mounts it for all to read.
    const char* const of_file = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    if (const std::string path(given(variables, of_file)); !path.empty()) {
        Text read = text_of_file(of_file, path, Readers::kAnybody);
        if (!read) return Unexpected(read.error());
        token = std::move(*read);
    }
    if (!token.empty()) asked.fields.push_back({"Authorization", Secret::take(std::move(token))});
    const auto answer = call(asked, deadline);
    if (!answer) return Unexpected("the container's credentials could not be asked for: " + answer.error());
    return credentials_in("the container's credentials endpoint", *answer);
}

bool is_name_of_role(std::string_view text) {
    const auto is_fine = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("+=,.@_-").find(c) != std::string_view::npos;
    };
    return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, is_fine);
}

// A token that only a PUT gets, so that nobody who makes the service fetch a URL learns the role's keys.
Found ask_instance(const Variables& variables, Time deadline) {
    const std::string who = "the instance's metadata service";
    const std::string_view other = given(variables, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    std::string base = other.empty() ? kInstance : std::string(other);
    while (base.ends_with('/')) base.pop_back();
    const auto refuse = [&](const std::string& why) {
        return Unexpected("no AWS credentials were found: " + std::string(kMend) + " (" + why + ")");
    };
    HttpCall asked{"PUT", base + "/latest/api/token"};
    asked.connect_timeout = kMetadataConnectTimeout;
    asked.fields.push_back({"X-aws-ec2-metadata-token-ttl-seconds", Secret("60")});
    const auto token = call(asked, deadline);
    if (!token) return refuse(who + ": " + token.error());
    if (token->status != 200 || token->body.empty() || token->body.size() > kMostTextBytes)
        return refuse(who + " gave no token, with status " + std::to_string(token->status));
    const auto fetch = [&](const std::string& path) {
        HttpCall more{"GET", base + path};
        more.connect_timeout = kMetadataConnectTimeout;
        more.fields.push_back({"X-aws-ec2-metadata-token", Secret(token->body)});
        return call(more, deadline);
    };
    const std::string roles = "/latest/meta-data/iam/security-credentials/";
    const auto role = fetch(roles);
    if (!role) return refuse(who + ": " + role.error());
    const std::string name = role->body.substr(0, role->body.find_first_of("\r\n"));
    if (role->status != 200 || !is_name_of_role(name)) return refuse("the instance has no role");
    const auto answer = fetch(roles + name);
    if (!answer) return refuse(who + ": " + answer.error());
    return credentials_in(who, *answer);
}

}  // namespace

Found find_credentials(const Variables& variables, Time deadline) {
    auto keys = static_keys(variables);
    if (!keys) return Unexpected(keys.error());
    if (*keys) return std::move(**keys);
    const bool in_container = !given(variables, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
                              !given(variables, "AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
    if (in_container) return ask_container(variables, deadline);
    if (given(variables, "AWS_EC2_METADATA_DISABLED") == "true")
        return Unexpected("no AWS credentials were found: " + std::string(kMend));
    return ask_instance(variables, deadline);
}

}  // namespace keyledger::integrations::aws
