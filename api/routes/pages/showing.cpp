#include "api/routes/pages/showing.hpp"

#include "api/routes/pages/reader.hpp"
#include "api/wire/field_values.hpp"

namespace keyledger::api {
namespace {

constexpr int kWholeWeight = 1000;

// RFC 9110 section 12.5.4; of several of one weight the first.
std::optional<Language> language_of_browser(const Headers& headers) {
    std::optional<Language> best;
    int most = 0;
    for (const std::string_view element : list_elements(headers, "Accept-Language")) {
        const std::size_t semicolon = std::min(element.find(';'), element.size());
        const auto parameters = parse_field_parameters(element.substr(semicolon));
        if (!parameters) continue;
        int weight = kWholeWeight;
        for (const FieldParameter& parameter : *parameters)
            if (parameter.name == "q") weight = parse_weight(parameter.value).value_or(0);
        const auto language = language_named(element.substr(0, semicolon));
        if (!language || weight <= most) continue;
        best = language;
        most = weight;
    }
    return best;
}

// From where the page stands: what this service is behind may add to its paths.
std::string root_of(const Request& request) {
    std::string root;
    for (std::size_t i = 1; i < request.segments.size(); ++i) root += "../";
    return root;
}

}  // namespace

Reader reader_of(const Pages& pages, const Request& request) {
    return {language_of_browser(request.headers).value_or(pages.default_language()), root_of(request)};
}

namespace routes {

std::optional<Language> language_of_locales(std::string_view ui_locales) {
    while (!ui_locales.empty()) {
        const std::size_t end = std::min(ui_locales.find(' '), ui_locales.size());
        if (const auto language = language_named(ui_locales.substr(0, end))) return language;
        ui_locales.remove_prefix(std::min(end + 1, ui_locales.size()));
    }
    return std::nullopt;
}

Response show(const Call& call, int status, const Page& page) {
    const Pages& pages = call.context.pages;
    return pages.show(reader_of(pages, call.request), status, page);
}

FormField new_password_field(const Call& call, std::string name) {
    FormField field{std::move(name), Text::kNewPassword, FormField::Kind::kNewPassword};
    field.hint = Phrase(Text::kNewPasswordHint, std::to_string(call.context.least_password_length));
    return field;
}

}  // namespace routes
}  // namespace keyledger::api
