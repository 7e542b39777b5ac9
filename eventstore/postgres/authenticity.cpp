#include "eventstore/postgres/authenticity.hpp"

#include <algorithm>

#include "domain/log/log_keeping.hpp"
#include "eventstore/audit/tree_head.hpp"
#include "eventstore/postgres/pqxx_connection.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kPatience{10'000};

Result<LogOrigin, std::string> open_origin(const LogOriginNote& signed_origin, const EventMacs& macs) {
    const auto text = macs.open(signed_origin.note);
    const auto origin = text ? parse_origin(*text) : std::nullopt;
    if (origin && origin->log_id == signed_origin.log_id) return *origin;
    return Unexpected("where the events of log " + signed_origin.log_id.to_string() +
                      " come from was not signed by a key of this keyring: it is of another log, or 'keyledger "
                      "migrate up' has to be run with it");
}

LogOrigin read_origin(pqxx::transaction_base& read, const EventMacs& macs) {
    const pqxx::row row = read.exec1("select l.log_id, coalesce(o.note, '') from keyledger.log l"
                                     " left join keyledger.origins o using (log_id)");
    auto origin = open_origin({uuid_in(row[0]), row[1].c_str()}, macs);
    if (!origin) throw pqxx::failure(origin.error());
    return std::move(*origin);
}

// What the newest tree head in the database covers; 0 if there is none that can be opened.
Position read_signed_until(pqxx::transaction_base& read, const Uuid& log_id, const EventMacs& macs) {
    if (read.exec1("select to_regclass('read_models.tree_heads')")[0].is_null()) return 0;
    const auto rows = read.exec_params("select note from read_models.tree_heads where log_id = $1", log_id.to_string());
    if (rows.empty()) return 0;
    const auto text = macs.open(rows[0][0].c_str());
    const auto head = text ? audit::parse_checkpoint(*text) : std::nullopt;
    return head && head->log_id == log_id ? head->size : 0;
}

}  // namespace

std::shared_ptr<const LogFacts> Authenticity::facts(pqxx::transaction_base& read, Known known) {
    if (known == Known::kWillDo) {
        const std::lock_guard lock(mutex_);
        if (facts_) return facts_;
    }
    auto facts = std::make_shared<LogFacts>(LogFacts::of(read_origin(read, *macs_)));
    for (const auto& row : read.exec_params(std::string("select ") + kEventColumns +
                                                " from keyledger.events e where e.stream_id = $1 order by e.version",
                                            kLogStream.to_string()))
        facts->take(event_in(row), *macs_);
    const Uuid& log_id = facts->origin.log_id;
    facts->signed_until = read_signed_until(read, log_id, *macs_);
    const std::lock_guard lock(mutex_);
    if (signed_log_ == log_id) facts->signed_until = std::max(facts->signed_until, signed_until_);
    signed_log_ = log_id;
    signed_until_ = facts->signed_until;
    facts_ = facts;
    return facts;
}

// What can't be believed is looked at again with all that the log says by now.
void Authenticity::check(pqxx::transaction_base& read, std::span<RecordedEvent> events) {
    if (events.empty()) return;
    auto known = facts(read, Known::kWillDo);
    std::optional<EventJudge> judge(std::in_place, *macs_, *known);
    bool is_fresh = false;
    for (RecordedEvent& event : events) {
        event.standing = judge->of(event);
        if (event.standing == RecordedEvent::Standing::kBelieved || is_fresh) continue;
        is_fresh = true;
        const auto anew = facts(read, Known::kReadAgain);
        judge.emplace(*macs_, *anew);
        known = anew;
        event.standing = judge->of(event);
    }
}

void Authenticity::saw_signed(const Uuid& log_id, Position until) {
    const std::lock_guard lock(mutex_);
    if (signed_log_ != log_id) signed_until_ = 0;
    signed_log_ = log_id;
    signed_until_ = std::max(signed_until_, until);
}

Result<bool, std::string> Authenticity::is_announced(const std::string& url, std::string_view key_id) {
    auto announced = as_value([&] {
        const auto connection = connect(url);
        const AnswerWithin bound(connection->sock(), kPatience);
        pqxx::nontransaction read(*connection);
        return facts(read, Known::kReadAgain)->keys.contains(key_id);
    });
    if (!announced) return Unexpected(announced.error().text);
    return *announced;
}

Result<Position, std::string> Authenticity::without_macs_until(const std::string& url) {
    auto until = as_value([&] {
        const auto connection = connect(url);
        const AnswerWithin bound(connection->sock(), kPatience);
        pqxx::nontransaction read(*connection);
        Position last = 0;
        for (const LogOrigin::Part& part : facts(read, Known::kReadAgain)->origin.earlier)
            if (!part.log_id) last = part.until;
        return last;
    });
    if (!until) return Unexpected(until.error().text);
    return *until;
}

Result<WritingKey, std::string> Authenticity::writing_key(const LogOriginNote& signed_origin) {
    auto origin = open_origin(signed_origin, *macs_);
    if (!origin) return Unexpected(origin.error());
    std::shared_ptr<const LogFacts> known;
    {
        const std::lock_guard lock(mutex_);
        known = facts_;
    }
    if (!known || known->origin != *origin) known = std::make_shared<const LogFacts>(LogFacts::of(std::move(*origin)));
    for (const std::string& id : macs_->writing_keys())
        if (const auto range = known->keys.find(id); range != known->keys.end() && !range->second.until)
            if (auto key = macs_->key(id, known->origin.log_id)) return WritingKey{id, std::move(key)};
    return Unexpected(std::string("no key for the MACs of events that this log knows of is in use in the keyring"));
}

}  // namespace keyledger::eventstore::postgres
