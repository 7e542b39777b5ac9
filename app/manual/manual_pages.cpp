#include "app/manual/manual_pages.hpp"

#include <string_view>

#include "app/config/settings_reference.hpp"

namespace keyledger::app {
namespace {

// Text that is to be shown as it stands: dashes are those of a keyboard, and no line begins a request.
std::string roff(std::string_view text) {
    std::string all;
    for (const char c : text) {
        if ((c == '.' || c == '\'') && (all.empty() || all.back() == '\n')) all.append("\\&");
        if (c == '\\') all.append("\\e");
        else if (c == '-') all.append("\\-");
        else all.push_back(c);
    }
    return all;
}

// As a sentence of its own.
std::string sentence(std::string_view text) {
    std::string all(text);
    if (!all.empty() && all.front() >= 'a' && all.front() <= 'z')
        all.front() = static_cast<char>(all.front() - 'a' + 'A');
    if (!all.empty() && all.back() != '.') all.push_back('.');
    return roff(all);
}

std::string heading(std::string_view title, std::string_view section) {
    return ".\\\" Written by `keyledger manual`: change the definitions in the sources instead.\n.TH " +
           std::string(title) + " " + std::string(section) + " \"\" \"Keyledger " + KEYLEDGER_VERSION +
           "\" \"Keyledger\"\n";
}

std::string shown_value(const WordValue& value) {
    if (value.kind != WordValue::Kind::kChoice) return value.shown;
    std::string all;
    for (const std::string& choice : value.choices) all.append(all.empty() ? "" : "|").append(choice);
    return all;
}

std::string synopsis_of(const CommandNode& node) {
    std::string all = ".B " + roff("keyledger " + node.path) + "\n";
    if (!node.options.empty()) all.append("[\\fIOPTION\\fR ...]\n");
    for (const CommandWord& word : node.arguments) {
        const std::string name = "\\fI" + roff(word.names.front()) + "\\fR" + (word.is_repeated ? " ..." : "");
        all.append(word.is_required ? name : "[" + name + "]").append("\n");
    }
    return all;
}

std::string described(const CommandWord& word) {
    std::string all = ".TP\n";
    std::string names;
    for (const std::string& name : word.names) names.append(names.empty() ? "" : ", ").append(name);
    const bool is_option = names.starts_with('-');
    all.append(is_option ? "\\fB" : "\\fI").append(roff(names)).append("\\fR");
    const std::string value = shown_value(word.value);
    if (is_option && !value.empty()) all.append(" \\fI").append(roff(value)).append("\\fR");
    return all + "\n" + sentence(word.meaning) + (word.is_required ? " Required.\n" : "\n");
}

std::string command_of(const CommandNode& node) {
    std::string all = ".SS \"keyledger " + roff(node.path) + "\"\n" + sentence(node.meaning) + "\n";
    if (!node.commands.empty()) {
        all.append("Its commands are below.\n");
    } else {
        all.append(".PP\n").append(synopsis_of(node));
        for (const CommandWord& word : node.arguments) all.append(described(word));
    }
    for (const CommandWord& word : node.options)
        if (word.names.front() != "--help") all.append(described(word));
    return all;
}

constexpr std::string_view kCommandsEnd = R"(.SH EXIT STATUS
.TP
.B 0
It was done.
.TP
.B 1
It could not be done; the message on standard error says why.
.TP
.B 2
Wrong usage or configuration.
.TP
.B 3
It was done before (of what makes something once).
.TP
.B 4
Something was looked at and found bad.
.SH ENVIRONMENT
Every setting is a variable; keyledger.yaml(5) lists them.
.B keyledger config check
prints those in effect and where they came from, with secrets masked.
.SH FILES
.TP
.I /etc/keyledger/keyledger.yaml
The service's settings, where a package installed it.
.TP
.I /var/lib/keyledger/keyring.json
The keyring. Keep a copy where the database is not: without it nothing that is sealed opens again.
.SH SEE ALSO
.BR keyledger.yaml (5),
.BR keyledgerctl (8)
)";

constexpr std::string_view kSettingsBegin = R"(.SH NAME
keyledger.yaml \- settings of the service keyledger
.SH DESCRIPTION
A YAML file with settings by the names below. Its path stands in
.B KEYLEDGER_CONFIG_FILE
alone; packages use
.IR /etc/keyledger/keyledger.yaml .
A variable of the same name wins over the file. An empty value counts as unset.
.PP
Lists may be written as YAML lists or with commas. The file is refused for a name that is no setting, a name that is
given twice, a value of the wrong kind, anchors, aliases and tags.
.B keyledger config check
tells all of what is wrong at once.
.PP
Of each setting whose name does not end in _FILE,
.IB NAME _FILE
may name a file that holds the value. A file in which a secret stands has to belong to root or to the service's user,
and nobody else may read it; of a file of root's the group may.
.SH EXAMPLE
.EX
KEYLEDGER_DATABASE_URL_FILE: /etc/keyledger/database\-url
KEYLEDGER_KEYRING_FILE: /var/lib/keyledger/keyring.json
KEYLEDGER_ISSUER: https://login.example.com
KEYLEDGER_TRUSTED_PROXIES:
  \- 10.0.0.0/8
.EE
.SH SETTINGS
)";

}  // namespace

std::string commands_manual(const std::vector<CommandNode>& tree) {
    std::string all = heading("KEYLEDGER", "1");
    all.append(".SH NAME\nkeyledger \\- event\\-sourced authentication and authorization service\n.SH SYNOPSIS\n");
    all.append(".B keyledger\n\\fICOMMAND\\fR [\\fIOPTION\\fR ...] [\\fIARGUMENT\\fR ...]\n.SH DESCRIPTION\n");
    all.append(sentence(tree.front().meaning)).append("\n.SH OPTIONS\n");
    for (const CommandWord& word : tree.front().options) all.append(described(word));
    all.append(".PP\nEach command has \\fB\\-\\-help\\fR, too.\n.SH COMMANDS\n");
    for (const CommandNode& node : tree)
        if (!node.path.empty()) all.append(command_of(node));
    return all.append(kCommandsEnd);
}

std::string settings_manual() {
    std::string all = heading("KEYLEDGER.YAML", "5");
    all.append(kSettingsBegin);
    for (const SettingWords& setting : settings_in_words()) {
        all.append(".TP\n.B ").append(roff(setting.name)).append("\n").append(sentence(setting.meaning));
        all.append("\nValue: ").append(roff(setting.values)).append(setting.is_secret ? ", a secret." : ".");
        if (!setting.fallback.empty()) all.append(" Default: \\fB").append(roff(setting.fallback)).append("\\fR.");
        all.append("\n");
    }
    return all.append(".SH SEE ALSO\n.BR keyledger (1),\n.BR keyledgerctl (8)\n");
}

}  // namespace keyledger::app
