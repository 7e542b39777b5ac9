// Tokens of services that carry their record: what is told by them to whom, and what nobody makes of them. And what the
// node that issued a token knows of it without reading it.
#include "security/adapters/keyring_tokens.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "commands/runtime/key_on_other_node.hpp"
#include "security/keys/sealed_value.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/hex.hpp"
#include "tests/security/keys/keyring_fixture.hpp"
#include "tests/security/tokens/token_fixture.hpp"
#include "tests/support/run.hpp"
#include "tests/support/world/stand_ins.hpp"

namespace keyledger::security {
namespace {

class CarriedRecordTest : public KeyringTest {
protected:
    CarriedRecordTest() {
        generate();
        keyring_ = std::make_unique<LiveKeyring>(loaded());
        tokens_ = node(*keyring_);
    }
    std::unique_ptr<KeyringTokens> node(const LiveKeyring& keyring, LocateKey locate_key = {}) {
        const TokenSettings settings{kIssuer, minutes(5), log_id_};
        return std::make_unique<KeyringTokens>(keyring, clock_, identifiers_, processors_, settings,
                                               std::move(locate_key));
    }
    commands::ServiceGrant grant() {
        commands::ServiceGrant grant;
        grant.account_id = ServiceAccountId{Uuid{{7}}};
        grant.token_id = ServiceTokenId{identifiers_.next()};
        grant.audiences = {kIssuer};
        grant.issued_at = kNow;
        grant.expires_at = kNow + minutes(5);
        grant.record = CarriedRecord{kCredential, kPosition, grant.expires_at};
        return grant;
    }
    std::string issue(commands::ServiceGrant grant) { return test::run(tokens_->issue(std::move(grant))); }
    // The same claims, but for one piece, rightly signed: what this service itself would have to do wrong.
    std::string signed_with(const std::string& token, const std::string& piece, const std::string& instead) const {
        std::string payload = payload_of(token);
        payload.replace(payload.find(piece), piece.size(), instead);
        const Key& key = keyring_->snapshot()->require_current(KeyPurpose::kTokenSigning, kNow);
        return sign_jwt(key, "at+jwt", payload);
    }
    static std::string record_of(const std::string& token) {
        const std::string payload = payload_of(token);
        const std::size_t at = payload.find(R"("record":")") + std::string_view(R"("record":")").size();
        return payload.substr(at, payload.find('"', at) - at);
    }

