// The one binary. Only words are read here and in words/; what they do is in the files of cli/.
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstring>
#include <iostream>

#include "app/build_commit.hpp"
#include "app/cli/cli.hpp"
#include "app/config/core_dumps.hpp"
#include "app/words/words.hpp"
#include "domain/base/nearest.hpp"

// jemalloc's options (jemalloc(3), "TUNING"), which it finds by this name. RapidJSON's documents take 64 KiB each at
// once: kept by their threads, and not given back to what all threads share, they cost a third. A thread of jemalloc's
// gives back what was freed: without it each arena does so only as its threads go on allocating, and those that a fault
// woke for a moment keep what they took then.
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "tcache_max:81920,background_thread:true";
}

namespace {

using namespace keyledger::app;

std::vector<std::string> names_in_process() {
    std::vector<std::string> names;
    for (char** at = environ; *at != nullptr; ++at) names.emplace_back(*at, std::strcspn(*at, "="));
    return names;
}

constexpr std::int64_t kMaxLeadSeconds = 30 * 24 * 3600;

void add_serve(CLI::App& app, CommandChoice& chosen) {
    auto* serve_command = app.add_subcommand("serve", "Serve the API, project and publish, until SIGTERM or SIGINT");
    serve_command->callback([&] { chosen.run = [] { return serve(from_process, names_in_process()); }; });
}

void add_migrate(CLI::App& app, CommandChoice& chosen) {
    auto* migrate_command = app.add_subcommand("migrate", "Bring the database's schema up, down, or say where it is");
    migrate_command->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, MigrateTo to) {
        auto* command = migrate_command->add_subcommand(name, help);
        auto steps = std::make_shared<int>(1);
        auto json = std::make_shared<bool>(false);
        if (to == MigrateTo::kDown)
            command->add_option("--steps", *steps, "how many to take back")->check(CLI::Range(1, 1000));
        command->add_flag("--json", *json, "for scripts");
        command->callback([&chosen, to, steps, json] {
            chosen.run = [=] { return migrate(from_process, to, *steps, *json ? Format::kJson : Format::kText); };
        });
    };
    add("up", "apply what is missing", MigrateTo::kUp);
    add("down", "take back the newest; refuses to drop a log with events", MigrateTo::kDown);
    add("status", "list all", MigrateTo::kStatus);
    auto* restored_command = migrate_command->add_subcommand(
        "restored",
        "after a restore by other means than 'restore': give the log a new identity, so that what names the "
        "lost history is refused, and erase again who was erased");
    auto erasures = std::make_shared<std::string>();
    restored_command->add_option("--erasures", *erasures,
                                 "the newest list that 'erasures' wrote; takes what serve takes");
    restored_command->callback([&chosen, erasures] { chosen.run = [=] { return restored(from_process, *erasures); }; });
}

void add_keys_of_the_log(CLI::App& keys, CommandChoice& chosen, const std::shared_ptr<std::string>& path) {
    auto closed = std::make_shared<CloseKey>();
    auto* closing =
        keys.add_subcommand("close", "let nothing more be believed under an old key for event-macs; as the owner "
                                     "(KEYLEDGER_OWNER_DATABASE_URL)");
    closing->add_option("id", closed->id, "as 'keys list' shows it")->required();
    closing->callback([&chosen, path, closed] {
        closed->path = *path;
        chosen.run = [closed] { return close_key(from_process, *closed); };
    });

    auto subject = std::make_shared<std::string>();
    auto* bringing =
        keys.add_subcommand("undestroy", "bring back a subject's key that somebody destroyed without right within the "
                                         "last day; as the owner (KEYLEDGER_OWNER_DATABASE_URL)");
    bringing->add_option("subject", *subject, "whose it was: the id of a user or a service account")->required();
    auto although_erased = std::make_shared<bool>(false);
    bringing->add_flag("--force", *although_erased,
                       "although an event that the service did not write says that this user was erased");
    bringing->callback([&chosen, subject, although_erased] {
        chosen.run = [=] { return bring_back_key(from_process, *subject, *although_erased); };
    });

    auto* completing = keys.add_subcommand("complete", "make a key for each purpose that has none, after an update");
    completing->callback([&chosen, path] { chosen.run = [path] { return complete_keys(from_process, *path); }; });
}

