#pragma once
// Id<Of>: a UUID that says of what it is, so the compiler refuses a session's id where a user's is wanted. It costs
// nothing: the bytes are the Uuid's, and it is stored, sent and shown as one.
//
//     Answer<Receipt> revoke_session(…, UserId user_id, SessionId session_id);
//     revoke_session(…, session_id, user_id);        // does not compile; neither does user_id == session_id
//     const UserId user_id{identifiers.next()};      // a Uuid becomes an id only where somebody says so
//
// An id is read as a Uuid wherever one is wanted: by what is generic (the store, the codec, logs). The way back needs a
// word, and stands only where ids enter: where they are made, parsed, or read from a generic place.
#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "domain/base/uuid.hpp"

namespace keyledger {

// Which ids are also those of a wider kind, as a user's is that of a subject: they become one by themselves, and never
// the other way.
template <class Of, class Wider>
inline constexpr bool kIsAlso = false;

// `Of` names the kind and may be incomplete. Not an aggregate: braces would let a bare Uuid in (brace elision).
template <class Of>
struct Id {
    Uuid uuid{};

    constexpr Id() = default;  // nil
    constexpr explicit Id(const Uuid& of) : uuid(of) {}
    template <class Narrower>
        requires kIsAlso<Narrower, Of>
    constexpr Id(const Id<Narrower>& id) : uuid(id.uuid) {}
    // A kind is never turned into another one, not even by a word; only a wider one may be narrowed.
    template <class Other>
        requires(!std::is_same_v<Other, Of> && !kIsAlso<Other, Of> && !kIsAlso<Of, Other>)
    explicit Id(const Id<Other>&) = delete;
    constexpr operator const Uuid&() const { return uuid; }

    auto operator<=>(const Id&) const = default;
    bool is_nil() const { return uuid.is_nil(); }
    std::string to_string() const { return uuid.to_string(); }
    // As Uuid's.
    static std::optional<Id> parse(std::string_view text) {
        const auto parsed = Uuid::parse(text);
        return parsed ? std::optional<Id>(*parsed) : std::nullopt;
    }
};

template <class A, class B>
inline constexpr bool kAreUnrelated = !std::is_same_v<A, B> && !kIsAlso<A, B> && !kIsAlso<B, A>;
template <class A, class B>
    requires(kAreUnrelated<A, B>)
bool operator==(const Id<A>&, const Id<B>&) = delete;
template <class A, class B>
    requires(kAreUnrelated<A, B>)
std::strong_ordering operator<=>(const Id<A>&, const Id<B>&) = delete;

// ---- the kinds that are named beside their own headers -----------------------------------------------------------
// Aggregates: the id of a stream of theirs.
struct User;
struct Session;
struct Role;
struct Group;
struct ServiceAccount;
struct ServiceToken;
struct Assignments;
struct LoginAttempts;
struct AnonymousCallers;
// Others.
struct Subject;     // who may be given roles: domain/access/subject.hpp
struct Credential;  // a password's or a client secret's row outside the log
struct Jti;         // of an access token (RFC 7519 section 4.1.7)

using UserId = Id<User>;
using SessionId = Id<Session>;
using RoleId = Id<Role>;
using GroupId = Id<Group>;
using ServiceAccountId = Id<ServiceAccount>;
using ServiceTokenId = Id<ServiceToken>;
using AssignmentsId = Id<Assignments>;
using LoginAttemptsId = Id<LoginAttempts>;
using AnonymousCallersId = Id<AnonymousCallers>;
using SubjectId = Id<Subject>;
using CredentialId = Id<Credential>;
using AccessTokenId = Id<Jti>;

template <>
inline constexpr bool kIsAlso<User, Subject> = true;
template <>
inline constexpr bool kIsAlso<Group, Subject> = true;
template <>
inline constexpr bool kIsAlso<ServiceAccount, Subject> = true;
template <>
inline constexpr bool kIsAlso<ServiceToken, Jti> = true;

}  // namespace keyledger

template <class Of>
struct std::hash<keyledger::Id<Of>> {
    std::size_t operator()(const keyledger::Id<Of>& id) const noexcept { return std::hash<keyledger::Uuid>{}(id.uuid); }
};
