#include "app/serve/reactors.hpp"

#include <spdlog/spdlog.h>

#include "app/core/mailing.hpp"
#include "commands/jobs/end_jobs.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "reactors/account_mail.hpp"
#include "reactors/address_mail.hpp"
#include "reactors/alert_mail.hpp"
#include "reactors/challenge_mail.hpp"
#include "reactors/engine/job_plan.hpp"

namespace keyledger::app {
namespace {

commands::Caller reacting_caller() {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "reactor";
    caller.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return caller;
}

bool tell_that_it_died(Core& core, const reactors::Job& job, const std::string& code) try {
    const JobName name{job.id.reactor, job.id.position, job.id.ordinal};
    JobCommand command = LetJobDie{job.kind, code};
    const auto told =
        core.run(commands::end_job(core.services, job.id.log_id, name, std::move(command), reacting_caller()));
    if (told) spdlog::error("job {} ({}) is dead: {}", job.id.to_string(), job.kind, code);
    return told.has_value();
} catch (const std::exception& error) {
    spdlog::error("job {} could not be told dead: {}", job.id.to_string(), error.what());
    return false;
}

std::vector<std::unique_ptr<projections::ReadModel>> plans_of(const reactors::Reactor& reactor, const Uuid& log_id,
                                                              std::atomic<std::int64_t>& too_late) {
    std::vector<std::unique_ptr<projections::ReadModel>> plans;
    plans.push_back(std::make_unique<reactors::JobPlan>(reactor, log_id, too_late));
    return plans;
}

reactors::PerformerSettings performer_settings(const Config& config, const Uuid& log_id) {
    reactors::PerformerSettings settings;
    settings.database_url = config.database_url;
    settings.log_id = log_id;
    return settings;
}

}  // namespace

struct Reactors::Parts {
    Parts(const Config& config, Core& core, const Uuid& log_id, commands::ChallengeSecrets& secrets,
          std::unique_ptr<mail::Mailer> made)
        : mailer(std::move(made)),
          out(core.limits, config.mail.open_per_minute,
              [this](mail::Mail letter, commands::Deadline deadline) {
                  return mailer->send(std::move(letter), deadline);
              }),
          links(secrets, config.issuer),
          factor_names(core.services, core.keys),
          account_mail(core.store, core.executor.folder(), factor_names, links, out),
          challenge_mail(
              {core.store, core.executor.folder(), core.keys, core.cipher, core.pseudonyms, secrets, core.clock, out},
              links),
          address_mail(
              {core.store, core.executor.folder(), core.keys, core.cipher, core.pseudonyms, secrets, core.clock}, links,
              out),
          alert_mail(core.store, core.executor.folder(), config.mail.alerts_to, out),
          performer(performer_settings(config, log_id), mail, core.processors.get_executor(),
                    [&core](const reactors::Job& job, const std::string& code) {
                        return tell_that_it_died(core, job, code);
                    }),
          planner(reactors::planner_settings(config.database_url),
                  std::make_unique<eventstore::postgres::PostgresLogSource>(config.database_url, core.authenticity),
                  core.cipher, plans_of(mail, log_id, too_late),
                  [this](std::string_view, Position) { performer.hint(); }) {}

    const std::unique_ptr<mail::Mailer> mailer;
    reactors::MailOut out;
    std::atomic<std::int64_t> too_late{0};
    reactors::MailLinks links;
    reactors::FactorNames factor_names;
    reactors::AccountMail account_mail;
    reactors::ChallengeMail challenge_mail;
    reactors::AddressMail address_mail;
    reactors::AlertMail alert_mail;
    reactors::Mail mail{{&account_mail, &challenge_mail, &address_mail, &alert_mail}};
    reactors::Performer performer;
    projections::Projector planner;
};

Reactors::Reactors(const Config& config, Core& core, const Uuid& log_id, commands::ChallengeSecrets& secrets) {
    if (!config.serves_reactor) return;
    if (auto mailer = make_mailer(config.mail))
        parts_ = std::make_unique<Parts>(config, core, log_id, secrets, std::move(mailer));
}

Reactors::~Reactors() { stop(); }

void Reactors::start() {
    if (!parts_) return;
    parts_->performer.start();
    parts_->planner.start();
}

// Nothing is claimed any more before the mailer stops: what is claimed then would only be given back. Mail that is
// under way is tried again by whoever claims it next.
void Reactors::stop() {
    if (!parts_) return;
    parts_->planner.stop();
    parts_->performer.stop_claiming();
    parts_->mailer->stop();
    parts_->performer.stop();
}

std::optional<Reactors::Status> Reactors::status() const {
    if (!parts_) return std::nullopt;
    return Status{parts_->planner.status(), parts_->performer.status(), parts_->too_late};
}

}  // namespace keyledger::app
