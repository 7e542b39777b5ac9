#pragma once
// The command line as data: what manual pages and completions are written from, so that neither can know another one
// than the binary has. Pure.
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace keyledger::app {

// What is given behind an option, or as an argument.
struct WordValue {
    enum class Kind { kNone, kText, kFile, kChoice };
    Kind kind = Kind::kNone;
    std::string shown;                 // as --help shows it: FILE, TEXT, INT …
    std::vector<std::string> choices;  // of kChoice
};

// An option, or an argument: that has one name, without dashes.
struct CommandWord {
    std::vector<std::string> names;  // with their dashes, long ones first
    std::string meaning;
    WordValue value;
    bool is_required = false;
    bool is_repeated = false;
};

struct CommandNode {
    struct Child {
        std::string name;
        std::string meaning;
    };
    std::string path;  // "keys rotate"; of the program itself empty
    std::string meaning;
    std::vector<Child> commands;
    std::vector<CommandWord> options;
    std::vector<CommandWord> arguments;
};

// The program first, then each command before those below it.
std::vector<CommandNode> command_tree(const CLI::App& app);

}  // namespace keyledger::app
