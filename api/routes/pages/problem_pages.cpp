#include "api/routes/pages/problem_pages.hpp"

#include <algorithm>
#include <charconv>

#include "api/routes/pages/reader.hpp"
#include "api/wire/field_values.hpp"
#include "api/wire/problem.hpp"
#include "commands/runtime/errors.hpp"

namespace keyledger::api {
namespace {

constexpr std::size_t kMostKept = 512;  // of some four kilobytes

// ---- whether it is one -----------------------------------------------------------------------------------------
constexpr std::string_view kPlacesOfPages[] = {"account", "consent", "device",  "forgot-password",
                                               "login",   "logout",  "register"};
constexpr std::string_view kPagesOfOauth[] = {"authorize", "logout"};
constexpr std::string_view kPlacesOfPrograms[] = {"api", "access", "oauth2", ".well-known"};

template <std::size_t N>
bool is_among(const std::string_view (&names)[N], std::string_view name) {
    return std::ranges::find(names, name) != std::end(names);
}

// In thousandths; 0: not asked for by its name.
int wish_for(const Request& request, std::string_view media_type) {
    return preference_for(request.headers, media_type, MediaRangeMatch::kInFull).value_or(0);
}

bool wants_page(const Request& request) {
    const int html = wish_for(request, "text/html");
    const int json = std::max(wish_for(request, "application/json"), wish_for(request, kProblemContentType));
    if (is_place_of_pages(request.segments)) return json == 0 || html >= json;
    const bool is_for_programs = !request.segments.empty() && is_among(kPlacesOfPrograms, request.segments.front());
    return request.operation == kUnmatched && !is_for_programs && html > 0 && html >= json;
}

// OAuth's endpoints have errors in a form of their own.
bool is_problem(const Response& response) {
    return response.content_type == kProblemContentType ||
           (response.status >= 400 && response.content_type == "application/json");
}

// ---- what it says ----------------------------------------------------------------------------------------------
bool is_of_type(const Response& response, const Refusal& refusal) {
    return response.body.find(std::string(kProblemPrefix).append(refusal.slug).append("\"")) != std::string::npos;
}

struct Said {
    Text title;
    Text advice;
};
Said words_of(const Response& response) {
    switch (response.status) {
        case 403: return {Text::kNotDone, Text::kNotAllowedHere};
        case 404: return {Text::kNoSuchPage, Text::kNoSuchPageMeans};
        case 405: return {Text::kPageNotOpenedSo, Text::kPageNotOpenedSoMeans};
        case 413: return {Text::kTooMuchSent, Text::kSendLess};
        case 414: return {Text::kTooMuchSent, Text::kAddressTooLong};
        case 431: return {Text::kTooMuchSent, Text::kRemoveCookies};
        case 429: return {Text::kTooManyAttempts, Text::kTooManyFromHere};
        case 500: return {Text::kServiceFailed, Text::kServiceFailedMeans};
        case 503: break;
        default: return {Text::kNotDone, Text::kRequestNotRead};
    }
    if (is_of_type(response, refusals::kOutcomeUnknown)) return {Text::kOutcomeNotKnown, Text::kLookBeforeYouRepeat};
    return {Text::kNotAvailable, Text::kNothingWasDone};
}

// Rounded up, so that whoever waits so long is not sent away again.
Phrase wait_of(std::int64_t seconds) {
    constexpr std::int64_t kMinute = 60;
    constexpr std::int64_t kHour = 60 * kMinute;
    constexpr std::int64_t kStep = 5;
    const auto up = [seconds](std::int64_t unit) { return std::to_string((seconds + unit - 1) / unit); };
    if (seconds <= kStep) return Text::kTryAgainInAMoment;
    if (seconds < 2 * kMinute) return {Text::kTryAgainInSeconds, std::to_string((seconds + kStep - 1) / kStep * kStep)};
    if (seconds < 2 * kHour) return {Text::kTryAgainInMinutes, up(kMinute)};
    return {Text::kTryAgainInHours, up(kHour)};
}

std::optional<std::int64_t> retry_after(const Response& response) {
    const auto value = response.headers.find("Retry-After");
    std::int64_t seconds = 0;
    if (!value || std::from_chars(value->data(), value->data() + value->size(), seconds).ec != std::errc{})
        return std::nullopt;
    return seconds;
}

}  // namespace

bool is_place_of_pages(std::span<const std::string> segments) {
    if (segments.empty()) return false;
    if (segments.front() == "oauth2") return segments.size() > 1 && is_among(kPagesOfOauth, segments[1]);
    return is_among(kPlacesOfPages, segments.front());
}

void ProblemPages::dress(const Request& request, Response& response) {
    if (!is_problem(response) || !wants_page(request)) return;
    const Response page = shown(request, response);
    response.content_type = page.content_type;
    response.body = page.body;
    for (std::size_t i = 0; i < page.headers.size(); ++i)
        response.headers.add(page.headers.at(i).name, page.headers.at(i).value);
}

Response ProblemPages::shown(const Request& request, const Response& problem) {
    const Said said = words_of(problem);
    const Reader reader = reader_of(pages_, request);
    Page page{said.title, {said.advice}};
    if (problem.status == 500) page.sentences = {Phrase(said.advice, request.request_id)};
    if (const auto seconds = retry_after(problem)) {
        page.sentences.push_back(wait_of(*seconds));
        const bool is_opened = request.method == Method::kGet || request.method == Method::kHead;
        page.sentences.push_back(is_opened ? Text::kThenLoadThisPage : Text::kThenSendItOnceMore);
    }
    if (problem.status == 500) return pages_.show(reader, problem.status, page);
    std::string key = std::string(tag_of(reader.language)) + reader.root + page.title.in(reader.language);
    for (const Phrase& sentence : page.sentences) key += sentence.in(reader.language);
    const std::lock_guard lock(mutex_);
    if (const auto kept = kept_.find(key); kept != kept_.end()) return kept->second;
    Response made = pages_.show(reader, problem.status, page);
    if (kept_.size() < kMostKept) kept_.emplace(std::move(key), made);
    return made;
}

}  // namespace keyledger::api
