#pragma once
// Somebody at the pages of their own account, as forms and links of it are used.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/browser.hpp"

namespace keyledger::test {

inline constexpr const char* kAccount = "/account";

// At the first of them, by way of the log-in page.
inline Answer logged_in(Browser& browser, const Person& person) {
    const Answer page = browser.follow(browser.get(kAccount));
    const Answer back = browser.follow(log_in(browser, page, person, person.password));
    EXPECT_EQ(Browser::location(back), kAccount) << back.body;
    return browser.follow(back);
}
// A form of a page with its token, and what is typed into it.
inline std::string own_form(const Answer& page,
                            std::initializer_list<std::pair<std::string_view, std::string_view>> typed) {
    return form_body({{"csrf", hidden(page, "csrf")}}) + (typed.size() == 0 ? "" : "&" + form_body(typed));
}
inline bool has(const Answer& page, std::string_view text) { return page.body.find(text) != std::string::npos; }

// A form that another session's page, or none, brought: it does nothing.
inline void expect_nothing_by_others_forms(Browser& browser, const std::string& target, const std::string& fields,
                                           const Answer& page_of_another) {
    EXPECT_EQ(browser.post(target, fields).status, 400) << target;
    const Answer forged = browser.post(target, fields + "&" + own_form(page_of_another, {}));
    EXPECT_EQ(forged.status, 400) << target;
    EXPECT_TRUE(has(forged, "was not shown in the session")) << target << forged.body;
    EXPECT_TRUE(Browser::location(Browser().post(target, fields)).starts_with("/login?flow=")) << target;
}

}  // namespace keyledger::test
