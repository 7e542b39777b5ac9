#include "app/config/secrets/secrets.hpp"

#include <algorithm>

#include "app/config/config.hpp"
#include "app/config/json.hpp"
#include "app/config/secrets/command.hpp"
#include "integrations/aws/credentials.hpp"
#include "integrations/aws/parameter_store.hpp"

namespace keyledger::app {
namespace {

namespace aws = integrations::aws;
using Kind = YamlNode::Kind;

constexpr std::string_view kCommand = "KEYLEDGER_SECRETS_COMMAND";
constexpr std::string_view kPrefix = "KEYLEDGER_SSM_PREFIX";
constexpr std::string_view kFileSuffix = "_FILE";
constexpr std::size_t kMostFaults = 100;  // that are told at once

class Taking {
public:
    // `told_by`: the setting that is to be named in faults.
    explicit Taking(std::string_view told_by) : told_by_(told_by) {}

    void fault(const std::string& sentence) {
        if (given_.faults.size() < kMostFaults) given_.faults.push_back(told_by_ + ": " + sentence);
    }
    void take(const std::string& name, std::string text) {
        const Setting* setting = find_setting(name);
        if (setting == nullptr) return unknown(name);
        if (setting->is(kEnvironmentOnly) || setting->is(kBeforeSecrets))
            return fault(name + " can't come from there, for it is needed before");
        if (text.find('\0') != text.npos) return fault("the value of " + name + " has a NUL in it");
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
        const bool is_new = given_.texts.emplace(name, std::move(text)).second;
        if (!is_new) fault(name + " is given twice");
    }
    GivenSecrets finish(std::string origin) {
        given_.origin = std::move(origin);
        return std::move(given_);
    }

private:
    // What is no name may be a value: it is not quoted.
    void unknown(const std::string& name) {
        if (!is_like_a_name(name)) return fault("it gives something that is no name of a setting");
        if (name.ends_with(kFileSuffix) && find_setting(name.substr(0, name.size() - kFileSuffix.size())) != nullptr)
            return fault(name + " can't come from there: give the value itself, by the name without _FILE");
        const std::string meant = nearest_setting(name);
        const bool is_one = find_setting(meant) != nullptr;
        fault("there is no setting '" + name + "'" + (is_one ? "; did you mean " + meant + '?' : ""));
    }

    const std::string told_by_;
    GivenSecrets given_;
};

GivenSecrets refused(std::string_view setting, const std::string& sentence) {
    Taking taking(setting);
    taking.fault(sentence);
    return taking.finish(std::string(setting));
}

std::chrono::milliseconds patience_of(const SecretsSettings& settings) {
    return std::chrono::milliseconds(settings.timeout.ms());
}

GivenSecrets from_command(const SecretsSettings& settings) {
    const auto words = words_of_command(settings.command);
    if (!words) return refused(kCommand, words.error());
    auto printed = output_of_command(*words, patience_of(settings));
    if (!printed) return refused(kCommand, printed.error());
    GivenSecrets given = read_secrets(*printed, kCommand);
    Secret::wipe(*printed);
    return given;
}

GivenSecrets from_parameters(const SecretsSettings& settings, const Environment& environment) {
    const auto deadline = std::chrono::steady_clock::now() + patience_of(settings);
    aws::ParameterPath path{settings.ssm_prefix, settings.ssm_region, settings.ssm_endpoint};
    if (const char* region = environment("AWS_REGION"); path.region.empty() && region != nullptr) path.region = region;
    using Of = aws::PathFault::Of;
    if (const auto fault = fault_of(path); !fault.sentence.empty())
        return refused(fault.of == Of::kPrefix   ? kPrefix
                       : fault.of == Of::kRegion ? "KEYLEDGER_SSM_REGION"
                                                 : "KEYLEDGER_SSM_ENDPOINT",
                       fault.sentence);
    const auto credentials = aws::find_credentials(environment, deadline);
    if (!credentials) return refused(kPrefix, credentials.error());
    auto parameters = aws::fetch_parameters(path, *credentials, deadline);
    if (!parameters) return refused(kPrefix, parameters.error());
    Taking taking(kPrefix);
    for (aws::Parameter& one : *parameters) taking.take(one.name, std::move(one.value));
    return taking.finish("parameter below '" + path.prefix + "' in " + path.region);
}

}  // namespace

GivenSecrets read_secrets(std::string_view json, std::string_view told_by) {
    const auto document = parse_json(json);
    if (!document) return refused(told_by, "what it prints is no JSON: " + document.error());
    if (document->kind != Kind::kMap)
        return refused(told_by, "what it prints is not one JSON object, {\"NAME\": \"text\", ...}");
    Taking taking(told_by);
    for (const auto& [name, node] : document->members) {
        const bool is_text = node.kind == Kind::kScalar && node.is_quoted;
        if (is_text) taking.take(name, node.text);
        else
            taking.fault("line " + std::to_string(node.line) + ": the value " +
                         (is_like_a_name(name) ? "of '" + name + "' " : "") + "is not a text");
    }
    return taking.finish(std::string(told_by));
}

GivenSecrets fetch_secrets(const SecretsSettings& settings, const Environment& environment) {
    if (!settings.command.empty() && !settings.ssm_prefix.empty())
        return refused(kCommand, "KEYLEDGER_SSM_PREFIX is set as well; set one");
    if (!settings.command.empty()) return from_command(settings);
    if (!settings.ssm_prefix.empty()) return from_parameters(settings, environment);
    return {};
}

}  // namespace keyledger::app
