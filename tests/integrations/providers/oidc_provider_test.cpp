#include "integrations/providers/oidc_provider.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "integrations/outgoing/curl_outgoing.hpp"
#include "integrations/providers/oidc_providers.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "tests/integrations/providers/lying_provider.hpp"
#include "tests/support/run.hpp"
#include "tests/support/world/stand_ins.hpp"

using namespace keyledger;
using namespace keyledger::integrations;
using commands::ProviderFault;
using test::LyingProvider;

namespace {

constexpr Instant kNow = Instant::at_ms(1'800'000'000'000);
const std::string kRedirectUri = "https://id.example.test/account/providers/other/callback";

std::string new_folder() {
    std::string folder = std::filesystem::temp_directory_path() / "keyledger-providers-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder for secrets");
    return folder;
}

class OidcProviderTest : public testing::Test {
protected:
    using Arrived = Result<commands::ProvenIdentity, commands::ProviderFailure>;
    using Departed = Result<commands::ProviderDeparture, commands::ProviderFailure>;

    OidcProviderTest() { write_secret("s3cret/"); }
    ~OidcProviderTest() override {
        processors_.join();
        std::filesystem::remove_all(folder_);
    }
    void write_secret(const std::string& text) { std::ofstream(folder_ + "/secret") << text << '\n'; }

    ProviderOptions options_of(const LyingProvider& of, const std::string& name = "other") const {
        ProviderOptions options;
        options.name = name;
        options.issuer = of.issuer();
        options.client_id = "keyledger";
        options.secret_file = folder_ + "/secret";
        return options;
    }
    ProviderWorld world() { return {outgoing_, clock_, identifiers_, processors_}; }
    static eventstore::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(20); }

    Departed depart(bool anew = false) {
        auto departed = test::run(provider_.depart({kRedirectUri, anew, ""}, soon()));
        if (departed) there_.set_nonce(departed->trip.nonce);
        return departed;
    }
    Arrived arrive(commands::ProviderTrip trip, commands::ProviderReturn returned) {
        return test::run(provider_.arrive(std::move(trip), std::move(returned), kRedirectUri, soon()));
    }
    commands::ProviderReturn returned_with(const commands::ProviderTrip& trip) const {
        return {trip.state, "code-1", there_.issuer(), ""};
    }
    // There and back.
    Arrived travel(bool anew = false) {
        const auto departed = depart(anew);
        if (!departed) return Unexpected(departed.error());
        return arrive(departed->trip, returned_with(departed->trip));
    }
    // By one that is configured otherwise.
    Arrived travel_by(const ProviderOptions& options) {
        OidcProvider other(options, world());
        const auto departed = test::run(other.depart({kRedirectUri, false, ""}, soon()));
        if (!departed) return Unexpected(departed.error());
        there_.set_nonce(departed->trip.nonce);
        return test::run(other.arrive(departed->trip, returned_with(departed->trip), kRedirectUri, soon()));
    }
    void expect_failure(ProviderFault fault, std::string_view why) {
        const Arrived arrived = travel();
        ASSERT_FALSE(arrived) << why;
        EXPECT_EQ(arrived.error().fault, fault) << why;
        EXPECT_EQ(arrived.error().why, why);
    }
    void expect_lie_found(LyingProvider::Json claims, std::string_view why) {
        there_.lies.claims = std::move(claims);
        expect_failure(ProviderFault::kNotProven, why);
    }

    const std::string folder_ = new_folder();
    LyingProvider there_{kNow};
    LyingProvider evil_{kNow};
    OutgoingOptions outgoing_options_{
        .named_hosts = {*NamedHost::parse(there_.host()), *NamedHost::parse(evil_.host())}};
    CurlOutgoing outgoing_{outgoing_options_};
    test::FixedClock clock_{kNow};
    test::CountedIdentifiers identifiers_;
    boost::asio::thread_pool processors_{1};
    OidcProvider provider_{options_of(there_), world()};
};

}  // namespace

