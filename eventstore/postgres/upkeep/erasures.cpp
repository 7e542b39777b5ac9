#include "eventstore/postgres/upkeep/erasures.hpp"

#include <algorithm>

#include "eventstore/postgres/connection/pqxx_connection.hpp"
#include "eventstore/postgres/store/authenticity.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kStatementTimeout{60'000};
constexpr Position kWindow = 50'000;  // of positions that one statement passes over
constexpr int kPage = 500;

// `where`: of events e; $1 and $2 are its own, $3 is the page.
std::vector<RecordedEvent> erasures_in(pqxx::connection& session, Authenticity& authenticity, const std::string& where,
                                       const std::string& first, const std::string& second) {
    const AnswerWithin bound(session.sock(), kStatementTimeout + kAnswerGrace);
    pqxx::nontransaction read(session);
    const auto rows =
        read.exec_params(std::string("select ") + kEventColumns +
                             " from keyledger.events e where e.event_type = 'user.erased' and " + where + " limit $3",
                         first, second, kPage);
    std::vector<RecordedEvent> events;
    for (const auto& row : rows) events.push_back(event_in(row));
    authenticity.check(read, events);
    return events;
}

bool did_the_service_write(const RecordedEvent& event) {
    switch (event.trust) {
        case RecordedEvent::Trust::kBelieved: return event.stream_type == "user";
        case RecordedEvent::Trust::kInert: return false;
        case RecordedEvent::Trust::kUnchecked:
        case RecordedEvent::Trust::kKeyMissing:
        case RecordedEvent::Trust::kChanged: break;
    }
    throw pqxx::failure("whether the event at position " + std::to_string(event.position) +
                        " is the service's can't be told: run 'keyledger audit verify' with the newest keyring");
}

}  // namespace

Result<std::vector<ErasedUser>, std::string> erased_users(const std::string& url, Authenticity& authenticity,
                                                          const ErasuresProgress& progress) try {
    const auto session = open_reader(url, kStatementTimeout);
    const Position head = [&] {
        pqxx::nontransaction read(*session);
        return read.exec1("select coalesce(max(position), 0) from keyledger.events")[0].as<Position>();
    }();
    std::vector<ErasedUser> users;
    for (Position after = 0; after < head;) {
        const Position until = std::min(after + kWindow, head);
        const auto events =
            erasures_in(*session, authenticity, "e.position > $1 and e.position <= $2 order by e.position",
                        std::to_string(after), std::to_string(until));
        for (const RecordedEvent& event : events)
            if (did_the_service_write(event)) users.push_back({UserId{event.stream_id}, event.recorded_at});
        after = std::ssize(events) == kPage ? events.back().position : until;
        if (progress) progress(after, head);
    }
    return users;
} catch (const pqxx::failure& failure) {
    return Unexpected(std::string(failure.what()));
}

Result<ErasureRecords, std::string> erasure_records_of(const std::string& url, Authenticity& authenticity,
                                                       const UserId& user_id) try {
    const auto session = open_reader(url, kStatementTimeout);
    ErasureRecords found;
    for (std::int32_t after = 0;;) {
        const auto events =
            erasures_in(*session, authenticity, "e.stream_id = $1 and e.version > $2 order by e.version",
                        user_id.to_string(), std::to_string(after));
        for (const RecordedEvent& event : events) {
            Position& at = did_the_service_write(event) ? found.by_the_service : found.by_somebody;
            if (at == 0) at = event.position;
        }
        if (found.by_the_service > 0 || std::ssize(events) < kPage) return found;
        after = events.back().version;
    }
} catch (const pqxx::failure& failure) {
    return Unexpected(std::string(failure.what()));
}

}  // namespace keyledger::eventstore::postgres
