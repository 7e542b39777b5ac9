// Tokens that exchanges gave (RFC 8693), as memory and as folds tell of them: the same at every moment.
#include <chrono>

#include "commands/sessions/end_sessions.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "projections/hot/hot_access.hpp"
#include "tests/commands/clients/exchange_fixture.hpp"

namespace keyledger::projections::test {
namespace {

using commands::AccessClaims;
using keyledger::test::run;

class ExchangedInMemory : public commands::ExchangeTest {
protected:
    void SetUp() override {
        ExchangeTest::SetUp();
        HotSettings settings;
        settings.now = [this] { return clock.now(); };
        settings.new_id = [this] { return world.identifiers.next(); };
        auto source = std::make_unique<eventstore::MemoryLogSource>(dynamic_cast<eventstore::MemoryStore&>(store));
        hot_.emplace(std::move(settings), std::move(source), world.cipher);
        hot_->start();
    }
    // What decides whether the token is good.
    std::string text_of(const ExchangedAccess& access, const AccessClaims& claims) {
        const Session& session = access.user.session();
        std::string text = session.status == Session::Status::kLive ? "live" : "over";
        text += access.user.grounds_hold ? " held" : " not held";
        text += " " + std::to_string(access.user.user().security_stamp);
        for (std::size_t place = 0; place < access.exchanges.size(); ++place) {
            const ServiceAccess& one = access.exchanges[place];
            const bool good = holds(one.token, claims.exchanges[place].account_id, one.account(), clock.now());
            text += std::string(good ? " good" : " bad") + " with " + std::to_string(one.held.roles.size());
        }
        return text;
    }
    std::string in_memory(const AccessClaims& claims) {
        std::vector<HotAccess::Exchange> exchanges;
        for (const auto& exchange : claims.exchanges) exchanges.push_back({exchange.account_id, exchange.token_id});
        const auto head = *run(store.head(commands::Deadline::max()));
        const auto found =
            run(hot_->read_exchanged(claims.bearer.user_id, claims.bearer.session_id, std::move(exchanges), head,
                                     std::chrono::steady_clock::now() + std::chrono::seconds(30)));
        return found ? text_of(*found, claims) : "no answer";
    }
    std::string folded(const AccessClaims& claims) {
        commands::ExchangedSubject subject{claims.bearer.user_id, claims.bearer.session_id, {}};
        for (const auto& exchange : claims.exchanges)
            subject.exchanges.push_back({exchange.account_id, exchange.token_id});
        const auto found = run(other.access.read_exchanged(std::move(subject), commands::Deadline::max()));
        return found ? text_of(*found, claims) : "no answer";
    }
    // The same of both, and whether that is what is expected.
    void expect(const AccessClaims& claims, const std::string& text) {
        EXPECT_EQ(in_memory(claims), text);
        EXPECT_EQ(folded(claims), text);
    }

    std::optional<HotAccess> hot_;
};

TEST_F(ExchangedInMemory, EndWithWhatTheyRestOnAsFoldsSay) {
    const Service stock = service("stock", {commands::kStockServer, "https://third.example"}, {commands::kMayDelegate});
    const AccessClaims first = traded(orders_, shown());
    const AccessClaims second =
        traded(stock, first, [](commands::TokenExchange& request) { request.targets = {"https://third.example"}; });
    expect(first, "live held 0 good with 1");
    expect(second, "live held 0 good with 1 good with 1");
    withdraw(orders_);
    expect(second, "live held 0 good with 1 good with 0");
    change(orders_, AccountStatus::kDisabled);
    expect(first, "live held 0 bad with 0");
    expect(second, "live held 0 good with 1 bad with 0");
    change(orders_, AccountStatus::kEnabled);
    expect(second, "live held 0 good with 1 bad with 0");
    EXPECT_TRUE(keyledger::test::succeeds(
        run(commands::log_out(services(), browser_, keyledger::test::caller().acting_as(ann_)))));
    expect(second, "live not held 0 good with 1 bad with 0");
}

TEST_F(ExchangedInMemory, EndWithTheirRevocation) {
    const AccessClaims claims = traded(orders_, shown());
    expect(claims, "live held 0 good with 1");
    const commands::Client itself = commands::client_of(orders_.id, ServiceAccess{}, AccessRules{});
    EXPECT_TRUE(keyledger::test::succeeds(
        run(commands::revoke_service_token(services(), claims.exchanges.front(), itself, keyledger::test::caller()))));
    expect(claims, "live held 0 bad with 1");
    clock.advance(hours(1));
    EXPECT_EQ(folded(claims), in_memory(claims));
}

}  // namespace
}  // namespace keyledger::projections::test
