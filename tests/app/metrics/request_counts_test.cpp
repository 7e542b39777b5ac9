#include "app/metrics/request_counts.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

namespace keyledger::app {
namespace {

using api::Method;

std::vector<api::Route> routes() {
    return {{"showUser", Method::kGet, "/users/{id}", {}},
            {"changeUser", Method::kPatch, "/users/{id}", {}},
            {"logIn", Method::kPost, "/sessions", {}}};
}

std::string label(const Sample& sample, std::string_view name) {
    for (const auto& [key, value] : sample.labels)
        if (key == name) return value;
    return {};
}

std::map<std::string, double> answers(const RequestCounts& counts) {
    std::map<std::string, double> found;
    for (const Sample& sample : counts.samples())
        if (!sample.histogram) found[label(sample, "operation") + ' ' + label(sample, "status")] = sample.value;
    return found;
}

TEST(RequestCounts, CountByRouteAndStatus) {
    const auto table = routes();
    RequestCounts counts;
    counts.know(table, 2);
    counts.count(table[0].operation, 200, 700'000);
    counts.count(table[0].operation, 404, 20'000'000'000);
    counts.count(table[2].operation, 200, 1'000'000);
    counts.count(table[2].operation, 200, 1'000'000);
    EXPECT_EQ(answers(counts),
              (std::map<std::string, double>{{"showUser 200", 1}, {"showUser 404", 1}, {"logIn 200", 2}}));
    for (const Sample& sample : counts.samples()) {
        if (label(sample, "operation") != "showUser") continue;
        EXPECT_EQ(label(sample, "method"), "GET");
        EXPECT_EQ(label(sample, "route"), "/users/{id}");
        if (!sample.histogram) continue;
        EXPECT_EQ(sample.histogram->count(), 2u);
        EXPECT_EQ(sample.histogram->counts[1], 1u) << "0.7 ms is below 1 ms";
        EXPECT_EQ(sample.histogram->counts.back(), 1u);
        EXPECT_EQ(sample.histogram->sum, 20'000'700'000);
    }
}

// The attack: whoever asks for anything at all, and has it answered with any status, makes no new series.
TEST(RequestCounts, NeverGrowByWhatSomebodyAsksFor) {
    const auto table = routes();
    RequestCounts counts;
    counts.know(table, 4);
    std::mt19937 random(4711);
    std::vector<std::string> names;
    for (int i = 0; i < 2'000; ++i) names.push_back("made-up-" + std::to_string(random()));
    for (const std::string& name : names) counts.count(name, static_cast<int>(random() % 2'000) - 500, 1);
    counts.count("", 200, 1);
    counts.count({}, 200, 1);
    counts.count(std::string("logIn"), 200, 1);  // the same word elsewhere is not the route's
    const auto found = answers(counts);
    EXPECT_LE(found.size(), 45u);
    double all = 0;
    for (const auto& [name, count] : found) {
        EXPECT_TRUE(name.starts_with("unmatched ")) << name;
        all += count;
    }
    EXPECT_EQ(all, 2'003);
    EXPECT_GT(found.at("unmatched other"), 0);
}

TEST(RequestCounts, LoseNothingOfManyThreads) {
    constexpr int kTimes = 20'000;
    const auto table = routes();
    RequestCounts counts;
    counts.know(table, 3);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 6; ++i)
            threads.emplace_back([&] {
                for (int j = 0; j < kTimes; ++j) counts.count(table[1].operation, 204, 5);
            });
        (void)counts.samples();  // meanwhile
    }
    EXPECT_EQ(answers(counts), (std::map<std::string, double>{{"changeUser 204", 6.0 * kTimes}}));
}

TEST(RequestCounts, CountAsUnmatchedBeforeTheyKnowTheRoutes) {
    RequestCounts counts;
    counts.count("logIn", 503, 1);
    EXPECT_EQ(answers(counts), (std::map<std::string, double>{{"unmatched 503", 1}}));
}

}  // namespace
}  // namespace keyledger::app
