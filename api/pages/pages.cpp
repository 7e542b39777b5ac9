#include "api/pages/pages.hpp"

#include <filesystem>
#include <fstream>
#include <kainjow/mustache.hpp>

#include "api/pages/compiled_files.hpp"
#include "api/pages/template_check.hpp"

namespace keyledger::api {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

// ---- a page as the template is given it ------------------------------------------------------------------------
constexpr std::string_view kFaultId = "fault";

struct InputLook {
    const char* type;
    const char* autocomplete;
    const char* inputmode;  // empty: as the type
};
InputLook look_of(FormField::Kind kind) {
    switch (kind) {
        case FormField::Kind::kNewPassword: return {"password", "new-password", ""};
        case FormField::Kind::kPassword: return {"password", "current-password", ""};
        case FormField::Kind::kCode: return {"text", "one-time-code", "numeric"};
        case FormField::Kind::kFactor: return {"text", "one-time-code", ""};
        case FormField::Kind::kUsername: return {"text", "username", ""};
        case FormField::Kind::kUsernameOrPasskey: return {"text", "username webauthn", ""};
        // type=email refuses addresses beyond ASCII.
        case FormField::Kind::kEmail: return {"text", "username", "email"};
        case FormField::Kind::kNewEmail: return {"text", "email", "email"};
        case FormField::Kind::kName: return {"text", "name", ""};
        case FormField::Kind::kLanguage: return {"text", "language", ""};
        case FormField::Kind::kText:
        case FormField::Kind::kTrap: break;
    }
    return {"text", "off", ""};
}

const char* class_of(Form::Look look) {
    switch (look) {
        case Form::Look::kMain: return "main";
        case Form::Look::kOther: return "other";
        case Form::Look::kGrave: return "grave";
    }
    return "";
}

data flag(bool is_so) { return is_so ? data::type::bool_true : data::type::bool_false; }

void set_if(data& values, const char* name, const std::string& text) {
    if (!text.empty()) values.set(name, text);
}

data drawn(const FormField& field, const std::string& id, Language language, bool has_fault) {
    const InputLook look = look_of(field.kind);
    const bool is_trap = field.kind == FormField::Kind::kTrap;
    const bool is_faulty = field.is_faulty && has_fault;
    data values;
    values.set("id", id);
    values.set("name", field.name);
    values.set("label", field.label.in(language));
    values.set("type", look.type);
    values.set("value", field.value);
    values.set("autocomplete", look.autocomplete);
    values.set("inputmode", flag(false));
    set_if(values, "inputmode", look.inputmode);
    values.set("field_look", is_trap ? "trap" : "field");
    values.set("is_trap", flag(is_trap));
    values.set("is_faulty", flag(is_faulty));
    const bool is_required = field.need == FormField::Need::kRequired && !is_trap;
    values.set("is_required", flag(is_required));
    std::string described_by = is_faulty ? std::string(kFaultId) : "";
    if (field.hint) {
        values.set("hint", field.hint->in(language));
        described_by += (described_by.empty() ? "" : " ") + id + "-hint";
    } else {
        values.set("hint", flag(false));
    }
    values.set("described_by", flag(false));
    set_if(values, "described_by", described_by);
    return values;
}

// Two forms of a page may have fields of one name.
std::string id_of(const Form& form, const FormField& field) {
    return form.id.empty() ? field.name : form.id + "-" + field.name;
}

data drawn(const Form& form, Language language, bool has_fault) {
    data hidden{data::type::list};
    for (const auto& [name, value] : form.hidden) {
        data one;
        one.set("name", name);
        one.set("value", value);
        hidden.push_back(one);
    }
    data fields{data::type::list};
    for (const FormField& field : form.fields) fields.push_back(drawn(field, id_of(form, field), language, has_fault));
    data values;
    values.set("action", form.action);
    values.set("button", form.button.in(language));
    values.set("look", class_of(form.look));
    set_if(values, "form_id", form.id);
    values.set("passkey", flag(false));
    if (form.passkey != Form::Passkey::kNone) {
        values.set("passkey", form.passkey == Form::Passkey::kProve ? "get" : "create");
        values.set("passkey_options", form.passkey_options);
    }
    values.set("hidden", hidden);
    values.set("fields", fields);
    return values;
}

// One value to a member of a list.
template <class List, class Text>
data listed(const List& list, const char* name, Text text_of) {
    data all{data::type::list};
    for (const auto& one : list) {
        data values;
        values.set(name, text_of(one));
        all.push_back(values);
    }
    return all;
}

struct FaultyField {
    const Form* form;
    const FormField* field;
};
std::optional<FaultyField> faulty_field(const Form& form) {
    for (const FormField& field : form.fields)
        if (field.is_faulty) return FaultyField{&form, &field};
    return std::nullopt;
}
std::optional<FaultyField> faulty_field(const Page& page) {
    auto found = page.form ? faulty_field(*page.form) : std::nullopt;
    for (const Section& section : page.sections)
        for (const Form& form : section.forms)
            if (!found) found = faulty_field(form);
    return found;
}

void draw_fault(data& values, const Page& page, Language language) {
    if (!page.fault) return;
    values.set("fault", data::type::bool_true);
    values.set("fault_word", std::string(words_of(Text::kFaultWord, language)));
    values.set("fault_sentence", page.fault->in(language));
    if (const auto faulty = faulty_field(page)) {
        values.set("fault_field", id_of(*faulty->form, *faulty->field));
        values.set("fault_label", faulty->field->label.in(language));
    }
}

data drawn(const Section& section, std::size_t number, Language language, bool has_fault) {
    const auto said = [language](const Phrase& phrase) { return phrase.in(language); };
    data things{data::type::list};
    for (const Thing& thing : section.things) {
        data own{data::type::list};
        if (thing.form) own.push_back(drawn(*thing.form, language, false));
        data one;
        one.set("thing", said(thing.name));
        std::vector<Phrase> about = thing.more;
        if (!thing.about.empty()) about.insert(about.begin(), Phrase::as_it_is(thing.about));
        one.set("about", listed(about, "about", said));
        one.set("thing_forms", own);
        things.push_back(one);
    }
    data forms{data::type::list};
    for (const Form& form : section.forms) forms.push_back(drawn(form, language, has_fault));
    data values;
    values.set("section_id", "section-" + std::to_string(number));
    values.set("section", said(section.title));
    values.set("section_sentences", listed(section.sentences, "sentence", said));
    values.set("has_things", flag(!section.things.empty()));
    values.set("things", things);
    values.set("section_forms", forms);
    return values;
}

void draw_what_is_shown(data& values, const Page& page, Language language) {
    set_if(values, "shown_secret", page.shown_secret);
    values.set("has_codes", flag(!page.codes.empty()));
    values.set("codes", listed(page.codes, "one_code", [](const std::string& code) { return code; }));
    if (page.done) values.set("done", page.done->in(language));
    if (!page.drawing) return;
    data drawing;
    drawing.set("view_box", page.drawing->view_box);
    drawing.set("path", page.drawing->path);
    drawing.set("what", page.drawing->what.in(language));
    values.set("drawing", drawing);
}

// By the name of what the browser throws (Web Authentication sections 5.1.3 and 5.1.4); the last for any other, and one
// for a browser that has no passkeys at all.
void draw_passkey_faults(data& values, const Page& page, Language language) {
    struct Fault {
        const char* error;
        Phrase words;
    };
    const Fault faults[] = {{"NotAllowedError", Text::kPasskeyGivenUp},
                            {"SecurityError", Phrase(Text::kPasskeysElsewhere, page.passkey_domain)},
                            {"InvalidStateError", Text::kPasskeyIsHere},
                            {"none", Text::kNoPasskeysHere},
                            {"other", Text::kPasskeyFailed}};
    data all{data::type::list};
    for (const Fault& fault : faults) {
        data one;
        one.set("passkey_error", fault.error);
        one.set("passkey_advice", fault.words.in(language));
        if (!page.passkey_domain.empty()) all.push_back(one);
    }
    values.set("passkey_faults", all);
}

// Of an https URI as applications have them: nothing in it can end a directive of the policy.
std::string_view origin_of(std::string_view uri) {
    constexpr std::string_view kScheme = "https://";
    return uri.substr(0, uri.find_first_of("/?", kScheme.size()));
}

void draw_navigation(data& values, const Page& page, Language language) {
    data all{data::type::list};
    for (const Link& link : page.navigation) {
        data one;
        one.set("href", link.href);
        one.set("link", link.words.in(language));
        one.set("is_here", flag(link.href == page.here));
        all.push_back(one);
    }
    values.set("has_navigation", flag(!page.navigation.empty()));
    values.set("navigation", all);
    values.set("navigation_title", std::string(words_of(Text::kPartsOfAccount, language)));
}

// ---- what a browser may do with it -----------------------------------------------------------------------------
// Instead of the policy that every other answer has. Beside it there is no referrer and no cache.
std::string policy_of(const Page& page) {
    std::string policy = "default-src 'none'; style-src 'self'; img-src 'self'";
    if (!page.logo.empty()) policy += ' ' + std::string(origin_of(page.logo));
    if (!page.scripts.empty()) policy += "; script-src 'self'";
    policy += "; form-action 'self'" + (page.leads_to.empty() ? "" : ' ' + page.leads_to);
    return policy + "; frame-ancestors 'none'; base-uri 'none'";
}

// ---- files -----------------------------------------------------------------------------------------------------
std::string_view compiled(std::string_view name) {
    for (const StaticFile& file : compiled_files())
        if (file.name == name) return file.text;
    throw std::logic_error("pages: a file is not compiled in");
}

// Empty where there is none of that name.
std::string read_file(const std::filesystem::path& path, std::vector<std::string>& faults) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return {};
    std::ifstream in;
    if (std::filesystem::is_regular_file(path, error)) in.open(path, std::ios::binary);
    std::string text(kMostPageFileBytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (!in.is_open() || in.bad() || text.empty()) faults.push_back(path.string() + ":1: can't be read, or is empty");
    if (text.size() > kMostPageFileBytes)
        faults.push_back(path.string() + ":1: has more than " + std::to_string(kMostPageFileBytes) + " bytes");
    return text;
}

void find_strangers(const std::string& folder, std::vector<std::string>& faults) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name != kPageTemplate && name != kPageStyle)
            faults.push_back(entry.path().string() + ":1: nothing looks at it: a folder of pages has " +
                             std::string(kPageTemplate) + " and " + std::string(kPageStyle));
    }
    if (error) faults.push_back(folder + ":1: can't be read");
}

}  // namespace

