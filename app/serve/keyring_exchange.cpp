#include "app/serve/keyring_exchange.hpp"

#include <spdlog/spdlog.h>

namespace keyledger::app {

void KeyringExchange::exchange(eventstore::Deadline deadline) {
    const auto news = core_.run(core_.store.key_announcements(deadline));
    if (!news) return;  // the checks of the database say so
    core_.keyring_watch.learn(*news);
    const auto now = std::chrono::steady_clock::now();
    const bool again = now >= tell_all_at_;
    const auto keys = core_.keyring_watch.to_tell(again ? KeyringWatch::Tell::kAll : KeyringWatch::Tell::kNews);
    if (keys.empty()) return;
    const auto told = eventstore::postgres::announce_keys(database_url_, keys);
    if (told && again) tell_all_at_ = now + kTellKeysAgainAfter;
    if (!told && !has_failed_)
        spdlog::warn("other nodes could not be told which keys this one has; it is tried again: {}", told.error());
    has_failed_ = !told;
}

}  // namespace keyledger::app