TEST_F(OidcProviderTest, ProvesWhoSomebodyIs) {
    const auto departed = depart();
    ASSERT_TRUE(departed) << departed.error().why;
    const std::string& url = departed->url;
    ASSERT_TRUE(url.starts_with(there_.issuer() + "/authorize?already=there&")) << url;
    auto asked = test::form_fields(url.substr(url.find('?') + 1));
    EXPECT_EQ(asked["response_type"], "code");
    EXPECT_EQ(asked["client_id"], "keyledger");
    EXPECT_EQ(asked["redirect_uri"], kRedirectUri);
    EXPECT_EQ(asked["scope"], "openid email profile");
    EXPECT_EQ(asked["state"], departed->trip.state);
    EXPECT_EQ(asked["nonce"], departed->trip.nonce);
    EXPECT_EQ(asked["code_challenge_method"], "S256");
    EXPECT_FALSE(asked.contains("max_age"));

    const auto arrived = arrive(departed->trip, returned_with(departed->trip));
    ASSERT_TRUE(arrived) << arrived.error().why;
    EXPECT_EQ(arrived->issuer, there_.issuer());
    EXPECT_EQ(arrived->subject, "subject-1");
    EXPECT_EQ(arrived->verified_email, "ann@example.test");
    EXPECT_EQ(arrived->name, "Ann");
    auto form = there_.last_form();
    EXPECT_EQ(form["grant_type"], "authorization_code");
    EXPECT_EQ(form["code"], "code-1");
    EXPECT_EQ(form["redirect_uri"], kRedirectUri);
    const security::Digest challenge = security::sha256(std::string_view(form["code_verifier"]));
    EXPECT_EQ(security::base64url_encode(security::view_of(challenge)), asked["code_challenge"]);
    EXPECT_FALSE(form.contains("client_secret"));
    EXPECT_EQ(there_.last_authorization(), basic_credentials("keyledger", "s3cret/"));
}

TEST_F(OidcProviderTest, AsksNothingTwiceThatItKnows) {
    EXPECT_TRUE(travel());
    EXPECT_TRUE(travel());
    EXPECT_EQ(there_.asked("/.well-known/openid-configuration"), 1);
    EXPECT_EQ(there_.asked("/keys"), 1);
    EXPECT_EQ(there_.asked("/token"), 2);
}

TEST_F(OidcProviderTest, SaysTheSecretAsItIsConfigured) {
    ProviderOptions by_post = options_of(there_);
    by_post.authentication = ProviderOptions::Authentication::kSecretPost;
    ProviderOptions by_none = options_of(there_);
    by_none.authentication = ProviderOptions::Authentication::kNone;
    by_none.secret_file = "/nowhere";
    for (const ProviderOptions& options : {by_post, by_none}) {
        OidcProvider other(options, world());
        const auto departed = test::run(other.depart({kRedirectUri, false, ""}, soon()));
        there_.set_nonce(departed->trip.nonce);
        ASSERT_TRUE(test::run(other.arrive(departed->trip, returned_with(departed->trip), kRedirectUri, soon())));
        auto form = there_.last_form();
        EXPECT_EQ(form["client_id"], "keyledger");
        EXPECT_EQ(form["client_secret"], options.secret_file == "/nowhere" ? "" : "s3cret/");
        EXPECT_EQ(there_.last_authorization(), "");
    }
    write_secret("renewed");  // by somebody else, while the service runs
    EXPECT_TRUE(travel());
    EXPECT_EQ(there_.last_authorization(), basic_credentials("keyledger", "renewed"));
    write_secret("");
    expect_failure(ProviderFault::kUnavailable, "client-secret");
}

TEST_F(OidcProviderTest, BelievesNoLieOfATokens) {
    expect_lie_found({{"iss", "\"https://other.example\""}}, "issuer");
    expect_lie_found({{"aud", "\"other\""}}, "audience");
    expect_lie_found({{"aud", "[\"keyledger\",\"other\"]"}}, "audience");
    expect_lie_found({{"azp", "\"other\""}}, "authorized-party");
    expect_lie_found({{"nonce", "\"other\""}}, "nonce");
    expect_lie_found({{"exp", "1799999000"}}, "expired");
    expect_lie_found({{"iat", "1800000900"}}, "not-yet-valid");
    expect_lie_found({{"sub", ""}}, "subject");
    expect_lie_found({{"at_hash", "\"of-another\""}}, "access-token");
    there_.lies.claims.clear();
    there_.lies.token_header = R"({"alg":"none"})";
    expect_failure(ProviderFault::kNotProven, "header");
    there_.lies.token_header = R"({"alg":"HS256","kid":"1"})";
    expect_failure(ProviderFault::kNotProven, "header");
    there_.lies.token_header = R"({"alg":"ES256","kid":"nobody's"})";
    expect_failure(ProviderFault::kNotProven, "unknown-key");
}

