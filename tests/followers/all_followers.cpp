#include "tests/followers/all_followers.hpp"

#include <spdlog/spdlog.h>

#include <thread>

#include "projections/models/read_models.hpp"
#include "projections/rebuild/operations.hpp"
#include "tests/projections/driver.hpp"
#include "tests/projections/hot/asked.hpp"
#include "tests/support/run.hpp"
#include "tests/support/world/appends.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore;
using projections::Projector;

constexpr std::chrono::seconds kPatience{60};  // never reached by a test that passes
constexpr std::int32_t kBatch = 40;

bool is_level(const Projector& projector, std::size_t models, Position head) {
    const auto status = projector.status();
    return status.projections.size() == models && std::ranges::all_of(status.projections, [&](const auto& one) {
               return one.stopped || one.position >= head;
           });
}

void tell_places(const Projector& projector, std::vector<std::string>& places, bool& anybody_stopped) {
    for (const auto& one : projector.status().projections) {
        std::string& text = places.emplace_back(one.model + ' ' + std::to_string(one.position));
        if (!one.stopped) continue;
        anybody_stopped = true;
        text += ' ' + std::string(name_of(one.stopped->kind)) + ' ' + std::to_string(one.stopped->at.position);
    }
}

}  // namespace

class AllFollowers::PlansEach : public reactors::Reactor {
public:
    std::string_view name() const override { return "each"; }
    std::vector<reactors::PlannedJob> plan(const reactors::SealedEvent& event) const override {
        return {{"seen", event.recorded->stream_id, {event.recorded->event_id}}};
    }
    asio::awaitable<reactors::Performed> perform(reactors::Job, Deadline) override { co_return reactors::Done{}; }
};

AllFollowers::AllFollowers(const Database& database, SubjectCipher& cipher, const MakeSource& source)
    : database_(database), reactor_(std::make_unique<PlansEach>()) {
    auto models = projections::all_read_models();
    models_ = models.size();
    projections::ProjectorSettings projecting{database.service_url(), kBatch};
    projector_.emplace(projecting, source(), cipher, std::move(models));

    std::vector<std::unique_ptr<projections::ReadModel>> plans;
    const Uuid log_id = Uuid::parse(database.execute("select log_id from keyledger.log")).value();
    plans.push_back(std::make_unique<reactors::JobPlan>(*reactor_, log_id, planned_));
    planner_.emplace(reactors::planner_settings(database.service_url()), source(), cipher, std::move(plans));

    projections::HotSettings remembering;
    remembering.batch_events = kBatch;
    remembering.sweep_every = std::chrono::hours(1);  // else they differ in what has ended and is not swept yet
    remembering.now = [at = database.server_now()] { return at; };
    remembering.new_id = [] { return Uuid(next_uuid()); };
    hot_.emplace(std::move(remembering), source(), cipher);

    events_.emplace(kafka::OutputKind::kEvents, source());
    states_.emplace(kafka::OutputKind::kState, source());
    spdlog::default_logger();  // made here: TSan does not see how its library keeps threads from making it at once
    projector_->start();
    planner_->start();
    hot_->start();
}

AllFollowers::~AllFollowers() = default;

void AllFollowers::hint() {
    projector_->hint();
    planner_->hint();
    hot_->hint();
    events_->hint();
    states_->hint();
}

bool AllFollowers::is_there(Position head) const {
    const auto remembered = hot_->status();
    const auto is_published = [&](const KeptRecords& records) {
        return !records.stopped().empty() || records.position() >= head;
    };
    return is_level(*projector_, models_, head) && is_level(*planner_, 1, head) &&
           (remembered.stopped || (remembered.caught_up && remembered.position >= head)) && is_published(*events_) &&
           is_published(*states_);
}

testing::AssertionResult AllFollowers::reach(const Head& head) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!is_there(head.cursor.position)) {
        if (std::chrono::steady_clock::now() > until) {
            bool anybody_stopped = false;
            auto failure = testing::AssertionFailure() << "not all are at " << head.cursor.position << ':';
            for (const std::string& place : places(anybody_stopped)) failure << "\n  " << place;
            return failure;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));  // nobody tells when the last of them is there
    }
    return testing::AssertionSuccess();
}

