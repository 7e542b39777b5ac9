#pragma once
// The plain pages behind the links of mails: a heading, some sentences, perhaps one form. Opening one changes nothing,
// for scanners of mail open links, too; what is done, its button does, by POST. They work without script, keep nothing,
// load nothing, and tell no other site where their reader came from (the token is in the address). Any thread.
//
//     Page page{"Choose a new password", {"All your sessions end then."}};
//     page.form = Form{"reset-password", "Set password", {{"token", token}}, {{"new_password", "New"}}};
//     return show(200, page);
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/response.hpp"

namespace keyledger::api {

struct FormField {
    enum class Kind { kNewPassword, kPassword, kCode, kUsername };
    std::string name;
    std::string label;
    Kind kind = Kind::kNewPassword;
    std::string value{};  // that it begins with
};
struct HiddenField {
    std::string name;
    std::string value;
};
struct Form {
    std::string action;  // relative to the page, for what this service is behind may add to its paths
    std::string button;
    std::vector<HiddenField> hidden{};
    std::vector<FormField> fields{};
};
struct Page {
    std::string title;
    std::vector<std::string> sentences{};
    std::optional<Form> form{};
    std::string fault{};               // what was wrong with the form as it was sent
    std::optional<Form> other_form{};  // the other choice
    // Where the form leads in the end, as an origin: a browser that is told form-action follows a redirect nowhere
    // else.
    std::string leads_to{};
};

// Everything in it is text: what would be markup is escaped.
Response show(int status, const Page& page);

}  // namespace keyledger::api
