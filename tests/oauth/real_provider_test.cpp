// The relying party against a provider that somebody else wrote: npm's oidc-provider, which `scripts/install
// oauth-clients` gets.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "integrations/outgoing/curl_outgoing.hpp"
#include "integrations/providers/oidc_provider.hpp"
#include "security/keys/signing_key.hpp"
#include "tests/oauth/real_provider.hpp"
#include "tests/support/run.hpp"
#include "tests/support/world/stand_ins.hpp"

using namespace keyledger;
using namespace keyledger::integrations;
using Authentication = ProviderOptions::Authentication;

namespace {

const std::string kRedirectUri = "https://id.example.test/account/providers/real/callback";
const std::string kSecret = "a secret: with/what & forms=encode+";

// The service's own, of each kind.
const security::SigningKey& client_key(const std::string& algorithm) {
    static const std::map<std::string, security::SigningKey> keys = [] {
        std::map<std::string, security::SigningKey> all;
        for (const char* name : {"RS256", "ES256", "EdDSA"})
            all.emplace(name, security::SigningKey::generate(*security::signing_algorithm_named(name)));
        return all;
    }();
    return keys.at(algorithm);
}
std::string client_keys() {
    std::string all;
    for (const char* name : {"RS256", "ES256", "EdDSA"}) {
        all += std::string(all.empty() ? "" : ",") + R"({"use":"sig","kid":"own-)" + name + "\"";
        for (const auto& [member, value] : client_key(name).public_members())
            all += ",\"" + member + "\":\"" + value + "\"";
        all += "}";
    }
    return all;
}

std::unique_ptr<test::RealProvider> real_provider(std::uint16_t port = 0, int keys = 1, bool refuses = false) {
    return std::make_unique<test::RealProvider>(
        test::RealProviderSettings{kRedirectUri, kSecret, client_keys(), port, keys, refuses});
}

class RealProviderTest : public testing::Test {
protected:
    RealProviderTest() {
        secret_file_ = std::filesystem::temp_directory_path() / "keyledger-secret-XXXXXX";
        close(mkstemp(secret_file_.data()));
        write_secret(kSecret);
    }
    ~RealProviderTest() override {
        processors_.join();
        std::filesystem::remove(secret_file_);
    }
    void write_secret(const std::string& text) { std::ofstream(secret_file_) << text << '\n'; }

    using Arrived = Result<commands::ProvenIdentity, commands::ProviderFailure>;
    static eventstore::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(20); }
    OidcProvider relying_party(const std::string& client_id, Authentication authentication) {
        ProviderOptions options;
        options.name = "real";
        options.issuer = there_->issuer();
        options.client_id = client_id;
        options.authentication = authentication;
        options.secret_file = secret_file_;
        options.signs_up = true;
        if (authentication == Authentication::kPrivateKey) options.key_id = "own-" + client_id.substr(0, 5);
        return OidcProvider(options, {outgoing_, clock_, identifiers_, processors_});
    }
    commands::ProviderReturn browse_for(const commands::ProviderDeparture& departure) {
        auto fields = test::browse(*there_, departure.url);
        return {fields["state"], fields["code"], fields["iss"], fields["error"]};
    }
    commands::ProviderDeparture depart(OidcProvider& party, bool anew = false) {
        auto departed = test::run(party.depart({kRedirectUri, anew, ""}, soon()));
        if (!departed) throw std::runtime_error("no departure: " + std::string(departed.error().why));
        return std::move(*departed);
    }
    Arrived arrive(OidcProvider& party, commands::ProviderTrip trip, commands::ProviderReturn returned) {
        return test::run(party.arrive(std::move(trip), std::move(returned), kRedirectUri, soon()));
    }
    Arrived travel(OidcProvider& party, bool anew = false) {
        const auto departure = depart(party, anew);
        return arrive(party, departure.trip, browse_for(departure));
    }
    std::string_view why(const Arrived& arrived) { return arrived ? "arrived" : arrived.error().why; }

    std::string secret_file_;
    std::unique_ptr<test::RealProvider> there_ = real_provider();
    OutgoingOptions outgoing_options_{.named_hosts = {*NamedHost::parse("127.0.0.1")}};
    CurlOutgoing outgoing_{outgoing_options_};
    test::FixedClock clock_{there_->now()};
    test::CountedIdentifiers identifiers_;
    boost::asio::thread_pool processors_{1};
};

}  // namespace

