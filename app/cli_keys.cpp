#include <iostream>

#include "api/write_json.hpp"
#include "app/cli.hpp"
#include "app/system_ports.hpp"
#include "eventstore/postgres/key_uses.hpp"
#include "eventstore/postgres/rewrapping.hpp"
#include "security/adapters/keyring_cipher.hpp"
#include "security/keyring.hpp"
#include "security/keyring_file.hpp"

namespace keyledger::app {
namespace {

using security::KeyringError;

std::optional<std::string> keyring_path(const Environment& environment, const std::string& given) {
    if (!given.empty()) return given;
    auto config = need_config(environment, {Needs::kKeyring});
    if (!config) return std::nullopt;
    return config->keyring_file;
}

Exit fail(const KeyringError& error) {
    std::cerr << "keyledger: " << error.message << '\n';
    return Exit::kFailed;
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
    const auto made = security::generate_keyring(*path, *algorithm, SystemClock().now_ms());
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
    const auto made = security::complete_keyring(*path, SystemClock().now_ms());
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
    if (!purpose) std::cerr << "keyledger: there is no purpose '" << options.purpose << "'\n";
    if (!path || !purpose) return Exit::kUsage;
    std::optional<security::SigningAlgorithm> algorithm;
    if (!options.algorithm.empty()) {
        algorithm = algorithm_of(options.algorithm);
        if (!algorithm) return Exit::kUsage;
    }
    const auto id = security::rotate_key(*path, *purpose, options.lead_s * 1000, SystemClock().now_ms(), algorithm);
    if (!id) return fail(id.error());
    std::cout << "Published key " << *id << " for " << options.purpose << ", used in " << options.lead_s
              << " s. Copy the keyring to every node and send each a SIGHUP before then.\n";
    return Exit::kGood;
}

Exit rewrap_keys(const Environment& environment, const RewrapKeys& options) {
    const auto config = need_config(environment, {Needs::kOwnerDatabase});
    const auto path = keyring_path(environment, options.path);
    if (!config || !path) return Exit::kUsage;
    const SystemClock clock;
    if (options.new_key) {
        const auto id = security::rotate_key(*path, security::KeyPurpose::kKeyEncryption, 0, clock.now_ms());
        if (!id) return fail(id.error());
        std::cout << "Made key " << *id << " for key-encryption.\n";
    }
    auto keyring = security::LiveKeyring::open(*path, clock.now_ms());
    if (!keyring) return fail(keyring.error());
    security::KeyringCipher cipher(**keyring, clock);
    const std::string current =
        (*keyring)->snapshot()->need_current(security::KeyPurpose::kKeyEncryption, clock.now_ms()).id;
    const auto rewrap = [&](const eventstore::StoredSubjectKey& stored) -> std::optional<eventstore::NewSubjectKey> {
        const auto key = cipher.unwrap(stored);
        if (!key) return std::nullopt;
        return cipher.wrap(*key);
    };
    const auto done = eventstore::postgres::rewrap_subject_keys(config->owner_database_url, current, rewrap);
    if (!done) {
        std::cerr << "keyledger: " << done.error() << '\n';
        return Exit::kFailed;
    }
    std::cout << "Wrapped " << done->keys << " key(s) under " << current << ".\n";
    if (done->unopened > 0) {
        std::cerr << "keyledger: " << done->unopened << " key(s) can't be opened with this keyring and stay as they "
                  << "are; no key was ended\n";
        return Exit::kFoundBad;
    }
    if (!options.revoke_old) return Exit::kGood;
    for (const auto& key : (*keyring)->snapshot()->list(clock.now_ms())) {
        const bool old = key.purpose == security::KeyPurpose::kKeyEncryption && key.id != current &&
                         key.state == security::KeyState::kRetired;
        if (!old) continue;
        // A node whose keyring is older may have wrapped one more meanwhile.
        const auto wrapped = eventstore::postgres::subject_keys_under(config->owner_database_url, key.id);
        if (!wrapped || *wrapped > 0) {
            std::cerr << "keyledger: key " << key.id << " was not ended: a service wrapped a key with it just now; "
                      << "copy the keyring to every node, send each a SIGHUP, and run it again\n";
            return Exit::kFailed;
        }
        const auto revoked = security::revoke_key(*path, key.id, clock.now_ms());
        if (!revoked) return fail(revoked.error());
        std::cout << "Ended key " << key.id << ": what it wrapped in old backups is lost.\n";
    }
    std::cout << "Copy the keyring to every node and send each a SIGHUP.\n";
    return Exit::kGood;
}

Exit list_keys(const Environment& environment, const std::string& given, Format format) {
    const auto path = keyring_path(environment, given);
    if (!path) return Exit::kUsage;
    const auto keyring = security::Keyring::load(*path);
    if (!keyring) return fail(keyring.error());
    api::JsonText json;
    json.begin_array("keys");
    for (const auto& key : (*keyring)->list(SystemClock().now_ms())) {
        if (format == Format::kText) {
            std::cout << key.id << "  " << security::name_of(key.purpose) << "  " << key.algorithm << "  "
                      << security::name_of(key.state) << "  from " << api::rfc3339(key.use_from_ms) << '\n';
            continue;
        }
        json.begin_object()
            .text("id", key.id)
            .text("purpose", security::name_of(key.purpose))
            .text("algorithm", key.algorithm)
            .text("state", security::name_of(key.state))
            .time("created_at", key.created_at_ms)
            .time("use_from", key.use_from_ms)
            .time_or_null("retired_at", key.retired_at_ms)
            .time_or_null("revoked_at", key.revoked_at_ms)
            .end_object();
    }
    json.end_array();
    if (format == Format::kJson) std::cout << json.finish() << '\n';
    return Exit::kGood;
}

}  // namespace keyledger::app
