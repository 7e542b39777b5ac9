#pragma once
// A reader's connection that opens itself when it is needed, is replaced when it breaks or falls silent, and its
// back-off. Heavy: for .cpp files.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "eventstore/postgres/connection/pqxx_connection.hpp"
#include "eventstore/postgres/keys/key_uses.hpp"
#include "eventstore/postgres/store/authenticity.hpp"

namespace keyledger::eventstore::postgres {

// One thread's. `prepare` is given every new connection.
class ReadSession {
public:
    using Prepare = void (*)(pqxx::connection&);
    ReadSession(std::string url, std::chrono::milliseconds statement_timeout, std::chrono::milliseconds longest_pause,
                Prepare prepare)
        : url_(std::move(url)),
          statement_timeout_(statement_timeout),
          longest_pause_(longest_pause),
          prepare_(prepare) {}

    pqxx::connection& connection() { return *connection_; }
    bool is_open() const { return connection_ != nullptr; }
    void close() { connection_.reset(); }
    // How many there were: another number is another connection, and may lead to another server.
    std::uint64_t openings() const { return openings_; }

    // Runs `work(connection)`, connecting first if need be, and once more on a new connection if the old one turns
    // out to be broken, or does not answer although the server would have ended the statement by now. While an attempt
    // to connect has just failed it fails at once.
    template <class Work>
    auto run(Work work) -> Result<decltype(work()), ReadFailure> {
        using Clock = std::chrono::steady_clock;
        for (bool fresh = false;;) {
            if (!connection_) {
                if (Clock::now() < next_attempt_) return Unexpected(ReadFailure{StoreError::kUnavailable, true, why_});
                fresh = true;
                auto opened = as_value([&] {
                    auto connection = open_reader(url_, statement_timeout_);
                    const AnswerWithin bound(connection->sock(), statement_timeout_ + kAnswerGrace);
                    prepare_(*connection);
                    return connection;
                });
                if (!opened) {
                    pause_ = std::clamp(pause_ * 2, std::chrono::milliseconds(20), longest_pause_);
                    next_attempt_ = Clock::now() + pause_;
                    why_ = opened.error().text;
                    return Unexpected(ReadFailure{StoreError::kUnavailable, true, why_});
                }
                connection_ = std::move(*opened);
                ++openings_;
                pause_ = {};
            }
            auto answer = [&] {
                const AnswerWithin bound(connection_->sock(), statement_timeout_ + kAnswerGrace);
                return as_value(work);
            }();
            if (answer || !answer.error().broken) return answer;
            connection_.reset();
            if (fresh) return answer;
        }
    }

private:
    const std::string url_;
    const std::chrono::milliseconds statement_timeout_;
    const std::chrono::milliseconds longest_pause_;
    const Prepare prepare_;
    std::unique_ptr<pqxx::connection> connection_;
    std::uint64_t openings_ = 0;
    std::chrono::steady_clock::time_point next_attempt_{};
    std::chrono::milliseconds pause_{0};
    std::string why_;
};

// The statements of the store's reads, prepared on every connection of the pool.
void prepare_reads(pqxx::connection& connection);
// Events are checked by `authenticity`; without one nobody looked.
std::vector<StreamSlice> read_streams(pqxx::connection& connection, const std::vector<StreamFrom>& streams,
                                      Authenticity* authenticity);
void write_snapshot(pqxx::connection& connection, const Snapshot& snapshot);
Confirmation confirm(pqxx::connection& connection, const std::vector<StreamVersion>& versions,
                     const CommandId& command_id);
struct FoundClaim {
    std::optional<Uuid> owner;
    bool keys_have_ended = false;  // all under which was looked: what is claimed since is not found by these
};
FoundClaim find_claim(pqxx::connection& connection, const std::string& kind, const std::vector<ClaimDigest>& digests);
struct FoundCredential {
    std::optional<ClaimedCredential> claimed;
    bool keys_have_ended = false;  // as above
};
FoundCredential find_credential(pqxx::connection& connection, const std::string& claim_kind,
                                const std::vector<ClaimDigest>& digests, const std::string& kind);
KeyAnnouncements read_key_announcements(pqxx::connection& connection);
std::vector<StoredCredential> read_credentials(pqxx::connection& connection, const Uuid& owner);
std::optional<StoredCredential> read_credential(pqxx::connection& connection, const Uuid& owner,
                                                const std::string& kind);
std::vector<StoredSubjectKey> read_subject_keys(pqxx::connection& connection, const std::vector<Uuid>& subjects);
std::vector<RecordedEvent> read_log(pqxx::connection& connection, Position first, std::int32_t count,
                                    Authenticity* authenticity);

}  // namespace keyledger::eventstore::postgres
