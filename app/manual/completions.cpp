#include "app/manual/completions.hpp"

#include <functional>
#include <string_view>

namespace keyledger::app {
namespace {

// For bash and zsh: within quotes everything but the quote stands for itself.
std::string quoted(std::string_view text, std::string_view for_quote = "'\\''") {
    std::string all = "'";
    for (const char c : text) {
        if (c == '\'') all.append(for_quote);
        else if (c == '\n') all.push_back(' ');
        else all.push_back(c);
    }
    return all + "'";
}

std::string fish_quoted(std::string_view text) {
    std::string doubled;
    for (const char c : text) doubled.append(c == '\\' ? 2 : 1, c);
    return quoted(doubled, "\\'");
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string all;
    for (const std::string& part : parts) all.append(all.empty() ? "" : between).append(part);
    return all;
}

// How the scripts name what a value is: file, text, or the words that it may be: =due,done.
std::string kind_of(const WordValue& value) {
    switch (value.kind) {
        case WordValue::Kind::kNone: return "";
        case WordValue::Kind::kText: return "text";
        case WordValue::Kind::kFile: return "file";
        case WordValue::Kind::kChoice: return "=" + joined(value.choices, ",");
    }
    return "";
}

std::string kinds_of_arguments(const CommandNode& node) {
    std::vector<std::string> kinds;
    for (const CommandWord& word : node.arguments) kinds.push_back(kind_of(word.value) + (word.is_repeated ? "+" : ""));
    return joined(kinds, " ");
}

// The lines of a `case`, one for each option with a value: in bash and zsh the same.
std::string cases_of_values(const std::vector<CommandNode>& tree) {
    std::string all;
    for (const CommandNode& node : tree)
        for (const CommandWord& word : node.options) {
            if (word.value.kind == WordValue::Kind::kNone) continue;
            std::vector<std::string> patterns;
            for (const std::string& name : word.names) patterns.push_back(quoted(node.path + " " + name));
            all.append("        ").append(joined(patterns, " | ")).append(") value=");
            all.append(quoted(kind_of(word.value))).append(" ;;\n");
        }
    return all;
}

constexpr std::string_view kBashBegins = R"(# Completion of keyledger for bash. Written by `keyledger completion bash`.

# What may stand behind a command: `verbs`, `flags`, and of what kind its arguments are.
_keyledger_at() {
    verbs='' flags='' kinds=''
    case $1 in
)";
constexpr std::string_view kBashValues = R"(    esac
}

# Of what kind the value of an option is; empty: it takes none.
_keyledger_value() {
    value=''
    case "$1 $2" in
)";
constexpr std::string_view kBashEnds = R"(    esac
}

_keyledger_offer() {
    case $1 in
        file*)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$2")
            ;;
        =*)
            local words=${1#=}
            words=${words%+}
            mapfile -t COMPREPLY < <(compgen -W "${words//,/ }" -- "$2")
            ;;
    esac
}

