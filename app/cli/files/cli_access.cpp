#include <algorithm>
#include <iostream>
#include <map>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/files/applied_file.hpp"
#include "app/cli/refusal_words.hpp"
#include "app/config/access_file.hpp"
#include "app/core/core.hpp"
#include "app/core/logging.hpp"
#include "commands/access/apply_access.hpp"
#include "projections/engine/queries.hpp"
#include "projections/models/groups.hpp"
#include "projections/models/permissions.hpp"
#include "projections/models/roles.hpp"
#include "projections/models/service_accounts.hpp"

namespace keyledger::app {
namespace {

using commands::Change;
using commands::CommandError;

constexpr auto kPatience = std::chrono::seconds(30);  // for one role, group or service account
constexpr std::int32_t kPageRows = 100;

// One role, group or service account of the file, and what became of it, or would.
struct Line {
    std::string kind;
    std::string name;
    Change change = Change::kNone;
    std::vector<std::string> added;
    std::vector<std::string> removed;
};

std::vector<std::string> texts_of(const AccessRules& rules) {
    std::vector<std::string> texts = rules.allow.texts();
    for (const std::string& denied : rules.deny.texts()) texts.push_back("deny " + denied);
    return texts;
}

// What `to` has and `from` has not.
std::vector<std::string> beyond(const std::vector<std::string>& from, const std::vector<std::string>& to) {
    std::vector<std::string> more;
    for (const std::string& one : to)
        if (std::find(from.begin(), from.end(), one) == from.end()) more.push_back(one);
    return more;
}

commands::Caller operator_at_the_machine() {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "access-apply";
    caller.deadline = std::chrono::steady_clock::now() + kPatience;
    return caller;
}

void print(const Line& line) {
    std::cout << mark_of(line.change) << ' ' << line.kind << ' ' << line.name;
    if (line.change == Change::kNone) std::cout << " (as it is)";
    std::cout << '\n';
    for (const std::string& text : line.added) std::cout << "    + " << text << '\n';
    for (const std::string& text : line.removed) std::cout << "    - " << text << '\n';
}

enum class How { kTrying, kForGood };

void print_json(const std::vector<Line>& lines, How how, Position position) {
    api::JsonText json;
    json.boolean("applied", how == How::kForGood).number("position", position).begin_array("changes");
    for (const Line& line : lines)
        json.begin_object()
            .text("kind", line.kind)
            .text("name", line.name)
            .text("change", word_of(line.change))
            .texts("added", line.added)
            .texts("removed", line.removed)
            .end_object();
    json.end_array();
    std::cout << json.finish() << '\n';
}

bool is_deletion(const Line& line) { return line.change == Change::kRemoved; }

// One pass over a file: what it says is decided and, where it is for good, done.
class AccessFileRun {
public:
    AccessFileRun(Core& core, How how) : core_(core), trial_(how == How::kTrying ? &kept_trial_ : nullptr) {}

    // A role is there before the groups that have it, a group before the service accounts that are in it; and they go
    // after those. False: it could not be done, and standard error says why.
    bool apply(const AccessFile& file) {
        if (!apply_all(file.roles, Wanted::kYes)) return false;
        if (file.default_roles && !apply_defaults(*file.default_roles)) return false;
        if (!apply_all(file.groups, Wanted::kYes)) return false;
        for (const MembershipEntry& account : file.accounts)
            if (!apply(account)) return false;
        return apply_all(file.groups, Wanted::kNo) && apply_all(file.roles, Wanted::kNo);
    }
    const std::vector<Line>& lines() const { return lines_; }
    Position position() const { return position_; }

private:
    enum class Wanted { kNo, kYes };
    template <class RolesOrGroups>
    bool apply_all(const RolesOrGroups& all, Wanted wanted) {
        return std::ranges::all_of(
            all, [&](const auto& one) { return one.definition.has_value() != (wanted == Wanted::kYes) || apply(one); });
    }
    bool apply(const MembershipEntry& wanted) {
        const auto applied = core_.run(commands::apply_account_groups(core_.services, wanted.account, wanted.groups,
                                                                      trial_, operator_at_the_machine()));
        if (!applied) return fail("service account '" + wanted.account + "'", applied.error());
        tell({"service_account", wanted.account, applied->change, applied->added, applied->removed}, applied->position);
        return true;
    }
    bool apply(const RoleEntry& wanted) {
        const auto applied = core_.run(
            commands::apply_role(core_.services, wanted.name, wanted.definition, trial_, operator_at_the_machine()));
        if (!applied) return fail("role '" + wanted.name + "'", applied.error());
        const auto before = texts_of(applied->before);
        const auto after = texts_of(applied->after);
        tell({"role", wanted.name, applied->change, beyond(before, after), beyond(after, before)}, applied->position);
        return true;
    }
    bool apply(const GroupEntry& wanted) {
        const auto applied = core_.run(
            commands::apply_group(core_.services, wanted.name, wanted.definition, trial_, operator_at_the_machine()));
        if (!applied) return fail("group '" + wanted.name + "'", applied.error());
        tell({"group", wanted.name, applied->change, applied->added, applied->removed}, applied->position);
        return true;
    }
    bool apply_defaults(const std::vector<std::string>& roles) {
        const auto applied =
            core_.run(commands::apply_default_roles(core_.services, roles, trial_, operator_at_the_machine()));
        if (!applied) return fail("default_roles", applied.error());
        tell({"default_roles", std::string(kEveryoneName), applied->change, applied->added, applied->removed},
             applied->position);
        return true;
    }
    void tell(Line line, Position position) {
        position_ = std::max(position_, position);
        lines_.push_back(std::move(line));
    }
    bool fail(const std::string& what, const CommandError& error) {
        if (trial_ == nullptr)
            for (const Line& line : lines_) print(line);  // was done
        std::cerr << "keyledger: " << said_of_access(what, error.refusal) << '\n';
        return false;
    }

