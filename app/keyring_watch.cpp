#include "app/keyring_watch.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace keyledger::app {
namespace {

constexpr std::size_t kMostKeysToTell = 100;  // as many as a keyring has
constexpr const char* kMend = "copy the newest keyring to this node (and send SIGHUP, or wait)";

bool knows(const security::Keyring& keyring, const std::string& key_id) {
    return std::ranges::find(keyring.keys(), key_id, &security::Key::id) != keyring.keys().end();
}

}  // namespace

bool KeyringWatch::has_ended(const std::string& key_id) {
    if (!makes_things_under(key_id)) return true;
    read_again();
    const bool is_out_of_use = !makes_things_under(key_id);
    const std::lock_guard lock(mutex_);
    const bool is_news = ended_.size() < kMostKeysToTell && ended_.insert(key_id).second;
    if (is_news && !is_out_of_use)
        spdlog::error("key {} has ended, but this node's keyring still uses it: {}", key_id, kMend);
    return is_out_of_use;
}

bool KeyringWatch::is_lacking(const std::string& key_id, Of subject) {
    if (knows(*keyring_.snapshot(), key_id)) return true;
    read_again();
    const bool is_known = knows(*keyring_.snapshot(), key_id);
    if (subject == Of::kAnybody) return is_known;
    const std::lock_guard lock(mutex_);
    const bool is_news = lacking_.size() < kMostKeysToTell && lacking_.insert(key_id).second;
    if (is_news && !is_known)
        spdlog::error("something is wrapped by key {}, which this node's keyring lacks: {}", key_id, kMend);
    return is_known;
}

api::HealthCheck KeyringWatch::check() const {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : ended_)
        if (makes_things_under(id))
            return {"keyring", false,
                    "key " + id + " has ended, and what is made under it is refused: " + kMend};
    const auto keyring = keyring_.snapshot();
    for (const std::string& id : lacking_)
        if (!knows(*keyring, id))
            return {"keyring", false, "lacks key " + id + ", which others use: " + kMend};
    return {"keyring", true, "as new as what is stored"};
}

// New claims are made under all keys that have not ended; what was made under one of several living ones is
// let be.
bool KeyringWatch::makes_things_under(const std::string& key_id) const {
    using security::KeyPurpose;
    const auto keyring = keyring_.snapshot();
    const std::int64_t now_ms = clock_.now_ms();
    const auto* wrapping = keyring->current(KeyPurpose::kKeyEncryption, now_ms);
    if (wrapping != nullptr && wrapping->id == key_id) return true;
    const auto claims = keyring->usable(KeyPurpose::kClaims, now_ms);
    return claims.size() == 1 && claims.front()->id == key_id;
}

void KeyringWatch::read_again() {
    const auto now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        if (now < next_read_) return;
        next_read_ = now + kKeyringReadAgainAfter;
    }
    const auto read = keyring_.reload(clock_.now_ms());
    if (read)
        spdlog::debug("read the keyring again, for others have another one");
    else
        spdlog::error("the keyring could not be taken: {}", read.error().message);
}

}  // namespace keyledger::app
