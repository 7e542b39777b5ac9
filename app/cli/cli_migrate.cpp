#include <iostream>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/core/log_reading.hpp"
#include "eventstore/postgres/migrations/migrator.hpp"
#include "eventstore/postgres/migrations/service_role.hpp"

namespace keyledger::app {
namespace {

namespace postgres = eventstore::postgres;

using eventstore::postgres::MigrationState;
using eventstore::postgres::Migrator;

std::string_view name_of(MigrationState::Status status) {
    switch (status) {
        case MigrationState::Status::kPending: return "pending";
        case MigrationState::Status::kApplied: return "applied";
        case MigrationState::Status::kChanged: return "changed since it was applied";
        case MigrationState::Status::kUnknown: return "of a newer program";
    }
    return "";
}

void print_status(Migrator& migrator, Format format) {
    api::JsonText json;
    json.begin_array("migrations");
    for (const MigrationState& state : migrator.status()) {
        if (format == Format::kText)
            std::cout << state.number << "  " << state.name << "  " << name_of(state.status) << "  " << state.applied_at
                      << '\n';
        json.begin_object()
            .number("number", state.number)
            .text("name", state.name)
            .text("state", name_of(state.status))
            .text("applied_at", state.applied_at)
            .end_object();
    }
    json.end_array();
    if (format == Format::kJson) std::cout << json.finish() << '\n';
}

void print_numbers(const std::vector<int>& numbers, std::string_view done, std::string_view nothing, Format format) {
    if (format == Format::kJson) {
        api::JsonText json;
        std::vector<std::string> texts;
        for (int number : numbers) texts.push_back(std::to_string(number));
        std::cout << json.texts(done, texts).finish() << '\n';
        return;
    }
    if (numbers.empty()) std::cout << nothing << '\n';
    for (int number : numbers) std::cout << done << " migration " << number << '\n';
}

}  // namespace

Exit migrate(const Environment& environment, MigrateTo to, int steps, Format format) {
    const auto config = require_config(environment, {ConfigPart::kOwnerDatabase});
    if (!config) return Exit::kUsage;
    Migrator migrator(config->owner_database_url, configured_macs(*config));
    switch (to) {
        case MigrateTo::kUp:
            print_numbers(migrator.up(), "applied", "The schema is up to date.", format);
            for (const std::string& table : postgres::give_back_read_models(config->owner_database_url))
                std::cerr << "keyledger: " << table << " belonged to another role; it is keyledger_service's now\n";
            break;
        case MigrateTo::kDown:
            print_numbers(migrator.down(steps), "reverted", "There is nothing to take back.", format);
            break;
        case MigrateTo::kStatus: print_status(migrator, format); break;
    }
    return Exit::kGood;
}

}  // namespace keyledger::app
