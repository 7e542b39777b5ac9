#include "eventstore/postgres/store/authenticity.hpp"

#include <algorithm>

#include "domain/log/log_keeping.hpp"
#include "eventstore/audit/tree_head.hpp"
#include "eventstore/postgres/connection/pqxx_connection.hpp"

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

// Whether the log's own stream is still as it was taken in so far.
bool holds(pqxx::transaction_base& read, const LogFacts& facts) {
    const auto rows = read.exec_params("select leaf_hash from keyledger.events where stream_id = $1 and version = $2",
                                       kLogStream.to_string(), facts.version);
    return !rows.empty() && digest_in(rows[0][0]) == facts.leaf_hash;
}

constexpr int kMostKeysAtOnce = 100;  // as many as a keyring has

// Without which nothing can be said of that event: the one of its MAC, or one by which the log speaks of its keys.
std::string lacking_key(const LogFacts& known, const RecordedEvent& event) {
    using enum RecordedEvent::Trust;
    if (event.trust == kKeyMissing) return event.mac_key_id;
    return event.trust == kBelieved || known.is_complete ? std::string() : known.lacking_key_id;
}

// As an error of this statement alone: the session is good.
[[noreturn]] void throw_lacking(const std::string& key_id, Position position) {
    throw pqxx::sql_error(
        "the keyring lacks key " + key_id + ", which event " + std::to_string(position) + " of the log needs", "",
        "KL008");
}

// A page further: whoever may append decides how long that stream is. False: that was all.
bool read_on(pqxx::transaction_base& read, LogFacts& facts, const EventMacs& macs) {
    const auto rows = read.exec_params(std::string("select ") + kEventColumns +
                                           " from keyledger.events e where e.stream_id = $1 and e.version > $2"
                                           " order by e.version limit $3",
                                       kLogStream.to_string(), facts.version, kMaxPageEvents);
    for (const auto& row : rows) facts.take(event_in(row), macs);
    return rows.size() == kMaxPageEvents;
}

}  // namespace

std::shared_ptr<const LogFacts> Authenticity::facts(pqxx::transaction_base& read, FactsFreshness known) {
    if (known == FactsFreshness::kWillDo) {
        const std::lock_guard lock(mutex_);
        if (facts_) return facts_;
    }
    auto facts = std::make_shared<LogFacts>(LogFacts::of(read_origin(read, *macs_)));
    std::shared_ptr<const LogFacts> before;
    {
        const std::lock_guard lock(mutex_);
        before = facts_;
    }
    if (before && before->origin == facts->origin && before->is_complete && holds(read, *before)) *facts = *before;
    while (read_on(read, *facts, *macs_)) continue;
    const Uuid& log_id = facts->origin.log_id;
    facts->signed_until = std::max(facts->signed_until, signed_until(read, log_id));
    const std::lock_guard lock(mutex_);
    if (signed_log_ == log_id) facts->signed_until = std::max(facts->signed_until, signed_until_);
    signed_log_ = log_id;
    signed_until_ = facts->signed_until;
    facts_ = facts;
    return facts;
}

// What the newest tree head in the database covers; 0 if there is none that can be opened.
Position Authenticity::signed_until(pqxx::transaction_base& read, const Uuid& log_id) {
    StoredHeads heads;
    {
        const std::lock_guard lock(mutex_);
        heads = heads_;
    }
    while (heads.scan_further(read, log_id, opener(), macs_.get()) != StoredHeads::ScanProgress::kAll) continue;
    const Position until = heads.found().newest ? heads.found().newest->cursor.position : 0;
    const std::lock_guard lock(mutex_);
    heads_ = std::move(heads);
    return until;
}

audit::OpenNote Authenticity::opener() const {
    return [macs = macs_](std::string_view note) -> Result<std::string, std::string> {
        auto text = macs->open(note);
        if (text) return std::move(*text);
        return Unexpected(std::string("a note that no key of the keyring signed"));
    };
}

Result<bool, std::string> Authenticity::look_at_heads(const std::string& url, const OnHeadsScanned& go_on) {
    StoredHeads heads = this->heads();
    auto looked = as_value([&] {
        const auto connection = open_reader(url, kPatience);
        for (;;) {
            const AnswerWithin bound(connection->sock(), kPatience + kAnswerGrace);
            pqxx::nontransaction read(*connection);
            const Uuid log_id = uuid_in(read.exec1("select log_id from keyledger.log")[0]);
            if (heads.scan_further(read, log_id, opener(), macs_.get()) == StoredHeads::ScanProgress::kAll) return true;
            if (go_on && !go_on(heads.looked_at())) return false;
        }
    });
    if (!looked) return Unexpected(looked.error().text);
    const std::lock_guard lock(mutex_);
    heads_ = std::move(heads);
    return *looked;
}

StoredHeads Authenticity::heads() const {
    const std::lock_guard lock(mutex_);
    return heads_;
}

// What can't be believed is looked at again with all that the log says by now.
void Authenticity::check(pqxx::transaction_base& read, std::span<RecordedEvent> events) {
    if (events.empty()) return;
    auto known = facts(read, FactsFreshness::kWillDo);
    std::optional<EventJudge> judge(std::in_place, *macs_, *known);
    bool is_fresh = false;
    for (RecordedEvent& event : events) {
        event.trust = judge->of(event);
        if (event.trust == RecordedEvent::Trust::kBelieved || is_fresh) continue;
        is_fresh = true;
        const auto anew = facts(read, FactsFreshness::kReadAgain);
        judge.emplace(*macs_, *anew);
        known = anew;
        event.trust = judge->of(event);
        for (int tries = 0; on_lacking_key_ && !lacking_key(*known, event).empty(); ++tries) {
            const std::string lacking = lacking_key(*known, event);
            if (tries == kMostKeysAtOnce || !on_lacking_key_(lacking)) throw_lacking(lacking, event.position);
            known = facts(read, FactsFreshness::kReadAgain);
            judge.emplace(*macs_, *known);
            event.trust = judge->of(event);
        }
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
        return facts(read, FactsFreshness::kReadAgain)->keys.contains(key_id);
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
        for (const LogOrigin::Part& part : facts(read, FactsFreshness::kReadAgain)->origin.earlier)
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