Pages::Pages(std::string layout, std::string_view style, std::string service_name, Language language)
    : template_(std::move(layout)),
      assets_(style),
      service_name_(std::move(service_name)),
      default_language_(language) {}

Result<Pages, std::vector<std::string>> Pages::load(const PageOptions& options) {
    std::vector<std::string> faults;
    std::string layout;
    std::string style;
    if (!options.folder.empty()) {
        const std::filesystem::path folder(options.folder);
        find_strangers(options.folder, faults);
        layout = read_file(folder / kPageTemplate, faults);
        style = read_file(folder / kPageStyle, faults);
    }
    const std::string path = layout.empty() ? "(compiled in)" : options.folder + "/" + std::string(kPageTemplate);
    if (layout.empty()) layout = compiled(kPageTemplate);
    for (std::string& fault : faults_of_template(path, layout)) faults.push_back(std::move(fault));
    if (!faults.empty()) return Unexpected(std::move(faults));
    const Language language = language_named(options.language).value_or(Language::kEnglish);
    Pages pages(std::move(layout), style, options.service_name, language);
    pages.has_docs_ = options.has_docs;
    return pages;
}

Response Pages::show(const Reader& reader, int status, const Page& page) const {
    const Language language = page.language.value_or(reader.language);
    const auto said = [language](const Phrase& phrase) { return phrase.in(language); };
    data forms{data::type::list};
    if (page.form) forms.push_back(drawn(*page.form, language, page.fault.has_value()));
    for (const Form& form : page.more_forms) forms.push_back(drawn(form, language, false));
    data links{data::type::list};
    for (const Link& link : page.links) {
        data one;
        one.set("href", link.href);
        one.set("link", said(link.words));
        links.push_back(one);
    }
    data values;
    values.set("language", std::string(tag_of(language)));
    values.set("service", service_name_);
    values.set("style", reader.root + assets_.path(kPageStyle));
    if (!page.theme.empty()) values.set("theme", reader.root + page.theme);
    set_if(values, "logo", page.logo);
    values.set("icon", reader.root + assets_.path("icon.svg"));
    values.set("scripts",
               listed(page.scripts, "script", [&](const auto& name) { return reader.root + assets_.path(name); }));
    values.set("title", said(page.title));
    if (!page.application.empty()) values.set("way", Phrase(Text::kOnTheWayTo, page.application).in(language));
    draw_fault(values, page, language);
    draw_passkey_faults(values, page, language);
    values.set("sentences", listed(page.sentences, "sentence", said));
    values.set("has_items", flag(!page.items.empty()));
    values.set("items", listed(page.items, "item", said));
    draw_what_is_shown(values, page, language);
    values.set("forms", forms);
    data sections{data::type::list};
    for (std::size_t i = 0; i < page.sections.size(); ++i)
        sections.push_back(drawn(page.sections[i], i, language, page.fault.has_value()));
    values.set("sections", sections);
    draw_navigation(values, page, language);
    values.set("has_links", flag(!page.links.empty()));
    values.set("links", links);
    Response response;
    response.status = status;
    response.content_type = "text/html; charset=utf-8";
    response.body = mustache(template_).render(values);
    response.headers.add("Content-Security-Policy", policy_of(page));
    return response;
}

}  // namespace keyledger::api
