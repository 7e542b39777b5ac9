#pragma once
// Applies a story to read models without threads, as the projector does, in batches of a chosen size.
#include <pqxx/pqxx>

#include "projections/engine/database.hpp"
#include "projections/engine/key_cache.hpp"
#include "projections/engine/projection.hpp"
#include "tests/projections/story/story.hpp"

namespace keyledger::projections::test {

class Driver {
public:
    Driver(const keyledger::test::Database& database, Story& story, const ReadModel& model)
        : story_(story),
          connection_(connect(database.service_url(), "keyledger test driver")),
          keys_(story.cipher(), 1000) {
        prepare_writer(*connection_);
        create_catalogue(*connection_);
        projection_.emplace(*connection_, model, open_current(*connection_, model));
    }

    // Up to the head of what is published, or to where the projection stops.
    void apply(std::int32_t batch_events = 1000) {
        while (!projection_->stopped()) {
            const auto events =
                eventstore::as_followed(story_.log().read_after(projection_->cursor(), batch_events).value());
            if (events.empty()) return;
            DecodedBatch decoded;
            {
                pqxx::nontransaction read_keys(*connection_);
                decoded = decode_batch(events, keys_, story_.cipher(), read_keys);
            }
            if (projection_->advance(*connection_, events, decoded) == Projection::Progress::kTryLater)
                throw std::runtime_error(projection_->trouble());
        }
    }
    // Publishes first.
    void tell(std::int32_t batch_events = 1000) {
        story_.publish();
        apply(batch_events);
    }

    Projection& projection() { return *projection_; }
    pqxx::connection& connection() { return *connection_; }

private:
    Story& story_;
    Connection connection_;
    KeyCache keys_;
    std::optional<Projection> projection_;
};

// Of a database of its own: the backend dies before or after the statement of that number, counted since `begin_at`, on
// the tables that `watch` names, and at the commit.
class KilledAtStatements {
public:
    explicit KilledAtStatements(const keyledger::test::Database& database) : database_(database) {
        database_.execute(R"(
            create sequence statements;
            create table kill (at bigint);
            insert into kill values (0);
            create function may_die() returns trigger language plpgsql security definer as $$ begin
                if nextval('public.statements') = (select at from public.kill) then
                    perform pg_terminate_backend(pg_backend_pid());
                end if;
                return null;
            end $$;
            create function die_there(tables text[]) returns void language plpgsql as $$ declare t text; begin
                foreach t in array tables loop
                    execute format('create trigger b before insert or update on %s execute function may_die()', t);
                    execute format('create trigger a after insert or update on %s execute function may_die()', t);
                end loop;
            end $$;
            create constraint trigger c after update on keyledger.checkpoints initially deferred
                for each row execute function may_die();
            select die_there('{keyledger.checkpoints}');)");
    }
    // Names with commas between.
    void watch(const std::string& tables) { database_.execute("select die_there('{" + tables + "}')"); }
    // Nothing is killed until begin_at(); what stands in the tables is gone, and all begins at the log's beginning.
    void empty(const std::string& tables) {
        database_.execute("update kill set at = 0; truncate " + tables +
                          "; update keyledger.checkpoints set position = 0, leaf_hash = decode(repeat('00', 32), "
                          "'hex')");
    }
    void begin_at(int statement) {
        database_.execute("select setval('statements', 1, false); update kill set at = " + std::to_string(statement));
    }

private:
    const keyledger::test::Database& database_;
};

// Rows of one statement as text: columns joined by '|', null as '-'.
inline std::vector<std::string> rows(const keyledger::test::Database& database, const std::string& sql) {
    pqxx::connection connection(database.owner_url());
    pqxx::nontransaction read(connection);
    std::vector<std::string> all;
    for (const auto& row : read.exec(sql)) {
        std::string& line = all.emplace_back();
        for (const auto& field : row) {
            if (!line.empty()) line += '|';
            line += field.is_null() ? "-" : field.c_str();
        }
    }
    return all;
}

}  // namespace keyledger::projections::test
