#pragma once
// The aggregate `consent`: what a user lets an application have (OpenID Connect Core section 3.1.2.4), and at which
// resource servers it may act for them (RFC 8707). One stream for each user and application, begun with the first yes.
// Pure. Of applications that are the operator's own nobody is asked, and there is none.
#include <string>
#include <variant>
#include <vector>

#include "domain/base/application_id.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct ConsentGiven {
    UserId user_id;
    ApplicationId application_id;
    std::vector<std::string> scope;        // all of it, from now on; sorted
    std::vector<std::string> audiences{};  // likewise; empty: tokens for userinfo alone
    static constexpr std::string_view kType = "consent.given";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning =
        "The user lets the application have this. What they let it have before is part of it.";
    static constexpr auto fields() {
        using E = ConsentGiven;
        return std::tuple{
            Field{"user_id", &E::user_id, "who"}, Field{"application_id", &E::application_id, "its client id"},
            Field{"scope", &E::scope, "by the words of OpenID Connect Core section 5.4, sorted"},
            Field{"audiences", &E::audiences, "the resource servers that its tokens may be for (RFC 8707), sorted"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(application_id.to_string()); }
};
struct ConsentWithdrawn {
    UserId user_id;
    ApplicationId application_id;
    static constexpr std::string_view kType = "consent.withdrawn";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The user lets the application have nothing any more. Sessions that it holds for them are over.";
    static constexpr auto fields() {
        using E = ConsentWithdrawn;
        return std::tuple{Field{"user_id", &E::user_id, "who"},
                          Field{"application_id", &E::application_id, "its client id"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(application_id.to_string()); }
};
using ConsentEvent = std::variant<ConsentGiven, ConsentWithdrawn>;

// ---- commands --------------------------------------------------------------------------------------------------
struct GiveConsent {
    UserId user_id;
    ApplicationId application_id;
    std::vector<std::string> scope;      // is added to what was given before
    std::vector<std::string> audiences;  // likewise: of the application's resource servers, without userinfo
};
struct WithdrawConsent {
    UserId user_id;
    ApplicationId application_id;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kConsentUnknown{RefusalKind::kUnknown, "consent-unknown", "No such consent",
                                         "You let no application with this id have anything."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct Consent {
    enum class Status { kAbsent, kGiven, kWithdrawn };
    friend constexpr auto enum_names(Status) {
        return std::array{EnumName{Status::kAbsent, "absent"}, EnumName{Status::kGiven, "given"},
                          EnumName{Status::kWithdrawn, "withdrawn"}};
    }
    Status status = Status::kAbsent;
    UserId user_id;
    ApplicationId application_id;
    std::vector<std::string> scope;
    std::vector<std::string> audiences;
    Instant given_at;                    // the last time that they were asked
    Position sessions_ended_before = 0;  // those that began before it are over
    bool operator==(const Consent&) const = default;

    // Whether all of both was agreed to. `resources`: without userinfo, which every consent opens.
    bool covers(const std::vector<std::string>& words, const std::vector<std::string>& resources) const;

    // By each log-in at an application, also at those that need none.
    static constexpr bool is_often_asked(const Id<Consent>&) { return true; }

    static constexpr std::string_view kStreamType = "consent";
    static constexpr std::string_view kTitle = "Consents";
    static constexpr std::string_view kMeaning =
        "One a user and application, of an id that follows from both. In Kafka these events have the user as their "
        "subject.";
    static constexpr About kAbout = About::as_begun();
    using Event = ConsentEvent;
    static constexpr int kFold = 2;  // as Session's
    static constexpr auto fields() {
        using C = Consent;
        return std::tuple{Field{"status", &C::status},
                          Field{"user_id", &C::user_id},
                          Field{"application_id", &C::application_id},
                          Field{"scope", &C::scope},
                          Field{"audiences", &C::audiences},
                          Field{"given_at_ms", &C::given_at},
                          Field{"sessions_ended_before", &C::sessions_ended_before}};
    }
};

// ---- rules -----------------------------------------------------------------------------------------------------
using ConsentDecision = Result<std::vector<ConsentEvent>, RefusalRef>;
using ConsentCommand = std::variant<GiveConsent, WithdrawConsent>;

// Given again it is recorded again: the user was asked.
ConsentDecision decide(const Consent& consent, const ConsentCommand& command);
Consent evolve(Consent consent, const ConsentEvent& event, const Recorded& recorded);

}  // namespace keyledger
