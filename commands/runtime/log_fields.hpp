#pragma once
// What lines of the log are about, beside their words: ids that are members of their own where the log is JSON. They
// belong to every line that this thread writes while the object lives, so it lives across no co_await. Never secrets
// or personal values (I10).
//
//     const LogFields about{{"job_id", job.id.to_string()}};
//     spdlog::error("job {} failed", job.id.to_string());
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keyledger {

class LogFields {
public:
    using One = std::pair<std::string_view, std::string>;  // a name that lives for ever, and its value

    LogFields(std::initializer_list<One> fields) : fields_(fields), outer_(innermost_) { innermost_ = this; }
    ~LogFields() { innermost_ = outer_; }
    LogFields(const LogFields&) = delete;
    LogFields& operator=(const LogFields&) = delete;

    // Those of this thread now: outer ones first, none that is empty.
    static std::vector<One> now() {
        std::vector<One> all;
        for (const LogFields* at = innermost_; at != nullptr; at = at->outer_)
            for (auto one = at->fields_.rbegin(); one != at->fields_.rend(); ++one)
                if (!one->second.empty()) all.insert(all.begin(), *one);
        return all;
    }

private:
    const std::vector<One> fields_;
    const LogFields* const outer_;
    inline static thread_local const LogFields* innermost_ = nullptr;
};

}  // namespace keyledger
