#include "domain/clients/service_account.hpp"

#include "domain/clients/service_token.hpp"
#include "tests/support/world/given.hpp"

namespace keyledger {
namespace {

using namespace test;

const test::TestId kSecret = uuid(1), kOther = uuid(2), kThird = uuid(3), kAccount = uuid(9);
const char* const kKey = "thumbprint";

template <class... Events>
ServiceAccount account(Events... events) {
    return given<ServiceAccount>(ServiceAccountRegistered{"billing", {"https://orders.example"}}, events...);
}
ServiceAccount account_with_secret() { return account(ServiceAccountSecretAdded{kSecret, "ab"}); }

TEST(IsAudience, TakesAbsoluteUrisWithoutAFragment) {
    for (const char* good : {"https://orders.example", "urn:orders", "https://a.example/b?c=d", "a:b"})
        EXPECT_TRUE(is_audience(good)) << good;
    for (const char* bad :
         {"", "orders", ":", "https:", "https://a.example/#b", "https://a b", "1a:b", "https://\xC3\xA4"})
        EXPECT_FALSE(is_audience(bad)) << bad;
    EXPECT_FALSE(is_audience("https://" + std::string(kMaxAudienceBytes, 'a')));
}

TEST(RegisterServiceAccount, MakesOneThatIsEnabledAndHasNothingToProveItselfWith) {
    EXPECT_TRUE(decides(decide(ServiceAccount{}, RegisterServiceAccount{"billing", {"urn:a"}}),
                        {ServiceAccountRegistered{"billing", {"urn:a"}}}));
    EXPECT_TRUE(refuses(decide(account(), RegisterServiceAccount{"billing", {}}), refusals::kBegunTwice));
    EXPECT_EQ(account().status, ServiceAccount::Status::kEnabled);
    EXPECT_TRUE(account().secrets.empty());
}

TEST(ChangeServiceAccount, SaysOnlyWhatIsNew) {
    const auto same = [](AccountStatus account_status) {
        return ChangeServiceAccount{"billing", {"https://orders.example"}, account_status};
    };
    EXPECT_TRUE(stays_quiet(decide(account(), same(AccountStatus::kEnabled))));
    EXPECT_TRUE(decides(decide(account(), same(AccountStatus::kDisabled)), {ServiceAccountDisabled{}}));
    EXPECT_TRUE(
        decides(decide(account(ServiceAccountDisabled{}), same(AccountStatus::kEnabled)), {ServiceAccountEnabled{}}));
    EXPECT_TRUE(decides(decide(account(), ChangeServiceAccount{"pay", {}, AccountStatus::kDisabled}),
                        {ServiceAccountChanged{"pay", {}}, ServiceAccountDisabled{}}));
    EXPECT_TRUE(refuses(decide(ServiceAccount{}, same(AccountStatus::kEnabled)), refusals::kAccountUnknown));
    EXPECT_TRUE(
        refuses(decide(account(ServiceAccountDeleted{}), same(AccountStatus::kEnabled)), refusals::kAccountUnknown));
}

TEST(AddClientSecret, LetsTwoBeGoodAtATime) {
    EXPECT_TRUE(decides(decide(account_with_secret(), AddClientSecret{kOther, "cd"}),
                        {ServiceAccountSecretAdded{kOther, "cd"}}));
    const auto both = account(ServiceAccountSecretAdded{kSecret, "ab"}, ServiceAccountSecretAdded{kOther, "cd"});
    EXPECT_TRUE(both.has_credential(kSecret.to_string()));
    EXPECT_TRUE(both.has_credential(kOther.to_string()));
    EXPECT_TRUE(refuses(decide(both, AddClientSecret{kThird, "ef"}), refusals::kTooManySecrets));
    EXPECT_TRUE(
        refuses(decide(account(ServiceAccountDeleted{}), AddClientSecret{kOther, "cd"}), refusals::kAccountUnknown));
}

TEST(RemoveClientSecret, IsRefusedForOneThatItHasNot) {
    EXPECT_TRUE(
        decides(decide(account_with_secret(), RemoveClientSecret{kSecret}), {ServiceAccountSecretRemoved{kSecret}}));
    EXPECT_TRUE(refuses(decide(account_with_secret(), RemoveClientSecret{kOther}), refusals::kCredentialUnknown));
    EXPECT_FALSE(account(ServiceAccountSecretAdded{kSecret, "ab"}, ServiceAccountSecretRemoved{kSecret})
                     .has_credential(kSecret.to_string()));
}

TEST(AddClientKey, TakesEachKeyOnceAndFourInAll) {
    const ServiceAccountKeyAdded added{kKey, KeyAlgorithm::kEdDsa, "{}"};
    const AddClientKey command{kKey, KeyAlgorithm::kEdDsa, "{}"};
    EXPECT_TRUE(decides(decide(account(), command), {added}));
    EXPECT_TRUE(refuses(decide(account(added), command), refusals::kKeyAlreadyRegistered));
    ServiceAccount full = account();
    for (const char* id : {"a", "b", "c", "d"})
        full = further(full, ServiceAccountKeyAdded{id, KeyAlgorithm::kEs256, "{}"}, {2, kNow});
    EXPECT_TRUE(refuses(decide(full, command), refusals::kTooManyKeys));
    EXPECT_TRUE(decides(decide(account(added), RemoveClientKey{kKey}), {ServiceAccountKeyRemoved{kKey}}));
    EXPECT_TRUE(refuses(decide(account(), RemoveClientKey{kKey}), refusals::kCredentialUnknown));
}

// RFC 7517 section 4.5: by a name that a header can carry, and that is one key's alone.
TEST(AddClientKey, KeepsTheNameThatItCameWithUnlessItIsTaken) {
    const auto key = [](const char* id, std::optional<std::string> kid) {
        return AddClientKey{id, KeyAlgorithm::kEs256, "{}", std::move(kid)};
    };
    const ServiceAccountKeyAdded first{"a", KeyAlgorithm::kEs256, "{}", "orders"};
    EXPECT_TRUE(decides(decide(account(), key("a", "orders")), {first}));
    const ServiceAccount one = account(first);
    EXPECT_TRUE(refuses(decide(one, key("b", "orders")), refusals::kKeyIdTaken));
    EXPECT_TRUE(refuses(decide(one, key("b", "a")), refusals::kKeyIdTaken)) << "a thumbprint is a name";
    EXPECT_TRUE(refuses(decide(one, key("orders", std::nullopt)), refusals::kKeyIdTaken));
    EXPECT_TRUE(refuses(decide(one, key("a", "other")), refusals::kKeyAlreadyRegistered));
    EXPECT_TRUE(
        decides(decide(one, key("b", "Orders")), {ServiceAccountKeyAdded{"b", KeyAlgorithm::kEs256, "{}", "Orders"}}))
        << "names have a case";
    const ServiceAccount nameless = account(ServiceAccountKeyAdded{"a", KeyAlgorithm::kEs256, "{}", std::nullopt});
    EXPECT_TRUE(decides(decide(nameless, key("b", std::nullopt)),
                        {ServiceAccountKeyAdded{"b", KeyAlgorithm::kEs256, "{}", std::nullopt}}))
        << "no name is no name";
    for (const char* name : {"a", "orders"})
        EXPECT_TRUE(decides(decide(one, RemoveClientKey{name}), {ServiceAccountKeyRemoved{"a"}})) << name;
    EXPECT_TRUE(refuses(decide(one, RemoveClientKey{"b"}), refusals::kCredentialUnknown));
    EXPECT_TRUE(one.has_credential("a"));
    EXPECT_FALSE(one.has_credential("orders")) << "tokens are of the key, not of whatever has its name";
}

TEST(DeleteServiceAccount, LeavesNothingToProveItselfWith) {
    EXPECT_TRUE(decides(decide(account_with_secret(), DeleteServiceAccount{}), {ServiceAccountDeleted{}}));
    const auto gone = further(account_with_secret(), ServiceAccountDeleted{}, {3, kNow});
    EXPECT_FALSE(gone.has_credential(kSecret.to_string()));
    EXPECT_TRUE(refuses(decide(gone, DeleteServiceAccount{}), refusals::kAccountUnknown));
}

// ---- tokens ----------------------------------------------------------------------------------------------------
ServiceTokenIssued issued() { return {kAccount, {"urn:a"}, {"a:b"}, kSecret.to_string(), kNow + kMinute}; }
IssueServiceToken issue() { return {kAccount, {"urn:a"}, {"a:b"}, kSecret.to_string(), kNow + kMinute}; }
ServiceToken token_at(Position position) { return further(ServiceToken{}, issued(), {position, kNow}); }

TEST(IssueServiceToken, TakesACredentialOfAnAccountThatIsEnabled) {
    EXPECT_TRUE(decides(decide(ServiceToken{}, account_with_secret(), issue()), {issued()}));
    EXPECT_TRUE(refuses(decide(ServiceToken{}, account(), issue()), refusals::kInvalidClient));
    const auto disabled = account(ServiceAccountSecretAdded{kSecret, "ab"}, ServiceAccountDisabled{});
    EXPECT_TRUE(refuses(decide(ServiceToken{}, disabled, issue()), refusals::kInvalidClient));
    EXPECT_TRUE(refuses(decide(token_at(3), account_with_secret(), issue()), refusals::kBegunTwice));
    const auto used = given<ServiceToken>(AssertionUsed{kAccount, kSecret.to_string()});
    EXPECT_TRUE(refuses(decide(used, account_with_secret(), issue()), refusals::kBegunTwice));
}

TEST(ExchangeToken, TakesACredentialOfAnAccountThatIsEnabled) {
    const ExchangeToken command{kAccount,
                                TokenExchangeKind::kImpersonation,
                                UserId{uuid(5)},
                                SessionId{uuid(6)},
                                "jti",
                                {},
                                {},
                                {"urn:b"},
                                {"email"},
                                kSecret.to_string(),
                                kNow + kMinute};
    const ServiceTokenExchanged exchanged{kAccount,
                                          TokenExchangeKind::kImpersonation,
                                          UserId{uuid(5)},
                                          SessionId{uuid(6)},
                                          "jti",
                                          {},
                                          {},
                                          {"urn:b"},
                                          {"email"},
                                          kSecret.to_string(),
                                          kNow + kMinute};
    EXPECT_TRUE(decides(decide(ServiceToken{}, account_with_secret(), command), {exchanged}));
    EXPECT_TRUE(refuses(decide(ServiceToken{}, account(), command), refusals::kInvalidClient));
    EXPECT_TRUE(refuses(decide(token_at(3), account_with_secret(), command), refusals::kBegunTwice));
    const auto token = further(ServiceToken{}, exchanged, {3, kNow});
    EXPECT_TRUE(holds(token, kAccount, account_with_secret(), kNow));
    EXPECT_FALSE(holds(token, kAccount, account_with_secret(), kNow + kMinute));
    EXPECT_TRUE(decides(decide(token, {}, RevokeServiceToken{}), {ServiceTokenRevoked{kAccount}}));
}

TEST(RevokeServiceToken, EndsItOnce) {
    EXPECT_TRUE(decides(decide(token_at(3), {}, RevokeServiceToken{}), {ServiceTokenRevoked{kAccount}}));
    const auto revoked = further(token_at(3), ServiceTokenRevoked{kAccount}, {4, kNow});
    EXPECT_TRUE(stays_quiet(decide(revoked, {}, RevokeServiceToken{})));
    EXPECT_TRUE(refuses(decide(ServiceToken{}, {}, RevokeServiceToken{}), refusals::kInvalidToken));
}

TEST(Holds, UntilTokenAccountOrCredentialEnd) {
    const auto good = account_with_secret();
    EXPECT_TRUE(holds(token_at(3), kAccount, good, kNow));
    EXPECT_FALSE(holds(token_at(3), kAccount, good, kNow + kMinute)) << "expired";
    EXPECT_FALSE(holds(token_at(3), uuid(8), good, kNow)) << "another's";
    EXPECT_FALSE(holds(further(token_at(3), ServiceTokenRevoked{kAccount}, {4, kNow}), kAccount, good, kNow));
    EXPECT_FALSE(holds(token_at(3), kAccount, further(good, ServiceAccountSecretRemoved{kSecret}, {4, kNow}), kNow));
    const auto disabled = further(good, ServiceAccountDisabled{}, {4, kNow});
    EXPECT_FALSE(holds(token_at(3), kAccount, disabled, kNow));
    const auto again = further(disabled, ServiceAccountEnabled{}, {5, kNow});
    EXPECT_FALSE(holds(token_at(3), kAccount, again, kNow)) << "what ended stays ended";
    EXPECT_TRUE(holds(token_at(6), kAccount, again, kNow));
    EXPECT_FALSE(holds(ServiceToken{}, ServiceAccountId{}, good, kNow));
}

CarriedRecord carried_at(Position position) { return {kSecret.to_string(), position, kNow + kMinute}; }

TEST(CarriedRecord, StandsForTheEventThatTheLogHasNot) {
    const auto good = account_with_secret();
    const auto token = with_carried({}, kAccount, carried_at(3));
    EXPECT_EQ(token.status, ServiceToken::Status::kLive);
    EXPECT_TRUE(holds(token, kAccount, good, kNow));
    EXPECT_FALSE(holds(token, kAccount, good, kNow + kMinute)) << "expired";
    EXPECT_FALSE(holds(token, uuid(8), good, kNow)) << "another's";
    EXPECT_FALSE(holds(token, kAccount, further(good, ServiceAccountSecretRemoved{kSecret}, {4, kNow}), kNow));
    EXPECT_FALSE(holds(token, kAccount, account(), kNow)) << "it never had that credential";
    const auto disabled = further(good, ServiceAccountDisabled{}, {4, kNow});
    EXPECT_FALSE(holds(token, kAccount, disabled, kNow));
    const auto again = further(disabled, ServiceAccountEnabled{}, {5, kNow});
    EXPECT_FALSE(holds(token, kAccount, again, kNow)) << "what ended stays ended";
    EXPECT_FALSE(holds(with_carried({}, kAccount, carried_at(4)), kAccount, again, kNow));
    EXPECT_TRUE(holds(with_carried({}, kAccount, carried_at(5)), kAccount, again, kNow));
    EXPECT_EQ(with_carried({}, kAccount, std::nullopt), ServiceToken{}) << "without one there is no token";
}

// The attack: a record is shown with the id of a token that the log knows.
TEST(CarriedRecord, NeverSpeaksAgainstTheLog) {
    const auto good = account_with_secret();
    const auto revoked = further(token_at(3), ServiceTokenRevoked{kAccount}, {4, kNow});
    EXPECT_EQ(with_carried(revoked, kAccount, carried_at(9)), revoked);
    const auto revoked_first = given<ServiceToken>(ServiceTokenRevoked{kAccount});
    EXPECT_FALSE(holds(with_carried(revoked_first, kAccount, carried_at(9)), kAccount, good, kNow));
    const auto used = given<ServiceToken>(AssertionUsed{kAccount, kSecret.to_string()});
    EXPECT_EQ(with_carried(used, kAccount, carried_at(9)), used);
    EXPECT_EQ(with_carried(token_at(3), kAccount, carried_at(9)), token_at(3)) << "and lengthens nothing";
}

TEST(CarriedRecord, IsRevokedOnce) {
    const auto token = with_carried({}, kAccount, carried_at(3));
    EXPECT_TRUE(decides(decide(token, {}, RevokeServiceToken{}), {ServiceTokenRevoked{kAccount}}));
    const auto revoked = with_carried(given<ServiceToken>(ServiceTokenRevoked{kAccount}), kAccount, carried_at(3));
    EXPECT_TRUE(stays_quiet(decide(revoked, {}, RevokeServiceToken{})));
}

}  // namespace
}  // namespace keyledger
