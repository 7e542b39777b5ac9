#include "commands/accounts/subject_names.hpp"

#include <algorithm>

#include "commands/access/answers_at_head.hpp"
#include "commands/claim_owner.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {
namespace {

// A user who changes all the time is not waited for.
constexpr int kMaxTries = 4;
constexpr UserId kNobody{};

std::string_view claim_kind(UserNameKind kind) { return kind == UserNameKind::kEmail ? "email" : "username"; }

std::optional<Identifier> parse(UserNameKind kind, std::string_view text) {
    if (kind == UserNameKind::kEmail) return parse_email(text);
    auto username = parse_username(text);
    return username ? std::optional(std::move(*username)) : std::nullopt;
}

const std::optional<std::string>& name_of(const User& user, UserNameKind kind) {
    return kind == UserNameKind::kEmail ? user.email : user.username;
}

bool is_called(const User& user, UserNameKind kind, const std::string& key) {
    const auto& text = name_of(user, kind);
    const auto parsed = text ? parse(kind, *text) : std::nullopt;
    return parsed && parsed->key == key;
}

// The user's stream as it was beside the answer, or later.
Answer<Fold> user_beside(Services& services, const SubjectAccess& access, Deadline deadline) {
    for (const Freshness freshness : {Freshness::kCached, Freshness::kAtHead}) {
        Streams streams;
        streams.read<User>(UserId{access.subject_id});
        KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), freshness, deadline));
        if (freshness == Freshness::kAtHead || folds->front().position == access.user_position)
            co_return std::move(folds->front());
    }
    co_return Unexpected(refusals::kUnavailable);
}

}  // namespace

std::optional<UserNameKind> kind_of_user_name(std::string_view text, const SubjectNameKinds& name_kinds) {
    const auto may_be = [&](SubjectNameKind naming) {
        return std::ranges::find(name_kinds, naming) != name_kinds.end();
    };
    if (may_be(SubjectNameKind::kUsername) && parse_username(text)) return UserNameKind::kUsername;
    if (may_be(SubjectNameKind::kEmail) && parse_email(text)) return UserNameKind::kEmail;
    return std::nullopt;
}

Answer<SubjectAccess> access_of_user_named(Services& services, ClaimOwnerCache& known, UserNameKind kind,
                                           std::string text, Deadline deadline) {
    const auto name = parse(kind, text);
    for (int tries = 0; name && tries < kMaxTries; ++tries) {
        const std::string digest = services.pseudonyms.claim(claim_kind(kind), name->key).front().digest;
        auto owner = known.find(digest);
        if (!owner) {
            // Its position is one from before nobody was found.
            KEYLEDGER_CO_TRY(nobody, co_await access_of_user(services, kNobody, deadline));
            KEYLEDGER_CO_TRY(claimed, co_await owner_of_claim(services, claim_kind(kind), name->key, deadline));
            if (!claimed->has_value()) co_return nobody;
            owner = UserId{**claimed};
        }
        KEYLEDGER_CO_TRY(access, co_await access_of_user(services, *owner, deadline));
        KEYLEDGER_CO_TRY(user, co_await user_beside(services, *access, deadline));
        const bool called = is_called(state_of<User>(*user), kind, name->key);
        if (called && user->position == access->user_position) {
            known.put(digest, *owner);
            co_return access;
        }
        if (!called) known.drop(digest);
    }
    // Nobody can have such a name; or the claim's owner does not have it by their own stream, so nobody has.
    auto nobody = co_await access_of_user(services, kNobody, deadline);
    co_return nobody;
}

Answer<std::vector<std::string>> names_of_users(Services& services, std::vector<UserId> user_ids,
                                                SubjectNameKinds name_kinds, Deadline deadline) {
    std::vector<std::string> names;
    const bool by_id = name_kinds.empty() || name_kinds.front() == SubjectNameKind::kId;
    if (by_id || user_ids.empty()) {
        for (const UserId& id : user_ids) names.push_back(id.to_string());
        co_return names;
    }
    Streams streams;
    for (const UserId& id : user_ids) streams.read<User>(id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    for (std::size_t i = 0; i < user_ids.size(); ++i) {
        const User& user = state_of<User>((*folds)[i]);
        std::optional<std::string> name;
        for (const SubjectNameKind naming : name_kinds) {
            if (naming == SubjectNameKind::kId) break;
            name = name_of(user, naming == SubjectNameKind::kEmail ? UserNameKind::kEmail : UserNameKind::kUsername);
            if (name) break;
        }
        names.push_back(name.value_or(user_ids[i].to_string()));
    }
    co_return names;
}

}  // namespace keyledger::commands
