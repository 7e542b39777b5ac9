#pragma once
// What the service's role asks of a function with the owner's rights, and what that says: "refused", or its first
// field.
#include <string>
#include <vector>

namespace keyledger::test {

struct Asked {
    const char* function;
    std::string sql;
    const char* says;
};

inline std::vector<Asked> asked_of_lookups() {
    return {
        {"prune_lookups", "select keyledger.prune_lookups(1000000000)", "0"},
        {"keep_lookup", "select keyledger.keep_lookup(gen_random_uuid(), repeat('x', 4096), 3600000)", "0"},
        {"keep_lookup", "select keyledger.keep_lookup(gen_random_uuid(), repeat('x', 4097), 3600000)", "refused"},
        {"keep_lookup", "select keyledger.keep_lookup(gen_random_uuid(), '', 3600000)", "refused"},
        {"keep_lookup", "select keyledger.keep_lookup(gen_random_uuid(), 'x', 3600001)", "refused"},
        {"keep_lookup", "select keyledger.keep_lookup(gen_random_uuid(), 'x', 0)", "refused"},
        {"find_lookup", "select keyledger.find_lookup(gen_random_uuid())", ""},
    };
}

}  // namespace keyledger::test