    Core& core_;
    commands::DryRun kept_trial_;
    commands::DryRun* const trial_;
    std::vector<Line> lines_;
    Position position_ = 0;  // of the last event
};

// What goes stands first and apart, and is not told again.
void print_lines(const std::vector<Line>& lines) {
    const auto deleted = std::ranges::count_if(lines, is_deletion);
    if (deleted > 0) std::cout << "Deletions:\n";
    for (const Line& line : lines)
        if (is_deletion(line)) print(line);
    if (deleted > 0) std::cout << '\n';
    for (const Line& line : lines)
        if (!is_deletion(line)) print(line);
}

void report(const AccessFileRun& applying, How how, Format format) {
    const auto& lines = applying.lines();
    if (format == Format::kJson) return print_json(lines, how, applying.position());
    print_lines(lines);
    const auto changed = std::ranges::count_if(lines, [](const Line& line) { return line.change != Change::kNone; });
    std::cout << (how == How::kTrying ? "Would change " : "Changed ") << changed << " of " << lines.size();
    if (applying.position() > 0) std::cout << ", up to position " << applying.position();
    std::cout << ".\n";
}

// ---- export ----------------------------------------------------------------------------------------------------
void print_texts(const char* name, const std::vector<std::string>& texts) {
    std::cout << name << ": [";
    for (std::size_t i = 0; i < texts.size(); ++i) std::cout << (i == 0 ? "\"" : ", \"") << texts[i] << '"';
    std::cout << "]\n";
}

std::vector<std::string> names_of(const projections::AllRows<projections::AssignedRoleRow>& roles) {
    std::vector<std::string> names;
    for (const auto& row : roles.value) names.push_back(row.role.name);
    return names;
}

void print_role(const projections::RoleRow& role) {
    if (role.built_in) return;
    std::cout << "  \"" << role.name << "\":\n";
    print_texts("    permissions", role.permissions);
    if (!role.deny.empty()) print_texts("    deny", role.deny);
}

// Page after page; false: the database does not answer.
template <class Cursor, class ListPage, class Print>
bool print_all(Core& core, ListPage list_page, Print print) {
    std::optional<Cursor> cursor;
    do {
        const auto page = core.run(list_page(cursor));
        if (!page) {
            std::cerr << "keyledger: the database does not answer\n";
            return false;
        }
        for (const auto& row : page->items)
            if (!print(row)) return false;
        cursor = page->next;
    } while (cursor);
    return true;
}

bool print_roles(Core& core, projections::Queries& queries, projections::Queries::Deadline deadline) {
    std::cout << "roles:\n";
    using Cursor = projections::RoleCursor;
    const auto list = [&](std::optional<Cursor> cursor) {
        return projections::list_roles(queries, cursor, kPageRows, deadline);
    };
    return print_all<Cursor>(core, list, [](const projections::RoleRow& role) {
        print_role(role);
        return true;
    });
}

bool print_groups(Core& core, projections::Queries& queries, projections::Queries::Deadline deadline) {
    std::map<GroupId, std::string> names;
    using Groups = projections::GroupCursor;
    using Members = projections::MemberCursor;
    const auto list = [&](std::optional<Groups> cursor) {
        return projections::list_groups(queries, cursor, kPageRows, deadline);
    };
    const auto note = [&](const projections::GroupRow& group) { return names.emplace(group.id, group.name).second; };
    if (!print_all<Groups>(core, list, note)) return false;
    if (names.erase(kEveryone) > 0) {
        const auto defaults = core.run(projections::list_assigned_roles(queries, kEveryone, deadline));
        if (!defaults) std::cerr << "keyledger: the database does not answer\n";
        if (!defaults) return false;
        print_texts("default_roles", names_of(*defaults));
    }
    if (!names.empty()) std::cout << "groups:\n";
    for (const auto& [id, name] : names) {
        const GroupId group = id;
        std::vector<std::string> nested;
        const auto members = [&](std::optional<Members> cursor) {
            return projections::list_members(queries, group, cursor, kPageRows, deadline);
        };
        const auto take = [&](const projections::MemberRow& member) {
            const auto known = names.find(GroupId{member.id});
            if (member.type == "group" && known != names.end()) nested.push_back(known->second);
            return true;
        };
        const auto roles = core.run(projections::list_assigned_roles(queries, group, deadline));
        if (!roles) std::cerr << "keyledger: the database does not answer\n";
        if (!roles || !print_all<Members>(core, members, take)) return false;
        std::cout << "  \"" << name << "\":\n";
        print_texts("    roles", names_of(*roles));
        if (!nested.empty()) print_texts("    groups", nested);
    }
    return true;
}

// Of those that are in one.
bool print_accounts(Core& core, projections::Queries& queries, projections::Queries::Deadline deadline) {
    using Cursor = projections::ServiceAccountCursor;
    const auto list = [&](std::optional<Cursor> cursor) {
        return projections::list_service_accounts(queries, cursor, kPageRows, deadline);
    };
    bool is_first = true;
    return print_all<Cursor>(core, list, [&](const projections::ServiceAccountRow& account) {
        const auto groups = core.run(projections::list_groups_of(queries, account.id, deadline));
        if (!groups) std::cerr << "keyledger: the database does not answer\n";
        if (!groups || groups->value.empty()) return groups.has_value();
        std::vector<std::string> names;
        for (const projections::MembershipRow& membership : groups->value) names.push_back(membership.group.name);
        std::cout << (is_first ? "service_accounts:\n" : "") << "  \"" << account.name << "\":\n";
        is_first = false;
        print_texts("    groups", names);
        return true;
    });
}

// False: it has not read that far, and standard error says so.
bool has_read(Core& core, projections::Queries& queries, projections::Model model, Position position,
              projections::Queries::Deadline deadline) {
    if (core.run(queries.wait_for(model, position, position, deadline))) return true;
    std::cerr << "keyledger: the read model '" << model.name << "' does not have position " << position
              << "; is a node with the role 'projector' running?\n";
    return false;
}

}  // namespace

Exit apply_access(const Environment& environment, const ApplyAccess& options) {
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    const auto text = read_file_to_apply(options.file);
    const auto file = text ? read_access_file(*text) : Result<AccessFile, std::string>(Unexpected(text.error()));
    if (!file) {
        std::cerr << "keyledger: " << options.file << ": " << file.error() << '\n';
        return Exit::kUsage;
    }
    start_logging(config->log_level);
    Core core(*config);
    // The whole file is tried before anything of it is done.
    AccessFileRun trying(core, How::kTrying);
    if (!trying.apply(*file)) return Exit::kFailed;
    if (options.dry_run) {
        report(trying, How::kTrying, options.format);
        return Exit::kGood;
    }
    if (!options.allow_deletions && std::ranges::any_of(trying.lines(), is_deletion)) {
        for (const Line& line : trying.lines())
            if (is_deletion(line))
                std::cerr << "keyledger: " << line.kind << " '" << line.name << "' would be deleted\n";
        std::cerr << "keyledger: nothing was changed; give --allow-deletions to delete what the file says\n";
        return Exit::kFailed;
    }
    AccessFileRun applying(core, How::kForGood);
    if (!applying.apply(*file)) return Exit::kFailed;
    report(applying, How::kForGood, options.format);
    return Exit::kGood;
}

Exit export_access(const Environment& environment) {
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    Core core(*config);
    projections::Queries queries({.database_url = config->database_url});
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    const auto head = core.run(core.store.head(deadline));
    if (!head) {
        std::cerr << "keyledger: the database does not answer\n";
        return Exit::kFailed;
    }
    const Position position = head->cursor.position;
    const bool is_there = has_read(core, queries, projections::kPermissionsModel, position, deadline) &&
                          has_read(core, queries, projections::kServiceAccountsModel, position, deadline);
    const bool is_told = is_there && print_roles(core, queries, deadline) && print_groups(core, queries, deadline) &&
                         print_accounts(core, queries, deadline);
    return is_told ? Exit::kGood : Exit::kFailed;
}

}  // namespace keyledger::app
