#include <memory>

#include "app/words/words.hpp"

namespace keyledger::app {

void add_applications(CLI::App& app, CommandChoice& chosen) {
    auto* applications = app.add_subcommand("applications", "The applications that people log in with");
    applications->require_subcommand(1);

    auto apply = std::make_shared<ApplyApplications>();
    auto json = std::make_shared<bool>(false);
    auto* applying = applications->add_subcommand(
        "apply", "make applications as the file says (docs/applications.md); may be repeated; what it does not name "
                 "stays as it is");
    applying->add_option("file", apply->file, "YAML or JSON; '-' reads standard input")->type_name(kFile)->required();
    applying->add_flag("--dry-run", apply->dry_run, "only tell what would change, and what could not be done");
    applying->add_flag("--allow-deletions", apply->allow_deletions, "delete the applications that it says are absent");
    applying->add_flag("--json", *json, "for scripts");
    applying->callback([&chosen, apply, json] {
        apply->format = *json ? Format::kJson : Format::kText;
        chosen.run = [apply] { return apply_applications(from_process, *apply); };
    });

    auto list_json = std::make_shared<bool>(false);
    auto* listing =
        applications->add_subcommand("list", "those that there are: client id, type, consent, status, name");
    listing->add_flag("--json", *list_json, "for scripts");
    listing->callback([&chosen, list_json] {
        chosen.run = [list_json] {
            return list_applications(from_process, *list_json ? Format::kJson : Format::kText);
        };
    });

    auto* exporting = applications->add_subcommand("export", "those that there are, as such a file, without secrets");
    exporting->callback([&chosen] { chosen.run = [] { return export_applications(from_process); }; });

    auto client_id = std::make_shared<std::string>();
    auto* secret = applications->add_subcommand("add-secret", "a new secret of one, beside those it has; shown once");
    secret->add_option("client-id", *client_id, "of the application")->required();
    secret->callback([&chosen, client_id] {
        chosen.run = [client_id] { return add_application_secret(from_process, *client_id); };
    });
}

}  // namespace keyledger::app
