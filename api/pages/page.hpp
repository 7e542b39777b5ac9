#pragma once
// What a page says and asks: a heading, some sentences, forms, links. Opening one changes nothing, for scanners of mail
// open links, too; what is done, a button does, by POST. Pages work without script, load nothing from elsewhere, and
// tell no other site where their reader came from (a token may be in the address). Plain values; any thread.
//
//     Page page{Text::kOpenAccount, {Text::kOpenAccountMeans}};
//     page.form = Form{"unlock", Text::kOpenIt, {{"token", token}}};
//     co_return show(call, 200, page);
#include <optional>
#include <string>
#include <vector>

#include "api/pages/words.hpp"

namespace keyledger::api {

struct FormField {
    enum class Kind {
        kNewPassword,
        kPassword,
        kCode,    // digits, of an app or a mail
        kFactor,  // a code of an app, or a recovery code, which has letters
        kUsername,
        kUsernameOrPasskey,  // where a browser offers passkeys beside the names that it knows
        kEmail,              // by which somebody logs in
        kNewEmail,
        kName,
        kLanguage,  // a language tag
        kText,
        kTrap,  // that nobody sees, and machines fill in (docs/forms.md)
    };
    std::string name;
    Phrase label;
    Kind kind = Kind::kNewPassword;
    std::string value{};  // that it begins with
    std::optional<Phrase> hint{};
    enum class Need { kRequired, kOptional } need = Need::kRequired;
    bool is_faulty = false;  // the page's fault is about it
};
struct HiddenField {
    std::string name;
    std::string value;
};
struct Form {
    std::string action;  // relative to the page, for what this service is behind may add to its paths
    Phrase button;
    std::vector<HiddenField> hidden{};
    std::vector<FormField> fields{};
    enum class Look { kMain, kOther, kGrave } look = Look::kMain;
    std::string id{};  // for scripts
    // What a browser is asked for with a passkey. Such a form is hidden until its script runs (assets/passkeys.js), and
    // is sent with the answer to `passkey_options`, a JSON text.
    enum class Passkey { kNone, kProve, kMake } passkey = Passkey::kNone;
    std::string passkey_options{};
};
struct Link {
    std::string href;
    Phrase words;
};
// What somebody has: a name, what is known of it, and what can be done with it.
struct Thing {
    Phrase name;
    std::string about{};
    std::optional<Form> form{};
    std::vector<Phrase> more{};  // lines below `about`
};
struct Section {
    Phrase title;
    std::vector<Phrase> sentences{};
    std::vector<Thing> things{};
    std::vector<Form> forms{};
};
// Drawn by the page itself, as SVG: what else would have to load it, and it is a secret.
struct Drawing {
    std::string view_box;
    std::string path;
    Phrase what;  // for whoever does not see it
};
struct Page {
    Phrase title;
    std::vector<Phrase> sentences{};
    std::optional<Form> form{};
    std::optional<Phrase> fault{};     // what was wrong with the form as it was sent
    std::vector<Phrase> items{};       // of a list, below the sentences
    std::string shown_secret{};        // to be copied
    std::vector<std::string> codes{};  // to be kept
    std::optional<Drawing> drawing{};
    std::optional<Phrase> done{};  // what was done just now
    std::vector<Section> sections{};
    std::vector<Form> more_forms{};  // the other choices
    std::vector<Link> links{};
    std::string application{};  // the name of whom it leads to; empty: nobody
    // Theirs, too: the path of a style sheet below the root of the service, and the https address of a picture. Empty:
    // none.
    std::string theme{};
    std::string logo{};
    // Where a form leads in the end, as an origin: a browser that is told form-action follows a redirect nowhere else.
    std::string leads_to{};
    std::optional<Language> language{};  // that was asked for; else the browser's
    std::vector<std::string> scripts{};  // of api/pages/assets/, by their names there
    // Of which passkeys are, where a form takes one: its script then tells by words of the page why there was none.
    std::string passkey_domain{};
    // Of pages that belong together: the way to each of them, and the `href` of this one.
    std::vector<Link> navigation{};
    std::string here{};
};

}  // namespace keyledger::api
