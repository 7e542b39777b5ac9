// The deployment that the tests share, and what is judged when all have run: which documented answers nobody
// saw, and whether a secret or a personal value that the run used is anywhere where it must not be (I10).
#include <gtest/gtest.h>

#include "tests/e2e/world/evidence.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

// Problem types that can't be brought about from outside at will, and who shows them instead.
const std::set<std::string> kNotSeen{
    "internal-error",  // takes a bug or damaged data: tests/api/http/http_connection_test.cpp, tests/commands
    "overloaded",      // takes ten thousand connections: tests/api/http/http_connection_test.cpp
    "no-tree-head",    // takes an empty log: tests/fault/tampered_log.py
    "busy",            // takes conflicts at every attempt: tests/commands
};

Environment settings(const Mailbox& mailbox, const TestCertificate& applications) {
    Environment all = mailbox.settings();
    all["KEYLEDGER_OUTGOING_ALLOW"] = "localhost";
    all["KEYLEDGER_OUTGOING_CA_FILE"] = applications.file();
    return all;
}

struct Shared {
    Mailbox mailbox;
    TestCertificate certificate;
    Deployment deployment{settings(mailbox, certificate)};
    RunningService service{deployment};
};

std::unique_ptr<Shared>& shared() {
    static std::unique_ptr<Shared> all;
    return all;
}
Shared& need_shared() {
    if (!shared()) shared() = std::make_unique<Shared>();
    return *shared();
}

// Whole: with --gtest_filter most answers are rightly not seen.
bool whole_run() { return testing::GTEST_FLAG(filter) == "*"; }

// What the listener answers is documented as "default" of every operation, and one function turns what the
// store can't do for now into a 503 of every operation, and what was not proven lately into a 403; it is enough that
// some operation told each. Likewise one function makes pages of these problems.
OpenApi::Case shared_by_all(OpenApi::Case answer) {
    static const std::set<std::string> kOfAll{"try-again", "outcome-unknown", "step-up-required"};
    static const std::set<std::string> kOfPages{"413", "429", "500", "503"};
    const bool is_page = kOfPages.contains(answer.status) && api_document().is_page_of_problem(answer);
    if (answer.status == "default" || kOfAll.contains(answer.problem) || is_page) answer.operation.clear();
    return answer;
}
// A problem, or the page in its place.
bool is_not_to_be_seen(const OpenApi::Case& answer) {
    return kNotSeen.contains(answer.problem) || (answer.problem.empty() && answer.status == "500");
}

void judge_coverage() {
    std::set<OpenApi::Case> seen;
    for (const OpenApi::Case& answer : seen_answers()) seen.insert(shared_by_all(answer));
    std::set<OpenApi::Case> documented;
    for (const OpenApi::Case& answer : api_document().documented()) documented.insert(shared_by_all(answer));
    for (const OpenApi::Case& answer : documented) {
        const auto& [operation, status, problem] = answer;
        EXPECT_NE(seen.contains(answer), is_not_to_be_seen(answer))
            << operation << " " << status << " " << problem
            << (is_not_to_be_seen(answer) ? ": is seen now; take it off kNotSeen"
                                          : ": no test saw this answer, which api/openapi/ documents: "
                                            "add a test, or remove it from the document");
    }
}

class RunEnvironment : public testing::Environment {
    void TearDown() override {
        if (!shared()) return;
        const std::string records = published_records(shared()->deployment);
        shared()->service.stop();
        expect_no_secret_lies_open(shared()->deployment, records);
        if (whole_run()) judge_coverage();
        shared().reset();
    }
};

[[maybe_unused]] testing::Environment* const kEnvironment = testing::AddGlobalTestEnvironment(new RunEnvironment);

}  // namespace

const Deployment& deployment() { return need_shared().deployment; }
RunningService& service() { return need_shared().service; }
Mailbox& mailbox() { return need_shared().mailbox; }
const TestCertificate& certificate_of_applications() { return need_shared().certificate; }

}  // namespace keyledger::test
