#include "app/metrics/sample.hpp"

#include <gtest/gtest.h>

#include "app/core/system_ports.hpp"
#include "app/metrics/process_samples.hpp"

namespace keyledger::app {
namespace {

TEST(Exposition, TellsWhatEachNameIs) {
    Sample timed{"a_duration_seconds", "How long", {}};
    timed.histogram = HistogramReading{{1'000'000, 2'000'000'000}, {3, 1, 2}, 9'000'000'000};
    timed.unit = kNanoseconds;
    const std::string text = exposition({{"b_total", "Of these", {{"kind", "x"}}, 2},
                                         {"c_bytes", "A size", {}, 7},
                                         timed,
                                         {"b_total", "Of these", {{"kind", "y \"quoted\"\n"}}, 5}});
    EXPECT_EQ(text, "# HELP b_total Of these\n# TYPE b_total counter\nb_total{kind=\"x\"} 2\n"
                    "b_total{kind=\"y \\\"quoted\\\"\\n\"} 5\n"
                    "# HELP c_bytes A size\n# TYPE c_bytes gauge\nc_bytes 7\n"
                    "# HELP a_duration_seconds How long\n# TYPE a_duration_seconds histogram\n"
                    "a_duration_seconds_count 6\na_duration_seconds_sum 9\n"
                    "a_duration_seconds_bucket{le=\"0.001\"} 3\na_duration_seconds_bucket{le=\"2\"} 4\n"
                    "a_duration_seconds_bucket{le=\"+Inf\"} 6\n");
}

TEST(ProcessSamples, TellOfThisProcess) {
    std::map<std::string, double> found;
    for (const Sample& sample : process_samples()) found[sample.name] = sample.value;
    EXPECT_GT(found.at("process_cpu_seconds_total"), 0);
    EXPECT_GE(found.at("process_threads"), 1);
    EXPECT_GT(found.at("process_open_fds"), 2);
    EXPECT_GT(found.at("process_max_fds"), found.at("process_open_fds"));
    EXPECT_GT(found.at("process_resident_memory_bytes"), 1 << 20);
    EXPECT_GT(found.at("process_virtual_memory_bytes"), found.at("process_resident_memory_bytes"));
    const auto now = static_cast<double>(SystemClock().now().whole_seconds());
    EXPECT_NEAR(found.at("process_start_time_seconds"), now, 600);
}

}  // namespace
}  // namespace keyledger::app
