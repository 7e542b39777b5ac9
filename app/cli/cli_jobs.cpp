#include <charconv>
#include <iostream>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/refusal_words.hpp"
#include "app/core/core.hpp"
#include "app/core/logging.hpp"
#include "commands/jobs/end_jobs.hpp"
#include "domain/base/plain_text.hpp"
#include "reactors/engine/job_queue.hpp"
#include "reactors/engine/limits.hpp"

namespace keyledger::app {
namespace {

using reactors::JobQueue;
using reactors::JobSelection;
using reactors::ListedJob;

// Within this log: the reactor, the position of the event, the job's number among those of that event.
std::string name_of(const JobName& job) {
    return job.reactor + '.' + std::to_string(job.position) + '.' + std::to_string(job.ordinal);
}
JobName name_of(const ListedJob& job) { return {job.id.reactor, job.id.position, job.id.ordinal}; }

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && at == end && number >= 0;
}

std::optional<JobName> parse_name(const std::string& text) {
    const std::size_t last = text.rfind('.');
    const std::size_t first = last == std::string::npos || last == 0 ? std::string::npos : text.rfind('.', last - 1);
    if (first == std::string::npos || first == 0) return std::nullopt;
    JobName job{text.substr(0, first)};
    const std::string_view numbers(text);
    if (!read_number(numbers.substr(first + 1, last - first - 1), job.position)) return std::nullopt;
    if (!read_number(numbers.substr(last + 1), job.ordinal)) return std::nullopt;
    return job;
}

void print_text(const ListedJob& job) {
    std::cout << as_plain_text(name_of(name_of(job))) << "  " << as_plain_text(job.kind) << "  of "
              << job.subject.to_string() << "  " << job.state << ", " << job.attempts << " attempt(s)";
    if (!job.error_code.empty()) std::cout << ", last: " << as_plain_text(job.error_code);
    if (job.is_leased) std::cout << ", performed now";
    else if (job.state == "due") std::cout << ", due at " << api::rfc3339(job.due_at);
    std::cout << '\n';
}

void print_json(const ListedJob& job) {
    api::JsonText json;
    json.text("name", name_of(name_of(job)))
        .text("reactor", job.id.reactor)
        .number("position", job.id.position)
        .number("ordinal", job.id.ordinal)
        .text("kind", job.kind)
        .text("subject", job.subject.to_string())
        .text("state", job.state)
        .number("attempts", job.attempts)
        .text("error_code", job.error_code)
        .boolean("performed_now", job.is_leased)
        .time("due_at", job.due_at)
        .time("tried_since", job.tried_since);
    std::cout << json.finish() << '\n';
}

commands::Caller operator_with_jobs() {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "jobs";
    caller.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return caller;
}

Exit fail(const std::string& sentence) {
    std::cerr << "keyledger: " << sentence << '\n';
    return Exit::kFailed;
}

class Ending {
public:
    Ending(Core& core, JobQueue& queue, EndJobs::Act act)
        : core_(core), queue_(queue), act_(act), log_id_(queue.log_id()) {}

    // The log first: killed in between, the same command ends what it began.
    Exit end(const JobName& job) {
        const reactors::JobId id{log_id_, job.reactor, job.position, static_cast<std::int32_t>(job.ordinal)};
        const auto found = queue_.find(id);
        if (!found) return fail("there is no job " + name_of(job) + "; 'keyledger jobs list' shows those there are");
        const bool retries = act_ == EndJobs::Act::kRetry;
        if (retries ? found->state != "dead" : found->state != "dead" && found->state != "due")
            return fail("job " + name_of(job) + " is " + found->state + ": " +
                        (retries ? "only dead ones are retried" : "only dead ones and those that are due are dropped"));
        JobCommand command = DropJob{};
        if (retries) command = RetryJob{};
        const auto told = core_.run(commands::end_job(core_.services, log_id_, job, command, operator_with_jobs()));
        if (!told)
            return fail("job " + name_of(job) + " stays as it is: " + std::string(said_of_user(told.error().refusal)));
        if (!(retries ? queue_.retry(id) : queue_.drop(id)))
            return fail("job " + name_of(job) + " was ended meanwhile; look again with 'keyledger jobs list'");
        std::cout << (retries ? "Due again: " : "Dropped: ") << name_of(job) << '\n';
        return Exit::kGood;
    }

private:
    Core& core_;
    JobQueue& queue_;
    const EndJobs::Act act_;
    const Uuid log_id_;
};

}  // namespace

Exit list_jobs(const Environment& environment, const ListJobs& options) {
    const auto config = require_config(environment, {ConfigPart::kDatabase});
    if (!config) return Exit::kUsage;
    JobQueue queue(config->database_url, "keyledger jobs");
    JobSelection selection{options.reactor, options.state == "all" ? "" : options.state, options.limit};
    selection.open_only = options.state.empty();
    Exit exit = Exit::kGood;
    for (const ListedJob& job : queue.list(selection)) {
        if (job.state == "dead") exit = Exit::kFoundBad;
        options.format == Format::kJson ? print_json(job) : print_text(job);
    }
    return exit;
}

Exit end_jobs(const Environment& environment, const EndJobs& options) {
    std::vector<JobName> jobs;
    for (const std::string& text : options.names) {
        const auto name = parse_name(text);
        if (!name) {
            std::cerr << "keyledger: '" << as_plain_text(text)
                      << "' is no job: give reactor, position and number, as 'keyledger jobs list' does\n";
            return Exit::kUsage;
        }
        jobs.push_back(*name);
    }
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    Core core(*config);
    JobQueue queue(config->database_url, "keyledger jobs");
    if (jobs.empty())
        for (const ListedJob& job : queue.list({options.reactor, "dead", reactors::kMaxListedJobs}))
            jobs.push_back(name_of(job));
    if (jobs.empty()) {
        std::cout << "No job is dead.\n";
        return Exit::kAlreadyThere;
    }
    Ending ending(core, queue, options.act);
    Exit exit = Exit::kGood;
    for (const JobName& job : jobs)
        if (const Exit one = ending.end(job); one != Exit::kGood) exit = one;
    return exit;
}

}  // namespace keyledger::app
