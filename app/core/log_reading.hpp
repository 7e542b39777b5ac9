#pragma once
// The log for commands that only read it: the store, and what tells its events from what others wrote, if there is a
// keyring.
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "app/config/config.hpp"
#include "app/core/run_to_end.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "security/adapters/keyring_macs.hpp"

namespace keyledger::app {

// For all that reads or appends in this process; the snapshot is asked for anew each time.
std::shared_ptr<eventstore::postgres::Authenticity> authenticity_with(
    security::KeyringMacs::Snapshot snapshot, eventstore::postgres::Authenticity::OnLackingKey on_lacking_key = {});
// The keys of the keyring that is configured, as the next.
std::shared_ptr<const eventstore::EventMacs> configured_macs(const Config& config);
// With the keyring that is configured; nullptr if none is. Throws std::runtime_error if it can't be read.
std::shared_ptr<eventstore::postgres::Authenticity> configured_authenticity(const Config& config);
// For code that must not take events for somebody else's only because the keyring lacks their key: reading fails
// then, and names the key. Throws std::runtime_error if the keyring can't be read.
std::shared_ptr<eventstore::postgres::Authenticity> demanding_authenticity(const Config& config);

// Looks at the tree heads that the database keeps, before anything else is read: whoever has the service's role
// may have put some ten thousand of their own there. `tell` gets a sentence every few seconds that it takes.
// False: `go_on`, asked after each page, had it stop. Throws std::runtime_error if the database does not answer.
bool look_at_tree_heads(
    eventstore::postgres::Authenticity& authenticity, const std::string& url,
    const std::function<void(const std::string&)>& tell, const std::function<bool()>& go_on = [] { return true; });
// For commands: on standard error.
void look_at_tree_heads(eventstore::postgres::Authenticity& authenticity, const std::string& url);

class Log {
public:
    explicit Log(const Config& config);  // throws std::runtime_error if the schema does not fit
    // With the keys that tell its events from others', instead of those of the configured keyring.
    Log(const Config& config, std::shared_ptr<eventstore::postgres::Authenticity> authenticity);
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
    // Whether events are checked; else their standing is kUnchecked.
    bool authenticates() const { return authenticity_ != nullptr; }

private:
    boost::asio::thread_pool thread_{1};
    const std::shared_ptr<eventstore::postgres::Authenticity> authenticity_;
    eventstore::postgres::PostgresStore store_;
};

}  // namespace keyledger::app