TEST_F(OidcProviderTest, BelievesNoAddressThatIsNotVerified) {
    there_.lies.claims = {{"email_verified", "false"}};
    EXPECT_EQ(travel()->verified_email, "");
    there_.lies.claims = {{"email_verified", ""}};
    EXPECT_EQ(travel()->verified_email, "");
    there_.lies.claims.clear();
    ProviderOptions unbelieved = options_of(there_);
    unbelieved.believes_addresses = false;
    OidcProvider other(unbelieved, world());
    const auto departed = test::run(other.depart({kRedirectUri, false, ""}, soon()));
    there_.set_nonce(departed->trip.nonce);
    const auto arrived = test::run(other.arrive(departed->trip, returned_with(departed->trip), kRedirectUri, soon()));
    EXPECT_EQ(arrived->verified_email, "");
}

TEST_F(OidcProviderTest, AsksUserinfoForTheAddressThatRegistersOrLinks) {
    there_.lies.claims = {{"email", ""}, {"email_verified", ""}};
    EXPECT_EQ(travel()->verified_email, "");  // nobody registers by it
    EXPECT_EQ(there_.asked("/userinfo"), 0);
    ProviderOptions registers = options_of(there_);
    registers.signs_up = true;
    ProviderOptions links = options_of(there_);
    links.links_by_address = true;
    for (const ProviderOptions& options : {registers, links}) {
        const auto arrived = travel_by(options);
        ASSERT_TRUE(arrived) << arrived.error().why;
        EXPECT_EQ(arrived->verified_email, "ann@example.test");
        EXPECT_EQ(arrived->name, "Ann");  // of the ID token, which is signed
        EXPECT_EQ(arrived->locale, "de");
        EXPECT_EQ(there_.last_authorization(), "Bearer opaque");
    }
    EXPECT_EQ(there_.asked("/userinfo"), 2);
    registers.believes_addresses = false;
    EXPECT_EQ(travel_by(registers)->verified_email, "");
    registers.believes_addresses = true;
    there_.lies.tokens = {{"token_type", "\"DPoP\""}};
    EXPECT_EQ(travel_by(registers)->verified_email, "");
    there_.lies.tokens.clear();
    there_.lies.claims.clear();
    EXPECT_EQ(travel_by(registers)->verified_email, "ann@example.test");
    EXPECT_EQ(there_.asked("/userinfo"), 2);
}

TEST_F(OidcProviderTest, BelievesNoUserinfoOfSomebodyElse) {
    there_.lies.claims = {{"email", ""}, {"email_verified", ""}};
    ProviderOptions options = options_of(there_);
    options.signs_up = true;
    there_.lies.user_info = {{"sub", "\"subject-2\""}};
    const auto of_another = travel_by(options);
    EXPECT_EQ(of_another.error().fault, ProviderFault::kNotProven);
    EXPECT_EQ(of_another.error().why, "userinfo-subject");
    there_.lies.user_info = {{"sub", ""}};
    EXPECT_EQ(travel_by(options).error().why, "userinfo-subject");
    there_.lies.user_info = {{"email_verified", "false"}};
    EXPECT_EQ(travel_by(options)->verified_email, "");
    // An ID token that is refused has nobody asked.
    const int before = there_.asked("/userinfo");
    there_.lies.claims["aud"] = "\"other\"";
    EXPECT_EQ(travel_by(options).error().why, "audience");
    EXPECT_EQ(there_.asked("/userinfo"), before);
}

