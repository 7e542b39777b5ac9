#include "integrations/aws/parameter_store.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <thread>

#include "integrations/aws/json.hpp"

namespace keyledger::integrations::aws {
namespace {

constexpr std::chrono::milliseconds kFirstPause{200};  // twice as long each time
constexpr std::size_t kMostToldBytes = 400;            // of what AWS says

bool is_of(std::string_view text, std::string_view others) {
    return std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.find(c) != std::string_view::npos;
    });
}

std::string url_of(const ParameterPath& path) {
    if (!path.endpoint.empty()) return path.endpoint.ends_with('/') ? path.endpoint : path.endpoint + "/";
    const char* const suffix = path.region.starts_with("cn-") ? ".amazonaws.com.cn/" : ".amazonaws.com/";
    return "https://ssm." + path.region + suffix;
}

std::string question(const ParameterPath& path, const std::string& next) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    const auto put = [&](const char* name, const std::string& text) {
        writer.Key(name);
        writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    };
    writer.StartObject();
    put("Path", path.prefix);
    writer.Key("WithDecryption");
    writer.Bool(true);
    writer.Key("MaxResults");
    writer.Int(10);
    if (!next.empty()) put("NextToken", next);
    writer.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

// "com.amazonaws.ssm#ThrottlingException" and "ThrottlingException:http://…" are the same.
std::string kind_of(const rapidjson::Value& refusal) {
    std::string kind = text_member(refusal, "__type");
    kind = kind.substr(kind.rfind('#') + 1);
    return kind.substr(0, kind.find(':'));
}

// The first line alone: behind it AWS repeats the request that it could not verify, session token and all.
std::string said(const rapidjson::Value& refusal) {
    std::string message = text_member(refusal, "message");
    if (message.empty()) message = text_member(refusal, "Message");
    message = message.substr(0, message.find_first_of("\r\n"));
    return message.size() > kMostToldBytes ? message.substr(0, kMostToldBytes) : message;
}

std::string what_to_do(int status, const std::string& kind, const ParameterPath& path) {
    const std::string allow = "allow ssm:GetParametersByPath on arn:aws:ssm:" + path.region + ":*:parameter" +
                              path.prefix + ", and kms:Decrypt of the key that its parameters are encrypted under";
    const std::string check = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, "
                              "KEYLEDGER_SSM_REGION, and this machine's clock";
    if (kind == "AccessDeniedException" || kind == "AccessDenied") return allow;
    if (kind == "ExpiredTokenException" || kind == "ExpiredToken")
        return "the session token has ended: renew AWS_SESSION_TOKEN and the keys that go with it";
    if (kind == "UnrecognizedClientException" || kind == "InvalidClientTokenId" ||
        kind == "InvalidSignatureException" || kind == "SignatureDoesNotMatch" || kind == "InvalidAccessKeyId")
        return check;
    if (kind == "InvalidKeyId") return "the key that they are encrypted under is disabled or gone: look at it in KMS";
    if (status == 401 || status == 403) return check + "; or " + allow;
    return "see what AWS says of it";
}

bool is_passing(int status, const std::string& kind) {
    return status == 429 || status >= 500 || kind == "ThrottlingException" || kind == "RequestLimitExceeded";
}

class Asking {
public:
    Asking(const ParameterPath& path, const Credentials& credentials, Time deadline)
        : path_(path), signing_{credentials, path.region, "ssm"}, url_(url_of(path)), deadline_(deadline) {}

