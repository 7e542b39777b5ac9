#include "api/routes/pages/enrolment_page.hpp"

namespace keyledger::api::routes {
namespace {

// Of the SVG that the command draws: its size, and its dark modules, which are its last path.
std::string_view between(std::string_view text, std::string_view begins, std::string_view ends) {
    const auto from = text.rfind(begins);
    if (from == text.npos) return {};
    text.remove_prefix(from + begins.size());
    return text.substr(0, text.find(ends));
}

}  // namespace

void show_secret(Page& page, const commands::BegunEnrolment& begun) {
    const std::string_view svg = begun.secret.svg.reveal();
    page.drawing = Drawing{std::string(between(svg, "viewBox=\"", "\"")), std::string(between(svg, "<path d=\"", "\"")),
                           Text::kQrCode};
    page.shown_secret = std::string(begun.secret.base32.reveal());
}

FormField app_code_field() {
    return {"code", Text::kCode, FormField::Kind::kCode, {}, Phrase(Text::kCodeThatTheAppShows)};
}

Page recovery_codes_page(const std::vector<Secret>& codes, Link on) {
    Page page{Text::kRecoveryCodes, {Text::kKeepThem}};
    for (const Secret& code : codes) page.codes.emplace_back(code.reveal());
    page.links = {std::move(on)};
    return page;
}

}  // namespace keyledger::api::routes
