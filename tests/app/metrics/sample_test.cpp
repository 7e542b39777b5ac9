#include "app/metrics/sample.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

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
    EXPECT_GT(found.at("keyledger_memory_limit_bytes"), found.at("process_resident_memory_bytes"));
    EXPECT_GT(found.at("process_virtual_memory_bytes"), found.at("process_resident_memory_bytes"));
    const auto now = static_cast<double>(SystemClock().now().whole_seconds());
    EXPECT_NEAR(found.at("process_start_time_seconds"), now, 600);
}

TEST(MemoryLimit, IsTheLeastOfTheMachinesAndItsGroups) {
    const std::filesystem::path folder = testing::TempDir() + "groups-" + std::to_string(::getpid());
    std::filesystem::create_directories(folder / "system.slice/keyledger.service");
    const auto write = [&](const std::string& name, const std::string& text) {
        std::ofstream(folder / name) << text << '\n';
    };
    const auto limit = [&] { return memory_limit_bytes(folder / "own", folder); };
    const double machine = limit();
    EXPECT_GT(machine, 1 << 26) << "nothing is said of groups";
    write("own", "4:memory:/elsewhere\n0::/system.slice/keyledger.service");
    write("system.slice/keyledger.service/memory.max", "max");
    EXPECT_EQ(limit(), machine);
    write("system.slice/memory.max", "2000000");
    EXPECT_EQ(limit(), 2'000'000) << "of a group above";
    write("system.slice/keyledger.service/memory.max", "1000000");
    EXPECT_EQ(limit(), 1'000'000);
    write("own", "0::/");  // as a container sees it
    write("memory.max", "3000000");
    EXPECT_EQ(limit(), 3'000'000);
    for (const char* odd : {"0::", "", "0::elsewhere", "0::/../system.slice"}) {
        write("own", odd);
        EXPECT_LE(limit(), 3'000'000) << odd;
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace keyledger::app
