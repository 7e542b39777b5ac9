#include <iostream>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/core/system_ports.hpp"
#include "security/keys/keyring.hpp"
#include "security/keys/keyring_file.hpp"

namespace keyledger::app {
namespace {

using security::KeyringError;

std::optional<std::string> keyring_path(const Environment& environment, const std::string& given) {
    if (!given.empty()) return given;
    auto config = require_config(environment, {ConfigPart::kKeyring});
    if (!config) return std::nullopt;
    return config->keyring_file;
}

Exit fail(const KeyringError& error) {
    std::cerr << "keyledger: " << error.message << '\n';
    return Exit::kFailed;
}

// Of a retired key: until when it is needed, or what ends the need for it.
std::optional<std::string> needed_until(const security::Keyring& keyring, const security::KeyDescription& described) {
    if (described.state != security::KeyState::kRetired) return std::nullopt;
    for (const security::Key& key : keyring.keys())
        if (const auto end = key.ends_at(); key.id == described.id && end) return "until " + api::rfc3339(*end);
    switch (described.purpose) {
        case security::KeyPurpose::kKeyEncryption: return "until 'keys rewrap --revoke-old' has run";
        case security::KeyPurpose::kClaims: return "until 'keys reclaim' and 'keys revoke' have run";
        case security::KeyPurpose::kTreeHeads:
        case security::KeyPurpose::kEventMacs: return "kept for what it signed";
        case security::KeyPurpose::kSealingRoot:
        case security::KeyPurpose::kTokenSigning:
        case security::KeyPurpose::kIdTokens:
        case security::KeyPurpose::kUnknown: break;
    }
    return std::nullopt;
}

std::string all_purposes() {
    std::string all;
    for (const security::KeyPurpose purpose : security::kAllKeyPurposes)
        all += (all.empty() ? "" : ", ") + std::string(security::name_of(purpose));
    return all;
}

std::optional<security::SigningAlgorithm> algorithm_of(const std::string& name) {
    auto algorithm = security::signing_algorithm_named(name);
    if (!algorithm) std::cerr << "keyledger: '" << name << "' is none of ES256, RS256, EdDSA\n";
    return algorithm;
}

}  // namespace

Exit generate_keys(const Environment& environment, const GenerateKeys& options) {
    const auto path = keyring_path(environment, options.path);
    const auto algorithm = algorithm_of(options.algorithm);
    if (!path || !algorithm) return Exit::kUsage;
    const auto made = security::generate_keyring(*path, *algorithm, SystemClock().now());
    if (!made && made.error().code == KeyringError::Code::kExists && options.if_missing) {
        std::cout << "There is a keyring at " << *path << "; it stays as it is.\n";
        return Exit::kGood;
    }
    if (!made) return fail(made.error());
    std::cout << "Made " << *path << ". Keep a copy in a safe place: without it nothing that is sealed opens again.\n";
    return Exit::kGood;
}

Exit complete_keys(const Environment& environment, const std::string& given) {
    const auto path = keyring_path(environment, given);
    if (!path) return Exit::kUsage;
    const auto made = security::complete_keyring(*path, SystemClock().now());
    if (!made) return fail(made.error());
    if (made->empty()) {
        std::cout << "Nothing was missing.\n";
        return Exit::kAlreadyThere;
    }
    std::cout << "Made " << *made << ". Copy the keyring to every node, and keep a copy in a safe place.\n";
    return Exit::kGood;
}

Exit rotate_keys(const Environment& environment, const RotateKeys& options) {
    const auto path = keyring_path(environment, options.path);
    const auto purpose = security::key_purpose_named(options.purpose);
    if (!purpose)
        std::cerr << "keyledger: there is no purpose '" << options.purpose << "'; there are " << all_purposes() << '\n';
    if (!path || !purpose) return Exit::kUsage;
    std::optional<security::SigningAlgorithm> algorithm;
    if (!options.algorithm.empty()) {
        algorithm = algorithm_of(options.algorithm);
        if (!algorithm) return Exit::kUsage;
    }
    const auto id =
        security::rotate_key(*path, *purpose, seconds(options.lead_seconds), SystemClock().now(), algorithm);
    if (!id) return fail(id.error());
    std::cout << "Published key " << *id << " for " << options.purpose << ", used ";
    if (options.lead_seconds > 0)
        std::cout << "in " << options.lead_seconds
                  << " s. Copy the keyring to every node and send each a SIGHUP before then.\n";
    else
        std::cout << "at once. Copy the keyring to every node and send each a SIGHUP now; with "
                     "--lead-seconds 600 there "
                     "would be time to.\n";
    return Exit::kGood;
}

Exit list_keys(const Environment& environment, const std::string& given, Format format) {
    const auto path = keyring_path(environment, given);
    if (!path) return Exit::kUsage;
    const auto keyring = security::Keyring::load(*path);
    if (!keyring) return fail(keyring.error());
    api::JsonText json;
    json.begin_array("keys");
    for (const auto& key : (*keyring)->list(SystemClock().now())) {
        if (format == Format::kText) {
            std::cout << key.id << "  " << security::name_of(key.purpose) << "  " << key.algorithm << "  "
                      << security::name_of(key.state) << "  from " << api::rfc3339(key.use_from);
            if (const auto until = needed_until(**keyring, key)) std::cout << "  " << *until;
            std::cout << '\n';
            continue;
        }
        json.begin_object()
            .text("id", key.id)
            .text("purpose", security::name_of(key.purpose))
            .text("algorithm", key.algorithm)
            .text("state", security::name_of(key.state))
            .time("created_at", key.created_at)
            .time("use_from", key.use_from)
            .time_or_null("retired_at", key.retired_at)
            .time_or_null("revoked_at", key.revoked_at)
            .end_object();
    }
    json.end_array();
    if (format == Format::kJson) std::cout << json.finish() << '\n';
    return Exit::kGood;
}

}  // namespace keyledger::app
