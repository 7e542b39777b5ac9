#pragma once
// openapi.json, as those read it who hold the API against it.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/http/http_client.hpp"

namespace keyledger::test {

class OpenApi {
public:
    struct Operation {
        std::string id;
        std::string method;  // upper case
        std::string path;    // as documented: "/api/v1/admin/users/{id}"
        auto operator<=>(const Operation&) const = default;
    };
    struct ProblemEntry {
        int status = 0;
        std::string title;
        bool operator==(const ProblemEntry&) const = default;
    };
    struct Case {
        std::string operation;  // its id; empty: the listener's answer outside of all of them
        std::string status;     // as documented: "200", or "default"
        std::string problem;    // its slug; empty: the answer is none
        auto operator<=>(const Case&) const = default;
    };

    // Throws std::runtime_error that says what is wrong with the text.
    explicit OpenApi(std::string_view text);
    ~OpenApi();
    OpenApi(const OpenApi&) = delete;
    OpenApi& operator=(const OpenApi&) = delete;

    const std::vector<Operation>& operations() const;
    // The ids of the operations that take an Idempotency-Key.
    std::set<std::string> repeatable() const;
    // Null: no operation has that method at that path. A query is ignored; HEAD counts as GET.
    const Operation* find(std::string_view method, std::string_view target) const;

    // Which documented case an answer is, if it is documented at all.
    Case case_of(const Operation* operation, const HttpResponse& answer) const;
    std::set<Case> documented() const;
    // Whether it is a page in place of a problem: the answer is documented as both, and this is no problem.
    bool is_page_of_problem(const Case& answer) const;
    // What an answer breaks: status, problem type, headers, media type, body. Empty: it is documented.
    std::vector<std::string> violations(const Operation* operation, std::string_view method,
                                        const HttpResponse& answer) const;
    // What the body breaks of the schema of the operation's request.
    std::vector<std::string> request_violations(const Operation& operation, std::string_view body) const;

    // `components.x-problems`, by slug.
    const std::map<std::string, ProblemEntry>& problems() const;
    // Slugs that some answer lists in `x-problem-types`.
    std::set<std::string> answered_problems() const;
    // Of the document itself: references to nothing, examples that don't fit their schema, answers in
    // problem+json without types, types of another status, components that nothing refers to.
    std::vector<std::string> faults() const;

private:
    struct Document;
    std::unique_ptr<Document> document_;
};

// The slug of a problem's body; empty when the answer is no problem.
std::string problem_slug(const HttpResponse& answer);

}  // namespace keyledger::test