std::vector<std::string> AllFollowers::places(bool& anybody_stopped) const {
    std::vector<std::string> places;
    tell_places(*projector_, places, anybody_stopped);
    tell_places(*planner_, places, anybody_stopped);
    const auto remembered = hot_->status();
    places.push_back("memory " + std::to_string(remembered.position) + (remembered.stopped ? " stopped" : ""));
    for (const auto* records : {&*events_, &*states_}) {
        places.push_back("records " + std::to_string(records->position()) + ' ' + records->stopped());
        anybody_stopped = anybody_stopped || !records->stopped().empty();
    }
    anybody_stopped = anybody_stopped || remembered.stopped;
    return places;
}

// About every user and session that the log names, and whether the memory says of each stream that it stands where it
// does, and not one event before.
std::vector<std::string> AllFollowers::answers(const Head& head) {
    std::vector<std::string> answers;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    const auto history = hot_->moment().history;
    for (const std::string& row :
         projections::test::rows(database_, "select stream_id, stream_type, max(version) from keyledger.events"
                                            " group by 1, 2 order by 1")) {
        const auto first = row.find('|'), second = row.rfind('|');
        const Uuid id = Uuid::parse(row.substr(0, first)).value();
        const std::string type = row.substr(first + 1, second - first - 1);
        const int version = std::stoi(row.substr(second + 1));
        std::string& text = answers.emplace_back(row + ' ');
        for (const int seen : {version, version - 1}) {
            const std::vector<StreamSeen> stream{{id, seen, {history, 0}}};
            const auto unmoved = run(hot_->all_unmoved(stream, head, deadline));
            text += !unmoved ? "nobody knows " : *unmoved ? "unmoved " : "moved ";
        }
        if (type != "user" && type != "session") continue;
        std::optional<SubjectId> subject;
        std::optional<SessionId> session;
        if (type == "user") subject = SubjectId{id};
        else session = SessionId{id};
        const auto found = run(hot_->read(subject, session, head, deadline));
        text += found ? projections::test::text_of(found->user(), found->session(), found->roles, found->groups)
                      : std::string("no answer");
    }
    return answers;
}

Effects AllFollowers::effects(const Head& head) {
    Effects effects;
    for (const auto& model : projections::all_read_models()) {
        const auto digest = projections::digest(database_.service_url(), *model);
        effects.tables.push_back(std::string(model->name()) + ' ' + std::to_string(digest.position) + ' ' +
                                 std::to_string(digest.rows) + ' ' + digest.digest);
    }
    effects.jobs =
        projections::test::rows(database_, "select position, ordinal, reactor, kind, subject, arguments, state"
                                           " from keyledger.jobs order by position, ordinal");
    effects.answers = answers(head);
    effects.events = events_->all();
    effects.states = states_->all();
    effects.places = places(effects.anybody_stopped);
    return effects;
}

namespace {

// The first few in which they differ: a failure must not drown in what is equal.
std::vector<std::string> differences(const std::vector<std::string>& one, const std::vector<std::string>& other) {
    constexpr std::size_t kTold = 5;
    std::vector<std::string> found;
    for (std::size_t i = 0; i < std::max(one.size(), other.size()) && found.size() < kTold; ++i) {
        const std::string here = i < one.size() ? one[i] : "(none)", there = i < other.size() ? other[i] : "(none)";
        if (here != there) found.push_back(here + "  instead of  " + there);
    }
    return found;
}

}  // namespace

void expect_same(const Effects& one, const Effects& other) {
    const std::vector<std::string> none;
    EXPECT_EQ(differences(one.tables, other.tables), none);
    EXPECT_EQ(differences(one.jobs, other.jobs), none);
    EXPECT_EQ(differences(one.answers, other.answers), none);
    EXPECT_EQ(differences(one.events, other.events), none);
    EXPECT_EQ(differences(one.states, other.states), none);
    EXPECT_EQ(differences(one.places, other.places), none);
    EXPECT_FALSE(one.tables.empty() || one.answers.empty() || one.events.empty()) << "nothing is compared";
}

}  // namespace keyledger::test
