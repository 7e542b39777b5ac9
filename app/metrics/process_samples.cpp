#include "app/metrics/process_samples.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

// jemalloc's (jemalloc(3)), where it is linked: the service is, tests are not.
extern "C" int mallctl(const char* name, void* old, std::size_t* old_size, void* now, std::size_t now_size)
    __attribute__((weak));

namespace keyledger::app {
namespace {

// Fields of /proc/self/stat (proc(5)), counted from the one after the command's name, which may hold anything.
struct Stat {
    double cpu_seconds = 0;
    double threads = 0;
    double started_after_boot_seconds = 0;
    double virtual_bytes = 0;
    double resident_bytes = 0;
};

std::optional<Stat> read_stat() {
    std::ifstream file("/proc/self/stat");
    std::string text;
    if (!std::getline(file, text)) return std::nullopt;
    const std::size_t end_of_name = text.rfind(')');
    if (end_of_name == std::string::npos) return std::nullopt;
    std::istringstream rest(text.substr(end_of_name + 1));
    constexpr int kFirst = 3;  // the state
    constexpr int kUserTicks = 14, kSystemTicks = 15, kThreads = 20, kStart = 22, kVirtual = 23, kResident = 24;
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    Stat stat;
    std::string field;
    for (int number = kFirst; number <= kResident && rest >> field; ++number) {
        if (number == kFirst) continue;
        const double value = std::strtod(field.c_str(), nullptr);
        if (number == kUserTicks || number == kSystemTicks) stat.cpu_seconds += value / ticks;
        else if (number == kThreads) stat.threads = value;
        else if (number == kStart) stat.started_after_boot_seconds = value / ticks;
        else if (number == kVirtual) stat.virtual_bytes = value;
        else if (number == kResident) stat.resident_bytes = value * page;
    }
    return stat;
}

// Unix time, to the second; 0 where the system does not tell.
double boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
    return 0;
}

double count_descriptors() {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
    if (!folder) return 0;
    double count = -1;  // without the one that reads them
    while (const dirent* entry = readdir(folder.get())) count += entry->d_name[0] == '.' ? 0 : 1;
    return count;
}

// What a control group allows (cgroups(7)); nothing where it says "max", or what can't be read.
std::optional<double> limit_in(const std::string& path) {
    std::ifstream file(path);
    double limit = 0;
    if (!(file >> limit)) return std::nullopt;
    return limit;
}

// What it counted when the epoch was moved last; nothing where it does not count.
std::optional<double> counted_by_allocator(const char* name) {
    std::size_t bytes = 0;
    std::size_t size = sizeof bytes;
    if (mallctl(name, &bytes, &size, nullptr, 0) != 0) return std::nullopt;
    return static_cast<double>(bytes);
}

// Whether it is the process's memory that grows, or what the allocator keeps of what it was given back.
void add_of_allocator(Samples& samples) {
    if (mallctl == nullptr) return;
    std::uint64_t epoch = 1;
    if (mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch) != 0) return;
    if (const auto bytes = counted_by_allocator("stats.allocated"))
        samples.push_back(
            {"keyledger_heap_allocated_bytes", "Memory that was asked for and not given back", {}, *bytes});
    if (const auto bytes = counted_by_allocator("stats.resident"))
        samples.push_back(
            {"keyledger_heap_resident_bytes", "What the allocator holds of the system's for it", {}, *bytes});
}

}  // namespace

double memory_limit_bytes(const std::string& group_file, const std::string& groups) {
    struct sysinfo machine {};
    double least = sysinfo(&machine) == 0 ? static_cast<double>(machine.totalram) * machine.mem_unit : 0;
    std::string group;
    std::ifstream file(group_file);
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("0::/")) group = line.substr(3);
    for (;;) {
        const auto limit = limit_in(groups + group + "/memory.max");
        if (limit && (least == 0 || *limit < least)) least = *limit;
        if (group.empty()) return least;
        group.resize(group.rfind('/'));
    }
}

Samples process_samples() {
    Samples samples;
    static const double kBoot = boot_time();
    if (const auto stat = read_stat()) {
        samples = {
            {"process_cpu_seconds_total", "User and system time", {}, stat->cpu_seconds},
            {"process_start_time_seconds", "Unix time of the start", {}, kBoot + stat->started_after_boot_seconds},
            {"process_threads", "Threads of the process", {}, stat->threads},
            {"process_virtual_memory_bytes", "Address space", {}, stat->virtual_bytes},
            {"process_resident_memory_bytes", "Memory that is in use", {}, stat->resident_bytes}};
    }
    samples.push_back({"keyledger_memory_limit_bytes",
                       "Memory that the process may use: the machine's, or less where a control group says so",
                       {},
                       memory_limit_bytes()});
    add_of_allocator(samples);
    samples.push_back({"process_open_fds", "Open file descriptors", {}, count_descriptors()});
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        samples.push_back({"process_max_fds", "Descriptors that it may have", {}, static_cast<double>(limit.rlim_cur)});
    return samples;
}

}  // namespace keyledger::app
