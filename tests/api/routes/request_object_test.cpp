#include "api/routes/oauth/request_object.hpp"

#include <gtest/gtest.h>

#include "api/routes/oauth/authorization_request.hpp"
#include "security/primitives/base64url.hpp"

namespace keyledger::api::routes {
namespace {

std::string unsigned_object(std::string_view claims) {
    return "eyJhbGciOiJub25lIn0." + security::base64url_encode(claims) + ".";
}
WayBack read(std::string_view claims) { return way_back_of(unsigned_object(claims)); }

void expect_nothing(std::string_view request_object) {
    const WayBack back = way_back_of(request_object);
    EXPECT_FALSE(back.response_mode) << request_object.substr(0, 100);
    EXPECT_FALSE(back.state) << request_object.substr(0, 100);
}

TEST(RequestObject, SaysHowItsRefusalIsTold) {
    const WayBack back = read(R"({"response_mode":"form_post","state":"~?~?ü","client_id":"x"})");
    EXPECT_EQ(back.response_mode, ResponseMode::kFormPost);
    EXPECT_EQ(back.state, "~?~?ü") << "base64url's own digits";
    EXPECT_EQ(way_back_of(unsigned_object(R"({"response_mode":"query"})") + "c2lnbmF0dXJl").response_mode,
              ResponseMode::kQuery)
        << "signed or not";
}

TEST(RequestObject, IsReadMemberByMember) {
    const WayBack mode_alone = read(R"({"response_mode":"form_post","state":["x"]})");
    EXPECT_EQ(mode_alone.response_mode, ResponseMode::kFormPost);
    EXPECT_FALSE(mode_alone.state);
    const WayBack state_alone = read(R"({"response_mode":"form_post.jwt","state":"x"})");
    EXPECT_FALSE(state_alone.response_mode);
    EXPECT_EQ(state_alone.state, "x");
}

TEST(RequestObject, SaysNothingWhereItIsNone) {
    for (const char* no_jwt : {"", ".", "..", "...", "a.b", "a.e30", "a.e30.c.d", "a.e30.c.d.e", "a.!.c", "a.e.c"})
        expect_nothing(no_jwt);
    for (const char* no_object : {"", "[]", "null", "7", "{", R"({"state":"\ud800"})", "{\"state\":\"\xff\"}"})
        expect_nothing(unsigned_object(no_object));
    expect_nothing(unsigned_object(std::string(4000, '[')));
}

TEST(RequestObject, TakesNoStateThatTheParameterCouldNotBe) {
    EXPECT_TRUE(read(R"({"state":")" + std::string(kMaxStateBytes, 's') + R"("})").state);
    EXPECT_FALSE(read(R"({"state":")" + std::string(kMaxStateBytes + 1, 's') + R"("})").state);
    for (const char* unseen : {R"({"state":""})", R"({"state":"\u0000"})", R"({"state":"a\r\nb"})"})
        EXPECT_FALSE(read(unseen).state) << unseen;
    expect_nothing(unsigned_object(R"({"state":"s","x":")" + std::string(kMaxRequestObjectBytes, 'x') + R"("})"));
}

}  // namespace
}  // namespace keyledger::api::routes
