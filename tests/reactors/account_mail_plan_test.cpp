// Which events cause a mail about an account, and which.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "domain/devices/devices.hpp"
#include "eventstore/aggregates.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "reactors/account_mail.hpp"
#include "tests/reactors/golden_events.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::ActorType;
using eventstore::RecordedEvent;

using test::kStream;

std::string golden(const eventstore::EventTypeInfo& info) { return test::golden(info, info.schema_version); }

// Of the event's golden form, or of another; "" for none, else the mails' kinds.
std::string planned(const eventstore::EventTypeInfo& info, std::string payload, ActorType actor,
                    const std::string& actor_id = "", std::int32_t version = 2) {
    const RecordedEvent recorded = test::event_of(info, info.schema_version, version, std::move(payload));
    eventstore::NullFieldOpener nothing;
    const auto event = eventstore::decode_any(recorded, nothing);
    eventstore::EventMetadata by;
    by.actor_type = actor;
    by.actor_id = actor_id;
    std::string kinds;
    eventstore::MemoryStore store([] { return Instant(); });
    test::FixedClock clock{test::kNow};
    test::World world{store, clock};
    test::Node node{world, store};
    eventstore::ProcessLimits limits([] { return 0; });
    MailOut out(limits, 1, {});
    const MailLinks links(world.challenge_secrets, "");
    FactorNames names(node.services, node.keys);
    for (const PlannedJob& job :
         AccountMail(store, node.executor.folder(), names, links, out).plan({&recorded, event.get(), &by}))
        kinds += (kinds.empty() ? "" : ", ") + job.kind;
    return kinds;
}

// Every event there is, as somebody else (the system) brought it about. For a new one of an account, a session or its
// failed log-ins it has to be decided here what its user is told: "" is nothing.
TEST(AccountMailPlan, OfEveryEvent) {
    const std::map<std::string_view, std::string_view> told{{"user.registered", ""},
                                                            {"user.imported", ""},
                                                            {"user.password_set", ""},
                                                            {"user.password_changed", "password-changed"},
                                                            {"user.password_hash_renewed", ""},
                                                            {"user.profile_updated", ""},
                                                            {"user.disabled", "account-disabled"},
                                                            {"user.enabled", "account-enabled"},
                                                            {"user.sessions_revoked", "sessions-revoked"},
                                                            {"user.made_administrator", ""},
                                                            {"user.erasure_requested", "erasure-requested"},
                                                            {"user.erasure_withdrawn", "erasure-withdrawn"},
                                                            {"user.erased", ""},  // nobody is left
                                                            {"user.email_verified", ""},
                                                            {"user.email_changed", ""},
                                                            {"user.email_change_undone", "changes-undone"},
                                                            {"user.former_email_released", ""},
                                                            {"user.password_reset", "password-changed"},
                                                            {"user.one_time_password_set", "account-made"},
                                                            {"user.locale_chosen", ""},
                                                            {"user.second_factor_turned_on", ""},
                                                            {"user.second_factor_turned_off", ""},
                                                            {"user.second_factor_given_back", "changes-undone"},
                                                            {"user.identity_linked", "identity-linked"},
                                                            {"user.identity_unlinked", "identity-unlinked"},
                                                            {"session.started", ""},
                                                            {"session.refreshed", ""},
                                                            {"session.refresh_refused", ""},
                                                            {"session.ended", "session-revoked"},
                                                            {"session.reauthenticated", ""},
                                                            {"login.failed", ""},
                                                            {"login.failures_cleared", ""},
                                                            {"login.failures_summed", ""},
                                                            {"login.honeypots_summed", ""},
                                                            {"login.network_seen", ""},
                                                            {"login.locked", "locked"},
                                                            {"device.first_seen", "new-device"},
                                                            {"device.seen_again", ""},
                                                            {"device.country_first_seen", "new-device"},
                                                            {"device.named", ""},
                                                            {"device.forgotten", ""},
                                                            {"login.unlocked", "unlocked"},
                                                            {"factor.enrolment_begun", ""},
                                                            {"factor.enrolled", "factor-added"},
                                                            {"factor.renamed", ""},
                                                            {"factor.removed", "factor-removed"},
                                                            {"factor.given_back", ""},
                                                            {"factor.forgotten", ""},
                                                            {"factor.recovery_codes_made", "recovery-codes-made"},
                                                            {"factor.recovery_codes_given_back", ""},
                                                            {"factor.recovery_code_used", "recovery-codes-low"},
                                                            {"factor.attempt_taken", ""},
                                                            {"factor.attempt_passed", ""},
                                                            {"factor.attempts_forgiven", ""},
                                                            {"factor.passkey_registered", "factor-added"},
                                                            {"factor.passkey_used", ""},
                                                            {"factor.passkey_counter_went_back", ""}};
    const std::set<std::string_view> of_people{User::kStreamType, Session::kStreamType, LoginAttempts::kStreamType,
                                               Devices::kStreamType, Factors::kStreamType};
    for (const auto& info : eventstore::event_types()) {
        const auto decided = told.find(info.type);
        EXPECT_EQ(decided != told.end(), of_people.contains(info.stream_type))
            << info.type << ": decide whether its user gets a mail, here and in reactors/account_mail.cpp";
        EXPECT_EQ(planned(info, golden(info), ActorType::kSystem), decided == told.end() ? "" : decided->second)
            << info.type;
    }
}

