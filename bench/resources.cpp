#include "bench/resources.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <pqxx/pqxx>
#include <sstream>
#include <stdexcept>

namespace keyledger::bench {
namespace {

constexpr std::size_t kShownStatementBytes = 90;
constexpr auto kStatements = "select regexp_replace(query, '\\s+', ' ', 'g'), sum(calls)::float8"
                             " from pg_stat_statements where query !~ 'pg_stat_statements' group by 1";

struct Process {
    int parent = 0;
    double seconds = 0;
};

// proc(5): fields of /proc/PID/stat behind the name, which may hold anything.
bool read_process(int pid, Process& process) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::stringstream text;
    text << in.rdbuf();
    const std::string all = text.str();
    const auto name_end = all.rfind(')');
    if (name_end == all.npos) return false;
    std::istringstream fields(all.substr(name_end + 1));
    std::string skipped;
    double ticks = 0;
    fields >> skipped >> process.parent;
    for (int i = 0; i < 9; ++i) fields >> skipped;
    for (int i = 0; i < 4; ++i) {  // utime, stime, cutime, cstime
        double one = 0;
        fields >> one;
        ticks += one;
    }
    static const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    process.seconds = ticks / ticks_per_second;
    return static_cast<bool>(fields);
}

double with_children(int pid) {
    Process own;
    if (!read_process(pid, own)) throw std::runtime_error("process " + std::to_string(pid) + " is gone");
    double seconds = own.seconds;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        int child = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), child);
        Process process;
        const bool is_process = error == std::errc{} && end == name.data() + name.size();
        if (is_process && read_process(child, process) && process.parent == pid) seconds += process.seconds;
    }
    return seconds;
}

std::int64_t resident_kib(int pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("VmRSS:")) return std::atoll(line.c_str() + 6);
    throw std::runtime_error("process " + std::to_string(pid) + " has no VmRSS");
}

}  // namespace

Resources::Resources(const std::vector<std::string>& processes, std::string statements_url)
    : statements_url_(std::move(statements_url)) {
    for (const std::string& one : processes) {
        const auto equals = one.find('=');
        const int pid = equals == one.npos ? 0 : std::atoi(one.c_str() + equals + 1);
        if (pid <= 0) throw std::runtime_error("'" + one + "' is not of the form name=pid");
        processes_[one.substr(0, equals)] = pid;
    }
    processes_["load"] = ::getpid();
}

ProcessorSeconds Resources::processor() const {
    ProcessorSeconds seconds;
    for (const auto& [name, pid] : processes_) seconds[name] = with_children(pid);
    return seconds;
}

std::map<std::string, double> Resources::statements() const {
    std::map<std::string, double> calls;
    if (statements_url_.empty()) return calls;
    pqxx::connection connection(statements_url_);
    pqxx::nontransaction look(connection);
    for (const auto& row : look.exec(kStatements)) calls[row[0].as<std::string>()] = row[1].as<double>();
    return calls;
}

void Resources::begin() {
    statements_before_ = statements();
    before_ = processor();
}

Resources::Usage Resources::end() {
    Usage usage;
    for (const auto& [name, seconds] : processor()) usage.seconds[name] = seconds - before_.at(name);
    for (const auto& [text, calls] : statements()) {
        const auto known = statements_before_.find(text);
        const double more = calls - (known == statements_before_.end() ? 0 : known->second);
        if (more > 0) usage.statements.push_back({text.substr(0, kShownStatementBytes), more});
    }
    std::sort(usage.statements.begin(), usage.statements.end(),
              [](const Statement& a, const Statement& b) { return a.calls > b.calls; });
    if (processes_.contains("service")) usage.service_kib = resident_kib(processes_.at("service"));
    return usage;
}

}  // namespace keyledger::bench
