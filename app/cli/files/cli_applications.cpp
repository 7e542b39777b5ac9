#include <algorithm>
#include <iostream>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/files/applied_file.hpp"
#include "app/config/applications_file.hpp"
#include "app/core/core.hpp"
#include "app/core/logging.hpp"
#include "projections/engine/queries.hpp"
#include "projections/models/applications.hpp"
#include "security/adapters/keyring_tokens.hpp"

namespace keyledger::app {
namespace {

using commands::Change;
using commands::Trial;

constexpr auto kPatience = std::chrono::seconds(30);  // for one application
constexpr std::int32_t kPageRows = 100;

// One application of the file, and what became of it, or would.
struct Line {
    ApplicationId id;
    std::string name;  // empty: the file says that there must be none
    commands::AppliedApplication applied;
};

commands::Caller operator_at_the_machine() {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "applications";
    caller.deadline = std::chrono::steady_clock::now() + kPatience;
    return caller;
}

std::string said_of(RefusalRef refusal) {
    if (refusal == refusals::kApplicationUnknown)
        return "there is no such application; a client id that was deleted is not used again";
    if (refusal->kind == RefusalKind::kUnavailable) return "the database does not answer";
    const std::string field = refusal->field.empty() ? "" : std::string(refusal->field) + ": ";
    return field + std::string(refusal->advice);
}

void print(const Line& line) {
    std::cout << mark_of(line.applied.change) << ' ' << line.id.to_string();
    if (!line.name.empty()) std::cout << ' ' << line.name;
    if (line.applied.change == Change::kNone) std::cout << " (as it is)";
    for (const std::string& member : line.applied.members)
        std::cout << (&member == line.applied.members.data() ? ": " : ", ") << name_of_member(member);
    std::cout << '\n';
}

void print_json(const std::vector<Line>& lines, Trial trial) {
    Position position = 0;
    for (const Line& line : lines) position = std::max(position, line.applied.position);
    api::JsonText json;
    json.boolean("applied", trial == Trial::kNo).number("position", position).begin_array("changes");
    for (const Line& line : lines) {
        std::vector<std::string> members;
        for (const std::string& member : line.applied.members) members.emplace_back(name_of_member(member));
        json.begin_object()
            .text("id", line.id.to_string())
            .text("change", word_of(line.applied.change))
            .texts("members", members)
            .end_object();
    }
    json.end_array();
    std::cout << json.finish() << '\n';
}

void report(const std::vector<Line>& lines, Trial trial, Format format) {
    if (format == Format::kJson) return print_json(lines, trial);
    for (const Line& line : lines) print(line);
    const auto changed =
        std::ranges::count_if(lines, [](const Line& line) { return line.applied.change != Change::kNone; });
    std::cout << (trial == Trial::kYes ? "Would change " : "Changed ") << changed << " of " << lines.size() << ".\n";
}

// nullopt: something could not be done, and standard error says what.
std::optional<std::vector<Line>> apply_all(Core& core, const std::vector<ApplicationEntry>& entries,
                                           const std::string& file, Trial trial) {
    std::vector<Line> lines;
    for (const ApplicationEntry& entry : entries) {
        auto applied = core.run(
            commands::apply_application(core.services, entry.id, entry.wanted, trial, operator_at_the_machine()));
        if (!applied) {
            if (trial == Trial::kNo)
                for (const Line& line : lines) print(line);  // was done
            std::cerr << "keyledger: " << file << ": line " << entry.line << ": application '" << entry.id.to_string()
                      << "': " << said_of(applied.error().refusal) << '\n';
            return std::nullopt;
        }
        lines.push_back({entry.id, entry.wanted ? entry.wanted->definition.name : "", std::move(*applied)});
    }
    return lines;
}

// One that there is no key for would be signed by another all the same. What one has already it may keep.
bool are_signed(const Core& core, const std::vector<ApplicationEntry>& entries, const std::vector<Line>& lines,
                const std::string& file) {
    const auto offered = security::id_token_algorithms(*core.keyring->snapshot(), core.clock.now());
    std::string known;
    for (const std::string& name : offered) known.append(known.empty() ? "" : ", ").append(name);
    bool is_good = true;
    const auto check = [&](std::size_t at, std::string_view member, std::optional<KeyAlgorithm> algorithm) {
        const auto& [change, members, position] = lines[at].applied;
        const bool is_new = change == Change::kMade || std::ranges::find(members, std::string(member)) != members.end();
        if (!is_new || !algorithm || std::ranges::find(offered, stored_name(*algorithm)) != offered.end()) return;
        std::cerr << "keyledger: " << file << ": line " << entries[at].line << ": application '"
                  << entries[at].id.to_string() << "': " << member << ": this service has keys for these: " << known
                  << '\n';
        is_good = false;
    };
    for (std::size_t at = 0; at < lines.size(); ++at) {
        if (!entries[at].wanted) continue;
        const ApplicationDefinition& definition = entries[at].wanted->definition;
        check(at, "id_token_algorithm", definition.id_token_algorithm);
        check(at, "userinfo_algorithm", definition.userinfo_algorithm);
    }
    return is_good;
}

bool may_delete(const std::vector<Line>& lines) {
    const auto deletes = [](const Line& line) { return line.applied.change == Change::kRemoved; };
    if (std::ranges::none_of(lines, deletes)) return true;
    for (const Line& line : lines)
        if (deletes(line)) std::cerr << "keyledger: application '" << line.id.to_string() << "' would be deleted\n";
    std::cerr << "keyledger: nothing was changed; give --allow-deletions to delete what the file says\n";
    return false;
}

// What there is. The read model says which, and may be behind: so it is awaited.
class Listing {
public:
    Listing(Core& core, const Config& config) : core_(core), queries_({.database_url = config.database_url}) {}

