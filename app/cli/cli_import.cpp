#include <spdlog/spdlog.h>

#include <boost/asio/steady_timer.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <semaphore>
#include <unordered_map>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/progress.hpp"
#include "app/core/core.hpp"
#include "app/core/logging.hpp"
#include "app/import/import_line.hpp"
#include "domain/access/role.hpp"
#include "domain/base/plain_text.hpp"
#include "domain/users/identity.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

using commands::ImportReceipt;

// Users under way at once: the committer puts what waits into one append.
constexpr std::ptrdiff_t kUnderWay = 256;
constexpr int kAttempts = 6;
constexpr auto kFirstPause = std::chrono::milliseconds(200);  // then twice as long each
constexpr auto kPatience = std::chrono::seconds(30);

struct Counts {
    std::int64_t imported = 0;
    std::int64_t were_there = 0;
    std::int64_t refused = 0;
    std::int64_t with_metadata = 0;
};

// By the member of the line that is at fault.
std::string sentence_of(RefusalRef refusal) {
    const bool is_of_roles = refusal == refusals::kInvalidRoleName || refusal == refusals::kRoleUnknown;
    const std::string_view of = is_of_roles ? "roles" : !refusal->field.empty() ? refusal->field : refusal->slug;
    return std::string(of) + ": " + std::string(refusal->advice);
}

// One run over a file. Lines are read one after the other, and up to kUnderWay of them are under way; what they share
// is under the mutex.
class ImportRun {
public:
    ImportRun(Core& core, std::ostream& report) : core_(core), report_(report) {}

    // Waits for a place, and answers before the line is done.
    void begin(std::int64_t number, std::string text) {
        places_.acquire();
        boost::asio::co_spawn(core_.processors, take_in(number, std::move(text)), [this](std::exception_ptr failure) {
            if (failure) stop("something is broken; see the log");
            places_.release();
        });
    }
    void wait_for_all() {
        for (std::ptrdiff_t i = 0; i < kUnderWay; ++i) places_.acquire();
    }
    // Why it can't go on; nullopt: it can.
    std::optional<std::string> why_stopped() {
        const std::lock_guard lock(mutex_);
        return stopped_;
    }
    // Once all has ended.
    const Counts& counts() const { return counts_; }
    const std::map<std::string, std::int64_t>& costs() const { return costs_; }
    const std::map<std::string, std::string>& decoys() const { return decoys_; }
    void refuse(std::int64_t number, const std::string& reason) {
        api::JsonText json;
        json.number("line", number).text("reason", as_plain_text(reason));
        const std::lock_guard lock(mutex_);
        counts_.refused += 1;
        report_ << json.finish() << '\n' << std::flush;
    }

private:
    boost::asio::awaitable<void> take_in(std::int64_t number, std::string text) {
        auto line = read_import_line(text);
        Secret::wipe(text);
        if (!line) co_return refuse(number, line.error());
        // Else it would be chance which of two lines that are taken in at once has the name.
        if (const auto earlier = earlier_line(number, parse_email(line->user.email)))
            co_return refuse(number, "email: line " + std::to_string(*earlier) + " has this address, too");
        if (const auto earlier = earlier_line(number, parse_username(line->user.username.value_or(""))))
            co_return refuse(number, "username: line " + std::to_string(*earlier) + " has this user name, too");
        for (int attempt = 1;; ++attempt) {
            auto imported = co_await try_once(*line);
            if (imported) co_return count(*line, *imported);
            const RefusalRef why = imported.error().refusal;
            if (!may_be_repeated(why->kind)) co_return refuse(number, sentence_of(why));
            if (attempt == kAttempts) co_return stop("the database does not answer");
            boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
            pause.expires_after(kFirstPause * (1 << attempt));
            co_await pause.async_wait(boost::asio::use_awaitable);
        }
    }

    commands::Answer<ImportReceipt> try_once(ImportLine& line) {
        commands::Caller caller;
        caller.actor_type = eventstore::ActorType::kSystem;
        caller.request_id = "users-import";
        caller.deadline = std::chrono::steady_clock::now() + kPatience;
        line.user.roles.clear();
        for (const std::string& name : line.roles) {
            KEYLEDGER_CO_TRY(role, co_await role_named(name, caller.deadline));
            line.user.roles.push_back(*role);
        }
        auto imported = co_await commands::import_user(core_.services, line.user, caller);
        co_return imported;
    }

