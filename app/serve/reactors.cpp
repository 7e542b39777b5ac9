#include "app/serve/reactors.hpp"

#include <spdlog/spdlog.h>

#include "app/core/mailing.hpp"
#include "app/observing/outage.hpp"
#include "app/observing/troubles.hpp"
#include "app/serve/listed_sessions.hpp"
#include "commands/jobs/end_jobs.hpp"
#include "commands/runtime/log_fields.hpp"
#include "reactors/account_mail.hpp"
#include "reactors/address_mail.hpp"
#include "reactors/alert_mail.hpp"
#include "reactors/challenge_mail.hpp"
#include "reactors/engine/job_plan.hpp"
#include "reactors/log_outs.hpp"
#include "security/adapters/keyring_logout_tokens.hpp"

namespace keyledger::app {
namespace {

// One server is that of all mail; applications have one each, and the slow ones must not hold up the others.
constexpr std::size_t kLogOutThreads = 4;

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
    const LogFields about{{"job_id", job.id.to_string()}};
    if (told) spdlog::error("job {} ({}) is dead: {}", job.id.to_string(), job.kind, code);
    return told.has_value();
} catch (const std::exception& error) {
    const LogFields about{{"job_id", job.id.to_string()}};
    spdlog::error("job {} could not be told dead: {}", job.id.to_string(), error.what());
    return false;
}

reactors::PerformerSettings performer_settings(const Config& config, const Uuid& log_id, std::size_t threads) {
    reactors::PerformerSettings settings;
    settings.database_url = config.database_url;
    settings.log_id = log_id;
    settings.threads = threads;
    return settings;
}

}  // namespace

// One reactor with who performs its jobs.
struct Reactors::Running {
    Running(const Config& config, Core& core, const Uuid& log_id, reactors::Reactor& which, std::size_t threads)
        : reactor(which),
          performer(performer_settings(config, log_id, threads), which, core.processors.get_executor(),
                    [&core](const reactors::Job& job, const std::string& code) {
                        return tell_that_it_died(core, job, code);
                    }) {}

    reactors::Reactor& reactor;
    reactors::JobPlan::Notes planned;
    reactors::Performer performer;
};

struct Reactors::MailParts {
    MailParts(const Config& config, Core& core, commands::ChallengeSecrets& secrets, std::unique_ptr<mail::Mailer> made)
        : mailer(std::move(made)),
          out(core.limits, config.mail.open_per_minute,
              [this](mail::Mail letter, commands::Deadline deadline) { return send(std::move(letter), deadline); }),
          links(secrets, config.issuer),
          factor_names(core.services, core.keys),
          account_mail(core.store, core.executor.folder(), factor_names, links, out),
          challenge_mail(
              {core.store, core.executor.folder(), core.keys, core.cipher, core.pseudonyms, secrets, core.clock, out},
              links),
          address_mail(
              {core.store, core.executor.folder(), core.keys, core.cipher, core.pseudonyms, secrets, core.clock}, links,
              out),
          alert_mail(core.store, core.executor.folder(), config.mail.alerts_to, out) {}

    boost::asio::awaitable<mail::Delivery> send(mail::Mail letter, commands::Deadline deadline) {
        auto delivery = co_await mailer->send(std::move(letter), deadline);
        if (const auto trouble = trouble_with_mail_server(delivery))
            outage.see(*trouble, std::chrono::steady_clock::now());
        co_return delivery;
    }

    const std::unique_ptr<mail::Mailer> mailer;
    Outage outage{"the SMTP server", std::chrono::milliseconds(0), tell_in_log()};
    reactors::MailOut out;
    reactors::MailLinks links;
    reactors::FactorNames factor_names;
    reactors::AccountMail account_mail;
    reactors::ChallengeMail challenge_mail;
    reactors::AddressMail address_mail;
    reactors::AlertMail alert_mail;
    reactors::Mail mail{{&account_mail, &challenge_mail, &address_mail, &alert_mail}};
};

struct Reactors::Parts {
    Parts(const Config& config, Core& core, const Uuid& log_id, const ReactorNeeds& needs)
        : store(core.store),
          outgoing(needs.outgoing),
          logout_tokens(*core.keyring, core.clock, core.processors, config.issuer),
          log_outs({core.services, sessions_as_of(needs.queries), logout_tokens, needs.outgoing}) {
        running.push_back(std::make_unique<Running>(config, core, log_id, log_outs, kLogOutThreads));
        if (auto mailer = make_mailer(config.mail)) {
            mail = std::make_unique<MailParts>(config, core, needs.secrets, std::move(mailer));
            running.push_back(
                std::make_unique<Running>(config, core, log_id, mail->mail, reactors::kThreadsPerReactor));
        }
        std::vector<std::unique_ptr<projections::ReadModel>> plans;
        for (const auto& one : running)
            plans.push_back(std::make_unique<reactors::JobPlan>(one->reactor, log_id, one->planned));
        planner = std::make_unique<projections::Projector>(reactors::planner_settings(config.database_url),
                                                           follow_log(config, core), core.cipher, std::move(plans),
                                                           [this](std::string_view plan, Position) { hint(plan); });
        core.store.on_appended([planner = planner.get()](Position) { planner->hint(); });
    }
    // Where a start fails they go while the store is still at work: it must not hint them any more.
    ~Parts() { store.stop(); }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    // Called while `planner` runs, which is when all of them are there. Most events are nobody's job: to look for one
    // after each would cost the database more than the event.
    void hint(std::string_view plan) {
        for (const auto& one : running)
            if (one->reactor.name() == reactors::reactor_of_plan(plan) && one->planned.has_planned.exchange(false))
                one->performer.hint();
    }

    eventstore::postgres::PostgresStore& store;
    integrations::CurlOutgoing& outgoing;
    security::KeyringLogoutTokens logout_tokens;
    reactors::LogOuts log_outs;
    std::unique_ptr<MailParts> mail;  // nullptr: KEYLEDGER_SMTP_URL names no server
    std::vector<std::unique_ptr<Running>> running;
    std::unique_ptr<projections::Projector> planner;  // last: it hints the others
};

Reactors::Reactors(const Config& config, Core& core, const Uuid& log_id, const ReactorNeeds& needs) {
    if (config.serves_reactor) parts_ = std::make_unique<Parts>(config, core, log_id, needs);
}

Reactors::~Reactors() { stop(); }

void Reactors::start() {
    if (!parts_) return;
    for (const auto& one : parts_->running) one->performer.start();
    parts_->planner->start();
}

// Nothing is claimed any more before mailer and outgoing HTTP stop: what is claimed then would only be given back. What
// is under way is tried again by whoever claims it next.
void Reactors::stop() {
    if (!parts_) return;
    parts_->planner->stop();
    for (const auto& one : parts_->running) one->performer.stop_claiming();
    if (parts_->mail) parts_->mail->mailer->stop();
    parts_->outgoing.stop();
    for (const auto& one : parts_->running) one->performer.stop();
}

std::optional<Reactors::Status> Reactors::status() const {
    if (!parts_) return std::nullopt;
    Status status{parts_->planner->status(), {}, parts_->mail != nullptr};
    if (parts_->mail) status.mail = parts_->mail->mailer->counters();
    for (const auto& one : parts_->running)
        status.reactors.push_back({std::string(one->reactor.name()), one->performer.status(), one->planned.too_late});
    return status;
}

}  // namespace keyledger::app