// Whoever is linked needs nothing of it.
TEST_F(OidcProviderTest, LetsPeopleComeWithoutAnAddressWhereUserinfoFails) {
    there_.lies.claims = {{"email", ""}, {"email_verified", ""}};
    ProviderOptions options = options_of(there_);
    options.signs_up = true;
    const auto expect_no_address = [&](std::string_view why) {
        const auto arrived = travel_by(options);
        ASSERT_TRUE(arrived) << arrived.error().why;
        EXPECT_EQ(arrived->subject, "subject-1");
        EXPECT_EQ(arrived->name, "Ann");
        EXPECT_EQ(arrived->verified_email, "");
        EXPECT_EQ(arrived->no_address, why);
    };
    EXPECT_EQ(travel_by(options)->no_address, "");
    there_.lies.user_info = {{"more", "\"" + std::string(70'000, 'a') + "\""}};
    expect_no_address("too-large");
    there_.lies.user_info.clear();
    there_.lies.user_info_status = "307 Temporary Redirect";  // which would have the token, too
    expect_no_address("redirected");
    there_.lies.user_info_status = "403 Forbidden";
    expect_no_address("userinfo-status");
    there_.lies.user_info_status = "200 OK";
    there_.lies.user_info_body = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln";  // a JWT
    expect_no_address("userinfo-no-json");
}

TEST_F(OidcProviderTest, LearnsAKeyThatTookTheNameOfAnother) {
    for (const char* header : {R"({"alg":"ES256"})", R"({"alg":"ES256","kid":"always this"})"}) {
        there_.lies.token_header = header;
        there_.lies.key_id = "always this";
        there_.rotate_key();
        clock_.advance(kBetweenProviderAsks);
        EXPECT_TRUE(travel()) << header;
        there_.rotate_key();
        for (int i = 0; i < 3; ++i) expect_failure(ProviderFault::kNotProven, "signature");
        clock_.advance(kBetweenProviderAsks);
        EXPECT_TRUE(travel()) << header;
    }
    EXPECT_EQ(there_.asked("/keys"), 4);
}

TEST_F(OidcProviderTest, LearnsAKeyThatIsNewButNotMoreOftenThanItMay) {
    EXPECT_TRUE(travel());
    there_.rotate_key();
    clock_.advance(kBetweenProviderAsks);
    EXPECT_TRUE(travel());
    EXPECT_EQ(there_.asked("/keys"), 2);
    // Tokens that name made-up keys make nobody ask at every one.
    there_.lies.token_header = R"({"alg":"ES256","kid":"made up"})";
    for (int i = 0; i < 5; ++i) expect_failure(ProviderFault::kNotProven, "unknown-key");
    EXPECT_EQ(there_.asked("/keys"), 2);
    clock_.advance(kBetweenProviderAsks);
    for (int i = 0; i < 5; ++i) expect_failure(ProviderFault::kNotProven, "unknown-key");
    EXPECT_EQ(there_.asked("/keys"), 3);
}

TEST_F(OidcProviderTest, ForgetsAKeyThatTheProviderWithdrew) {
    ASSERT_TRUE(travel());
    const auto old = there_.lies;
    there_.rotate_key();
    // Signed by a key of the old name, which is not the provider's any more an hour later.
    there_.lies.token_header = R"({"alg":"ES256","kid":"1"})";
    clock_.advance(kProviderFactsAreFresh);
    there_.lies.claims = {{"iat", std::to_string(clock_.now().ms() / 1000)},
                          {"exp", std::to_string(clock_.now().ms() / 1000 + 60)}};
    expect_failure(ProviderFault::kNotProven, "unknown-key");
    there_.lies = old;
}

TEST_F(OidcProviderTest, GoesOnWithWhatItKnowsForADay) {
    ASSERT_TRUE(travel());
    there_.lies.status = "503 Service Unavailable";
    clock_.advance(hours(23));
    there_.lies.claims = {{"iat", std::to_string(clock_.now().ms() / 1000)},
                          {"exp", std::to_string(clock_.now().ms() / 1000 + 60)}};
    EXPECT_TRUE(travel());
    clock_.advance(hours(2));
    expect_failure(ProviderFault::kUnavailable, "status");
    expect_failure(ProviderFault::kUnavailable, "asked-just-now");
}

TEST_F(OidcProviderTest, IsAskedByItsOwnMetadataAlone) {
    there_.lies.metadata = {{"issuer", "\"https://other.example\""}};
    expect_failure(ProviderFault::kUnavailable, "discovery-issuer");
}

TEST_F(OidcProviderTest, FindsOutWhatIsNoAnswer) {
    there_.lies.body = "<html>";
    expect_failure(ProviderFault::kUnavailable, "discovery-no-json");
    clock_.advance(kBetweenProviderAsks);
    there_.lies.body = std::string(300'000, ' ');
    expect_failure(ProviderFault::kUnavailable, "too-large");
    there_.lies.body.clear();
    clock_.advance(kBetweenProviderAsks);
    there_.lies.status = "302 Found";
    expect_failure(ProviderFault::kUnavailable, "redirected");
    there_.lies.status = "200 OK";
    clock_.advance(kBetweenProviderAsks);
    EXPECT_TRUE(depart());
    there_.lies.token_status = "400 Bad Request";
    expect_failure(ProviderFault::kNotProven, "token-status");
    there_.lies.token_status = "307 Temporary Redirect";
    expect_failure(ProviderFault::kUnavailable, "redirected");
    there_.lies.token_status = "200 OK";
    there_.lies.tokens = {{"id_token", ""}};
    expect_failure(ProviderFault::kNotProven, "token-no-id-token");
    there_.lies.tokens = {{"more", "\"" + std::string(70'000, 'a') + "\""}};
    expect_failure(ProviderFault::kUnavailable, "too-large");
    there_.lies.tokens.clear();
    EXPECT_TRUE(travel());
}

TEST_F(OidcProviderTest, WaitsForNobodyLongerThanItsCaller) {
    there_.lies.lets_wait = true;
    const auto departed = test::run(
        provider_.depart({kRedirectUri, false, ""}, std::chrono::steady_clock::now() + std::chrono::milliseconds(200)));
    EXPECT_EQ(departed.error().why, "too-slow");
}

TEST_F(OidcProviderTest, TakesBackOnlyWhomItSentThere) {
    const auto departed = depart();
    const commands::ProviderTrip& trip = departed->trip;
    const auto why = [&](commands::ProviderReturn returned) {
        const auto arrived = arrive(trip, std::move(returned));
        return arrived ? std::string_view("arrived") : arrived.error().why;
    };
    EXPECT_EQ(why({"other", "code-1", there_.issuer(), ""}), "state");
    EXPECT_EQ(why({"", "code-1", there_.issuer(), ""}), "state");
    EXPECT_EQ(why({trip.state, "", there_.issuer(), ""}), "code");
    EXPECT_EQ(why({trip.state, std::string(5000, 'a'), there_.issuer(), ""}), "code");
    EXPECT_EQ(why({trip.state, "", there_.issuer(), "access_denied"}), "error-of-response");
    commands::ProviderTrip none = trip;
    none.state.clear();
    EXPECT_EQ(arrive(none, {"", "code-1", there_.issuer(), ""}).error().why, "state");
    EXPECT_EQ(there_.asked("/token"), 0);
}

TEST_F(OidcProviderTest, GivesACodeToNobodyWhoDidNotIssueIt) {
    // Mix-up (RFC 9207): the browser comes back from one provider to the callback of another.
    const auto departed = depart();
    const auto why = [&](const std::string& issuer) {
        return arrive(departed->trip, {departed->trip.state, "code-1", issuer, ""}).error().why;
    };
    EXPECT_EQ(why(evil_.issuer()), "issuer-of-response");
    EXPECT_EQ(why(""), "issuer-of-response");  // it says that it always tells
    EXPECT_EQ(there_.asked("/token"), 0);
    EXPECT_EQ(evil_.asked("/token"), 0);
}

TEST_F(OidcProviderTest, AsksForAnAuthenticationOfNowAndSeesThatThereWasOne) {
    const auto departed = depart(true);
    EXPECT_NE(departed->url.find("&max_age=0"), std::string::npos);
    EXPECT_EQ(departed->trip.authenticated_since, kNow);
    there_.lies.claims = {{"auth_time", "1799999000"}};
    EXPECT_EQ(travel(true).error().why, "authenticated-before");
    there_.lies.claims = {{"auth_time", "1800000000"}};
    EXPECT_TRUE(travel(true));
}

TEST_F(OidcProviderTest, WishesForAnAuthenticationOfNowAndTakesWhoeverTellsNone) {
    const auto asked_by = [&](const ProviderOptions& options, bool selects) {
        OidcProvider one(options, world());
        commands::ProviderWish wish{kRedirectUri, false, ""};
        wish.prefers_anew = !selects;
        wish.selects_account = selects;
        const auto departed = test::run(one.depart(std::move(wish), soon()));
        EXPECT_FALSE(departed->trip.authenticated_since);
        there_.set_nonce(departed->trip.nonce);
        EXPECT_TRUE(test::run(one.arrive(departed->trip, returned_with(departed->trip), kRedirectUri, soon())));
        return test::form_fields(departed->url.substr(departed->url.find('?') + 1));
    };
    auto by_others = asked_by(options_of(there_), false);
    EXPECT_EQ(by_others["max_age"], "0");
    EXPECT_EQ(by_others["prompt"], "login");
    ProviderOptions google = options_of(there_);
    google.prompt_of_now = kProviderPresets.front().prompt_of_now;
    EXPECT_EQ(asked_by(google, false)["prompt"], "select_account") << "it knows no other";
    auto to_select = asked_by(options_of(there_), true);
    EXPECT_EQ(to_select["prompt"], "select_account");
    EXPECT_FALSE(to_select.contains("max_age"));
}

TEST_F(OidcProviderTest, KnowsTenants) {
    ProviderOptions options = options_of(there_);
    options.issuer = there_.issuer() + "/{tenantid}/v2.0";
    options.discovered_at = there_.issuer() + "/common/v2.0";
    const std::string tenant = "018bcfe5-6800-7000-8000-000000000009";
    there_.lies.metadata = {{"issuer", "\"" + options.issuer + "\""},
                            {"authorization_response_iss_parameter_supported", ""}};
    there_.lies.claims = {{"iss", "\"" + there_.issuer() + "/" + tenant + "/v2.0\""}, {"tid", "\"" + tenant + "\""}};
    const auto arrived_with = [&](const std::vector<std::string>& tenants) {
        options.tenants = tenants;
        OidcProvider one(options, world());
        const auto departed = test::run(one.depart({kRedirectUri, false, ""}, soon()));
        there_.set_nonce(departed->trip.nonce);
        return test::run(one.arrive(departed->trip, {departed->trip.state, "code-1", "", ""}, kRedirectUri, soon()));
    };
    EXPECT_EQ(arrived_with({})->issuer, there_.issuer() + "/" + tenant + "/v2.0");
    EXPECT_TRUE(arrived_with({tenant}));
    const auto of_others = arrived_with({"018bcfe5-6800-7000-8000-00000000000a"});
    EXPECT_EQ(of_others.error().fault, ProviderFault::kDenied);
    EXPECT_EQ(of_others.error().why, "tenant");
    there_.lies.claims["tid"] = "\"018bcfe5-6800-7000-8000-00000000000a\"";
    EXPECT_EQ(arrived_with({}).error().why, "issuer");
}

TEST_F(OidcProviderTest, IsLookedAtBeforeAnybodyDeparts) {
    const auto look = [&] {
        clock_.advance(days(2));  // nothing is remembered
        const auto found = test::run(provider_.look(soon()));
        return found ? std::to_string(found->keys) : std::string(found.error().why);
    };
    EXPECT_EQ(look(), "1");
    write_secret("");
    EXPECT_EQ(look(), "client-secret");
    there_.lies.body = R"({"keys":[{"kty":"oct","k":"AA"}],"issuer":")" + there_.issuer() +
                       R"(","authorization_endpoint":"https://a.example","token_endpoint":"https://a.example",)" +
                       R"("jwks_uri":")" + there_.issuer() + R"(/keys"})";
    EXPECT_EQ(look(), "no-key");
    there_.lies.body.clear();
    there_.lies.metadata = {{"issuer", "\"https://other.example\""}};
    EXPECT_EQ(look(), "discovery-issuer");
}

TEST_F(OidcProviderTest, IsOneOfThoseThatAreConfigured) {
    ProviderOptions first = options_of(there_, "first");
    first.title = "First";
    first.signs_up = true;
    OidcProviders all({first, options_of(evil_, "second")}, world());
    ASSERT_EQ(all.offers().size(), 2u);
    EXPECT_EQ(all.offers()[0].title, "First");
    EXPECT_TRUE(all.offers()[0].signs_up);
    EXPECT_FALSE(all.offers()[1].signs_up);
    const auto departed = test::run(all.depart("second", {kRedirectUri, false, ""}, soon()));
    EXPECT_TRUE(departed->url.starts_with(evil_.issuer()));
    EXPECT_EQ(departed->trip.provider, "second");
    EXPECT_EQ(test::run(all.depart("third", {kRedirectUri, false, ""}, soon())).error().why, "not-offered");
    // The trip says to whom a code goes: not whoever answers.
    const auto mixed = test::run(
        all.arrive(departed->trip, {departed->trip.state, "code-1", there_.issuer(), ""}, kRedirectUri, soon()));
    EXPECT_EQ(mixed.error().why, "issuer-of-response");
}