// Who was made a user by somebody else did not register: what lets them in tells them so.
TEST(AccountMailPlan, WelcomesWhoeverRegistersThemselves) {
    const auto& registered = eventstore::event_type_info("user.registered");
    const auto by = [&](const Uuid& user) {
        return planned(registered, golden(registered), ActorType::kUser, user.to_string());
    };
    EXPECT_EQ(by(kStream), "welcome");
    EXPECT_EQ(by(test::uuid(0xB1)), "");
    const auto& set = eventstore::event_type_info("user.one_time_password_set");
    const std::string administrator = test::uuid(0xB1).to_string();
    EXPECT_EQ(planned(set, golden(set), ActorType::kUser, administrator, 2), "account-made");
    EXPECT_EQ(planned(set, golden(set), ActorType::kUser, administrator, 3), "password-changed");
}

// Both say themselves whether they are told, so that there is one mail of one log-in, and not one of each of many.
TEST(AccountMailPlan, IsSilentWhereTheEventSaysSo) {
    for (const char* type : {"login.locked", "device.first_seen", "device.country_first_seen"}) {
        const auto& info = eventstore::event_type_info(type);
        std::string silent = golden(info);
        silent.replace(silent.find("\"mail\""), 6, "\"silent\"");
        EXPECT_EQ(planned(info, silent, ActorType::kSystem), "") << type;
    }
}

TEST(AccountMailPlan, TellsNobodyThatTheyEndedTheirOwnSessions) {
    const auto& all = eventstore::event_type_info("user.sessions_revoked");
    EXPECT_EQ(planned(all, golden(all), ActorType::kUser, kStream.to_string()), "");
    EXPECT_EQ(planned(all, golden(all), ActorType::kUser, test::uuid(0xB1).to_string()), "sessions-revoked");
    const auto& one = eventstore::event_type_info("session.ended");
    const auto ended = [&](const char* reason, ActorType actor) {
        return planned(one, std::string(R"({"reason":")") + reason + "\"}", actor, "somebody");
    };
    EXPECT_EQ(ended("logged_out", ActorType::kUser), "");
    EXPECT_EQ(ended("revoked", ActorType::kUser), "");
    EXPECT_EQ(ended("displaced", ActorType::kUser), "");
    EXPECT_EQ(ended("revoked", ActorType::kClient), "session-revoked");
    EXPECT_EQ(ended("refresh_token_reused", ActorType::kUser), "session-revoked");
}

}  // namespace
}  // namespace keyledger::reactors
