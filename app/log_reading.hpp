#pragma once
// The log for commands that only read it: the store without keys.
#include <boost/asio/thread_pool.hpp>
#include <stdexcept>
#include <vector>

#include "app/config.hpp"
#include "app/run_to_end.hpp"
#include "eventstore/postgres/postgres_store.hpp"

namespace keyledger::app {

class Log {
public:
    explicit Log(const Config& config);  // throws std::runtime_error if the schema does not fit
    ~Log();

    template <class T>
    T run(boost::asio::awaitable<Result<T, eventstore::StoreError>> work) {
        auto answer = run_to_end(thread_, std::move(work));
        if (!answer) throw std::runtime_error("the database does not answer; check KEYLEDGER_DATABASE_URL");
        return std::move(*answer);
    }
    std::vector<eventstore::RecordedEvent> read(Position first, std::int32_t count);
    eventstore::Head head();
    eventstore::Store& store() { return store_; }

private:
    boost::asio::thread_pool thread_{1};
    eventstore::postgres::PostgresStore store_;
};

}  // namespace keyledger::app
