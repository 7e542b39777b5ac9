#include "app/core/system_ports.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <span>

#include "commands/clients/client_secrets.hpp"
#include "commands/runtime/log_fields.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::app {
namespace {

boost::asio::awaitable<void> run_here(std::function<void()> work) {
    work();
    co_return;
}

}  // namespace

Instant SystemClock::now() const {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return Instant::at_ms(std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
}

Uuid RandomIdentifiers::next() { return security::uuid_v7(clock_.now()); }

eventstore::CommandId RandomIdentifiers::next_command_id() {
    eventstore::CommandId id{};
    const Uuid first = next();
    const auto rest = std::span(id).subspan<sizeof first.bytes>();
    std::ranges::copy(first.bytes, id.begin());
    // By halves, for which fill_random() has enough in store.
    constexpr std::size_t kHalf = (sizeof id - sizeof first.bytes) / 2;
    security::fill_random(rest.first<kHalf>());
    security::fill_random(rest.last<kHalf>());
    return id;
}

Secret RandomIdentifiers::next_secret() { return security::random_secret(commands::kClientSecretBytes); }

void SpdlogOperatorLog::warning(std::string_view what, const Uuid& about) {
    const LogFields fields{{"id", about.to_string()}};
    spdlog::warn("{} (id {})", what, about.to_string());
}

boost::asio::awaitable<void> PooledWorkers::run(std::function<void()> work) {
    auto running = run_here(std::move(work));
    co_await boost::asio::co_spawn(pool_, std::move(running), boost::asio::use_awaitable);
}

}  // namespace keyledger::app
