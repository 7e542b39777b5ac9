#include <algorithm>

#include "api/positions.hpp"
#include "api/refusals.hpp"
#include "api/routes/authzen.hpp"
#include "api/routes/authzen_routes.hpp"
#include "api/routes/reading.hpp"
#include "api/write_json.hpp"

namespace keyledger::api::routes {
namespace {

using namespace authzen;
using commands::Access;
using commands::CommandError;
using commands::Refusal;

constexpr std::int64_t kDefaultResults = 100;
constexpr std::int64_t kMaxResults = 1000;
constexpr std::size_t kMaxPageTokenBytes = 1024;

// ---- pages
// -----------------------------------------------------------------------------------------------------
// `page` of AuthZEN's searches: a token goes on with the question that it answered, and no other; the limit
// is that of the first page, and need not be said again.
struct Page {
    std::size_t limit = kDefaultResults;
    std::optional<std::string> after;  // what the token says of the place
};

Page read_search_page(Context& context, JsonFields& body, const std::string& question) {
    Page page;
    if (!body.object("page")) return page;
    const auto limit = body.optional_integer("page.limit", 1, kMaxResults);
    const auto token = body.optional_string("page.token", kMaxPageTokenBytes);
    body.ignore("page.properties");
    page.limit = static_cast<std::size_t>(limit.value_or(kDefaultResults));
    if (!token || token->empty()) return page;
    const auto opened = context.cursors.open(question, *token);
    const std::size_t space = opened ? opened->find(' ') : std::string::npos;
    const auto first = opened ? parse_number(std::string_view(*opened).substr(0, space)) : std::nullopt;
    if (!first || space == std::string::npos) {
        body.refuse("page.token", "Give the 'next_token' of an answer to this very question, unchanged.");
        return page;
    }
    if (limit && *limit != *first) body.refuse("page.limit", "It stays as it was on the first page.");
    page.limit = static_cast<std::size_t>(*first);
    page.after = opened->substr(space + 1);
    return page;
}

void write_page(Context& context, JsonText& json, const std::string& question, const Page& page,
                std::size_t count, const std::optional<std::string>& last) {
    std::string token;
    if (last) token = context.cursors.seal(question, std::to_string(page.limit) + ' ' + *last);
    json.begin_object("page")
        .text("next_token", token)
        .number("count", static_cast<std::int64_t>(count))
        .end_object();
}

// Those of a sorted list that are on the page.
struct Part {
    std::span<const std::string> results;
    std::optional<std::string> last;  // when more follow
};
Part part_of(const std::vector<std::string>& all, const Page& page) {
    const auto begin = page.after ? std::ranges::upper_bound(all, *page.after) : all.begin();
    const auto count = std::min(page.limit, static_cast<std::size_t>(all.end() - begin));
    Part part{{begin, begin + static_cast<std::ptrdiff_t>(count)}, std::nullopt};
    if (begin + static_cast<std::ptrdiff_t>(count) != all.end()) part.last = part.results.back();
    return part;
}

// ---- places in the order of subjects
// -----------------------------------------------------------------------------
std::string text_of(const SubjectPlace& place) {
    return std::to_string(place.part) + ' ' + place.after.to_string();
}

std::optional<SubjectPlace> place_of(const std::string& text) {
    const std::size_t space = text.find(' ');
    if (space == std::string::npos) return std::nullopt;
    const auto part = parse_number(std::string_view(text).substr(0, space));
    const auto after = Uuid::parse(std::string_view(text).substr(space + 1));
    if (!part || !after) return std::nullopt;
    return SubjectPlace{static_cast<std::uint32_t>(*part), *after};
}

// ---- what is asked
// --------------------------------------------------------------------------------------------- What a page
// token is bound to.
std::string bound_to(std::string_view search, std::initializer_list<std::string_view> parts) {
    std::string text = "authzen." + std::string(search);
    for (const std::string_view part : parts) text.append("\n").append(part);
    return text;
}

struct SubjectQuestion {
    SubjectSearch search;
    SubjectPlace from;
    Page page;
    std::string bound;
};

SubjectQuestion read_subject_question(Context& context, JsonFields& body) {
    SubjectQuestion question;
    const auto type = read_subject_type(body, "subject");
    if (type == authzen::SubjectType::kSession)
        body.refuse("subject.type", "Search for subjects of type 'user' or 'service_account'.");
    body.ignore("subject.id");
    body.ignore("subject.properties");
    Resource resource = read_resource(body, "resource");
    std::string action = read_action(body, "action");
    body.ignore("context");
    question.bound =
        bound_to("subject", {name_of(type), action, resource.type, resource.owner.value_or(""), resource.id});
    question.page = read_search_page(context, body, question.bound);
    if (question.page.after) {
        const auto place = place_of(*question.page.after);
        if (!place) body.refuse("page.token", "It says no place.");
        question.from = place.value_or(SubjectPlace{});
    }
    question.search = {type == authzen::SubjectType::kService ? keyledger::SubjectType::kServiceAccount
                                                              : keyledger::SubjectType::kUser,
                       std::move(resource.type), std::move(action), std::move(resource.id),
                       std::move(resource.owner)};
    return question;
}

void write_context(JsonText& json, Context& context, Position position) {
    json.begin_object("context").text("position", position_for_callers(context, position)).end_object();
}

}  // namespace

Reply search_subjects(Context& context, Request& request) {
    auto asker = co_await authenticate_asker(context, request);
    if (!asker) co_return asker.error();
    JsonFields body(request, kQuestionLimits);
    SubjectQuestion question = read_subject_question(context, body);
    auto read = body.finish();
    if (!read) co_return read.error();
    if (asker->holder) co_return refuse(request, CommandError(Refusal::kForbidden));
    auto page = co_await commands::subjects_who_may(context.services, question.search, question.from,
                                                    question.page.limit, request.deadline);
    if (!page) co_return refuse(request, page.error());
    std::optional<std::string> last;
    if (page->found.next) last = text_of(*page->found.next);
    JsonText json;
    write_page(context, json, question.bound, question.page, page->found.ids.size(), last);
    write_context(json, context, page->position);
    const bool services = question.search.type == keyledger::SubjectType::kServiceAccount;
    json.begin_array("results");
    for (const Uuid& id : page->found.ids)
        json.begin_object()
            .text("type", name_of(services ? authzen::SubjectType::kService : authzen::SubjectType::kUser))
            .text("id", id.to_string())
            .end_object();
    json.end_array();
    co_return api::json(200, json.finish());
}

Reply search_resources(Context& context, Request& request) {
    auto asker = co_await authenticate_asker(context, request);
    if (!asker) co_return asker.error();
    JsonFields body(request, kQuestionLimits);
    const Subject subject = read_subject(body, "subject");
    const Resource resource = read_resource_type(body, "resource");
    body.ignore("resource.id");
    const std::string action = read_action(body, "action");
    body.ignore("context");
    const std::string bound = bound_to(
        "resource", {name_of(subject.type), action, resource.type, resource.owner.value_or(""), subject.id});
    const Page page = read_search_page(context, body, bound);
    auto read = body.finish();
    if (!read) co_return read.error();
    if (!asker->may_ask(subject)) co_return refuse(request, CommandError(Refusal::kForbidden));
    auto access = co_await learn(context, *asker, subject, request.deadline);
    if (!access) co_return refuse(request, access.error());
    if (!access->active) access->roles.clear();
    AccessQuestion question{resource.type, action, {}, resource.owner};
    const auto instances = permitted_instances(access->roles, access->subject_id, question);
    if (!instances)
        co_return problem(
            request, problems::kNotListable,
            "The subject may do this to resources that no permission names: to all of the type, or all "
            "but some. List them where they are kept, and ask about each where denials matter.");
    const Part part = part_of(*instances, page);
    JsonText json;
    write_page(context, json, bound, page, part.results.size(), part.last);
    json.begin_object("context").text("position", position_for_callers(context, access->position));
    const std::string himself = access->subject_id.to_string();
    question.owner = himself;
    if (!resource.owner) json.truth("own", permits(access->roles, access->subject_id, question));
    json.end_object().begin_array("results");
    for (const std::string& instance : part.results)
        json.begin_object().text("type", resource.type).text("id", instance).end_object();
    json.end_array();
    co_return api::json(200, json.finish());
}

Reply search_actions(Context& context, Request& request) {
    auto asker = co_await authenticate_asker(context, request);
    if (!asker) co_return asker.error();
    JsonFields body(request, kQuestionLimits);
    const Subject subject = read_subject(body, "subject");
    const Resource resource = read_resource(body, "resource");
    body.ignore("context");
    const std::string bound = bound_to("action", {name_of(subject.type), resource.type, subject.id,
                                                  resource.owner.value_or(""), resource.id});
    const Page page = read_search_page(context, body, bound);
    auto read = body.finish();
    if (!read) co_return read.error();
    if (!asker->may_ask(subject)) co_return refuse(request, CommandError(Refusal::kForbidden));
    auto known = co_await commands::known_actions(context.services, resource.type, request.deadline);
    if (!known) co_return refuse(request, known.error());
    auto access = co_await learn(context, *asker, subject, request.deadline);
    if (!access) co_return refuse(request, access.error());
    if (!access->active) access->roles.clear();
    const AccessQuestion question{resource.type, {}, resource.id, resource.owner};
    const auto actions = permitted_actions(access->roles, access->subject_id, question, *known);
    const Part part = part_of(actions, page);
    JsonText json;
    write_page(context, json, bound, page, part.results.size(), part.last);
    write_context(json, context, access->position);
    json.begin_array("results");
    for (const std::string& action : part.results) json.begin_object().text("name", action).end_object();
    json.end_array();
    co_return api::json(200, json.finish());
}

}  // namespace keyledger::api::routes
