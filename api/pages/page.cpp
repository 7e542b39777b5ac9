#include "api/pages/page.hpp"

#include <kainjow/mustache.hpp>

namespace keyledger::api {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

// {{…}} escapes, and there is no other form in here.
constexpr const char* kLayout = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{title}}</title>
</head>
<body>
<main>
<h1>{{title}}</h1>
{{#sentences}}
<p>{{sentence}}</p>
{{/sentences}}
{{#fault}}
<p role="alert">{{fault}}</p>
{{/fault}}
{{#form}}
<form method="post" action="{{action}}">
{{#hidden}}
<input type="hidden" name="{{name}}" value="{{value}}">
{{/hidden}}
{{#fields}}
<p><label for="{{name}}">{{label}}</label>
<input id="{{name}}" name="{{name}}" type="{{type}}" autocomplete="{{autocomplete}}" value="{{value}}" required></p>
{{/fields}}
<p><button type="submit">{{button}}</button></p>
</form>
{{/form}}
{{#other_form}}
<form method="post" action="{{action}}">
{{#hidden}}
<input type="hidden" name="{{name}}" value="{{value}}">
{{/hidden}}
<p><button type="submit">{{button}}</button></p>
</form>
{{/other_form}}
</main>
</body>
</html>
)";

const char* autocomplete_of(FormField::Kind kind) {
    switch (kind) {
        case FormField::Kind::kNewPassword: return "new-password";
        case FormField::Kind::kPassword: return "current-password";
        case FormField::Kind::kCode: return "one-time-code";
        case FormField::Kind::kUsername: return "username";
    }
    return "off";
}

data drawn(const Form& form) {
    data hidden{data::type::list};
    for (const auto& [name, value] : form.hidden) {
        data one;
        one.set("name", name);
        one.set("value", value);
        hidden.push_back(one);
    }
    data fields{data::type::list};
    for (const FormField& field : form.fields) {
        data one;
        one.set("name", field.name);
        one.set("label", field.label);
        const bool is_text = field.kind == FormField::Kind::kCode || field.kind == FormField::Kind::kUsername;
        one.set("type", is_text ? "text" : "password");
        one.set("value", field.value);
        one.set("autocomplete", autocomplete_of(field.kind));
        fields.push_back(one);
    }
    data drawn;
    drawn.set("action", form.action);
    drawn.set("button", form.button);
    drawn.set("hidden", hidden);
    drawn.set("fields", fields);
    return drawn;
}

// Beside what every answer has (default-src 'none', no frames, no referrer, no cache): where the form may go, and that
// nothing moves the base of that.
std::string policy_of(const Page& page) {
    return "form-action 'self'" + (page.leads_to.empty() ? "" : ' ' + page.leads_to) + "; base-uri 'none'";
}

}  // namespace

Response show(int status, const Page& page) {
    data sentences{data::type::list};
    for (const std::string& sentence : page.sentences) {
        data one;
        one.set("sentence", sentence);
        sentences.push_back(one);
    }
    data all;
    all.set("title", page.title);
    all.set("sentences", sentences);
    if (!page.fault.empty()) all.set("fault", page.fault);
    if (page.form) all.set("form", drawn(*page.form));
    if (page.other_form) all.set("other_form", drawn(*page.other_form));
    Response response;
    response.status = status;
    response.content_type = "text/html; charset=utf-8";
    response.body = mustache(std::string(kLayout)).render(all);
    response.headers.add("Content-Security-Policy", policy_of(page));
    return response;
}

}  // namespace keyledger::api