_keyledger() {
    local current=${COMP_WORDS[COMP_CWORD]} at='' word i awaited='' place=0 value verbs flags kinds
    local -a kind
    COMPREPLY=()
    _keyledger_at ''
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -n $awaited ]]; then
            [[ $word == = ]] || awaited='' # bash takes the sign between option and value for a word
        elif [[ $word == -* ]]; then
            _keyledger_value "$at" "$word"
            awaited=$value
        elif [[ " $verbs " == *" $word "* ]]; then
            at=${at:+$at }$word place=0
            _keyledger_at "$at"
        else
            place=$((place + 1))
        fi
    done
    [[ $current != = ]] || current=''
    read -ra kind <<<"$kinds"
    if ((${#kind[@]} > 0 && place >= ${#kind[@]})) && [[ ${kind[-1]} == *+ ]]; then place=$((${#kind[@]} - 1)); fi
    if [[ -n $awaited ]]; then
        _keyledger_offer "$awaited" "$current"
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
    elif [[ -n $verbs ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
    elif ((place < ${#kind[@]})); then
        _keyledger_offer "${kind[place]}" "$current"
    elif [[ -z $current ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$flags")
    fi
}

complete -F _keyledger keyledger keyledgerctl
)";

constexpr std::string_view kZshBegins = R"(#compdef keyledger keyledgerctl
# Completion of keyledger for zsh. Written by `keyledger completion zsh`.

# What may stand behind a command: `verbs` and `flags` with what they mean, and of what kind its arguments are.
_keyledger_at() {
    verbs=() flags=() kinds=()
    case $1 in
)";
constexpr std::string_view kZshEnds = R"(    esac
}

_keyledger_offer() {
    case $1 in
        (file*) _files ;;
        ('='*) compadd -- ${(s:,:)${${1#'='}%+}} ;;
    esac
}

_keyledger() {
    local at='' word awaited='' value
    local -i i place=0
    local -a verbs flags kinds
    _keyledger_at ''
    for ((i = 2; i < CURRENT; i++)); do
        word=$words[i]
        if [[ -n $awaited ]]; then
            awaited=''
        elif [[ $word == --*=* ]]; then
            continue
        elif [[ $word == -* ]]; then
            _keyledger_value "$at" "$word"
            awaited=$value
        elif (( ${verbs[(I)${word}:*]} )); then
            at="${at:+$at }$word" place=0
            _keyledger_at "$at"
        else
            (( place += 1 ))
        fi
    done
    if (( $#kinds && place >= $#kinds )) && [[ $kinds[-1] == *+ ]]; then (( place = $#kinds - 1 )); fi
    if [[ -n $awaited ]]; then
        _keyledger_offer "$awaited"
    elif [[ $words[CURRENT] == -* ]]; then
        _describe -o 'option' flags
    elif (( $#verbs )); then
        _describe 'command' verbs
    elif (( place < $#kinds )); then
        _keyledger_offer $kinds[place+1]
    else
        _describe -o 'option' flags
    fi
}

if [[ $funcstack[1] == _keyledger ]]; then _keyledger "$@"; else compdef _keyledger keyledger keyledgerctl; fi
)";

constexpr std::string_view kFishBegins = R"(# Completion of keyledger for fish. Written by `keyledger completion fish`.

)";
constexpr std::string_view kFishFunctions = R"(
# Which command the line is at, such as `keys rotate`.
function __keyledger_at
    set -l at ''
    set -l awaited no
    for word in (commandline -opc)[2..-1]
        if test $awaited = yes
            set awaited no
        else if string match -q -- '-*' $word
            contains -- "$at $word" $__keyledger_valued; and set awaited yes
        else if contains -- (string trim -- "$at $word") $__keyledger_commands
            set at (string trim -- "$at $word")
        end
    end
    test "$at" = "$argv[1]"
end

complete -c keyledger -f
complete -c keyledgerctl -w keyledger
)";

std::string zsh_described(std::string_view name, std::string_view meaning) {
    return quoted(std::string(name) + ":" + std::string(meaning));
}

// What comes behind an option in fish: nothing, a file, one of some words, or a text that nothing is known of.
std::string fish_value(const WordValue& value) {
    switch (value.kind) {
        case WordValue::Kind::kNone: return "";
        case WordValue::Kind::kText: return " -x";
        case WordValue::Kind::kFile: return " -r -F";
        case WordValue::Kind::kChoice: return " -x -a " + fish_quoted(joined(value.choices, " "));
    }
    return "";
}

std::string fish_lines_of(const CommandNode& node) {
    const std::string begins = "complete -c keyledger -n " + fish_quoted("__keyledger_at \"" + node.path + "\"");
    std::string all;
    for (const CommandNode::Child& child : node.commands)
        all.append(begins)
            .append(" -a ")
            .append(child.name)
            .append(" -d ")
            .append(fish_quoted(child.meaning))
            .append("\n");
    for (const CommandWord& word : node.options) {
        all.append(begins);
        for (const std::string& name : word.names)
            all.append(name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1));
        all.append(fish_value(word.value)).append(" -d ").append(fish_quoted(word.meaning)).append("\n");
    }
    for (const CommandWord& word : node.arguments) {
        if (word.value.kind == WordValue::Kind::kFile) all.append(begins).append(" -F\n");
        if (word.value.kind == WordValue::Kind::kChoice)
            all.append(begins).append(" -a ").append(fish_quoted(joined(word.value.choices, " "))).append("\n");
    }
    return all;
}

}  // namespace

std::string bash_completion(const std::vector<CommandNode>& tree) {
    std::string all(kBashBegins);
    for (const CommandNode& node : tree) {
        std::vector<std::string> verbs, flags;
        for (const auto& child : node.commands) verbs.push_back(child.name);
        for (const CommandWord& word : node.options) flags.insert(flags.end(), word.names.begin(), word.names.end());
        all.append("        ").append(quoted(node.path)).append(") verbs=").append(quoted(joined(verbs, " ")));
        all.append(" flags=").append(quoted(joined(flags, " ")));
        all.append(" kinds=").append(quoted(kinds_of_arguments(node))).append(" ;;\n");
    }
    return all.append(kBashValues).append(cases_of_values(tree)).append(kBashEnds);
}

std::string zsh_completion(const std::vector<CommandNode>& tree) {
    std::string all(kZshBegins);
    for (const CommandNode& node : tree) {
        std::vector<std::string> verbs, flags, kinds;
        for (const auto& child : node.commands) verbs.push_back(zsh_described(child.name, child.meaning));
        for (const CommandWord& word : node.options)
            for (const std::string& name : word.names) flags.push_back(zsh_described(name, word.meaning));
        for (const CommandWord& word : node.arguments)
            kinds.push_back(quoted(kind_of(word.value) + (word.is_repeated ? "+" : "")));
        all.append("        (").append(quoted(node.path)).append(")\n            verbs=(").append(joined(verbs, " "));
        all.append(")\n            flags=(").append(joined(flags, " ")).append(")\n            kinds=(");
        all.append(joined(kinds, " ")).append(") ;;\n");
    }
    return all.append(kBashValues).append(cases_of_values(tree)).append(kZshEnds);
}

std::string fish_completion(const std::vector<CommandNode>& tree) {
    std::vector<std::string> commands, valued;
    for (const CommandNode& node : tree) {
        if (!node.path.empty()) commands.push_back(fish_quoted(node.path));
        for (const CommandWord& word : node.options)
            if (word.value.kind != WordValue::Kind::kNone)
                for (const std::string& name : word.names) valued.push_back(fish_quoted(node.path + " " + name));
    }
    std::string all(kFishBegins);
    all.append("set -g __keyledger_commands ").append(joined(commands, " ")).append("\n");
    all.append("set -g __keyledger_valued ").append(joined(valued, " ")).append("\n").append(kFishFunctions);
    for (const CommandNode& node : tree) all.append(fish_lines_of(node));
    return all;
}

}  // namespace keyledger::app