void add_key_ends(CLI::App& keys, CommandChoice& chosen, const std::shared_ptr<std::string>& path) {
    auto revoke = std::make_shared<RevokeKey>();
    auto* revoking =
        keys.add_subcommand("revoke", "end a key at once, unless something live is named by it; one for claims or "
                                      "key-encryption as the owner (KEYLEDGER_OWNER_DATABASE_URL)");
    revoking->add_option("id", revoke->id, "as 'keys list' shows it")->required();
    revoking->add_flag("--force", revoke->force,
                       "although what it signed or sealed for clients is still in use; in place of a "
                       "current key a new one is made, used at once");
    revoking->callback([&chosen, path, revoke] {
        revoke->path = *path;
        chosen.run = [revoke] { return revoke_key(from_process, *revoke); };
    });

    auto* reclaiming =
        keys.add_subcommand("reclaim", "write every claim under the current claims key, so that older ones can end; "
                                       "as the owner (KEYLEDGER_OWNER_DATABASE_URL)");
    auto drops = std::make_shared<bool>(false);
    reclaiming->add_flag(
        "--drop-unheld", *drops,
        "also remove claims that their owners do not have, so that they keep no key from ending; claims of "
        "nobody, whom no event of the service's knows, are removed unasked");
    reclaiming->callback([&chosen, drops] {
        chosen.run = [drops] { return reclaim_keys(from_process, *drops ? UnheldClaims::kDrop : UnheldClaims::kKeep); };
    });
}

void add_rewrap(CLI::App& keys, CommandChoice& chosen, const std::shared_ptr<std::string>& path) {
    auto rewrap = std::make_shared<RewrapKeys>();
    auto* rewrapping =
        keys.add_subcommand("rewrap", "wrap every subject's key under the current key-encryption key; as the owner "
                                      "(KEYLEDGER_OWNER_DATABASE_URL)");
    rewrapping->add_flag("--revoke-old", rewrap->revoke_old, "then end the key-encryption keys before it");
    rewrapping->add_option(
        "--set-aside", rewrap->set_aside,
        "a subject whose key can't be opened by any keyring, so that it keeps no key from ending: it "
        "goes to the graveyard, from where 'keys undestroy' brings it back for a day. Keys of nobody, "
        "whom no event of the service's knows, go there unasked");
    rewrapping->callback([&chosen, path, rewrap] {
        rewrap->path = *path;
        chosen.run = [rewrap] { return rewrap_keys(from_process, *rewrap); };
    });
}

