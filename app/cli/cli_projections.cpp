#include <algorithm>
#include <csignal>
#include <iostream>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/progress.hpp"
#include "app/core/log_reading.hpp"
#include "app/core/logging.hpp"
#include "app/core/system_ports.hpp"
#include "domain/base/plain_text.hpp"
#include "eventstore/postgres/migrations/migrator.hpp"
#include "eventstore/postgres/migrations/service_role.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "projections/engine/runner.hpp"
#include "projections/models/read_models.hpp"
#include "projections/rebuild/comparison.hpp"
#include "projections/rebuild/inspection.hpp"
#include "projections/rebuild/rebuild.hpp"
#include "security/adapters/keyring_cipher.hpp"

namespace keyledger::app {
namespace {

using projections::ModelReport;
using projections::ReadModel;
using projections::RebuildFailure;
using projections::RowDifference;
using Models = std::vector<std::unique_ptr<ReadModel>>;

void need_service_role(const Config& config) {
    if (const auto problem = eventstore::postgres::service_role_problem(config.database_url))
        throw std::runtime_error(*problem);
}

volatile std::sig_atomic_t interrupted = 0;

// Those that were named, in the order of the build; nothing, and a word on standard error, for a wrong name.
std::optional<Models> models_named(const std::vector<std::string>& names) {
    Models all = projections::all_read_models();
    const auto is_named = [&](const std::string& name) {
        return std::ranges::any_of(all, [&](const auto& model) { return model->name() == name; });
    };
    for (const std::string& name : names) {
        if (is_named(name)) continue;
        std::cerr << "keyledger: there is no projection '" << name << "'; there are:";
        for (const auto& model : all) std::cerr << ' ' << model->name();
        std::cerr << '\n';
        return std::nullopt;
    }
    if (!names.empty())
        std::erase_if(all, [&](const auto& model) { return std::ranges::find(names, model->name()) == names.end(); });
    return all;
}

// What reading the log into tables takes.
class Work {
public:
    explicit Work(const Config& config)
        : config_(config),
          keyring_(open_keyring(config, clock_)),
          cipher_(*keyring_, clock_),
          authenticity_(authenticity_with([live = keyring_.get()] { return live->snapshot(); })),
          log_(config.database_url, authenticity_) {
        if (auto problem = eventstore::postgres::schema_problem(config.database_url))
            throw std::runtime_error(*problem);
        need_service_role(config);
        look_at_tree_heads(*authenticity_, config.database_url);
        std::signal(SIGINT, [](int) { interrupted = 1; });
        std::signal(SIGTERM, [](int) { interrupted = 1; });
    }
    projections::RebuildOrder order() const {
        projections::RebuildOrder order;
        order.database_url = config_.database_url;
        return order;
    }
    projections::RebuildProgress progress_of(const ReadModel& model) {
        return [this, progress = Progress(std::string(model.name()))](Position position, Position head) mutable {
            if (interrupted) cancel_.request_stop();
            progress(position, head);
        };
    }
    eventstore::LogSource& log() { return log_; }
    eventstore::SubjectCipher& cipher() { return cipher_; }
    std::stop_token cancel() const { return cancel_.get_token(); }

private:
    static std::unique_ptr<security::LiveKeyring> open_keyring(const Config& config, const SystemClock& clock) {
        auto keyring = security::LiveKeyring::open(config.keyring_file, clock.now());
        if (!keyring) throw std::runtime_error(keyring.error().message);
        return std::move(*keyring);
    }
    const Config& config_;
    SystemClock clock_;
    std::unique_ptr<security::LiveKeyring> keyring_;
    security::KeyringCipher cipher_;
    const std::shared_ptr<eventstore::postgres::Authenticity> authenticity_;
    eventstore::postgres::PostgresLogSource log_;
    std::stop_source cancel_;
};

std::string sentence_of(const RebuildFailure& failure) {
    const std::string position = std::to_string(failure.at.position);
    switch (failure.why) {
        case RebuildFailure::Why::kAnotherRuns: return "somebody rebuilds or verifies it now; try again later";
        case RebuildFailure::Why::kCancelled: return "interrupted at position " + position + "; nothing was changed";
        case RebuildFailure::Why::kLogUnreadable:
            return "the log can't be read behind position " + position +
                   "; see that the database answers, then run 'keyledger audit verify'";
        case RebuildFailure::Why::kPoisoned:
            return "the event at position " + position + " (" + failure.at.event_type +
                   ") can't be applied: " + failure.at.reason;
        case RebuildFailure::Why::kOvertaken: return "another rebuild switched meanwhile; run this again";
        case RebuildFailure::Why::kOtherLayout:
            return "its tables were laid out by another version of this program; rebuild it first";
    }
    return "";
}

Exit report_failure(const ReadModel& model, const RebuildFailure& failure) {
    std::cerr << "keyledger: " << model.name() << ": " << sentence_of(failure) << '\n';
    return failure.why == RebuildFailure::Why::kPoisoned ? Exit::kFoundBad : Exit::kFailed;
}

void print_state(const ModelReport& state) {
    if (state.generation == 0) {
        std::cout << state.model << "  not made yet: no projector has run\n";
        return;
    }
    std::cout << state.model << "  generation " << state.generation << "  position " << state.position << " of "
              << state.head;
    if (state.layout != state.build_layout)
        std::cout << "  OTHER LAYOUT (" << state.layout << ", this program has " << state.build_layout
                  << "): rebuild it";
    for (int unfinished : state.unfinished) std::cout << "  generation " << unfinished << " is unfinished";
    std::cout << '\n';
    if (state.stopped)
        std::cout << "  STOPPED at position " << state.stopped->at.position << ' '
                  << as_plain_text(state.stopped->at.event_type) << " since " << api::rfc3339(state.stopped->since)
                  << ": " << as_plain_text(state.stopped->at.reason) << '\n';
    for (const auto& skip : state.skips)
        std::cout << "  leaves out position " << skip.position << " (" << as_plain_text(skip.event_type)
                  << "), ordered by " << as_plain_text(skip.who) << " at " << api::rfc3339(skip.at) << ": "
                  << as_plain_text(skip.why) << '\n';
}

void write_state(api::JsonText& json, const ModelReport& state) {
    json.begin_object()
        .text("name", state.model)
        .number("generation", state.generation)
        .number("layout", state.layout)
        .number("build_layout", state.build_layout)
        .number("position", state.position)
        .number("head", state.head)
        .boolean("good", state.is_good());
    if (state.stopped)
        json.begin_object("stopped")
            .text("kind", state.stopped->kind)
            .number("position", state.stopped->at.position)
            .text("event_type", state.stopped->at.event_type)
            .text("reason", state.stopped->at.reason)
            .time("since", state.stopped->since)
            .end_object();
    json.begin_array("skips");
    for (const auto& skip : state.skips)
        json.begin_object()
            .number("position", skip.position)
            .text("event_type", skip.event_type)
            .text("skipped_by", skip.who)
            .text("why", skip.why)
            .time("at", skip.at)
            .end_object();
    json.end_array();
    std::vector<std::string> unfinished;
    for (int number : state.unfinished) unfinished.push_back(std::to_string(number));
    json.texts("unfinished_generations", unfinished).end_object();
}

std::string_view name_of(RowDifference::Kind kind) {
    switch (kind) {
        case RowDifference::Kind::kMissing: return "missing";
        case RowDifference::Kind::kExtra: return "extra";
        case RowDifference::Kind::kChanged: return "changed";
    }
    return "";
}

void print_comparison(const ReadModel& model, const projections::ComparisonResult& compared) {
    const std::string at = " at position " + std::to_string(compared.position);
    if (!compared.first_difference) {
        std::cout << model.name() << ": " << compared.rows << " rows equal a full replay" << at;
    } else {
        const RowDifference& difference = *compared.first_difference;
        std::cout << model.name() << ": DIFFERS from a full replay" << at << ": " << difference.table << ' '
                  << difference.key;
        switch (difference.kind) {
            case RowDifference::Kind::kMissing: std::cout << " is missing"; break;
            case RowDifference::Kind::kExtra: std::cout << " is a row that no event explains"; break;
            case RowDifference::Kind::kChanged: {
                std::cout << " has another ";
                for (const auto& column : difference.columns)
                    std::cout << (&column == difference.columns.data() ? "" : ", ") << column;
                break;
            }
        }
        std::cout << " (the first difference)";
    }
    if (compared.skipped_events > 0)
        std::cout << ", but for " << compared.skipped_events << " events that operators left out";
    std::cout << '\n';
}

void write_comparison(api::JsonText& json, const ReadModel& model, const projections::ComparisonResult& compared) {
    json.begin_object()
        .text("name", model.name())
        .boolean("equal", !compared.first_difference)
        .number("generation", compared.generation)
        .number("position", compared.position)
        .number("rows", compared.rows)
        .number("skipped_events", compared.skipped_events);
    if (const auto& difference = compared.first_difference)
        json.begin_object("first_difference")
            .text("table", difference->table)
            .text("key", difference->key)
            .text("is", name_of(difference->kind))
            .texts("columns", difference->columns)
            .end_object();
    json.end_object();
}

}  // namespace

Exit projections_status(const Environment& environment, Format format) {
    const auto config = require_config(environment, {ConfigPart::kDatabase});
    if (!config) return Exit::kUsage;
    need_service_role(*config);  // these tables are its own: an owner would run what it put there
    const auto states = projections::inspect(config->database_url, projections::all_read_models());
    api::JsonText json;
    json.begin_array("projections");
    for (const ModelReport& state : states) {
        if (format == Format::kText) print_state(state);
        write_state(json, state);
    }
    json.end_array();
    if (format == Format::kJson) std::cout << json.finish() << '\n';
    const bool good = std::ranges::all_of(states, [](const ModelReport& state) { return state.is_good(); });
    return good ? Exit::kGood : Exit::kFoundBad;
}

Exit rebuild_projections(const Environment& environment, const RebuildProjections& options) {
    const auto models = models_named(options.names);
    if (!models) return Exit::kUsage;
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    Work work(*config);
    auto order = work.order();
    if (options.resume) order.begin = projections::RebuildOrder::Begin::kWhereItStopped;
    if (options.compare) order.compare = projections::RebuildOrder::Compare::kYes;
    api::JsonText json;
    json.begin_array("rebuilt");
    for (const auto& model : *models) {
        const auto rebuilt =
            projections::rebuild(order, *model, work.log(), work.cipher(), work.progress_of(*model), work.cancel());
        if (!rebuilt) return report_failure(*model, rebuilt.error());
        json.begin_object()
            .text("name", model->name())
            .number("generation", rebuilt->generation)
            .number("switched_at", rebuilt->switched_at);
        if (options.format == Format::kText)
            std::cout << model->name() << ": generation " << rebuilt->generation << " is read since position "
                      << rebuilt->switched_at;
        if (rebuilt->before && rebuilt->after) {
            const bool equal = rebuilt->before->digest == rebuilt->after->digest;
            json.boolean("equalled_the_old", equal).number("rows", rebuilt->after->rows);
            if (options.format == Format::kText)
                std::cout << (equal ? "; it equals the old one (" : "; it DIFFERS from the old one (")
                          << rebuilt->after->rows << " rows)";
        }
        json.end_object();
        if (options.format == Format::kText) std::cout << '\n';
    }
    json.end_array();
    if (options.format == Format::kJson) std::cout << json.finish() << '\n';
    return Exit::kGood;
}

Exit verify_projections(const Environment& environment, const VerifyProjections& options) {
    const auto models = models_named(options.names);
    if (!models) return Exit::kUsage;
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    Work work(*config);
    bool good = true;
    api::JsonText json;
    json.begin_array("projections");
    for (const auto& model : *models) {
        const auto compared = projections::compare_with_replay(work.order(), *model, work.log(), work.cipher(),
                                                               work.progress_of(*model), work.cancel());
        if (!compared) return report_failure(*model, compared.error());
        good = good && !compared->first_difference;
        if (options.format == Format::kText) print_comparison(*model, *compared);
        write_comparison(json, *model, *compared);
    }
    json.end_array().boolean("equal", good);
    if (options.format == Format::kJson) std::cout << json.finish() << '\n';
    return good ? Exit::kGood : Exit::kFoundBad;
}

Exit skip_event(const Environment& environment, const SkipEvent& options) {
    if (!models_named({options.name})) return Exit::kUsage;
    const auto config = require_config(environment, {ConfigPart::kDatabase});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    need_service_role(*config);
    projections::SkipOrder order{options.name, options.position, options.who, options.why, std::nullopt};
    if (options.generation > 0) order.generation = options.generation;
    const auto skipped = projections::skip(config->database_url, order);
    if (skipped) {
        std::cout << options.name << " will leave out position " << options.position << ".\n";
        return Exit::kGood;
    }
    switch (skipped.error()) {
        case projections::SkipRefusal::kNoReason:
            std::cerr << "keyledger: --who and --why must be plain text, of 1 to 200 and 1 to 2000 bytes\n";
            return Exit::kUsage;
        case projections::SkipRefusal::kNotStoppedThere:
            std::cerr << "keyledger: " << options.name << " does not stand stopped at position " << options.position
                      << "; see 'keyledger projections status'\n";
            return Exit::kFailed;
    }
    return Exit::kFailed;
}

}  // namespace keyledger::app
