#include <fstream>
#include <iostream>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/progress.hpp"
#include "app/core/core.hpp"
#include "app/core/log_reading.hpp"
#include "app/core/logging.hpp"
#include "commands/accounts/erase_user.hpp"
#include "eventstore/postgres/keys/key_uses.hpp"
#include "eventstore/postgres/migrations/migrator.hpp"
#include "eventstore/postgres/migrations/service_role.hpp"
#include "eventstore/postgres/upkeep/backup.hpp"
#include "eventstore/postgres/upkeep/erasures.hpp"

namespace keyledger::app {
namespace {

namespace postgres = eventstore::postgres;

constexpr std::size_t kUuidText = 36;
constexpr auto kPatience = std::chrono::seconds(30);

Exit fail(const std::string& why) {
    std::cerr << "keyledger: " << why << '\n';
    return Exit::kFailed;
}

// The list's last line, without which it may have been cut: by a full disk, or by a database that went away.
std::string end_of_list(std::size_t users) { return "# end: " + std::to_string(users); }

// One user a line, as list_erasures writes them; nullopt: the file is not such a one, or not a whole one. Lists from
// before there was an end are taken, but not an empty one: nobody can tell it from one that could not be written.
std::optional<std::vector<UserId>> read_erasures(const std::string& path) {
    std::ifstream in(path);
    if (!in) {
        std::cerr << "keyledger: can't read " << path << '\n';
        return std::nullopt;
    }
    std::vector<UserId> users;
    int number = 0;
    bool has_ended = false;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty()) continue;
        if (!has_ended && line == end_of_list(users.size())) {
            has_ended = true;
            continue;
        }
        const auto user = UserId::parse(std::string_view(line).substr(0, kUuidText));
        if (!user || has_ended || (line.size() > kUuidText && line[kUuidText] != ' ')) {
            std::cerr << "keyledger: " << path << ", line " << number << ": a user's id was expected\n";
            return std::nullopt;
        }
        users.push_back(*user);
    }
    if (has_ended) return users;
    std::cerr << "keyledger: " << path << " does not end as 'keyledger erasures' ends it";
    if (users.empty()) {
        std::cerr << ": it was not written whole, so nobody knows who was erased. Take an older list\n";
        return std::nullopt;
    }
    std::cerr << ": it is of an older version, or was cut; all that stand in it are erased\n";
    return users;
}

commands::Caller restoring_caller() {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "restore";
    caller.deadline = std::chrono::steady_clock::now() + kPatience;
    return caller;
}

// How many were erased again; nullopt when one could not be.
std::optional<int> repeat_erasures(Core& core, const std::vector<UserId>& users) {
    int repeated = 0;
    for (const UserId& user : users) {
        const auto erased = core.run(commands::repeat_erasure(core.services, user, restoring_caller()));
        if (!erased) {
            std::cerr << "keyledger: user " << user.to_string() << " could not be erased again (refusal "
                      << erased.error().refusal->slug << ")\n";
            return std::nullopt;
        }
        if (erased->position > 0) ++repeated;
    }
    return repeated;
}

// False: somebody is in the log who was erased.
bool erase_again(Core& core, const std::vector<UserId>& users) {
    const auto repeated = repeat_erasures(core, users);
    if (repeated) std::cout << "Erased " << *repeated << " user(s) again, of " << users.size() << " listed.\n";
    return repeated.has_value();
}

constexpr const char* kStillThere = "don't serve this database: people are in it who were erased. ";

}  // namespace

Exit backup(const Environment& environment, const std::string& path, bool force) {
    const auto config = require_config(environment, {ConfigPart::kOwnerDatabase});
    if (!config) return Exit::kUsage;
    if (const auto problem = reason_not_to_write(path, force)) {
        std::cerr << "keyledger: " << *problem << '\n';
        return Exit::kUsage;
    }
    if (const auto problem = postgres::write_backup(config->owner_database_url, path, config->postgres_tools))
        return fail(*problem);
    std::cout << "Wrote " << path << ", without the read models. Keep keyring and list of erasures apart from it.\n";
    return Exit::kGood;
}

Exit list_erasures(const Environment& environment) {
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    if (const auto problem = postgres::schema_problem(config->database_url)) return fail(*problem);
    const auto authenticity = demanding_authenticity(*config);
    look_at_tree_heads(*authenticity, config->database_url);
    const auto users = postgres::erased_users(config->database_url, *authenticity, Progress("erasures"));
    if (!users) return fail(users.error());
    for (const auto& [user_id, erased_at] : *users)
        std::cout << user_id.to_string() << ' ' << api::rfc3339(erased_at) << '\n';
    std::cout << end_of_list(users->size()) << '\n';
    return Exit::kGood;
}

Exit restore(const Environment& environment, const Restore& options) {
    const auto config =
        require_config(environment, {ConfigPart::kOwnerDatabase, ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config || !is_one_database(*config)) return Exit::kUsage;
    std::vector<UserId> users;
    if (!options.erasures.empty()) {
        auto listed = read_erasures(options.erasures);
        if (!listed) return Exit::kUsage;
        users = std::move(*listed);
    }
    start_logging(config->log_level);
    if (const auto problem = postgres::service_role_problem(config->database_url)) return fail(*problem);
    if (const auto problem = postgres::read_backup(config->owner_database_url, options.path, config->postgres_tools))
        return fail(*problem);
    postgres::Migrator migrator(config->owner_database_url, configured_macs(*config));
    migrator.up();
    const Uuid log_id = migrator.renew_log_id();
    std::cout << "Restored " << options.path << ". This log is now " << log_id.to_string()
              << ": refresh tokens and cursors of the lost history are refused.\n";
    Core core(*config);
    if (!erase_again(core, users)) return fail(std::string(kStillThere) + "Run 'restore' again on an empty one");
    const auto ended = revoked_claims_keys(*core.keyring->snapshot(), core.clock.now());
    const auto before = postgres::ended_key_in_use(config->database_url, ended);
    if (!before) return fail(before.error());
    if (!*before) return Exit::kGood;
    std::cout << "Names are claimed in it under keys that have ended since: they are written under the current one.\n";
    return reclaim(*config, core, UnheldClaims::kKeep);
}

Exit restored(const Environment& environment, const std::string& erasures) {
    auto needs = std::vector{ConfigPart::kOwnerDatabase};
    if (!erasures.empty()) needs.insert(needs.end(), {ConfigPart::kDatabase, ConfigPart::kKeyring});
    const auto config = require_config(environment, needs);
    if (!config) return Exit::kUsage;
    std::optional<std::vector<UserId>> users;
    if (!erasures.empty()) {
        if (!is_one_database(*config)) return Exit::kUsage;
        users = read_erasures(erasures);
        if (!users) return Exit::kUsage;
        start_logging(config->log_level);
        if (const auto problem = postgres::service_role_problem(config->database_url)) return fail(*problem);
        if (const auto problem = postgres::schema_problem(config->database_url)) return fail(*problem);
    }
    postgres::Migrator migrator(config->owner_database_url, configured_macs(*config));
    std::cout << "This log is now " << migrator.renew_log_id().to_string()
              << ". Refresh tokens and cursors of the lost history are refused from now on.\n";
    if (!users) {
        std::cerr << "keyledger: nobody was erased again. If this database knows people who were erased since, run "
                     "this again with --erasures and their list before you serve it\n";
        return Exit::kGood;
    }
    Core core(*config);
    if (!erase_again(core, *users)) return fail(std::string(kStillThere) + "Run this again");
    return Exit::kGood;
}

}  // namespace keyledger::app