void add_keys(CLI::App& app, CommandChoice& chosen) {
    auto* keys = app.add_subcommand("keys", "The keyring: keys that the database does not hold");
    keys->require_subcommand(1);
    auto path = std::make_shared<std::string>();
    keys->add_option("--file", *path, "the keyring's path, instead of KEYLEDGER_KEYRING_FILE")->type_name(kFile);

    auto generate = std::make_shared<GenerateKeys>();
    auto* generating = keys->add_subcommand("generate", "make a keyring with one key for each purpose");
    generating->add_flag("--if-missing", generate->if_missing, "do nothing if there is one");
    generating->add_option("--algorithm", generate->algorithm, "of access tokens: ES256, RS256 or EdDSA");
    generating->callback([&chosen, path, generate] {
        generate->path = *path;
        chosen.run = [generate] { return generate_keys(from_process, *generate); };
    });

    auto rotate = std::make_shared<RotateKeys>();
    auto* rotating = keys->add_subcommand("rotate", "publish a new key of a purpose, used after the lead time");
    auto kek = std::make_shared<bool>(false);
    auto* purpose = rotating->add_option("purpose", rotate->purpose,
                                         "token-signing, sealing-root, key-encryption, claims, "
                                         "tree-heads, event-macs or id-tokens");
    rotating
        ->add_flag("--kek", *kek,
                   "all in one while no service runs: a new key-encryption key, every subject's key "
                   "wrapped under it, the old one ended; as the owner")
        ->excludes(purpose);
    rotating
        ->add_option("--lead-seconds", rotate->lead_seconds,
                     "until it is used: time for nodes and caches to see it; 600 where more than one node serves")
        ->check(CLI::Range(std::int64_t{0}, kMaxLeadSeconds))
        ->capture_default_str();
    rotating->add_option("--algorithm", rotate->algorithm,
                         "for token-signing: another algorithm, ES256, RS256 or EdDSA");
    auto force = std::make_shared<bool>(false);
    rotating->add_flag("--force", *force,
                       "with --kek: although a service runs; its nodes answer 503 until they know the key");
    rotating->callback([&chosen, path, rotate, kek, force] {
        if (*kek) {
            const RewrapKeys rewrap{*path, true, true, *force};
            chosen.run = [rewrap] { return rewrap_keys(from_process, rewrap); };
            return;
        }
        if (rotate->purpose.empty()) throw CLI::RequiredError("rotate: a purpose, or --kek,");
        rotate->path = *path;
        chosen.run = [rotate] { return rotate_keys(from_process, *rotate); };
    });

    add_rewrap(*keys, chosen, path);
    add_key_ends(*keys, chosen, path);
    add_keys_of_the_log(*keys, chosen, path);

    auto json = std::make_shared<bool>(false);
    auto* listing = keys->add_subcommand("list", "all keys, without their material");
    listing->add_flag("--json", *json, "for scripts");
    listing->callback([&chosen, path, json] {
        chosen.run = [=] { return list_keys(from_process, *path, *json ? Format::kJson : Format::kText); };
    });
}

// One user, by one of three names.
void add_who(CLI::App& command, UnlockUser& who) {
    auto* named = command.add_option_group("user", "who");
    named->add_option("--email", who.email, "by the e-mail address");
    named->add_option("--username", who.username, "by the user name");
    named->add_option("--id", who.id, "by the id");
    named->require_option(1);
}

void add_users(CLI::App& app, CommandChoice& chosen) {
    auto* users = app.add_subcommand("users", "Users, from the command line");
    users->require_subcommand(1);
    auto options = std::make_shared<CreateAdmin>();
    auto* creating = users->add_subcommand(
        "create-admin", "register the first administrator; the password comes from KEYLEDGER_ADMIN_PASSWORD, from "
                        "the file that KEYLEDGER_ADMIN_PASSWORD_FILE names, or from the first line of standard input; "
                        "exit code 3 if there is one");
    creating->add_option("--email", options->email, "the e-mail address")->required();
    creating->add_option("--username", options->username, "a user name");
    creating->add_option("--name", options->name, "a name");
    creating->callback([&chosen, options] { chosen.run = [options] { return create_admin(from_process, *options); }; });
    auto newcomer = std::make_shared<CreateUser>();
    auto* making = users->add_subcommand(
        "create", "make a user with a one-time password, which is printed and has to be changed within a week");
    making->add_option("--email", newcomer->email, "the e-mail address")->required();
    making->add_option("--username", newcomer->username, "a user name");
    making->add_option("--name", newcomer->name, "a name");
    making->add_option("--locale", newcomer->locale, "the language in which they are written to, such as de-AT");
    making->callback([&chosen, newcomer] { chosen.run = [newcomer] { return create_user(from_process, *newcomer); }; });
    auto lost = std::make_shared<UnlockUser>();
    auto* recovering = users->add_subcommand(
        "recover", "set a one-time password for anybody, administrators too, and print it; ends their sessions, and is "
                   "recorded in the log and told them by mail");
    add_who(*recovering, *lost);
    recovering->callback([&chosen, lost] { chosen.run = [lost] { return recover_user(from_process, *lost); }; });
    auto who = std::make_shared<UnlockUser>();
    auto* unlocking = users->add_subcommand(
        "unlock", "let a user try the password again from everywhere after too many failures; recorded in the log");
    add_who(*unlocking, *who);
    unlocking->callback([&chosen, who] { chosen.run = [who] { return unlock_user(from_process, *who); }; });
    auto what = std::make_shared<ImportUsers>();
    auto* importing = users->add_subcommand(
        "import", "import users of another service with their password hashes, a JSON object a line; may be repeated, "
                  "and goes on where it was interrupted; exit code 4 if lines were refused");
    importing->add_option("file", what->file, "NDJSON, as docs/import.md says")->type_name(kFile)->required();
    importing->add_option("--report", what->report, "where refused lines are told; FILE.refused.ndjson by default")
        ->type_name(kFile);
    importing->callback([&chosen, what] { chosen.run = [what] { return import_users(from_process, *what); }; });
}