    // Remembered, for most lines name the same few.
    commands::Answer<RoleId> role_named(const std::string& name, commands::Deadline deadline) {
        if (const auto known = known_role(name)) co_return *known;
        KEYLEDGER_CO_TRY(role, co_await commands::role_named(core_.services, name, deadline));
        const std::lock_guard lock(mutex_);
        co_return roles_.emplace(name, *role).first->second;
    }
    std::optional<RoleId> known_role(const std::string& name) {
        const std::lock_guard lock(mutex_);
        const auto at = roles_.find(name);
        return at == roles_.end() ? std::nullopt : std::optional(at->second);
    }

    template <class Parsed>
    std::optional<std::int64_t> earlier_line(std::int64_t number, const Parsed& parsed) {
        if (!parsed) return std::nullopt;
        const std::lock_guard lock(mutex_);
        const auto [at, is_first] = lines_.emplace(parsed->key, number);  // an address has an @, a user name has none
        return is_first ? std::nullopt : std::optional(at->second);
    }

    void count(const ImportLine& line, const ImportReceipt& imported) {
        const std::lock_guard lock(mutex_);
        const bool is_new = imported.outcome == ImportReceipt::Outcome::kImported;
        (is_new ? counts_.imported : counts_.were_there) += 1;
        if (line.has_metadata) counts_.with_metadata += 1;
        if (line.cost.empty()) return;
        costs_[line.cost] += 1;
        decoys_.emplace(line.cost, line.decoy);
    }

    void stop(std::string why) {
        const std::lock_guard lock(mutex_);
        if (!stopped_) stopped_ = std::move(why);
    }

    Core& core_;
    std::ostream& report_;
    std::counting_semaphore<kUnderWay> places_{kUnderWay};
    std::mutex mutex_;
    Counts counts_;
    std::optional<std::string> stopped_;
    std::unordered_map<std::string, RoleId> roles_;
    std::unordered_map<std::string, std::int64_t> lines_;  // by address, of this run
    std::map<std::string, std::int64_t> costs_;            // users by the cost of their hash
    std::map<std::string, std::string> decoys_;
};

std::int64_t lines_in(std::ifstream& file) {
    std::int64_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    file.clear();
    file.seekg(0);
    return lines;
}

// The number of the last line that was begun.
std::int64_t import_all(ImportRun& run, std::ifstream& file) {
    const std::int64_t all = lines_in(file);
    Progress progress("users import", "lines");
    std::int64_t number = 0;
    for (std::string line; !run.why_stopped() && std::getline(file, line);) {
        progress(++number, all);
        if (line.empty()) continue;
        if (line.size() > kMaxImportLineBytes) run.refuse(number, "the line is too long");
        else run.begin(number, std::move(line));
    }
    run.wait_for_all();
    return number;
}

void tell_costs(const ImportRun& run, const Config& config) {
    for (const auto& [cost, users] : run.costs()) std::cout << "  " << users << " with " << cost << '\n';
    if (run.costs().empty() || !config.imported_hash.empty()) return;
    std::cout << "Until they have logged in once, how long a log-in takes tells who was imported. Set "
                 "KEYLEDGER_IMPORTED_HASH to one of these, and every log-in takes as long:\n";
    for (const auto& [cost, decoy] : run.decoys()) std::cout << "  " << decoy << '\n';
}

}  // namespace

Exit import_users(const Environment& environment, const ImportUsers& options) {
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    std::ifstream file(options.file, std::ios::binary);
    const std::string report_path = options.report.empty() ? options.file + ".refused.ndjson" : options.report;
    if (!file || file.peek() == std::ifstream::traits_type::eof()) {
        std::cerr << "keyledger: can't read '" << options.file << "', or it is empty\n";
        return Exit::kUsage;
    }
    if (const auto open_to_others = security::what_is_wrong_with_secret_file(options.file))
        std::cerr << "keyledger: " << *open_to_others << "; it holds password hashes\n";
    std::ofstream report(report_path, std::ios::binary | std::ios::trunc);
    if (!report) {
        std::cerr << "keyledger: can't write '" << report_path << "'\n";
        return Exit::kUsage;
    }
    start_logging(config->log_level);
    Core core(*config);
    ImportRun run(core, report);
    const std::int64_t last = import_all(run, file);
    const Counts& counts = run.counts();
    std::cout << "Imported " << counts.imported << " users; " << counts.were_there << " were there, " << counts.refused
              << " lines were refused";
    if (counts.refused > 0) std::cout << " (" << report_path << ')';
    std::cout << ", the metadata of " << counts.with_metadata << " was ignored.\n";
    tell_costs(run, *config);
    if (const auto why = run.why_stopped()) {
        std::cerr << "keyledger: " << *why << "; stopped near line " << last << ". Run it again to go on.\n";
        return Exit::kFailed;
    }
    return counts.refused > 0 ? Exit::kFoundBad : Exit::kGood;
}

}  // namespace keyledger::app
