#include "commands/credentials/password_history.hpp"

#include <algorithm>

#include "commands/account_services.hpp"
#include "commands/credentials/named_credential.hpp"
#include "domain/base/precis.hpp"

namespace keyledger::commands {
namespace {

// A line each, the newest first. Hashes are texts without line ends.
std::vector<Secret> hashes_in(const Secret& lines) {
    std::vector<Secret> hashes;
    std::string_view rest = lines.reveal();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        hashes.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return hashes;
}
Secret lines_of(const std::vector<Secret>& hashes, std::size_t at_most) {
    std::string lines;
    for (std::size_t i = 0; i < std::min(hashes.size(), at_most); ++i) {
        std::string longer = lines + std::string(hashes[i].reveal()) + '\n';
        Secret::wipe(lines);
        lines = std::move(longer);
    }
    return Secret::take(std::move(lines));
}

Answer<Receipt> refuse_any_of(Services& services, const std::vector<Secret>& hashes, const Secret& password,
                              const Caller& caller) {
    const auto normal = opaque_string(password);
    for (const Secret& hash : hashes) {
        HashingRequester requester{HashingRequester::Kind::kAccount, caller.network};
        Secret typed = normal ? normal->clone() : password.clone();
        KEYLEDGER_CO_TRY(check, co_await services.hasher.verify(std::move(typed), hash.clone(), std::move(requester),
                                                                caller.deadline));
        if (check->matches) co_return Unexpected(refusals::kPasswordUsedBefore);
    }
    co_return Receipt{};
}

}  // namespace

StepResult hold_against_history(Services& services, Attempt& attempt, StreamOf<User> user, const Secret& password,
                                const Caller& caller) {
    const int remembered = services.accounts.password_history;
    const std::string named = attempt.state(user).sealed_sha256;
    if (remembered == 0 || named.empty()) co_return Result<void, CommandError>{};
    CredentialName name{user.id, std::string(kPasswordKind), named};
    KEYLEDGER_CO_TRY(current, co_await read_named_credential(services, std::move(name), std::nullopt, caller.deadline));
    std::string kind(kFormerPasswordsKind);
    KEYLEDGER_CO_TRY(kept, co_await services.store.read_credential(user.id, kind, caller.deadline));
    KEYLEDGER_CO_TRY(key, co_await attempt.key_of(user.id));
    KEYLEDGER_CO_TRY(replaced, open_credential(services, *key, *current));
    std::vector<Secret> hashes;
    hashes.push_back(std::move(*replaced));
    // One that can't be opened is none of ours, and gives way.
    auto former = kept->has_value() ? open_credential(services, *key, **kept) : Result<Secret, CommandError>(Secret());
    if (former) std::ranges::move(hashes_in(*former), std::back_inserter(hashes));
    const auto all = static_cast<std::size_t>(remembered);
    if (hashes.size() > all) hashes.erase(hashes.begin() + remembered, hashes.end());
    KEYLEDGER_CO_TRY(refused, co_await refuse_any_of(services, hashes, password, caller));
    const CredentialId credential_id =
        kept->has_value() ? (*kept)->credential_id : CredentialId{services.identifiers.next()};
    const std::int32_t revision = kept->has_value() ? (*kept)->revision : 0;
    const Secret lines = lines_of(hashes, all - 1);
    if (lines.empty() && revision == 0) co_return Result<void, CommandError>{};
    KEYLEDGER_CO_TRY(
        put, co_await put_credential(services, attempt, lines, credential_id, user.id, std::move(kind), revision));
    co_return Result<void, CommandError>{};
}

}  // namespace keyledger::commands