TEST_F(RealProviderTest, ProvesPeopleByEachAlgorithmAndAuthentication) {
    for (const std::string algorithm : {"RS256", "ES256", "EdDSA"})
        for (const auto& [name, authentication] :
             {std::pair("client_secret_basic", Authentication::kSecretBasic),
              std::pair("client_secret_post", Authentication::kSecretPost),
              std::pair("private_key_jwt", Authentication::kPrivateKey), std::pair("none", Authentication::kNone)}) {
            SCOPED_TRACE(algorithm + " " + name);
            const bool has_key = authentication == Authentication::kPrivateKey;
            write_secret(has_key ? std::string(client_key(algorithm).pem().reveal()) : kSecret);
            OidcProvider party = relying_party(algorithm + "-" + name, authentication);
            const Arrived arrived = travel(party);
            ASSERT_TRUE(arrived) << why(arrived);
            EXPECT_EQ(arrived->issuer, there_->issuer());
            EXPECT_EQ(arrived->subject, "subject-1");
            EXPECT_EQ(arrived->verified_email, "ann@example.test");
            EXPECT_EQ(arrived->name, "Ann");
            EXPECT_EQ(arrived->locale, "de-AT");
        }
}

TEST_F(RealProviderTest, AuthenticatesAnewWhereThatIsAsked) {
    OidcProvider party = relying_party("RS256-client_secret_basic", Authentication::kSecretBasic);
    const Arrived arrived = travel(party, true);
    EXPECT_TRUE(arrived) << why(arrived);
}

TEST_F(RealProviderTest, TakesACodeOnceAndOnlyWithItsVerifier) {
    OidcProvider party = relying_party("ES256-client_secret_basic", Authentication::kSecretBasic);
    auto departure = depart(party);
    const auto returned = browse_for(departure);
    commands::ProviderTrip other = departure.trip;
    other.verifier = depart(party).trip.verifier;
    EXPECT_EQ(why(arrive(party, other, returned)), "token-status");

    departure = depart(party);
    const auto again = browse_for(departure);
    EXPECT_EQ(why(arrive(party, departure.trip, again)), "arrived");
    EXPECT_EQ(why(arrive(party, departure.trip, again)), "token-status");
}

TEST_F(RealProviderTest, LearnsTheKeysThatTakeTheirPlace) {
    OidcProvider party = relying_party("RS256-client_secret_basic", Authentication::kSecretBasic);
    EXPECT_EQ(why(travel(party)), "arrived");
    const std::uint16_t port = there_->port();
    there_.reset();
    there_ = real_provider(port, 2);
    EXPECT_EQ(why(travel(party)), "unknown-key");  // it was asked just now
    clock_.advance(kBetweenProviderAsks);
    EXPECT_EQ(why(travel(party)), "arrived");
}

TEST_F(RealProviderTest, SaysWhoIsNotLetIn) {
    OidcProvider party = relying_party("RS256-client_secret_basic", Authentication::kSecretBasic);
    write_secret("another");
    EXPECT_EQ(why(travel(party)), "token-status");
    const std::uint16_t port = there_->port();
    there_.reset();
    there_ = real_provider(port, 1, true);
    const Arrived refused = travel(party);
    EXPECT_EQ(why(refused), "error-of-response");
    EXPECT_EQ(refused.error().fault, commands::ProviderFault::kDenied);
}

TEST_F(RealProviderTest, IsLookedAt) {
    OidcProvider party = relying_party("RS256-client_secret_basic", Authentication::kSecretBasic);
    const auto found = test::run(party.look(soon()));
    ASSERT_TRUE(found) << found.error().why;
    EXPECT_EQ(found->keys, 3u);
}
