#include "app/manual/command_tree.hpp"

#include <CLI/CLI.hpp>

namespace keyledger::app {
namespace {

constexpr int kOnce = 1;

// CLI11 writes what a value may be behind its type: "TEXT:{due,done}".
WordValue value_of(const CLI::Option& option) {
    WordValue value;
    if (option.get_items_expected_max() == 0) return value;
    const std::string type = option.get_type_name();
    const std::size_t opening = type.find(":{");
    value.shown = type.substr(0, type.find(':'));
    if (opening == type.npos || type.back() != '}') {
        value.kind = value.shown == "FILE" ? WordValue::Kind::kFile : WordValue::Kind::kText;
        return value;
    }
    value.kind = WordValue::Kind::kChoice;
    const std::string inner = type.substr(opening + 2, type.size() - opening - 3);
    for (std::size_t at = 0; at < inner.size();) {
        const std::size_t comma = std::min(inner.find(',', at), inner.size());
        value.choices.push_back(inner.substr(at, comma - at));
        at = comma + 1;
    }
    return value;
}

CommandWord word_of(const CLI::Option& option) {
    CommandWord word;
    if (option.get_positional()) word.names.push_back(option.get_name(true));
    for (const std::string& name : option.get_lnames()) word.names.push_back("--" + name);
    for (const std::string& name : option.get_snames()) word.names.push_back("-" + name);
    word.meaning = option.get_description();
    word.value = value_of(option);
    word.is_required = option.get_required();
    word.is_repeated = option.get_items_expected_max() > kOnce;
    return word;
}

// A group of options is an application without a name.
void add_words(const CLI::App& app, CommandNode& node) {
    for (const CLI::Option* option : app.get_options())
        (option->get_positional() ? node.arguments : node.options).push_back(word_of(*option));
    for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (below->get_name().empty()) add_words(*below, node);
        else node.commands.push_back({below->get_name(), below->get_description()});
    }
}

void add_nodes(const CLI::App& app, const std::string& path, std::vector<CommandNode>& nodes) {
    CommandNode node;
    node.path = path;
    node.meaning = app.get_description();
    add_words(app, node);
    nodes.push_back(std::move(node));
    for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; }))
        if (!below->get_name().empty())
            add_nodes(*below, path.empty() ? below->get_name() : path + " " + below->get_name(), nodes);
}

}  // namespace

std::vector<CommandNode> command_tree(const CLI::App& app) {
    std::vector<CommandNode> nodes;
    add_nodes(app, "", nodes);
    return nodes;
}

}  // namespace keyledger::app
