#pragma once
// AWS Systems Manager Parameter Store: what stands directly below a path, decrypted.
#include <string>
#include <vector>

#include "integrations/aws/http_call.hpp"

namespace keyledger::integrations::aws {

inline constexpr std::size_t kMostParameters = 1'000;
inline constexpr int kMostAttempts = 4;  // for each page, while AWS is busy or away

struct ParameterPath {
    std::string prefix;    // "/keyledger/prod"
    std::string region;    // "eu-central-1"
    std::string endpoint;  // URL; empty: the region's
};
struct Parameter {
    std::string name;  // behind the prefix and its '/'
    std::string value;
};

// What is wrong with the path, as a sentence about `setting`s of that kind; empty: nothing. Pure.
struct PathFault {
    enum class Of { kPrefix, kRegion, kEndpoint };
    Of of = Of::kPrefix;
    std::string sentence;  // empty: there is none
};
PathFault fault_of(const ParameterPath& path);

// Of a path without fault. The error says what to do, and quotes no value.
Result<std::vector<Parameter>, std::string> fetch_parameters(const ParameterPath& path, const Credentials& credentials,
                                                             Time deadline);

}  // namespace keyledger::integrations::aws