    // The answer to one page, after as many attempts as it takes and may.
    Result<rapidjson::Document, std::string> page(const std::string& next) {
        std::string trouble;
        auto pause = kFirstPause;
        for (int attempt = 0; attempt < kMostAttempts; ++attempt, pause *= 2) {
            if (attempt > 0 && !rests(pause)) break;
            const auto answer = call(request(next), deadline_);
            if (!answer) {
                trouble = url_ + " could not be asked: " + answer.error() +
                          "; check KEYLEDGER_SSM_REGION, KEYLEDGER_SSM_ENDPOINT and the network";
                continue;
            }
            auto document = parse_object(answer->body);
            if (answer->status == 200 && document) return std::move(*document);
            const std::string kind = document ? kind_of(*document) : "";
            trouble = "AWS answered " + std::to_string(answer->status) + (kind.empty() ? "" : " " + kind);
            if (document && !said(*document).empty()) trouble += " ('" + said(*document) + "')";
            trouble += ": " + what_to_do(answer->status, kind, path_);
            if (!is_passing(answer->status, kind)) break;
        }
        return Unexpected(std::move(trouble));
    }

private:
    HttpCall request(const std::string& next) const {
        HttpCall made{"POST", url_};
        made.fields.push_back({"Content-Type", Secret("application/x-amz-json-1.1")});
        made.fields.push_back({"X-Amz-Target", Secret("AmazonSSM.GetParametersByPath")});
        made.body = question(path_, next);
        made.signing = &signing_;
        return made;
    }
    bool rests(std::chrono::milliseconds pause) const {
        if (std::chrono::steady_clock::now() + pause >= deadline_) return false;
        std::this_thread::sleep_for(pause);  // there is nothing to await: AWS asks for time
        return true;
    }

    const ParameterPath& path_;
    const Signing signing_;
    const std::string url_;
    const Time deadline_;
};

// False: they are not what AWS documents, or are more than are taken.
bool take_parameters(const rapidjson::Value& page, const std::string& prefix, std::vector<Parameter>& all) {
    const auto list = page.FindMember("Parameters");
    if (list == page.MemberEnd() || !list->value.IsArray()) return false;
    for (const auto& one : list->value.GetArray()) {
        if (!one.IsObject() || !one.HasMember("Value") || !one["Value"].IsString()) return false;
        const std::string name = text_member(one, "Name");
        if (!name.starts_with(prefix + "/")) return false;
        all.push_back({name.substr(prefix.size() + 1), text_member(one, "Value")});
    }
    return all.size() <= kMostParameters;
}

}  // namespace

PathFault fault_of(const ParameterPath& path) {
    using Of = PathFault::Of;
    const std::string& prefix = path.prefix;
    if (prefix.size() < 2 || prefix.front() != '/' || prefix.back() == '/' || prefix.size() > 900 ||
        !is_of(prefix, "_.-/"))
        return {Of::kPrefix, "give a path such as /keyledger/prod, without a '/' at its end"};
    if (path.region.empty())
        return {Of::kRegion, "is not set, nor is AWS_REGION: give the region of the parameters, such as eu-central-1"};
    if (path.region.size() > 60 || !is_of(path.region, "-")) return {Of::kRegion, "give a region such as eu-central-1"};
    const std::string& endpoint = path.endpoint;
    const bool is_fine = endpoint.empty() || endpoint.starts_with("https://") || is_plain_to_this_machine(endpoint);
    if (!is_fine || endpoint.find('@') != endpoint.npos)
        return {Of::kEndpoint, "give an https URL; http is for this machine alone"};
    return {};
}

Result<std::vector<Parameter>, std::string> fetch_parameters(const ParameterPath& path, const Credentials& credentials,
                                                             Time deadline) {
    std::vector<Parameter> all;
    Asking asking(path, credentials, deadline);
    std::string next;
    do {
        const auto page = asking.page(next);
        if (!page) return Unexpected(page.error());
        const std::string before = std::exchange(next, text_member(*page, "NextToken"));
        const bool goes_on = next.empty() || next != before;
        if (!goes_on || !take_parameters(*page, path.prefix, all))
            return Unexpected("what AWS answers is not a list of at most " + std::to_string(kMostParameters) +
                              " parameters below '" + path.prefix + "'");
    } while (!next.empty());
    if (all.empty())
        return Unexpected("there is no parameter directly below '" + path.prefix + "' in " + path.region +
                          "; check both, and that it is the right account");
    return all;
}

}  // namespace keyledger::integrations::aws
