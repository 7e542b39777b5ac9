#include "tests/e2e/world/watch.hpp"

#include <mutex>

namespace keyledger::test {
namespace {

struct ObservedValues {
    std::mutex mutex;
    std::set<std::string> secrets;
    std::set<std::string> personal;
    std::set<OpenApi::Case> answers;
};
ObservedValues& seen() {
    static ObservedValues all;
    return all;
}

template <class T>
T copy_of(T ObservedValues::*member) {
    std::lock_guard lock(seen().mutex);
    return seen().*member;
}

}  // namespace

std::string watch_secret(std::string value) {
    std::lock_guard lock(seen().mutex);
    seen().secrets.insert(value);
    return value;
}

std::string watch_personal(std::string value) {
    std::lock_guard lock(seen().mutex);
    seen().personal.insert(value);
    return value;
}

void saw_answer(const OpenApi::Case& answered) {
    std::lock_guard lock(seen().mutex);
    seen().answers.insert(answered);
}

std::set<std::string> watched_secrets() { return copy_of(&ObservedValues::secrets); }
std::set<std::string> watched_personal() { return copy_of(&ObservedValues::personal); }
std::set<OpenApi::Case> seen_answers() { return copy_of(&ObservedValues::answers); }

}  // namespace keyledger::test
