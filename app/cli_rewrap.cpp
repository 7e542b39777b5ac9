// Every subject's key under another key-encryption key, and the end of those before it.
#include <algorithm>
#include <iostream>

#include "api/write_json.hpp"
#include "app/cli.hpp"
#include "app/system_ports.hpp"
#include "eventstore/postgres/key_uses.hpp"
#include "eventstore/postgres/rewrapping.hpp"
#include "eventstore/sealing/lacking_key.hpp"
#include "security/adapters/keyring_cipher.hpp"
#include "security/keyring_file.hpp"

namespace keyledger::app {
namespace {

namespace postgres = eventstore::postgres;
using security::KeyPurpose;
using security::KeyState;

// A node whose keyring is older may wrap one more between a round and its end; then comes another.
constexpr int kRounds = 5;

Exit fail(const std::string& sentence) {
    std::cerr << "keyledger: " << sentence << '\n';
    return Exit::kFailed;
}

std::vector<security::KeyDescription> wrapping_keys(const security::Keyring& keyring, KeyState state,
                                                    std::int64_t now_ms) {
    auto keys = keyring.list(now_ms);
    std::erase_if(keys, [&](const auto& key) {
        return key.purpose != KeyPurpose::kKeyEncryption || key.state != state;
    });
    return keys;
}

// Why not now; empty: nothing speaks against it.
Result<std::string, std::string> what_serves(const Config& config) {
    const auto sessions = postgres::sessions_of_services(config.owner_database_url);
    if (!sessions) return Unexpected(sessions.error());
    if (*sessions == 0) return std::string();
    return std::to_string(*sessions) +
           " session(s) of the service are in the database, and no node knows a key that is made now. Stop "
           "the service "
           "first; or, while it runs: 'keyledger keys rotate key-encryption --lead-seconds 600', copy the "
           "keyring, "
           "SIGHUP every node, and after the lead time 'keyledger keys rewrap --revoke-old'. With --force it "
           "is done "
           "all the same: nodes answer 503 until they have the new keyring; nothing is lost";
}

class Rewrapping {
public:
    Rewrapping(const Config& config, std::string path, const security::LiveKeyring& keyring)
        : config_(config),
          path_(std::move(path)),
          keyring_(keyring.snapshot()),
          cipher_(keyring, clock_),
          current_(keyring_->need_current(KeyPurpose::kKeyEncryption, clock_.now_ms()).id) {}

    Exit wrap() {
        const auto rewrap = [&](const eventstore::StoredSubjectKey& stored) { return wrapped_anew(stored); };
        const auto done = postgres::rewrap_subject_keys(config_.owner_database_url, current_, rewrap);
        if (!done) return fail(done.error());
        std::cout << "Wrapped " << done->keys << " key(s) under " << current_ << ".\n";
        if (done->unopened == 0) return Exit::kGood;
        std::cerr << "keyledger: " << done->unopened
                  << " key(s) can't be opened with this keyring and stay as they "
                  << "are; no key was ended\n";
        return Exit::kFoundBad;
    }

    // First in the database, so that no node makes anything more under it, and then in the file.
    Exit end_the_old() {
        auto old = wrapping_keys(*keyring_, KeyState::kRetired, clock_.now_ms());
        if (old.empty()) std::cout << "There is no older key to end.\n";
        for (int round = 0; !old.empty() && round < kRounds; ++round) {
            if (round > 0)
                if (const Exit again = wrap(); again != Exit::kGood) return again;
            for (auto key = old.begin(); key != old.end();) {
                const auto used = postgres::end_wrapping_key(config_.owner_database_url, key->id);
                if (!used) return fail(used.error());
                if (*used > 0) {
                    ++key;
                    continue;
                }
                const auto revoked = security::revoke_key(path_, key->id, clock_.now_ms());
                if (!revoked) return fail(revoked.error().message);
                std::cout << "Ended key " << key->id << ": what it wrapped in old backups is lost.\n";
                key = old.erase(key);
            }
        }
        if (old.empty()) return Exit::kGood;
        return fail("key " + old.front().id +
                    " was not ended: a service goes on wrapping keys with it; copy the keyring "
                    "to every node, send each a SIGHUP, and run it again");
    }

private:
    std::optional<eventstore::NewSubjectKey> wrapped_anew(const eventstore::StoredSubjectKey& stored) try {
        const auto key = cipher_.unwrap(stored);
        if (!key) return std::nullopt;
        return cipher_.wrap(*key);
    } catch (const eventstore::LackingKey&) {
        return std::nullopt;
    }

    const Config& config_;
    const std::string path_;
    const SystemClock clock_;
    const std::shared_ptr<const security::Keyring> keyring_;
    security::KeyringCipher cipher_;
    const std::string current_;
};

}  // namespace

Exit rewrap_keys(const Environment& environment, const RewrapKeys& options) {
    const bool has_path = !options.path.empty();
    auto needs = std::vector{Needs::kOwnerDatabase};
    if (!has_path) needs.push_back(Needs::kKeyring);
    const auto config = need_config(environment, needs);
    if (!config) return Exit::kUsage;
    const std::string path = has_path ? options.path : config->keyring_file;
    const SystemClock clock;
    if (options.new_key) {
        const auto serving = what_serves(*config);
        if (!serving) return fail(serving.error());
        if (!serving->empty() && !options.force) return fail(*serving);
        const auto id = security::rotate_key(path, KeyPurpose::kKeyEncryption, 0, clock.now_ms());
        if (!id) return fail(id.error().message);
        std::cout << "Made key " << *id << " for key-encryption.\n";
    }
    const auto keyring = security::LiveKeyring::open(path, clock.now_ms());
    if (!keyring) return fail(keyring.error().message);
    const auto coming = wrapping_keys(*(*keyring)->snapshot(), KeyState::kPublished, clock.now_ms());
    if (!coming.empty())
        return fail("key " + coming.front().id + " is used from " + api::rfc3339(coming.front().use_from_ms) +
                    " on; until then everything stays under the one before. Run it again then");
    Rewrapping rewrapping(*config, path, **keyring);
    const Exit wrapped = rewrapping.wrap();
    if (wrapped != Exit::kGood || !options.revoke_old) return wrapped;
    const Exit ended = rewrapping.end_the_old();
    if (ended != Exit::kGood) return ended;
    std::cout << "Copy the keyring to every node now, and send those that run a SIGHUP: what a node makes "
                 "under a key "
                 "that has ended is refused.\n";
    return Exit::kGood;
}

}  // namespace keyledger::app
