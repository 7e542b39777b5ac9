#include "tests/support/world/challenge_secrets.hpp"

#include <charconv>

namespace keyledger::test {
namespace {

// The one that a text like "handle 7" names, if it is of the purpose and not too old.
template <class T>
std::optional<T> opened(const std::vector<T>& all, std::string_view word, ChallengePurpose purpose,
                        std::string_view sealed, Instant now) {
    if (!sealed.starts_with(word)) return std::nullopt;
    sealed.remove_prefix(word.size());
    std::size_t at = 0;
    const auto read = std::from_chars(sealed.data(), sealed.data() + sealed.size(), at);
    if (read.ec != std::errc{} || read.ptr != sealed.data() + sealed.size() || at >= all.size()) return std::nullopt;
    const T& one = all[at];
    if (one.purpose != purpose || now >= one.expires_at) return std::nullopt;
    return one;
}

}  // namespace

std::optional<std::string> PlainChallengeSecrets::code(const commands::CodeSource& source) {
    std::size_t sum = std::hash<std::string>{}(source.subject.to_string() + source.challenge_id.to_string() +
                                               source.address_digest + std::to_string(source.security_stamp));
    std::string digits;
    for (int i = 0; i < code_digits(source.purpose); ++i, sum /= 10) digits += static_cast<char>('0' + sum % 10);
    return digits;
}

std::string PlainChallengeSecrets::seal(const commands::ChallengeHandle& handle) {
    const std::lock_guard lock(mutex_);
    handles_.push_back(handle);
    return "handle " + std::to_string(handles_.size() - 1);
}

std::string PlainChallengeSecrets::seal(const commands::MailLink& link) {
    const std::lock_guard lock(mutex_);
    links_.push_back(link);
    return "link " + std::to_string(links_.size() - 1);
}

std::optional<commands::ChallengeHandle> PlainChallengeSecrets::open_handle(ChallengePurpose purpose,
                                                                            std::string_view sealed) {
    const std::lock_guard lock(mutex_);
    return opened(handles_, "handle ", purpose, sealed, clock_.now());
}

std::optional<commands::MailLink> PlainChallengeSecrets::open_link(ChallengePurpose purpose, std::string_view sealed) {
    const std::lock_guard lock(mutex_);
    return opened(links_, "link ", purpose, sealed, clock_.now());
}

}  // namespace keyledger::test
