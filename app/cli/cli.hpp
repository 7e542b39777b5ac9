#pragma once
// The command line's own vocabulary: exit codes, and one function a command. Each prints its answer on standard
// output and its troubles on standard error.
#include <cstdint>
#include <optional>
#include <string>

#include "app/config/config.hpp"
#include "security/keys/signing_key.hpp"

namespace keyledger::app {

enum class Exit : int {
    kGood = 0,
    kFailed = 1,        // what was asked for could not be done; the message says why
    kUsage = 2,         // wrong words or configuration
    kAlreadyThere = 3,  // nothing had to be done, because it had been done before
    kFoundBad = 4,      // what was looked at is not as it has to be
};

enum class Format { kText, kJson };

// `names`: of all variables that there are.
Exit serve(const Environment& environment, const std::vector<std::string>& names);

enum class MigrateTo { kUp, kDown, kStatus };
Exit migrate(const Environment& environment, MigrateTo to, int steps, Format format);

struct GenerateKeys {
    std::string path;  // empty: KEYLEDGER_KEYRING_FILE
    std::string algorithm = "ES256";
    bool if_missing = false;
};
Exit generate_keys(const Environment& environment, const GenerateKeys& options);
struct RotateKeys {
    std::string path;
    std::string purpose;
    std::string algorithm;
    std::int64_t lead_seconds = 0;
};
// Wraps every subject's key under the current key-encryption key; a new one is made for it if told.
struct RewrapKeys {
    std::string path{};
    bool new_key = false;     // while no service runs, for none would know it
    bool revoke_old = false;  // end those that wrap nothing any more
    bool force = false;       // a new key although a service runs
    // Subjects whose key can't be opened, and that is put into the graveyard all the same.
    std::vector<std::string> set_aside{};
};
Exit rewrap_keys(const Environment& environment, const RewrapKeys& options);
Exit rotate_keys(const Environment& environment, const RotateKeys& options);
struct RevokeKey {
    std::string path;
    std::string id;
    bool force = false;  // although what it signed or sealed is still in use; never where that is lost for good
};
Exit revoke_key(const Environment& environment, const RevokeKey& options);
struct Core;
// Writes every claim under the current claims key too, and removes those of keys that have ended and those of
// nobody; if told to, also those that their owners do not have.
enum class UnheldClaims { kKeep, kDrop };
Exit reclaim_keys(const Environment& environment, UnheldClaims unheld = UnheldClaims::kKeep);
// The same where both URLs and the keyring are open already.
Exit reclaim(const Config& config, Core& core, UnheldClaims unheld);
struct CloseKey {
    std::string path;
    std::string id;
};
// Of event MACs: nothing behind the log's head counts under it any more. As the owner.
Exit close_key(const Environment& environment, const CloseKey& options);
// A subject's key that was destroyed within the last day; not of a user whom the service erased. Where an event says so
// that the service did not write, if forced. As the owner, with the keyring.
Exit bring_back_key(const Environment& environment, const std::string& subject, bool force);
Exit complete_keys(const Environment& environment, const std::string& path);
Exit list_keys(const Environment& environment, const std::string& path, Format format);

struct CreateAdmin {
    std::string email;
    std::string username;
    std::string name;
};
Exit create_admin(const Environment& environment, const CreateAdmin& options);
struct UnlockUser {  // one of the three
    std::string email;
    std::string username;
    std::string id;
};
Exit unlock_user(const Environment& environment, const UnlockUser& options);
struct ImportUsers {
    std::string file;
    std::string report;  // of the lines that were refused; empty: FILE.refused.ndjson
};
Exit import_users(const Environment& environment, const ImportUsers& options);
// Sets a one-time password for anybody, and prints it: also for an administrator, when nobody else can.
Exit recover_user(const Environment& environment, const UnlockUser& options);
struct CreateUser {
    std::string email;
    std::string username;
    std::string name;
    std::string locale;
};
// With a one-time password, which it prints.
Exit create_user(const Environment& environment, const CreateUser& options);

struct TailEvents {
    std::int64_t from = 0;  // 0: the last `limit` ones
    std::int64_t limit = 20;
    bool follow = false;
    Format format = Format::kText;
};
Exit tail_events(const Environment& environment, const TailEvents& options);
Exit show_event(const Environment& environment, std::int64_t position, Format format);
Exit print_event_schema(Format format);

struct VerifyAudit {
    std::string file;                  // an export; empty: the database
    std::vector<std::string> against;  // files of tree heads
    std::vector<std::string> keys;     // verifying keys, or files that hold one; beside the keyring's, if there is one
    Format format = Format::kText;
};
Exit verify_audit(const Environment& environment, const VerifyAudit& options);
// Names against the claims that keep them from being given twice.
Exit verify_claims(const Environment& environment, Format format);
struct ExportAudit {
    std::string out;
    std::int64_t to = 0;  // the last position; 0: the head
    bool force = false;   // over a file that there is
    Format format = Format::kText;
};
Exit export_audit(const Environment& environment, const ExportAudit& options);
// Prints the key that tree heads of this log are verified with now.
// `all`: those of the past and the one that is yet to sign too, a line each.
Exit show_audit_key(const Environment& environment, bool all);
struct ReplayAudit {
    enum class From { kDatabase, kFile, kKafka };
    From from = From::kDatabase;
    std::string file;
    std::string user;  // empty, both: everything
    std::string session;
    std::string at;  // a position or a time (RFC 3339); empty: the end
    Format format = Format::kText;
};
Exit replay_audit(const Environment& environment, const ReplayAudit& options);

Exit projections_status(const Environment& environment, Format format);
struct RebuildProjections {
    std::vector<std::string> names;  // none: all
    bool resume = false;             // go on with what an earlier rebuild left
    bool compare = false;            // digests of old and new at one position
    Format format = Format::kText;
};
Exit rebuild_projections(const Environment& environment, const RebuildProjections& options);
struct VerifyProjections {
    std::vector<std::string> names;  // none: all
    Format format = Format::kText;
};
Exit verify_projections(const Environment& environment, const VerifyProjections& options);
struct SkipEvent {
    std::string name;
    std::int64_t position = 0;
    std::string who;
    std::string why;
    int generation = 0;  // 0: the current one
};
Exit skip_event(const Environment& environment, const SkipEvent& options);

struct ListJobs {
    std::string state;    // empty: due and dead
    std::string reactor;  // empty: all
    int limit = 100;
    Format format = Format::kText;
};
Exit list_jobs(const Environment& environment, const ListJobs& options);
struct EndJobs {
    enum class Act { kRetry, kDrop };
    Act act = Act::kRetry;
    std::vector<std::string> names;  // none: all that are dead
    std::string reactor;             // of which; empty: all
};
Exit end_jobs(const Environment& environment, const EndJobs& options);

// `force`: over a file that there is.
Exit backup(const Environment& environment, const std::string& path, bool force);
struct Restore {
    std::string path;
    std::string erasures;  // of the file that list_erasures wrote last; empty: none
};
Exit restore(const Environment& environment, const Restore& options);
// After a restore by other means. `erasures`: as of Restore.
Exit restored(const Environment& environment, const std::string& erasures);
// Whom events of the service call erased, whatever became of their keys. Needs the keyring.
Exit list_erasures(const Environment& environment);

struct ApplyAccess {
    std::string file;  // "-": standard input
    bool dry_run = false;
    bool allow_deletions = false;  // of roles and groups that the file says there must not be
    Format format = Format::kText;
};
Exit apply_access(const Environment& environment, const ApplyAccess& options);
// The roles and groups that there are, as such a file.
Exit export_access(const Environment& environment);

struct ApplyApplications {
    std::string file;  // "-": standard input
    bool dry_run = false;
    bool allow_deletions = false;  // of applications that the file says there must not be
    Format format = Format::kText;
};
Exit apply_applications(const Environment& environment, const ApplyApplications& options);
// Those that there are, as such a file: without secrets and keys.
Exit export_applications(const Environment& environment);
Exit list_applications(const Environment& environment, Format format);
// Prints the secret, which is shown nowhere again.
Exit add_application_secret(const Environment& environment, const std::string& client_id);

// Asks each provider of KEYLEDGER_PROVIDERS_FILE what it tells of itself.
Exit check_providers(const Environment& environment);

// What the management listener of the node that runs here answers is printed. kFoundBad: it is not ready.
enum class HealthQuestion { kReady, kLive };
Exit ask_health(const Environment& environment, HealthQuestion question);

// `names`: of all variables that there are.
Exit check_config(const Environment& environment, const std::vector<std::string>& names,
                  ShownSettings shown = ShownSettings::kGiven);

// Why a command must not write its file there, as a sentence; nullopt: it may. `force`: over a file that
// there is.
std::optional<std::string> reason_not_to_write(const std::string& path, bool force);

// Reads what the command needs, or says on standard error what is wrong with it.
std::optional<Config> require_config(const Environment& environment, const std::vector<ConfigPart>& needs);
// Whether the two URLs lead to one database, as far as both are set; else says on standard error that they don't. Asked
// by whatever reads by one and writes by the other. Throws if nobody answers.
bool is_one_database(const Config& config);
// What `serve` needs, with whatever is wrong.
LenientConfig read_serving_config(const Environment& environment);
// The same, or nothing and all that `serve` would refuse on standard error.
std::optional<LenientConfig> require_serving_config(const Environment& environment);

}  // namespace keyledger::app
