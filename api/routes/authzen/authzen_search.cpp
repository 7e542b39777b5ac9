// AuthZEN section 8: the subjects, resources or actions for which an evaluation says yes. Resources are those that
// permissions name, one by one; of a subject who may do it to others too, they are refused as not listable. Actions are
// those that some role names.
#include <algorithm>

#include "api/routes/authzen/authzen.hpp"
#include "api/routes/call.hpp"
#include "api/routes/reading.hpp"
#include "api/wire/problem_types.hpp"
#include "api/wire/write_json.hpp"

namespace keyledger::api::routes {
namespace {

using namespace authzen;
using commands::CommandError;

constexpr std::int64_t kDefaultResults = 100;
constexpr std::int64_t kMaxResults = 1000;
constexpr std::size_t kMaxPageTokenBytes = 1024;

// ---- pages ------------------------------------------------------------------------------------------------
// `page` of AuthZEN's searches: a token goes on with the question that it answered, and no other; the limit
// is that of the first page, and need not be said again.
struct Page {
    std::size_t limit = kDefaultResults;
    std::optional<std::string> after;  // what the token says of the place
};

Page read_search_page(Context& context, QuestionFields& body, const std::string& question) {
    Page page;
    if (!body.object("page")) return page;
    // As many as one likes, of whom at most kMaxResults are on a page.
    auto limit = body.optional_integer("page.limit", 0, kMaxJsonInteger);
    if (limit) limit = std::min(*limit, kMaxResults);
    const auto token = body.optional_string("page.token", kMaxPageTokenBytes);
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

void write_page(Context& context, JsonText& json, const std::string& question, const Page& page, std::size_t count,
                const std::optional<std::string>& last) {
    std::string token;
    if (last) token = context.cursors.seal(question, std::to_string(page.limit) + ' ' + *last);
    json.begin_object("page").text("next_token", token).number("count", static_cast<std::int64_t>(count)).end_object();
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
    if (begin + static_cast<std::ptrdiff_t>(count) == all.end()) return part;
    part.last = part.results.empty() ? page.after.value_or("") : part.results.back();  // of none: where it began
    return part;
}

// ---- places in the order of subjects ----------------------------------------------------------------------
std::string text_of(const SubjectPlace& place) { return std::to_string(place.part) + ' ' + place.after.to_string(); }

std::optional<SubjectPlace> place_of(const std::string& text) {
    const std::size_t space = text.find(' ');
    if (space == std::string::npos) return std::nullopt;
    const auto part = parse_number(std::string_view(text).substr(0, space));
    const auto after = SubjectId::parse(std::string_view(text).substr(space + 1));
    if (!part || !after) return std::nullopt;
    return SubjectPlace{static_cast<std::uint32_t>(*part), *after};
}

// ---- what is asked ----------------------------------------------------------------------------------------
// What a page token is bound to.
std::string bound_to(std::string_view search, std::initializer_list<std::string_view> parts,
                     const std::vector<std::string>& qualified = {}) {
    std::string text = "authzen." + std::string(search);
    for (const std::string_view part : parts) text.append("\n").append(instance_in_permission(part));
    for (const std::string& action : qualified) text.append("\n").append(action);
    return text;
}

struct SubjectQuestion {
    SubjectReference subject;  // of which only the type was given
    SubjectSearch search;
    SubjectPlace from;
    Page page;
    std::string bound;
};

SubjectQuestion read_subject_question(Context& context, QuestionFields& body) {
    SubjectQuestion asked;
    asked.subject = read_subject_type(body, "subject");
    if (asked.subject.type == authzen::SubjectReferenceType::kSession)
        body.refuse("subject.type",
                    "Sessions can't be listed. Search for subjects of type 'user' or 'service_account'.");
    const Resource resource = read_resource(body, "resource");
    Question question(resource, read_action(body, "action"));
    asked.bound = bound_to(
        "subject",
        {asked.subject.type_name, question.action, question.type, question.owner.value_or(""), question.instance},
        question.qualified);
    asked.page = read_search_page(context, body, asked.bound);
    if (asked.page.after) {
        const auto place = place_of(*asked.page.after);
        if (!place) body.refuse("page.token", "It says no place.");
        asked.from = place.value_or(SubjectPlace{});
    }
    asked.search = {asked.subject.type == authzen::SubjectReferenceType::kService
                        ? keyledger::SubjectType::kServiceAccount
                        : keyledger::SubjectType::kUser,
                    std::move(question.type),
                    std::move(question.action),
                    std::move(question.instance),
                    std::move(question.owner),
                    std::move(question.qualified)};
    return asked;
}

// One page at the head; of a limit of none, whether there is anybody.
commands::Answer<SubjectPage> find_subjects(Context& context, Request& request, SubjectQuestion& asked) {
    if (asked.subject.type == authzen::SubjectReferenceType::kOther) {
        const UserId nobodys_id;
        auto nobody = co_await commands::access_of_user(context.services, nobodys_id, request.deadline);
        if (!nobody) co_return Unexpected(nobody.error());
        SubjectPage none;
        none.position = nobody->position;
        co_return none;
    }
    const Requester anybody;
    auto owner = co_await owner_by_id(context, anybody, asked.search.owner, request.deadline);
    if (!owner) co_return Unexpected(owner.error());
    asked.search.owner = std::move(*owner);
    const std::size_t limit = std::max<std::size_t>(asked.page.limit, 1);
    auto page =
        co_await commands::subjects_who_may(context.services, asked.search, asked.from, limit, request.deadline);
    if (page && asked.page.limit == 0) {
        const bool more = !page->ids.empty() || page->next;
        page->next = more ? std::optional(asked.from) : std::nullopt;
        page->ids.clear();
    }
    co_return page;
}

// What results are called by.
commands::Answer<std::vector<std::string>> names_of(Context& context, Request& request, const SubjectQuestion& asked,
                                                    std::vector<SubjectId> ids) {
    std::vector<std::string> texts;
    std::vector<UserId> user_ids;
    for (const SubjectId& id : ids) {
        if (asked.subject.type == authzen::SubjectReferenceType::kUser) user_ids.emplace_back(id);
        else texts.push_back(id.to_string());
    }
    if (user_ids.empty()) co_return texts;
    auto names = co_await commands::names_of_users(context.services, std::move(user_ids), context.subject_name_kinds,
                                                   request.deadline);
    co_return names;
}

struct SubjectAndQuestion {
    SubjectAccess access;  // of no roles where nobody may
    Question question;
};

// Of the subject of a search for resources or actions.
commands::Answer<SubjectAndQuestion> learn_subject(Context& context, const Requester& requester,
                                                   const SubjectReference& subject, Question question,
                                                   commands::Deadline deadline) {
    auto access = co_await access_of_subject(context, requester, subject, deadline);
    if (!access) co_return Unexpected(access.error());
    if (!access->active) access->roles.clear();
    auto owner = co_await owner_by_id(context, requester, question.owner, deadline);
    if (!owner) co_return Unexpected(owner.error());
    question.owner = std::move(*owner);
    co_return SubjectAndQuestion{std::move(*access), std::move(question)};
}

Reply search_subjects(Call& call) {
    auto requester = co_await authenticate_requester(call.context, call.request);
    if (!requester) co_return requester.error();
    QuestionFields body(call.context, call.request);
    SubjectQuestion question = read_subject_question(call.context, body);
    auto read = body.finish();
    if (!read) co_return read.error();
    if (requester->holder) co_return refuse(call, CommandError(refusals::kForbidden));
    auto page = co_await find_subjects(call.context, call.request, question);
    if (!page) co_return refuse(call, page.error());
    auto names = co_await names_of(call.context, call.request, question, page->ids);
    if (!names) co_return refuse(call, names.error());
    std::optional<std::string> last;
    if (page->next) last = text_of(*page->next);
    JsonText json;
    write_page(call.context, json, question.bound, question.page, names->size(), last);
    json.begin_array("results");
    for (const std::string& name : *names)
        json.begin_object().text("type", question.subject.type_name).text("id", name).end_object();
    json.end_array();
    co_return answer_at(call.context, json, page->position);
}

Reply search_resources(Call& call) {
    auto requester = co_await authenticate_requester(call.context, call.request);
    if (!requester) co_return requester.error();
    QuestionFields body(call.context, call.request);
    const SubjectReference subject = read_subject(body, "subject");
    const Resource resource = read_resource_type(body, "resource");
    Question asked(resource, read_action(body, "action"));
    const std::string bound =
        bound_to("resource", {subject.type_name, asked.action, asked.type, asked.owner.value_or(""), subject.id},
                 asked.qualified);
    const Page page = read_search_page(call.context, body, bound);
    auto read = body.finish();
    if (!read) co_return read.error();
    if (!requester->may_ask(subject)) co_return refuse(call, CommandError(refusals::kForbidden));
    auto learned = co_await learn_subject(call.context, *requester, subject, std::move(asked), call.request.deadline);
    if (!learned) co_return refuse(call, learned.error());
    const SubjectAccess& access = learned->access;
    AccessQuestion question = learned->question.asked();
    const auto instances = permitted_instances(access.roles, access.subject_id, question);
    if (!instances)
        co_return problem(call.request, problems::kNotListable,
                          "The subject may do this to resources that no permission names: to all of the type, or all "
                          "but some. List them where they are kept, and ask about each where denials matter.");
    const Part part = part_of(*instances, page);
    JsonText json;
    write_page(call.context, json, bound, page, part.results.size(), part.last);
    const std::string themselves = access.subject_id.to_string();
    question.owner = themselves;
    if (!resource.owner)
        json.begin_object("context").boolean("own", permits(access.roles, access.subject_id, question)).end_object();
    json.begin_array("results");
    for (const std::string& instance : part.results)
        json.begin_object().text("type", resource.type).text("id", text_of_part(instance)).end_object();
    json.end_array();
    co_return answer_at(call.context, json, access.position);
}

Reply search_actions(Call& call) {
    auto requester = co_await authenticate_requester(call.context, call.request);
    if (!requester) co_return requester.error();
    QuestionFields body(call.context, call.request);
    const SubjectReference subject = read_subject(body, "subject");
    Question asked(read_resource(body, "resource"), Action{});
    const std::string bound =
        bound_to("action", {subject.type_name, asked.type, subject.id, asked.owner.value_or(""), asked.instance});
    const Page page = read_search_page(call.context, body, bound);
    auto read = body.finish();
    if (!read) co_return read.error();
    if (!requester->may_ask(subject)) co_return refuse(call, CommandError(refusals::kForbidden));
    auto known = co_await commands::known_actions(call.services(), asked.type, call.request.deadline);
    if (!known) co_return refuse(call, known.error());
    auto learned = co_await learn_subject(call.context, *requester, subject, std::move(asked), call.request.deadline);
    if (!learned) co_return refuse(call, learned.error());
    const SubjectAccess& access = learned->access;
    const auto actions = permitted_actions(access.roles, access.subject_id, learned->question.asked(), *known);
    const Part part = part_of(actions, page);
    JsonText json;
    write_page(call.context, json, bound, page, part.results.size(), part.last);
    json.begin_array("results");
    for (const std::string& action : part.results) json.begin_object().text("name", text_of_part(action)).end_object();
    json.end_array();
    co_return answer_at(call.context, json, access.position);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"searchSubjects", kPost, "/access/v1/search/subject", search_subjects, kClients, kClientOrUser,
     {.input = Input::kBody}},
    {"searchResources", kPost, "/access/v1/search/resource", search_resources, kClients, kClientOrUser,
     {.input = Input::kBody}},
    {"searchActions", kPost, "/access/v1/search/action", search_actions, kClients, kClientOrUser,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable authzen_search_routes() { return kRows; }

}  // namespace keyledger::api::routes