void add_access(CLI::App& app, CommandChoice& chosen) {
    auto* access = app.add_subcommand("access", "Roles, groups and the services in them, from a file");
    access->require_subcommand(1);
    auto apply = std::make_shared<ApplyAccess>();
    auto json = std::make_shared<bool>(false);
    auto* applying = access->add_subcommand(
        "apply", "make roles and groups as the file says; may be repeated; what it does not name stays as it is");
    applying->add_option("file", apply->file, "YAML or JSON; '-' reads standard input")->type_name(kFile)->required();
    applying->add_flag("--dry-run", apply->dry_run, "only tell what would change, and what could not be done");
    applying->add_flag("--allow-deletions", apply->allow_deletions,
                       "delete the roles and groups that it says are absent");
    applying->add_flag("--json", *json, "for scripts");
    applying->callback([&chosen, apply, json] {
        apply->format = *json ? Format::kJson : Format::kText;
        chosen.run = [apply] { return apply_access(from_process, *apply); };
    });
    auto* exporting = access->add_subcommand("export", "the roles and groups that there are, as such a file");
    exporting->callback([&chosen] { chosen.run = [] { return export_access(from_process); }; });
}

void add_events(CLI::App& app, CommandChoice& chosen) {
    auto* events = app.add_subcommand("events", "The log, as it is stored: personal data stays sealed");
    events->require_subcommand(1);
    auto tail = std::make_shared<TailEvents>();
    auto json = std::make_shared<bool>(false);
    auto* tailing = events->add_subcommand("tail", "the last events, or all from a position on");
    tailing->add_option("--from", tail->from, "the first position")->check(kCount);
    tailing->add_option("--limit", tail->limit, "how many at most")->check(kCount);
    tailing->add_flag("--follow", tail->follow, "go on as events come, until interrupted");
    tailing->add_flag("--json", *json, "one JSON object a line");
    tailing->callback([&chosen, tail, json] {
        tail->format = *json ? Format::kJson : Format::kText;
        chosen.run = [tail] { return tail_events(from_process, *tail); };
    });
    auto position = std::make_shared<std::int64_t>(0);
    auto schema_json = std::make_shared<bool>(false);
    auto* schema = events->add_subcommand("schema", "what is published to Kafka, as an AsyncAPI 3 document in YAML");
    schema->add_flag("--json", *schema_json, "the same in JSON");
    schema->callback([&chosen, schema_json] {
        chosen.run = [=] { return print_event_schema(*schema_json ? Format::kJson : Format::kText); };
    });
    auto show_json = std::make_shared<bool>(false);
    auto* showing = events->add_subcommand("show", "one event, whole");
    showing->add_option("position", *position, "its position")->required()->check(kCount);
    showing->add_flag("--json", *show_json, "as one JSON object");
    showing->callback([&chosen, position, show_json] {
        chosen.run = [=] { return show_event(from_process, *position, *show_json ? Format::kJson : Format::kText); };
    });
}

