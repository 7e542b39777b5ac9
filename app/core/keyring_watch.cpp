#include "app/core/keyring_watch.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "domain/base/plain_text.hpp"

namespace keyledger::app {

namespace postgres = eventstore::postgres;

namespace {

constexpr std::size_t kMostKeysToTell = 100;  // as many as a keyring has
constexpr const char* kMend = "copy the newest keyring to this node (and send SIGHUP, or wait)";

bool knows(const security::Keyring& keyring, const std::string& key_id) {
    return std::ranges::find(keyring.keys(), key_id, &security::Key::id) != keyring.keys().end();
}

void tell_of_lack(const std::string& key_id) {
    spdlog::error("something is made under key {}, which this node's keyring lacks: {}", as_plain_text(key_id), kMend);
}

}  // namespace

bool KeyringWatch::has_ended(const std::string& key_id) {
    if (!makes_things_under(key_id)) return true;
    read_again();
    const bool is_out_of_use = !makes_things_under(key_id);
    const std::lock_guard lock(mutex_);
    const bool is_news = ended_.size() < kMostKeysToTell && ended_.insert(key_id).second;
    if (is_news && !is_out_of_use)
        spdlog::error("key {} has ended, but this node's keyring still uses it: {}", as_plain_text(key_id), kMend);
    return is_out_of_use;
}

bool KeyringWatch::is_lacking(const std::string& key_id, Of subject) {
    if (knows(*keyring_.snapshot(), key_id)) return true;
    read_again();
    const bool is_known = knows(*keyring_.snapshot(), key_id);
    if (subject == Of::kAnybody) return is_known;
    const std::lock_guard lock(mutex_);
    const bool is_news = lacking_.size() < kMostKeysToTell && lacking_.insert(key_id).second;
    if (is_news && !is_known) tell_of_lack(key_id);
    return is_known;
}

security::KeyLocation KeyringWatch::locate_key(const std::string& key_id) {
    using security::KeyLocation;
    if (knows(*keyring_.snapshot(), key_id)) return KeyLocation::kUnknown;
    {
        const std::lock_guard lock(mutex_);
        const auto told = told_.find(key_id);
        if (told == told_.end() || is_over(told->second)) return KeyLocation::kUnknown;
    }
    if (is_lacking(key_id, Of::kAnybody)) return KeyLocation::kJustLoaded;
    const std::lock_guard lock(mutex_);
    const bool is_news = presented_.size() < kMostKeysToTell && presented_.insert(key_id).second;
    if (is_news) tell_of_lack(key_id);
    return KeyLocation::kOtherNode;
}

void KeyringWatch::learn(const postgres::KeyAnnouncements& news) {
    for (const std::string& id : news.ended) (void)has_ended(id);
    const auto keyring = keyring_.snapshot();
    bool lacks_one = false;
    {
        const std::lock_guard lock(mutex_);
        told_.clear();
        for (const postgres::AnnouncedKey& key : news.announced) {
            told_.emplace(key.id, key);
            lacks_one = lacks_one || (is_in_use(key) && !knows(*keyring, key.id));
        }
        std::erase_if(presented_, [&](const std::string& id) { return !told_.contains(id); });
    }
    if (lacks_one) read_again();
}

// Of two keyrings that say when a key ends, the earlier end counts.
std::vector<postgres::AnnouncedKey> KeyringWatch::to_tell(Tell what) const {
    const auto keyring = keyring_.snapshot();
    const std::lock_guard lock(mutex_);
    std::vector<postgres::AnnouncedKey> all;
    for (const security::Key& key : keyring->keys()) {
        if (key.purpose == security::KeyPurpose::kUnknown) continue;
        const auto ends_at = key.ends_at();
        const auto told = told_.find(key.id);
        const bool is_news =
            told == told_.end() || (ends_at && (!told->second.ends_at || *told->second.ends_at > *ends_at));
        if (is_news || what == Tell::kAll) all.push_back({key.id, key.use_from, ends_at});
    }
    return all;
}

api::HealthCheck KeyringWatch::check() const {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : ended_)
        if (makes_things_under(id))
            return {"keyring", false,
                    "key " + as_plain_text(id) + " has ended, and what is made under it is refused: " + kMend};
    const auto keyring = keyring_.snapshot();
    for (const std::string& id : lacking_)
        if (!knows(*keyring, id))
            return {"keyring", false, "lacks key " + as_plain_text(id) + ", which others use: " + kMend};
    for (const std::string& id : presented_)
        if (const auto told = told_.find(id); told != told_.end() && !is_over(told->second) && !knows(*keyring, id))
            return {"keyring", false, "lacks key " + as_plain_text(id) + ", which others use: " + kMend};
    for (const auto& [id, told] : told_)
        if (is_in_use(told) && !knows(*keyring, id))
            return {"keyring", false, "lacks key " + as_plain_text(id) + ", which another node has told of: " + kMend};
    return {"keyring", true, "as new as what is stored"};
}

bool KeyringWatch::is_over(const postgres::AnnouncedKey& told) const {
    return told.ends_at && *told.ends_at <= clock_.now();
}

// Before that, nodes may get it one after the other.
bool KeyringWatch::is_in_use(const postgres::AnnouncedKey& told) const {
    return told.use_from <= clock_.now() && !is_over(told);
}

// New claims are made under all keys that have not ended; what was made under one of several living ones is
// let be.
bool KeyringWatch::makes_things_under(const std::string& key_id) const {
    using security::KeyPurpose;
    const auto keyring = keyring_.snapshot();
    const Instant now = clock_.now();
    const auto* wrapping = keyring->current(KeyPurpose::kKeyEncryption, now);
    if (wrapping != nullptr && wrapping->id == key_id) return true;
    const auto claims = keyring->usable(KeyPurpose::kClaims, now);
    return claims.size() == 1 && claims.front()->id == key_id;
}

void KeyringWatch::read_again() {
    const auto now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        if (now < next_read_) return;
        next_read_ = now + kKeyringReadAgainAfter;
    }
    const auto read = keyring_.reload(clock_.now());
    if (read) spdlog::debug("read the keyring again, for others have another one");
    else spdlog::error("the keyring could not be taken: {}", read.error().message);
}

}  // namespace keyledger::app