    static constexpr const char* kIssuer = "https://id.example.com";
    static constexpr const char* kCredential = "018bcfe5-6800-7000-8000-000000000009";
    static constexpr Position kPosition = 8'123'456'789;
    test::FixedClock clock_{kNow};
    test::CountedIdentifiers identifiers_{1};
    boost::asio::thread_pool processors_{1};
    const Uuid log_id_{{1}};
    std::unique_ptr<LiveKeyring> keyring_;
    std::unique_ptr<KeyringTokens> tokens_;
};

TEST_F(CarriedRecordTest, ComesBackAsItWas) {
    const auto given = grant();
    const auto read = tokens_->read_access(issue(given));
    ASSERT_TRUE(read && read->service);
    EXPECT_EQ(read->service->account_id, given.account_id);
    EXPECT_EQ(read->service->token_id, given.token_id);
    EXPECT_EQ(read->service->record, given.record);
    auto recorded = given;
    recorded.record.reset();
    const auto plain = tokens_->read_access(issue(recorded));
    ASSERT_TRUE(plain && plain->service);
    EXPECT_FALSE(plain->service->record);
}

// I14: whoever is shown the token can't count events by it, nor learn what its holder authenticates with.
TEST_F(CarriedRecordTest, TellsNobodyWhatIsInIt) {
    const std::string token = issue(grant());
    const std::string payload = payload_of(token);
    const std::string sealed = *base64url_decode(record_of(token));
    for (const std::string& text : {payload, sealed}) {
        EXPECT_EQ(text.find(kCredential), std::string::npos) << text;
        EXPECT_EQ(text.find(std::to_string(kPosition)), std::string::npos) << text;
    }
    const auto one = grant();
    EXPECT_NE(record_of(issue(one)), record_of(issue(one))) << "equal ones don't look so";
}

// The attack: to count events by a token's length, or to see by it that a service has no key, but a secret, to steal.
TEST_F(CarriedRecordTest, IsOfOneSizeWhateverIsInIt) {
    auto given = grant();
    const auto size_of = [&](Position position, std::string credential) {
        given.record = CarriedRecord{std::move(credential), position, given.expires_at};
        const std::string token = issue(given);
        const auto read = tokens_->read_access(token);
        EXPECT_TRUE(read && read->service && read->service->record == given.record) << position;
        return record_of(token).size();
    };
    const std::string thumbprint(43, 'T');
    const std::size_t smallest = size_of(1, kCredential);
    EXPECT_EQ(size_of(1'000'000'000, thumbprint), smallest);
    EXPECT_EQ(size_of(std::numeric_limits<Position>::max(), kCredential), smallest);
    EXPECT_EQ(size_of(1, "k"), smallest);
    given.record->credential = thumbprint + "T";
    EXPECT_THROW(issue(given), std::length_error);
    given.record->credential.clear();
    EXPECT_THROW(issue(given), std::length_error);
    given.record = CarriedRecord{kCredential, 0, given.expires_at};
    EXPECT_THROW(issue(given), std::invalid_argument);
}

TEST_F(CarriedRecordTest, IsRefusedWhenMalformed) {
    const std::string token = issue(grant());
    const auto is_read = [&](const std::string& clear) {
        const std::string record = seal_value(*keyring_->snapshot(), SealedPurpose::kServiceToken,
                                              tokens_->read_access(token)->token_id, clear, kNow);
        return tokens_->read_access(signed_with(token, record_of(token), record)) != nullptr;
    };
    const std::string position("\0\0\0\0\0\0\0\7", 8);
    const auto padded = [](std::string text, char padding = '\0') {
        text.resize(8 + 1 + 43, padding);
        return text;
    };
    EXPECT_TRUE(is_read(padded(position + "\1k")));
    EXPECT_TRUE(is_read(position + "\x2b" + std::string(43, 'T')));
    for (const std::string& clear :
         {std::string(), std::string("7 k"), position + "\1k", padded(position + "\1k") + '\0',
          padded(position + "\1k", ' '), padded(position + "\1kk"), padded(position),
          position + "\x2c" + std::string(43, 'T'), position + "\xff" + std::string(43, 'T'),
          padded(std::string(8, '\0') + "\1k"), padded(std::string(8, '\xff') + "\1k"),
          padded("\x80" + position.substr(1) + "\1k")})
        EXPECT_FALSE(is_read(clear)) << hex_encode(clear);
}

TEST_F(CarriedRecordTest, IsOfItsTokenAlone) {
    const std::string one = issue(grant());
    const std::string two = issue(grant());
    EXPECT_FALSE(tokens_->read_access(signed_with(one, record_of(one), record_of(two)))) << "another token's";
    EXPECT_FALSE(tokens_->read_access(signed_with(one, record_of(one), "AAAA")));
    const std::string cursor =
        seal_value(*keyring_->snapshot(), SealedPurpose::kCursor, tokens_->read_access(one)->token_id, "1 x", kNow);
    EXPECT_FALSE(tokens_->read_access(signed_with(one, record_of(one), cursor))) << "sealed for something else";
    std::string forged = one;
    forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens_->read_access(forged));
    EXPECT_TRUE(tokens_->read_access(one));
}

TEST_F(CarriedRecordTest, OpensAfterItsKeyWasRotated) {
    const std::string token = issue(grant());
    rotated(KeyPurpose::kSealingRoot, Duration(), kNow + minutes(1));
    const LiveKeyring rotated_keyring(loaded());
    clock_.advance(minutes(2));
    const auto read = node(rotated_keyring)->read_access(token);
    ASSERT_TRUE(read && read->service);
    EXPECT_TRUE(read->service->record);
}

// Another node rotated a moment ago, and this one has not read its keyring again.
TEST_F(CarriedRecordTest, WaitsForAKeyThatOtherNodesHave) {
    rotated(KeyPurpose::kSealingRoot, Duration(), kNow + minutes(1));
    const LiveKeyring rotated_keyring(loaded());
    clock_.advance(minutes(2));
    auto given = grant();
    given.issued_at = clock_.now();
    given.expires_at = clock_.now() + minutes(5);
    const std::string token = test::run(node(rotated_keyring)->issue(given));
    EXPECT_FALSE(tokens_->read_access(token)) << "nobody is known to have it";
    const auto asking = node(*keyring_, [](const std::string&) { return KeyLocation::kOtherNode; });
    EXPECT_THROW(asking->read_access(token), commands::KeyOnOtherNode);
}

// It is remembered when it is issued, and what it carries is not.
TEST_F(CarriedRecordTest, IsOpenedByTheKeysInUseWheneverItsTokenIsRead) {
    const auto live = std::move(LiveKeyring::open(path_, kNow)).value();
    const auto issuer = node(*live);
    const std::string token = test::run(issuer->issue(grant()));
    ASSERT_TRUE(issuer->read_access(token));
    ASSERT_TRUE(revoke_key(path_, live->snapshot()->require_current(KeyPurpose::kSealingRoot, kNow).id, kNow));
    ASSERT_TRUE(live->reload(kNow));
    EXPECT_FALSE(issuer->read_access(token));
    EXPECT_FALSE(issuer->read_expired_access(token));
}

class IssuedTokenTest : public CarriedRecordTest {
protected:
    static commands::Grant users_grant() {
        commands::Grant grant;
        grant.user_id = UserId{Uuid{{1}}};
        grant.session_id = SessionId{Uuid{{2}}};
        grant.client_id = "keyledger";
        grant.audiences = {kIssuer};
        grant.session_audiences = {kIssuer};
        grant.security_stamp = 7;
        grant.generation = 1;
        grant.generated_at = kNow;
        return grant;
    }
    static std::string text_of(const commands::ServiceBearer& service) {
        std::string text = service.account_id.to_string() + ' ' + service.token_id.to_string();
        for (const std::string& word : service.scope) text += " scope " + word;
        if (service.record)
            text += " record " + service.record->credential + ' ' + std::to_string(service.record->position) + ' ' +
                    std::to_string(service.record->expires_at.ms());
        return text + '\n';
    }
    // All that it says.
    static std::string text_of(const commands::AccessClaims& claims) {
        std::string text = claims.bearer.user_id.to_string() + ' ' + claims.bearer.session_id.to_string();
        for (const std::int64_t number : {claims.bearer.security_stamp, claims.bearer.issued_at.ms(),
                                          claims.authenticated_at.ms(), claims.issued_at.ms(), claims.expires_at.ms()})
            text += ' ' + std::to_string(number);
        if (claims.service) text += " service " + text_of(*claims.service);
        text += " client " + claims.client_id + " jti " + claims.token_id + " acr " + claims.strength + " jkt " +
                claims.key_thumbprint;
        for (const auto* words : {&claims.audiences, &claims.methods, &claims.scope}) {
            text += " words";
            for (const std::string& word : *words) text += ' ' + word;
        }
        for (const commands::ServiceBearer& exchange : claims.exchanges) text += " exchange " + text_of(exchange);
        for (const ServiceAccountId& actor : claims.actors) text += " actor " + actor.to_string();
        return text;
    }
    // By the node that issued it, which did not read it, and by another one.
    void expect_same(const std::string& token) {
        const auto known = tokens_->read_access(token);
        const auto read = node(*keyring_)->read_access(token);
        ASSERT_TRUE(known && read) << token;
        EXPECT_EQ(text_of(*known), text_of(*read));
        // Of a token that carries nothing no copy is made.
        const bool is_shared = tokens_->read_access(token) == known;
        EXPECT_EQ(is_shared, !known->service || !known->service->record);
    }
};

TEST_F(IssuedTokenTest, SaysTheSameWhereItWasIssuedAndElsewhere) {
    clock_.advance(milliseconds(1'234));  // of which a token has the seconds alone
    expect_same(test::run(tokens_->issue(users_grant())).access_token);
    auto applications = users_grant();
    applications.client_id = Uuid{{3}}.to_string();
    applications.scope = {"openid", "email"};
    applications.proofs = {{ProofMethod::kPassword, kNow - milliseconds(1)}, {ProofMethod::kTotp, clock_.now()}};
    expect_same(test::run(tokens_->issue(applications, {std::string(43, 'k')})).access_token);
    auto services = grant();
    services.scope = {"invoices:read", "todos:*"};
    expect_same(issue(services));
    services.record.reset();
    services.key_thumbprint = std::string(43, 'k');
    expect_same(issue(services));
}

TEST_F(IssuedTokenTest, SaysTheSameOfItsExchanges) {
    const ServiceAccountId stock{Uuid{{4}}};
    const ServiceAccountId orders{Uuid{{5}}};
    commands::AccessClaims exchanged;
    exchanged.bearer = {UserId{Uuid{{1}}}, SessionId{Uuid{{2}}}, 7, clock_.now()};
    exchanged.client_id = stock.to_string();
    exchanged.audiences = {"https://stock.example"};
    exchanged.exchanges = {{stock, ServiceTokenId{identifiers_.next()}}, {orders, ServiceTokenId{identifiers_.next()}}};
    exchanged.actors = {stock, orders};
    exchanged.authenticated_at = clock_.now() - minutes(3);
    exchanged.methods = {"pwd"};
    exchanged.strength = "1";
    exchanged.scope = {"invoices:read"};
    exchanged.issued_at = clock_.now();
    exchanged.expires_at = clock_.now() + minutes(5);
    expect_same(test::run(tokens_->issue_exchanged(exchanged)));
}

}  // namespace
}  // namespace keyledger::security