void add_audit(CLI::App& app, CommandChoice& chosen) {
    auto* audit = app.add_subcommand("audit", "For auditors: verify the log, take it away, replay it");
    audit->require_subcommand(1);
    const auto json_flag = [](CLI::App* command, Format& format) {
        command->add_flag_callback(
            "--json", [&format] { format = Format::kJson; }, "for scripts");
    };

    auto verify = std::make_shared<VerifyAudit>();
    auto* verifying = audit->add_subcommand(
        "verify",
        "recompute every leaf hash, look for holes, and hold the log against signed tree heads; exit code 4 and the "
        "first bad position, or the interval between two tree heads, if something is found");
    verifying->add_option("file", verify->file, "an export with its manifest beside it; the database if none is named")
        ->type_name(kFile);
    verifying
        ->add_option("--against", verify->against, "a file of tree heads, kept outside the database; may be repeated")
        ->type_name(kFile)
        ->allow_extra_args(false);
    verifying
        ->add_option("--key", verify->keys,
                     "a verifying key as 'audit key' prints it, or a file of them, a line each; else the keyring's")
        ->type_name(kFile)
        ->allow_extra_args(false);
    auto claims = std::make_shared<bool>(false);
    verifying->add_flag("--claims", *claims,
                        "hold the claims of names against those who have them, in place of hashes; needs the keyring");
    json_flag(verifying, verify->format);
    verifying->callback([&chosen, verify, claims] {
        if (*claims && (!verify->file.empty() || !verify->against.empty() || !verify->keys.empty()))
            throw CLI::ValidationError("--claims", "is of the database, and goes with --json alone");
        chosen.run = [verify, claims] {
            return *claims ? verify_claims(from_process, verify->format) : verify_audit(from_process, *verify);
        };
    });

    auto take_away = std::make_shared<ExportAudit>();
    auto* exporting = audit->add_subcommand(
        "export", "write the log as NDJSON, with leaf hashes, and a manifest; personal data stays sealed");
    exporting->add_option("out", take_away->out, "the file; the manifest is OUT.manifest.json")
        ->type_name(kFile)
        ->required();
    exporting->add_option("--to", take_away->to, "the last position; the head by default")->check(kCount);
    exporting->add_flag("--force", take_away->force, "over a file of that name");
    json_flag(exporting, take_away->format);
    exporting->callback(
        [&chosen, take_away] { chosen.run = [take_away] { return export_audit(from_process, *take_away); }; });

    auto* key = audit->add_subcommand("key", "print the key that this log's tree heads are verified with");
    auto all_keys = std::make_shared<bool>(false);
    key->add_flag("--all", *all_keys, "those of the past and the one to come too, a line each");
    key->callback([&chosen, all_keys] { chosen.run = [all_keys] { return show_audit_key(from_process, *all_keys); }; });

    auto replay = std::make_shared<ReplayAudit>();
    auto* replaying = audit->add_subcommand(
        "replay", "fold the log and print what was known of a user, a session, or everybody, then or now");
    auto* from_file =
        replaying->add_option("--file", replay->file, "from an export instead of the database")->type_name(kFile);
    auto* from_kafka = replaying->add_flag_callback(
        "--kafka", [replay] { replay->from = ReplayAudit::From::kKafka; }, "from the events topic");
    from_file->excludes(from_kafka);
    auto* user = replaying->add_option("--user", replay->user, "one user, with their sessions");
    replaying->add_option("--session", replay->session, "one session")->excludes(user);
    replaying->add_option("--at", replay->at, "the last position, or a time by which it was recorded (RFC 3339)");
    json_flag(replaying, replay->format);
    replaying->callback([&chosen, replay] {
        if (!replay->file.empty()) replay->from = ReplayAudit::From::kFile;
        chosen.run = [replay] { return replay_audit(from_process, *replay); };
    });
}

void add_config(CLI::App& app, CommandChoice& chosen) {
    auto* config = app.add_subcommand("config", "The configuration");
    config->require_subcommand(1);
    auto* checking = config->add_subcommand("check", "print what was set, secrets masked, and what is wrong with it");
    auto shown = std::make_shared<ShownSettings>(ShownSettings::kGiven);
    checking->add_flag_callback(
        "--verbose", [shown] { *shown = ShownSettings::kAll; }, "also what has its default");
    checking->callback(
        [&chosen, shown] { chosen.run = [shown] { return check_config(from_process, names_in_process(), *shown); }; });
}

void add_providers(CLI::App& app, CommandChoice& chosen) {
    auto* providers = app.add_subcommand("providers", "Other providers by which people log in");
    providers->require_subcommand(1);
    auto* checking = providers->add_subcommand(
        "check",
        "ask each one what it tells of itself, and for its keys; exit code 4 if one does not answer as it has to");
    checking->callback([&chosen] { chosen.run = [] { return check_providers(from_process); }; });
}

