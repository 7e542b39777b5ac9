// Of what follows the log: read models, and jobs.
#include "app/words/words.hpp"

namespace keyledger::app {

void add_projections(CLI::App& app, CommandChoice& chosen) {
    auto* group = app.add_subcommand("projections", "The read models: tables made from the log, and made again");
    group->require_subcommand(1);
    const auto json_flag = [](CLI::App* command) {
        auto json = std::make_shared<bool>(false);
        command->add_flag("--json", *json, "for scripts");
        return json;
    };
    auto* status = group->add_subcommand("status", "where each is; exit code 4 if one stands stopped");
    status->callback([&chosen, json = json_flag(status)] {
        chosen.run = [json] { return projections_status(from_process, *json ? Format::kJson : Format::kText); };
    });

    auto rebuild = std::make_shared<RebuildProjections>();
    auto* rebuilding = group->add_subcommand(
        "rebuild", "make it anew from the log, beside the one that is read, and switch to it; nobody waits");
    auto every = std::make_shared<bool>(false);
    auto* names = rebuilding->add_option("name", rebuild->names, "which: users, sessions ...");
    rebuilding->add_flag("--all", *every, "all of them, one after the other")->excludes(names);
    rebuilding->add_flag("--resume", rebuild->resume, "go on with what an earlier rebuild left unfinished");
    rebuilding->add_flag("--compare", rebuild->compare, "say whether old and new were equal at one position");
    rebuilding->callback([&chosen, rebuild, every, json = json_flag(rebuilding)] {
        if (rebuild->names.empty() && !*every) throw CLI::RequiredError("rebuild: a name, or --all,");
        rebuild->format = *json ? Format::kJson : Format::kText;
        chosen.run = [rebuild] { return rebuild_projections(from_process, *rebuild); };
    });

    auto verify = std::make_shared<VerifyProjections>();
    auto* verifying = group->add_subcommand(
        "verify", "compare the live tables with a full replay of the log; exit code 4 and the first difference");
    verifying->add_option("name", verify->names, "which; all if none is named");
    verifying->callback([&chosen, verify, json = json_flag(verifying)] {
        verify->format = *json ? Format::kJson : Format::kText;
        chosen.run = [verify] { return verify_projections(from_process, *verify); };
    });

    auto skip = std::make_shared<SkipEvent>();
    auto* skipping = group->add_subcommand(
        "skip", "leave out, for good, the event at which one stands stopped; who and why are kept");
    skipping->add_option("name", skip->name, "which")->required();
    skipping->add_option("position", skip->position, "of the event")->required()->check(kCount);
    skipping->add_option("--who", skip->who, "who orders it")->required();
    skipping->add_option("--why", skip->why, "for those who ask later")->required();
    skipping->add_option("--generation", skip->generation, "of a rebuild that stopped, instead of the one read")
        ->check(kCount);
    skipping->callback([&chosen, skip] { chosen.run = [skip] { return skip_event(from_process, *skip); }; });
}

void add_jobs(CLI::App& app, CommandChoice& chosen) {
    auto* group = app.add_subcommand("jobs", "What the log causes outside (mail): what is due, and what is dead");
    group->require_subcommand(1);

    auto list = std::make_shared<ListJobs>();
    auto* listing = group->add_subcommand("list", "jobs by their names; exit code 4 if one is dead");
    listing->add_option("--state", list->state, "due, done, dead, dropped or all; due and dead by default")
        ->check(CLI::IsMember({"due", "done", "dead", "dropped", "all"}));
    listing->add_option("--reactor", list->reactor, "of one alone");
    listing->add_option("--limit", list->limit, "how many at most")->check(CLI::Range(1, 10'000));
    listing->add_flag_callback(
        "--json", [list] { list->format = Format::kJson; }, "one JSON object a line");
    listing->callback([&chosen, list] { chosen.run = [list] { return list_jobs(from_process, *list); }; });

    const auto add = [&](const char* name, const char* help, EndJobs::Act act) {
        auto end = std::make_shared<EndJobs>();
        auto every = std::make_shared<bool>(false);
        end->act = act;
        auto* command = group->add_subcommand(name, help);
        auto* names = command->add_option("name", end->names, "as 'jobs list' shows it: mail.4711.0");
        command->add_flag("--all", *every, "every dead one")->excludes(names);
        command->add_option("--reactor", end->reactor, "with --all: of one alone");
        command->callback([&chosen, end, every] {
            if (end->names.empty() && !*every) throw CLI::RequiredError("a name, or --all,");
            if (!end->names.empty() && !end->reactor.empty())
                throw CLI::ValidationError("--reactor", "goes with --all alone: a name says which it is");
            chosen.run = [end] { return end_jobs(from_process, *end); };
        });
    };
    add("retry", "let a dead job be performed again; the log says so", EndJobs::Act::kRetry);
    add("drop", "give a job up that is dead or due, for good; the log says so", EndJobs::Act::kDrop);
}

}  // namespace keyledger::app
