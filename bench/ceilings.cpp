// What this machine's processor can do at the most, in the same run as what the service did: bare Argon2id hashes and
// bare signatures a second, by as many threads as there are cores. The rates of log-in and refresh are told as parts of
// these. Argon2id is there twice: by libargon2 as everybody has it, which is what log-ins are held against, and as the
// service computes it, in memory that a thread keeps.
//
//     ceilings [--memory-kib 19456] [--passes 2] [--lanes 1] [--threads N] [--seconds 3]
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "security/keys/signing_key.hpp"
#include "security/passwords/argon2.hpp"
#include "security/passwords/hashing_memory.hpp"

namespace {

using namespace keyledger;
using Clock = std::chrono::steady_clock;

struct Options {
    security::Argon2Parameters argon2;
    std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
    double seconds = 3;
};

// How often a second `work` is done, by so many threads for so long. A run that begins in time is finished and counted.
template <class Work>
double rate_of(const Options& options, const Work& work) {
    std::atomic<std::size_t> done = 0;
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration<double>(options.seconds);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < options.threads; ++i)
        threads.emplace_back([&] {
            for (; Clock::now() < end; ++done) work();
        });
    for (std::thread& thread : threads) thread.join();
    return static_cast<double>(done) / std::chrono::duration<double>(Clock::now() - begin).count();
}

void print(const char* name, const Options& options, double rate) {
    std::printf(R"({"ceiling":"%s","threads":%zu,"rate":%.1f})", name, options.threads, rate);
    std::printf("\n");
    std::fflush(stdout);
}

void run(const Options& options) {
    std::printf(R"({"figure":"hash cost","memory_kib":%u,"passes":%u,"lanes":%u})"
                "\n",
                options.argon2.memory_kib, options.argon2.passes, options.argon2.lanes);
    const Secret password(std::string("correct horse battery staple"));
    const Secret stored = security::argon2_hash(password, options.argon2);
    const auto phc = security::parse_phc(stored.reveal()).value();
    print("argon2id", options, rate_of(options, [&] {
              const security::Argon2Input input{password.reveal(), phc.salt, {}, {}};
              if (security::reference_argon2id(input, options.argon2, phc.tag.size()) != phc.tag)
                  throw std::logic_error("libargon2 made another hash");
          }));
    print("argon2id of the service", options, rate_of(options, [&] {
              thread_local security::HashingMemory memory(std::size_t{options.argon2.memory_kib} * 1024);
              if (!security::argon2_verify(password, stored.reveal())) throw std::logic_error("a hash did not verify");
          }));
    // As long as the header and claims of an access token.
    const std::string message(420, 'k');
    for (const auto algorithm :
         {security::SigningAlgorithm::kEs256, security::SigningAlgorithm::kEdDsa, security::SigningAlgorithm::kRs256}) {
        const auto key = security::SigningKey::generate(algorithm);
        const std::string name = "sign " + std::string(security::name_of(algorithm));
        print(name.c_str(), options, rate_of(options, [&] {
                  if (key.sign(message).empty()) throw std::logic_error("no signature");
              }));
    }
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Bare Argon2id and bare signing; one JSON object a line");
    app.add_option("--memory-kib", options.argon2.memory_kib, "Argon2id's m")->capture_default_str();
    app.add_option("--passes", options.argon2.passes, "Argon2id's t")->capture_default_str();
    app.add_option("--lanes", options.argon2.lanes, "Argon2id's p")->capture_default_str();
    app.add_option("--threads", options.threads, "for each measurement")->check(CLI::Range(1, 64));
    app.add_option("--seconds", options.seconds, "for each measurement")->check(CLI::Range(0.1, 60.0));
    CLI11_PARSE(app, argc, argv);
    if (!security::is_acceptable(options.argon2)) {
        std::fprintf(stderr, "ceilings: these parameters of Argon2id are not acceptable\n");
        return 2;
    }
    run(options);
}
