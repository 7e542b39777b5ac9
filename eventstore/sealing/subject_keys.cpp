#include "eventstore/sealing/subject_keys.hpp"

#include "eventstore/sealing/lacking_key.hpp"

namespace keyledger::eventstore {
namespace {

// nullptr: it is dead. Where a newer keyring is wanting nothing may be said, for it must not look erased.
Result<SubjectKeyPtr, StoreError> opened(SubjectCipher& cipher, const StoredSubjectKey& stored) try {
    if (stored.destroyed) return SubjectKeyPtr();
    return cipher.unwrap(stored);
} catch (const LackingKey&) {
    return Unexpected(StoreError::kUnavailable);
}

}  // namespace

asio::awaitable<Result<FoundKey, StoreError>> SubjectKeys::find(Uuid subject, Deadline deadline) {
    if (SubjectKeyPtr known = recall(subject)) co_return FoundKey{KeyState::kLive, std::move(known)};
    std::vector<Uuid> subjects(1, subject);
    auto stored = co_await store_.read_subject_keys(std::move(subjects), deadline);
    if (!stored) co_return Unexpected(stored.error());
    if (stored->empty()) co_return FoundKey{KeyState::kAbsent, nullptr};
    const auto unwrapped = opened(cipher_, stored->front());
    if (!unwrapped) co_return Unexpected(unwrapped.error());
    SubjectKeyPtr key = *unwrapped;
    if (!key) co_return FoundKey{KeyState::kDestroyed, nullptr, stored->front().destroyed};
    remember(key);
    co_return FoundKey{KeyState::kLive, std::move(key)};
}

asio::awaitable<Result<std::optional<StoredSubjectKey>, StoreError>> SubjectKeys::stored(Uuid subject,
                                                                                         Deadline deadline) {
    std::vector<Uuid> subjects(1, subject);
    auto found = co_await store_.read_subject_keys(std::move(subjects), deadline);
    if (!found) co_return Unexpected(found.error());
    if (found->empty()) co_return std::optional<StoredSubjectKey>();
    co_return std::optional(std::move(found->front()));
}

}  // namespace keyledger::eventstore
