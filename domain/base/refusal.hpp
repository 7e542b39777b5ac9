#pragma once
// Refusals: the expected "no" of a rule, told once, as a constant beside that rule.
//
//     namespace refusals {
//     inline constexpr Refusal kGroupUnknown{RefusalKind::kUnknown, "group-unknown", "No such group",
//                                            "There is no group with this id."};
//     }
//     if (group.status != Status::kDefined) return Unexpected(refusals::kGroupUnknown);
//
// Everything else follows from that: the HTTP answer (api/routes/refusals.hpp, RFC 9457), whether it is confirmed
// against the log, whether it may be asked again (docs/adr/0020-refusals-are-data.md). Constants: any thread.
#include <cstdint>
#include <iosfwd>
#include <string_view>

#include "domain/base/result.hpp"

namespace keyledger {

// What whoever is refused can do about it.
enum class RefusalKind : std::uint8_t {
    kInvalid,          // the request is wrong by itself: correct it
    kUnsuitable,       // well formed, but not to be had as things stand: ask for something else
    kRejected,         // a new secret that is not accepted: choose another
    kUnauthenticated,  // who asks is not known: prove it
    kForbidden,        // who asks is known and may not
    kUnknown,          // what it is about is not there
    kConflict,         // a rule or somebody else's name stands against it
    kChanged,          // what it is about is not (any more) as the caller saw it
    kMisusedKey,       // the idempotency key was used with another request
    kTooMany,          // wait for as long as is said
    kUnavailable,      // nothing is wrong with the request: send it again
    kBroken,           // a bug or damaged data: tell the operator
    kTampered,         // what is stored is not what the log names: tell the operator
};

// Whether it is an answer about what stands in the log, which is confirmed there before it is given. The others say
// that the request is wrong by itself, or that the world could not decide.
constexpr bool is_about_the_log(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::kInvalid:
        case RefusalKind::kMisusedKey:
        case RefusalKind::kTooMany:
        case RefusalKind::kUnavailable:
        case RefusalKind::kBroken: return false;
        // In a step a rejected password stands behind an authorisation and a password that was right: it tells of both.
        case RefusalKind::kRejected:
        case RefusalKind::kUnsuitable:
        case RefusalKind::kUnauthenticated:
        case RefusalKind::kForbidden:
        case RefusalKind::kUnknown:
        case RefusalKind::kConflict:
        case RefusalKind::kChanged:
        case RefusalKind::kTampered: return true;
    }
    return true;
}

// Whether the same request can be granted a moment later, with nothing changed by the caller.
constexpr bool may_be_repeated(RefusalKind kind) { return kind == RefusalKind::kUnavailable; }

// Which refusal it is, is its address: it can't be copied.
struct Refusal {
    RefusalKind kind;
    std::string_view slug;    // of the problem type, which several may share: never changes once it is released
    std::string_view title;   // the same for all of one slug
    std::string_view advice;  // whole sentences: what to do
    std::string_view field;   // of the request, where one is at fault

    constexpr Refusal(RefusalKind kind, std::string_view slug, std::string_view title, std::string_view advice,
                      std::string_view field = {})
        : kind(kind), slug(slug), title(title), advice(advice), field(field) {}
    Refusal(const Refusal&) = delete;
    Refusal& operator=(const Refusal&) = delete;
};

// One of those constants, as results carry it. Never empty; as cheap as a pointer.
class RefusalRef {
public:
    constexpr RefusalRef(const Refusal& refusal) : refusal_(&refusal) {}
    RefusalRef(const Refusal&& passing) = delete;

    constexpr const Refusal& operator*() const { return *refusal_; }
    constexpr const Refusal* operator->() const { return refusal_; }
    friend constexpr bool operator==(RefusalRef a, RefusalRef b) { return a.refusal_ == b.refusal_; }
    friend std::ostream& operator<<(std::ostream& out, RefusalRef refusal);  // for logs of tests

private:
    const Refusal* refusal_;
};
// Unexpected(refusals::kGroupUnknown)
Unexpected(const Refusal&) -> Unexpected<RefusalRef>;

// A refusal that rules tell from `other` and callers do not.
constexpr Refusal told_as(const Refusal& other) {
    return Refusal(other.kind, other.slug, other.title, other.advice, other.field);
}
constexpr Refusal invalid_field(std::string_view field, std::string_view advice,
                                RefusalKind kind = RefusalKind::kInvalid) {
    return Refusal(kind, "invalid-fields", "Invalid fields", advice, field);
}
constexpr Refusal limit_reached(std::string_view advice) {
    return Refusal(RefusalKind::kConflict, "limit-reached", "Limit reached", advice);
}

// ---- those that many rules share -------------------------------------------------------------------------------
namespace refusals {

// A bug or damaged data; the log line says what.
inline constexpr Refusal kBroken{RefusalKind::kBroken, "internal-error", "Internal error",
                                 "Something is broken in the service. Quote the request id to its operator."};
// Something that is begun once, under an id that was made for it, is there already: a bug.
inline constexpr Refusal kBegunTwice = told_as(kBroken);
// The stored credential is not the one that the log names, or its key can't be opened.
inline constexpr Refusal kCredentialTampered{RefusalKind::kTampered, "internal-error", "Internal error",
                                             kBroken.advice};
// Also of somebody who was erased, whose key is destroyed.
inline constexpr Refusal kUserUnknown{RefusalKind::kUnknown, "user-unknown", "No such user",
                                      "There is no user with this id."};
// The session ended, expired, or the token is of before the user's security stamp.
inline constexpr Refusal kInvalidToken{RefusalKind::kUnauthenticated, "invalid-token", "Token not accepted",
                                       "The token ended or was never good. Log in, or refresh the session."};
// Unknown, disabled, or what it presented proves nothing.
inline constexpr Refusal kInvalidClient{
    RefusalKind::kUnauthenticated, "invalid-client", "Client not accepted",
    "Authenticate as a client with HTTP Basic: its id and secret, form-encoded (RFC 6749 section 2.3.1)."};
// Holds the permission that the command takes, but would grant one that they lack, or touch somebody who holds one.
inline constexpr Refusal kExceedsAuthority{
    RefusalKind::kForbidden, "exceeds-authority", "Permission not held",
    "A permission is concerned that you do not hold yourself: nobody grants it, nor changes somebody who "
    "holds it, but those who hold it."};

}  // namespace refusals

}  // namespace keyledger
