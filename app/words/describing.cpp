// What the command line tells of itself, for packages.
#include "app/manual/completions.hpp"
#include "app/manual/manual_pages.hpp"
#include "app/words/words.hpp"

#include <iostream>

namespace keyledger::app {

// A program can't be asked for its words before all are added: the tree is made when the command runs.
void add_describing(CLI::App& app, CommandChoice& chosen) {
    auto* completion = app.add_subcommand("completion", "Print a completion script for a shell");
    auto shell = std::make_shared<std::string>();
    completion->add_option("shell", *shell, "which")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion->callback([&app, &chosen, shell] {
        chosen.run = [&app, shell] {
            const auto write = *shell == "bash" ? bash_completion : *shell == "zsh" ? zsh_completion : fish_completion;
            std::cout << write(command_tree(app));
            return Exit::kGood;
        };
    });

    auto* manual = app.add_subcommand("manual", "Print a manual page: 'keyledger manual commands | man -l -'");
    auto page = std::make_shared<std::string>();
    manual->add_option("page", *page, "keyledger(1) or keyledger.yaml(5)")
        ->required()
        ->check(CLI::IsMember({"commands", "settings"}));
    manual->callback([&app, &chosen, page] {
        chosen.run = [&app, page] {
            std::cout << (*page == "commands" ? commands_manual(command_tree(app)) : settings_manual());
            return Exit::kGood;
        };
    });
}

void add_health(CLI::App& app, CommandChoice& chosen) {
    auto live = std::make_shared<bool>(false);
    auto* health =
        app.add_subcommand("health", "Ask the node that serves here, by KEYLEDGER_MANAGEMENT_LISTEN, whether "
                                     "it is ready; exit code 4 if it is not, 1 if nobody answers");
    health->add_flag("--live", *live, "only whether it answers");
    health->callback([&chosen, live] {
        chosen.run = [live] {
            return ask_health(from_process, *live ? HealthQuestion::kLive : HealthQuestion::kReady);
        };
    });
}

}  // namespace keyledger::app
