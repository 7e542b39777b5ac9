#include "api/routes/pages/way.hpp"

namespace keyledger::api::routes {

Way way_of(Call& call, FormFields& fields) {
    Way way;
    const std::string sealed = fields.optional_string("flow", kMaxFlowBytes).value_or("");
    if (!sealed.empty()) way.flow = flow_of(call.context, call.request, sealed);
    if (way.flow) way.sealed = sealed;
    return way;
}

std::string along(const Way& way, std::string target) {
    return way.flow ? std::move(target) + "?flow=" + way.sealed : std::move(target);
}

Page on_the_way(const Way& way, Page page) {
    if (!way.flow) return page;
    page.language = language_of_locales(way.flow->request.ui_locales);
    page.application = way.flow->application_name;
    dress(page, *way.flow);
    if (page.form) page.form->hidden.push_back({"flow", way.sealed});
    for (Form& form : page.more_forms) form.hidden.push_back({"flow", way.sealed});
    return page;
}

std::vector<Link> links_to_log_in(const Way& way) {
    return {{way.flow ? along(way, "/login") : "/account", Text::kLogIn}};
}

}  // namespace keyledger::api::routes
