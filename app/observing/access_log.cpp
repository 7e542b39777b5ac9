#include "app/observing/access_log.hpp"

#include <rapidjson/document.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <random>

#include "api/requests/identifiers.hpp"
#include "api/routes/routes.hpp"
#include "api/wire/form.hpp"
#include "security/primitives/base64url.hpp"

namespace keyledger::app {
namespace {

constexpr std::size_t kMostWaiting = 8'192;  // lines
constexpr std::size_t kMostClientIdBytes = 64;
constexpr int kNs = 1000;
constexpr int kMostErrorsASecond = 100;  // beside those that the share takes

// 400, 404, 413, 415, 429 … come from before and behind the proof, whatever name a stranger gave; of what broke on this
// side nobody knows, either.
bool tells_of_a_proof(int status) { return status < 400 || status == 403 || status == 409 || status == 412; }

// As client ids are made and configured. Nothing else of what a stranger sends gets into the log.
bool may_be_logged(std::string_view id) {
    return !id.empty() && id.size() <= kMostClientIdBytes && std::ranges::all_of(id, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
               c == '-' || c == '~' || c == ':';
    });
}

std::string client_of_credentials(const api::Request& request) {
    if (const auto basic = api::basic_credentials(request)) return basic->id;
    if (request.body.empty()) return {};
    api::FormFields form = api::FormFields::of_body(request);
    return form.optional_string("client_id", kMostClientIdBytes).value_or("");
}

// RFC 9068 section 2.2. The signature was checked, or the answer would be 401.
std::string client_of_token(const api::Request& request) {
    auto token = api::bearer_token(request);
    if (!token) token = api::dpop_token(request);
    if (!token) return {};
    const std::size_t first = token->find('.');
    const std::size_t second = first == token->npos ? first : token->find('.', first + 1);
    if (second == token->npos) return {};
    const auto claims = security::base64url_decode(token->substr(first + 1, second - first - 1));
    if (!claims) return {};
    rapidjson::Document json;
    json.Parse<rapidjson::kParseIterativeFlag>(claims->data(), claims->size());
    if (json.HasParseError() || !json.IsObject()) return {};
    const auto client = json.FindMember("client_id");
    if (client == json.MemberEnd() || !client->value.IsString()) return {};
    return {client->value.GetString(), client->value.GetStringLength()};
}

std::string client_said(const api::RouteRow& row, const api::Request& request) {
    using enum api::Authentication;
    switch (row.authentication) {
        case kUser:
        case kService:
        case kUserinfo: return client_of_token(request);
        case kClient: return client_of_credentials(request);
        case kClientOrUser: {
            const auto basic = api::basic_credentials(request);
            return basic ? basic->id : client_of_token(request);
        }
        case kUserIfSealed:
        case kAnybody: break;
    }
    return {};
}

// Cheap, and no caller foresees it.
double chance() {
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

const api::RouteRow* row_of(std::string_view operation) {
    static const std::map<std::string_view, const api::RouteRow*> rows = [] {
        std::map<std::string_view, const api::RouteRow*> all;
        for (const api::RouteRow& row : api::route_table()) all.emplace(row.operation, &row);
        return all;
    }();
    const auto at = rows.find(operation);
    return at == rows.end() ? nullptr : at->second;
}

std::string client_of(const api::Request& request, int status) {
    const api::RouteRow* row = row_of(request.operation);
    if (row == nullptr || !tells_of_a_proof(status)) return {};
    const std::string said = client_said(*row, request);
    return may_be_logged(said) ? said : std::string();
}

// spdlog's: the thread that writes, and the queue before it.
struct AccessLog::Queue {
    std::shared_ptr<spdlog::details::thread_pool> writer =
        std::make_shared<spdlog::details::thread_pool>(kMostWaiting, 1);
    std::shared_ptr<spdlog::async_logger> logger =
        std::make_shared<spdlog::async_logger>("access", std::make_shared<spdlog::sinks::stderr_sink_mt>(), writer,
                                               spdlog::async_overflow_policy::overrun_oldest);
};

AccessLog::AccessLog(AccessLogRule rule, bool with_address, LogFormat format, const commands::Clock& clock)
    : share_(share_of(rule)),
      with_address_(with_address),
      format_(format),
      clock_(clock),
      queue_(std::make_unique<Queue>()) {
    queue_->logger->set_pattern("%v");
    queue_->logger->set_level(spdlog::level::info);
}

AccessLog::~AccessLog() = default;

bool AccessLog::chooses(int status) {
    const double share = share_.load(std::memory_order_relaxed);
    if (share < 0) return false;
    if (share > 0 && chance() < share) return true;
    return status >= 500 && has_room_for_error();
}

// Strangers who are turned away for want of room are answered 503, as often as they ask: they fill no disk.
bool AccessLog::has_room_for_error() {
    const std::int64_t second = clock_.now().ms() / 1000;
    if (errors_in_.exchange(second, std::memory_order_relaxed) != second) errors_.store(0, std::memory_order_relaxed);
    if (errors_.fetch_add(1, std::memory_order_relaxed) < kMostErrorsASecond) return true;
    left_out_.fetch_add(1, std::memory_order_relaxed);
    return false;
}

void AccessLog::on_sent(const api::Request& request, const api::SentAnswer& answer) noexcept try {
    if (!chooses(answer.status)) return;
    const api::RouteRow* row = row_of(request.operation);
    const std::string route(row != nullptr ? row->path : std::string_view());
    LogEntry entry;
    entry.at = clock_.now();
    entry.level = answer.status >= 500 ? "error" : "info";
    entry.log = "access";
    entry.message = std::string(to_string(request.method)) + " " + (row != nullptr ? route : "unmatched") + " " +
                    std::to_string(answer.status);
    entry.members = {{"method", std::string(to_string(request.method))},
                     {"route", route},
                     {"operation", std::string(request.operation)},
                     {"status", std::int64_t{answer.status}},
                     {"duration_us", answer.duration_ns / kNs},
                     {"bytes", static_cast<std::int64_t>(answer.bytes)},
                     {"request_id", request.request_id},
                     {"client_id", client_of(request, answer.status)}};
    if (!request.traceparent.empty()) {
        entry.members.emplace_back("trace_id", api::trace_id_of(request.traceparent));
        entry.members.emplace_back("span_id", api::span_id_of(request.traceparent));
    }
    if (!answer.is_whole) entry.members.emplace_back("incomplete", "the client left, or took too long");
    if (with_address_) entry.members.emplace_back("address", request.client_address);
    std::string line = line_of(entry, format_);
    line.pop_back();  // spdlog ends lines itself
    queue_->logger->log(spdlog::level::info, line);
} catch (...) {
    // An answer that can't be told of was given all the same.
}

std::int64_t AccessLog::dropped() const {
    return static_cast<std::int64_t>(queue_->writer->overrun_counter()) + left_out_.load(std::memory_order_relaxed);
}

}  // namespace keyledger::app
