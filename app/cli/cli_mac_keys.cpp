#include <algorithm>
#include <iostream>

#include "app/cli/cli.hpp"
#include "app/core/core.hpp"
#include "app/core/log_reading.hpp"
#include "app/core/logging.hpp"
#include "app/serve/tree_heads.hpp"
#include "commands/log/keep_log.hpp"
#include "eventstore/postgres/keys/mac_keys.hpp"
#include "eventstore/postgres/store/tree_heads.hpp"
#include "eventstore/postgres/upkeep/erasures.hpp"

namespace keyledger::app {
namespace {

namespace postgres = eventstore::postgres;

Exit fail(const std::string& sentence) {
    std::cerr << "keyledger: " << sentence << '\n';
    return Exit::kFailed;
}

// What the newest tree head in the database covers.
Position signed_until(const Config& config, Core& core, const Uuid& log_id) {
    postgres::PostgresTreeHeads heads(config.database_url, core.authenticity->macs(), core.authenticity->heads());
    const auto stored = heads.load(log_id, opener(core.keyring->snapshot()));
    return stored && stored->newest ? stored->newest->cursor.position : 0;
}

commands::Caller at_the_machine() {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "keys";
    caller.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return caller;
}

}  // namespace

// First nothing more is appended under it, then a head covers all that was, then the log says so: so nothing that was
// acknowledged is ever taken for somebody else's, and nothing can be put among it afterwards.
Exit close_key(const Environment& environment, const CloseKey& options) {
    auto config =
        require_config(environment, {ConfigPart::kOwnerDatabase, ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config || !is_one_database(*config)) return Exit::kUsage;
    if (!options.path.empty()) config->keyring_file = options.path;
    start_logging(config->log_level);
    Core core(*config);
    const auto writing = core.authenticity->macs()->writing_keys();
    if (std::ranges::find(writing, options.id) == writing.end())
        return fail("the keyring has no key " + options.id + " for event-macs that is in use or was");
    if (writing.front() == options.id)
        return fail("key " + options.id +
                    " is the newest one for event-macs: run 'keyledger keys rotate event-macs' "
                    "first, and copy the keyring to every node");
    const auto announced = core.authenticity->is_announced(config->database_url, writing.front());
    if (!announced) return fail(announced.error());
    if (!*announced)
        return fail("the log has not been told of key " + writing.front() +
                    " yet: a node that serves does so within a "
                    "minute after SIGHUP");
    const auto last = postgres::close_mac_key(config->owner_database_url, options.id);
    if (!last) return fail(last.error());
    const auto head = core.run(core.store.head(std::chrono::steady_clock::now() + std::chrono::seconds(30)));
    if (!head) return fail("the database does not answer");
    const Position covered = signed_until(*config, core, head->log_id);
    if (covered < *last)
        return fail("nothing is appended under key " + options.id + " any more. The newest tree head covers position " +
                    std::to_string(covered) + " of " + std::to_string(*last) +
                    ": run this again when a node has signed the next one");
    const auto done = core.run(commands::close_mac_key(core.services, options.id, *last, at_the_machine()));
    if (!done) return fail("the log could not be appended to; run this again");
    std::cout << "Key " << options.id << " counts up to position " << *last
              << " and no further. Keep it: without it what it authenticated can't be read.\n";
    return Exit::kGood;
}

Exit bring_back_key(const Environment& environment, const std::string& subject, bool force) {
    const auto config = require_config(environment, {ConfigPart::kOwnerDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    const auto id = Uuid::parse(subject);
    if (!id) {
        std::cerr << "keyledger: '" << subject << "' is not a UUID\n";
        return Exit::kUsage;
    }
    const auto authenticity = demanding_authenticity(*config);
    look_at_tree_heads(*authenticity, config->owner_database_url);
    const auto erased = postgres::erasure_records_of(config->owner_database_url, *authenticity, UserId{*id});
    if (!erased) return fail(erased.error());
    if (erased->by_the_service > 0)
        return fail(subject + " was erased, by the event at position " + std::to_string(erased->by_the_service) +
                    ", which the service wrote: their key stays destroyed, as they were promised");
    if (erased->by_somebody > 0 && !force)
        return fail("the event at position " + std::to_string(erased->by_somebody) + " says that " + subject +
                    " was erased, and the service did not write it: with --force their key is brought back");
    const auto back = postgres::bring_back_key(config->owner_database_url, *id);
    if (!back) return fail(back.error());
    if (!*back) return fail("no key of " + subject + " was destroyed within the last day");
    std::cout << "The key of " << subject << " is back. Restart the nodes, and rebuild the read models "
              << "('keyledger projections rebuild --all').\n";
    return Exit::kGood;
}

}  // namespace keyledger::app