    template <class Take>
    bool each(Take take) {
        const auto deadline = std::chrono::steady_clock::now() + kPatience;
        const auto head = core_.run(core_.store.head(deadline));
        if (!head) return says("the database does not answer");
        const Position position = head->cursor.position;
        if (!core_.run(queries_.wait_for(projections::kApplicationsModel, position, position, deadline)))
            return says("the read model of applications is behind; is a node with the role 'projector' running?");
        std::optional<projections::ApplicationCursor> cursor;
        do {
            const auto page = core_.run(projections::list_applications(queries_, cursor, kPageRows, deadline));
            if (!page) return says("the database does not answer");
            for (const auto& row : page->items)
                if (!take(row)) return false;
            cursor = page->next;
        } while (cursor);
        return true;
    }
    // nullopt: it can't be read, and standard error says so.
    std::optional<Application> find(const ApplicationId& id) {
        std::vector<commands::LoadStream> streams{{id, Application::kStreamType}};
        const auto folds = core_.run(core_.executor.folder().load(std::move(streams), commands::Freshness::kAtHead,
                                                                  std::chrono::steady_clock::now() + kPatience));
        if (!folds) says("the database does not answer");
        if (!folds) return std::nullopt;
        return commands::state_of<Application>(folds->front());
    }

private:
    static bool says(const char* what) {
        std::cerr << "keyledger: " << what << '\n';
        return false;
    }

    Core& core_;
    projections::Queries queries_;
};

std::optional<Config> config_for(const Environment& environment) {
    auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (config) start_logging(config->log_level);
    return config;
}

}  // namespace

Exit apply_applications(const Environment& environment, const ApplyApplications& options) {
    const auto text = read_file_to_apply(options.file);
    const auto entries = text ? read_applications_file(*text)
                              : Result<std::vector<ApplicationEntry>, std::string>(Unexpected(text.error()));
    if (!entries) {
        std::cerr << "keyledger: " << options.file << ": " << entries.error() << '\n';
        return Exit::kUsage;
    }
    const auto config = config_for(environment);
    if (!config) return Exit::kUsage;
    Core core(*config);
    // The whole file is tried before anything of it is done.
    const auto tried = apply_all(core, *entries, options.file, Trial::kYes);
    if (!tried || !are_signed(core, *entries, *tried, options.file)) return Exit::kFailed;
    if (options.dry_run) {
        report(*tried, Trial::kYes, options.format);
        return Exit::kGood;
    }
    if (!options.allow_deletions && !may_delete(*tried)) return Exit::kFailed;
    const auto applied = apply_all(core, *entries, options.file, Trial::kNo);
    if (!applied) return Exit::kFailed;
    report(*applied, Trial::kNo, options.format);
    return Exit::kGood;
}

Exit export_applications(const Environment& environment) {
    const auto config = config_for(environment);
    if (!config) return Exit::kUsage;
    Core core(*config);
    Listing listing(core, *config);
    std::string file;
    const bool is_told = listing.each([&](const projections::ApplicationRow& row) {
        const auto application = listing.find(row.id);
        if (!application) return false;
        const bool is_enabled = application->status == Application::Status::kEnabled;
        if (application->exists())
            file += text_of_application(row.id, {application->definition, is_enabled ? ApplicationStatus::kEnabled
                                                                                     : ApplicationStatus::kDisabled});
        return true;
    });
    if (!is_told) return Exit::kFailed;
    std::cout << (file.empty() ? "applications: {}\n" : "applications:\n" + file);
    return Exit::kGood;
}

Exit list_applications(const Environment& environment, Format format) {
    const auto config = config_for(environment);
    if (!config) return Exit::kUsage;
    Core core(*config);
    Listing listing(core, *config);
    api::JsonText json;
    json.begin_array("applications");
    const bool is_told = listing.each([&](const projections::ApplicationRow& row) {
        const char* status = row.enabled ? "enabled" : "disabled";
        json.begin_object()
            .text("id", row.id.to_string())
            .text("name", row.name)
            .text("application_type", row.type)
            .text("consent", row.consent)
            .text("status", status)
            .end_object();
        if (format == Format::kText)
            std::cout << row.id.to_string() << "  " << row.type << "  " << row.consent << "  " << status << "  "
                      << row.name << '\n';
        return true;
    });
    if (!is_told) return Exit::kFailed;
    json.end_array();
    if (format == Format::kJson) std::cout << json.finish() << '\n';
    return Exit::kGood;
}

Exit add_application_secret(const Environment& environment, const std::string& client_id) {
    const auto application_id = ApplicationId::parse(client_id);
    if (!application_id) {
        std::cerr << "keyledger: '" << client_id << "' is no client id; see 'keyledger applications list'\n";
        return Exit::kUsage;
    }
    const auto config = config_for(environment);
    if (!config) return Exit::kUsage;
    Core core(*config);
    const auto added = core.run(
        commands::add_application_secret_as_operator(core.services, *application_id, operator_at_the_machine()));
    if (!added) {
        std::cerr << "keyledger: " << said_of(added.error().refusal) << '\n';
        return Exit::kFailed;
    }
    std::cout << "Secret " << added->secret_id.to_string() << ", shown this once: " << added->secret->reveal() << '\n';
    return Exit::kGood;
}

}  // namespace keyledger::app