void add_backup(CLI::App& app, CommandChoice& chosen) {
    auto path = std::make_shared<std::string>();
    auto* backing = app.add_subcommand("backup", "write the event store to a file, without the read models (pg_dump)");
    backing->add_option("file", *path, "where to")->type_name(kFile)->required();
    auto force = std::make_shared<bool>(false);
    backing->add_flag("--force", *force, "over a file of that name");
    backing->callback([&chosen, path, force] { chosen.run = [=] { return backup(from_process, *path, *force); }; });

    auto* erasures = app.add_subcommand("erasures", "the users who were erased: keep this list where backups are not");
    erasures->callback([&chosen] { chosen.run = [] { return list_erasures(from_process); }; });

    auto options = std::make_shared<Restore>();
    auto none = std::make_shared<bool>(false);
    auto* restoring = app.add_subcommand(
        "restore", "read a backup into an empty database, give the log a new identity, and erase again who was erased");
    restoring->add_option("file", options->path, "the backup")->type_name(kFile)->required();
    auto* listed = restoring->add_option("--erasures", options->erasures, "the newest list that 'erasures' wrote")
                       ->type_name(kFile);
    restoring->add_flag("--without-erasures", *none, "nobody was erased since the backup")->excludes(listed);
    restoring->callback([&chosen, options, none] {
        if (options->erasures.empty() && !*none) throw CLI::RequiredError("restore: --erasures or --without-erasures");
        chosen.run = [options] { return restore(from_process, *options); };
    });
}

// Of a word where a command was expected; the library only says that a subcommand is required.
std::optional<std::string> unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
    const CLI::App* at = &app;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].starts_with('-')) {
            const CLI::Option* option = at->get_option_no_throw(words[i]);
            if (option != nullptr && option->get_items_expected_max() > 0) ++i;
            continue;
        }
        const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
        std::vector<std::string> names;
        const CLI::App* next = nullptr;
        for (const CLI::App* command : commands) {
            if (command->get_name().empty()) continue;
            names.push_back(command->get_name());
            if (names.back() == words[i]) next = command;
        }
        if (names.empty()) return std::nullopt;  // it is an argument
        if (next == nullptr) {
            const std::vector<std::string_view> views(names.begin(), names.end());
            const auto nearest = keyledger::nearest_to(words[i], views);
            const std::string of = at == &app ? "" : " of '" + at->get_name() + "'";
            std::string sentence = "there is no command '" + words[i] + "'" + of;
            if (nearest) return sentence + "; did you mean '" + std::string(*nearest) + "'?";
            return sentence + "; --help lists them";
        }
        at = next;
    }
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    forbid_core_dumps(from_process);
    CLI::App app{"Keyledger: an event-sourced authentication and authorization service.\n"
                 "Settings are environment variables KEYLEDGER_*, or stand by the same names in the YAML file that\n"
                 "KEYLEDGER_CONFIG_FILE names; 'keyledger config check' lists them.\n"
                 "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 was done before, 4 found bad."};
    app.set_version_flag("--version", KEYLEDGER_VERSION " (" + std::string(build_commit()) + ")");
    app.require_subcommand(1);
    CommandChoice chosen;
    add_serve(app, chosen);
    add_migrate(app, chosen);
    add_keys(app, chosen);
    add_users(app, chosen);
    add_access(app, chosen);
    add_applications(app, chosen);
    add_events(app, chosen);
    add_projections(app, chosen);
    add_jobs(app, chosen);
    add_audit(app, chosen);
    add_config(app, chosen);
    add_providers(app, chosen);
    add_backup(app, chosen);
    add_health(app, chosen);
    add_describing(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() != 0)
            if (const auto sentence = unknown_command(app, {argv + 1, argv + argc})) {
                std::cerr << "keyledger: " << *sentence << '\n';
                return static_cast<int>(Exit::kUsage);
            }
        return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::kUsage);
    }
    try {
        return static_cast<int>(chosen.run());
    } catch (const std::exception& error) {
        std::cerr << "keyledger: " << error.what() << '\n';
        return static_cast<int>(Exit::kFailed);
    }
}
