#include "eventstore/lookups.hpp"

namespace keyledger::eventstore {

boost::asio::awaitable<Result<Keeping, StoreError>> ProcessLookups::keep(Lookup lookup, Deadline) {
    const Instant now = now_();
    const std::lock_guard lock(mutex_);
    std::erase_if(kept_, [now](const auto& one) { return one.second.expires_at <= now; });
    if (kept_.size() >= room_) co_return Keeping::kNoRoom;
    const bool is_new = kept_.try_emplace(std::move(lookup.name), std::move(lookup.value), now + lookup.lasts).second;
    co_return is_new ? Keeping::kKept : Keeping::kTaken;
}

boost::asio::awaitable<Result<std::optional<std::string>, StoreError>> ProcessLookups::find(std::string name,
                                                                                            Deadline) {
    const std::lock_guard lock(mutex_);
    std::optional<std::string> value;
    const auto found = kept_.find(name);
    if (found != kept_.end() && found->second.expires_at > now_()) value = found->second.value;
    co_return value;
}

}  // namespace keyledger::eventstore
