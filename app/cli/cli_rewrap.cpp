// Every subject's key under another key-encryption key, and the end of those before it.
#include <algorithm>
#include <iostream>
#include <set>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/orphaned_rows.hpp"
#include "app/core/system_ports.hpp"
#include "domain/base/plain_text.hpp"
#include "eventstore/postgres/keys/key_uses.hpp"
#include "eventstore/postgres/keys/rewrapping.hpp"
#include "eventstore/sealing/lacking_key.hpp"
#include "security/adapters/keyring_cipher.hpp"
#include "security/keys/keyring_file.hpp"

namespace keyledger::app {
namespace {

namespace postgres = eventstore::postgres;
using eventstore::StoredSubjectKey;
using security::KeyPurpose;
using security::KeyState;

constexpr int kMostTold = 1'000;

// A node with an older keyring may wrap one more between a round and its end; then comes another.
constexpr int kRounds = 5;

Exit fail(const std::string& sentence) {
    std::cerr << "keyledger: " << sentence << '\n';
    return Exit::kFailed;
}

std::vector<security::KeyDescription> wrapping_keys(const security::Keyring& keyring, KeyState state, Instant now) {
    auto keys = keyring.list(now);
    std::erase_if(keys,
                  [&](const auto& key) { return key.purpose != KeyPurpose::kKeyEncryption || key.state != state; });
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

Result<std::set<Uuid>, std::string> subjects_in(const std::vector<std::string>& texts) {
    std::set<Uuid> subjects;
    for (const std::string& text : texts) {
        const auto id = Uuid::parse(text);
        if (!id) return Unexpected("--set-aside: '" + text + "' is not a UUID");
        subjects.insert(*id);
    }
    return subjects;
}

class KeyRewrapper {
public:
    KeyRewrapper(const Config& config, std::string path, const security::LiveKeyring& keyring, std::set<Uuid> set_aside)
        : config_(config),
          path_(std::move(path)),
          keyring_(keyring.snapshot()),
          cipher_(keyring, clock_),
          current_(keyring_->require_current(KeyPurpose::kKeyEncryption, clock_.now()).id),
          orphans_(config, keyring_),
          set_aside_(std::move(set_aside)) {}

    Exit wrap() {
        const auto rewrap = [&](const StoredSubjectKey& stored) { return wrapped_anew(stored); };
        const auto orphans = [&](const std::vector<StoredSubjectKey>& unopened) { return put_away(unopened); };
        const auto done = postgres::rewrap_subject_keys(config_.owner_database_url, current_, rewrap, orphans);
        if (!done) return fail(done.error());
        std::cout << "Wrapped " << done->keys << " key(s) under " << current_ << ".\n";
        if (done->set_aside > 0)
            std::cout << "Put " << done->set_aside
                      << " key(s) aside that can't be opened; for a day 'keyledger keys undestroy' brings "
                         "one back.\n";
        if (done->unopened == 0) return Exit::kGood;
        std::cerr << "keyledger: " << done->unopened << " key(s) can't be opened with this keyring and stay as they "
                  << "are; no key was ended. If there is a newer keyring, run it with that. If not, nothing "
                     "that is sealed "
                     "under such a key can be read: '--set-aside SUBJECT' puts it out of the way\n";
        return Exit::kFoundBad;
    }

    // A sentence where one that is to be put aside can be opened: nothing is put aside that somebody needs. Else empty.
    Result<std::string, std::string> what_opens() {
        if (set_aside_.empty()) return std::string();
        const std::vector<Uuid> subjects(set_aside_.begin(), set_aside_.end());
        const auto keys = postgres::living_keys_of(config_.owner_database_url, subjects);
        if (!keys) return Unexpected(keys.error());
        for (const StoredSubjectKey& key : *keys)
            if (wrapped_anew(key))
                return "--set-aside: the key of " + key.subject.to_string() +
                       " opens with this keyring, and is not put aside; nothing was done";
        return std::string();
    }

    // First in the database, so that no node makes anything more under it, and then in the file.
    Exit end_the_old() {
        auto old = wrapping_keys(*keyring_, KeyState::kRetired, clock_.now());
        if (old.empty()) std::cout << "There is no older key to end.\n";
        for (int round = 0; !old.empty() && round < kRounds; ++round) {
            if (round > 0)
                if (const Exit again = wrap(); again != Exit::kGood) return again;
            for (auto key = old.begin(); key != old.end();) {
                const auto used = postgres::end_wrapping_key(
                    config_.owner_database_url, key->id,
                    [&](const std::vector<StoredSubjectKey>& keys) { return orphans_.keys(keys); });
                if (!used) return fail(used.error());
                if (*used > 0) {
                    ++key;
                    continue;
                }
                const auto revoked = security::revoke_key(path_, key->id, clock_.now());
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
    std::optional<eventstore::NewSubjectKey> wrapped_anew(const StoredSubjectKey& stored) try {
        const auto key = cipher_.unwrap(stored);
        if (!key) return std::nullopt;
        return cipher_.wrap(*key);
    } catch (const eventstore::LackingKey&) {
        return std::nullopt;
    }

    // Told one by one, as far as a person reads on.
    std::vector<StoredSubjectKey> put_away(const std::vector<StoredSubjectKey>& unopened) {
        const auto known = orphans_.owners_of(unopened);
        std::vector<StoredSubjectKey> away;
        for (const StoredSubjectKey& key : unopened) {
            const auto whose = known.find(key.subject);
            const bool goes = whose == known.end() || set_aside_.contains(key.subject);
            if (goes) away.push_back(key);
            if (++told_ > kMostTold) continue;
            (goes ? std::cout : std::cerr)
                << "Key " << key.key_id.to_string() << " of " << key.subject.to_string() << " ("
                << (whose == known.end() ? "nobody's: no event that the service wrote knows of them" : whose->second)
                << "): " << why_closed(key) << (goes ? "; put aside.\n" : ".\n");
        }
        return away;
    }
    std::string why_closed(const StoredSubjectKey& key) const {
        const std::string& id = key.key_encryption_key_id;
        return keyring_->find(KeyPurpose::kKeyEncryption, id, clock_.now()) != nullptr
                   ? "it does not open under key " + id + ", which it names"
                   : "the keyring lacks key " + as_plain_text(id) + ", which it names";
    }

    const Config& config_;
    const std::string path_;
    const SystemClock clock_;
    const std::shared_ptr<const security::Keyring> keyring_;
    security::KeyringCipher cipher_;
    const std::string current_;
    OrphanedRows orphans_;
    const std::set<Uuid> set_aside_;
    int told_ = 0;
};

}  // namespace

Exit rewrap_keys(const Environment& environment, const RewrapKeys& options) {
    const bool has_path = !options.path.empty();
    auto needs = std::vector{ConfigPart::kOwnerDatabase};
    if (!has_path) needs.push_back(ConfigPart::kKeyring);
    const auto config = require_config(environment, needs);
    if (!config || !is_one_database(*config)) return Exit::kUsage;
    auto set_aside = subjects_in(options.set_aside);
    if (!set_aside) {
        std::cerr << "keyledger: " << set_aside.error() << '\n';
        return Exit::kUsage;
    }
    const std::string path = has_path ? options.path : config->keyring_file;
    const SystemClock clock;
    if (options.new_key) {
        const auto serving = what_serves(*config);
        if (!serving) return fail(serving.error());
        if (!serving->empty() && !options.force) return fail(*serving);
        const auto id = security::rotate_key(path, KeyPurpose::kKeyEncryption, Duration(), clock.now());
        if (!id) return fail(id.error().message);
        std::cout << "Made key " << *id << " for key-encryption.\n";
    }
    const auto keyring = security::LiveKeyring::open(path, clock.now());
    if (!keyring) return fail(keyring.error().message);
    const auto coming = wrapping_keys(*(*keyring)->snapshot(), KeyState::kPublished, clock.now());
    if (!coming.empty())
        return fail("key " + coming.front().id + " is used from " + api::rfc3339(coming.front().use_from) +
                    " on; until then everything stays under the one before. Run it again then");
    KeyRewrapper rewrapping(*config, path, **keyring, std::move(*set_aside));
    const auto open = rewrapping.what_opens();
    if (!open || !open->empty()) return fail(open ? *open : open.error());
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
