#include "api/wire/form.hpp"

#include <gtest/gtest.h>

using namespace keyledger::api;

namespace {

Request form(std::string body) {
    Request request;
    request.body = std::move(body);
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    return request;
}

Request authorized(std::string_view value) {
    Request request;
    request.headers.add("Authorization", value);
    return request;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST(FormFields, ReadsABodyAndIgnoresWhatNobodyAskedFor) {
    Request request = form("token=a%2Bb+c&token_type_hint=&extra=1");
    FormFields fields = FormFields::of_body(request);
    EXPECT_EQ(fields.required_secret("token", 10).reveal(), "a+b c");
    EXPECT_EQ(fields.optional_string("token_type_hint", 10), std::nullopt);
    EXPECT_TRUE(fields.finish());
}

TEST(FormFields, RefusesAParameterGivenTwice) {
    Request request = form("token=a&token=b");
    FormFields fields = FormFields::of_body(request);
    fields.required_string("token", 10);
    auto read = fields.finish();
    ASSERT_FALSE(read);
    EXPECT_TRUE(has(read.error().body, "problem:bad-request")) << read.error().body;
}

TEST(FormFields, ReportsMissingAndTooLongOnes) {
    Request request = form("hint=abcdef");
    FormFields fields = FormFields::of_body(request);
    fields.required_string("token", 10);
    fields.optional_string("hint", 5);
    auto read = fields.finish();
    ASSERT_FALSE(read);
    EXPECT_TRUE(has(read.error().body, R"({"field":"token","detail":"is required"})")) << read.error().body;
    EXPECT_TRUE(has(read.error().body, R"({"field":"hint","detail":"must have at most 5 bytes"})"));
}

TEST(FormFields, RefusesAnotherContentType) {
    Request request;
    request.body = "token=a";
    request.headers.add("Content-Type", "application/json");
    auto read = FormFields::of_body(request).finish();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().status, 415);
}

TEST(FormFields, RefusesQueryParametersThatNobodyAskedFor) {
    Request request;
    request.query = {{"limit", "10"}, {"sort", "up"}};
    FormFields fields = FormFields::of_query(request);
    EXPECT_EQ(fields.optional_integer("limit", 1, 100), 10);
    auto read = fields.finish();
    ASSERT_FALSE(read);
    EXPECT_TRUE(has(read.error().body, R"("field":"sort")")) << read.error().body;
}

TEST(FormFields, RefusesAnEmptyQueryParameter) {
    Request request;
    request.query = {{"user", ""}};
    FormFields fields = FormFields::of_query(request);
    EXPECT_FALSE(fields.optional_string("user", 36));
    auto read = fields.finish();
    ASSERT_FALSE(read);
    EXPECT_TRUE(has(read.error().body, R"("field":"user")")) << read.error().body;
}

TEST(FormFields, TakesIntegersWithinTheirRangeOnly) {
    for (const char* text : {"0", "101", "1x", "x", "1.0", "+1", " 1", "99999999999999999999"}) {
        Request request;
        request.query = {{"limit", text}};
        FormFields fields = FormFields::of_query(request);
        fields.optional_integer("limit", 1, 100);
        EXPECT_FALSE(fields.finish()) << text;
    }
}

TEST(BasicCredentials, TakesTheFormEncodingOff) {
    // base64("cl%3Aient:s%2Bc+r%25")
    auto credentials = basic_credentials(authorized("bAsIc Y2wlM0FpZW50OnMlMkJjK3IlMjU="));
    ASSERT_TRUE(credentials);
    EXPECT_EQ(credentials->id, "cl:ient");
    EXPECT_EQ(credentials->secret.reveal(), "s+c r%");
}

TEST(BasicCredentials, TellsMissingFromForeignFromMalformed) {
    EXPECT_EQ(basic_credentials(Request{}).error(), AuthorizationError::kMissing);
    EXPECT_EQ(basic_credentials(authorized("Bearer abc")).error(), AuthorizationError::kOtherScheme);
    // no colon, no id, bad base64, nothing, a NUL
    for (const char* value : {"Basic YWJj", "Basic OmFiYw==", "Basic a:b", "Basic", "Basic  ", "Basic YTpiJTAw"})
        EXPECT_EQ(basic_credentials(authorized(value)).error(), AuthorizationError::kMalformed) << value;
}

TEST(BearerToken, FollowsTheGrammarOfRfc6750) {
    Request request = authorized("bearer  abc.DEF-_~+/==");
    EXPECT_EQ(*bearer_token(request), "abc.DEF-_~+/==");
    EXPECT_EQ(bearer_token(Request{}).error(), AuthorizationError::kMissing);
    EXPECT_EQ(bearer_token(authorized("Basic YTpi")).error(), AuthorizationError::kOtherScheme);
    for (const char* value : {"Bearer", "Bearer a b", "Bearer a,b", "Bearer =", "Bearer a=b", "Bearer \xC3\xA4"})
        EXPECT_EQ(bearer_token(authorized(value)).error(), AuthorizationError::kMalformed) << value;
}
