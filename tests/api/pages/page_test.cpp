#include "api/pages/page.hpp"

#include <gtest/gtest.h>

namespace keyledger::api {
namespace {

constexpr const char* kMarkup = R"("><script>alert('x')</script>{{title}}&amp;)";

TEST(Page, ShowsWhatItIsGivenAsTextAlone) {
    Page page{kMarkup, {kMarkup}, {}, kMarkup};
    page.form = Form{"/account/x", kMarkup, {{kMarkup, kMarkup}}, {{"code", kMarkup, FormField::Kind::kCode}}};
    const Response shown = show(200, page);
    EXPECT_EQ(shown.body.find("<script"), std::string::npos) << shown.body;
    EXPECT_EQ(shown.body.find("\"><"), std::string::npos) << shown.body;
    EXPECT_EQ(shown.body.find("alert('x')"), std::string::npos) << "quotes are escaped too, for they end attributes";
    EXPECT_NE(shown.body.find("{{title}}"), std::string::npos) << "a value is no template";
}

TEST(Page, HasNoScriptAndNothingToLoadAndItsFormGoesNowhereElse) {
    Page page{"Choose a new password", {"All your sessions end then."}};
    page.form = Form{"/account/x", "Set password", {{"token", "abc-_"}}, {{"new_password", "New password"}}};
    const Response shown = show(200, page);
    EXPECT_EQ(shown.content_type, "text/html; charset=utf-8");
    for (const char* loaded : {"<script", "<link", "<img", "style=", "src=", "href=", " on"})
        EXPECT_EQ(shown.body.find(loaded), std::string::npos) << loaded;
    EXPECT_NE(shown.body.find(R"(<form method="post" action="/account/x">)"), std::string::npos) << shown.body;
    EXPECT_NE(shown.body.find(R"(<input type="hidden" name="token" value="abc-_">)"), std::string::npos);
    EXPECT_NE(shown.body.find(R"(type="password" autocomplete="new-password")"), std::string::npos);
    EXPECT_EQ(shown.headers.find("Content-Security-Policy"), "form-action 'self'; base-uri 'none'");
}

TEST(Page, LeavesOutWhatThereIsNot) {
    const Response shown = show(401, Page{"Code or link not accepted", {"Ask for a new one."}});
    EXPECT_EQ(shown.status, 401);
    EXPECT_EQ(shown.body.find("<form"), std::string::npos);
    EXPECT_EQ(shown.body.find("alert"), std::string::npos);
    EXPECT_EQ(shown.body.find("{{"), std::string::npos);
}

}  // namespace
}  // namespace keyledger::api
