#pragma once
// How often somebody tried to present a second factor, by origin (a keyed digest of user and device, or of user and
// network) and over all of them. Part of the state of `factors`. Pure.
//
// A code of six digits falls to whoever may try often enough, so an attempt is counted before anything is compared, and
// forgiven when it turns out right. Strangers wait longer and longer, and end at 100 in a row over all origins (NIST
// SP 800-63B-4 section 3.2.2); what they do never stops a device that the user passed from before.
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

struct FactorAttemptLimits {
    std::int64_t in_a_row = 100;     // over all origins; of a known one, for itself alone
    std::int64_t before_pauses = 5;  // of one origin that is not known, then with growing pauses
    Duration longest_pause = minutes(15);
    Duration known_for = days(90);  // since it passed last
};

struct FactorAttempts {
    struct Origin {
        std::string origin;
        std::int64_t failures = 0;  // since it passed last
        Instant last_taken_at{};
        Instant passed_at{};  // not set: never, as far as is known
        static constexpr auto fields() {
            using O = Origin;
            return std::tuple{Field{"origin", &O::origin}, Field{"failures", &O::failures},
                              Field{"last_taken_at_ms", &O::last_taken_at}, Field{"passed_at_ms", &O::passed_at}};
        }
    };
    std::int64_t failures_in_a_row = 0;
    std::vector<Origin> origins{};  // at most kMaxUnknown that never passed, and kMaxKnown others

    static constexpr std::size_t kMaxUnknown = 32;
    static constexpr std::size_t kMaxKnown = 16;
    static constexpr auto fields() {
        return std::tuple{Field{"failures_in_a_row", &FactorAttempts::failures_in_a_row},
                          Field{"origins", &FactorAttempts::origins}};
    }

    const Origin* find(std::string_view origin) const;
    // How long nobody may try from there; not set: not at all, they may try now. Where only a pass elsewhere or
    // somebody's forgiveness helps, as long as the longest pause.
    Duration pause(std::string_view origin, const FactorAttemptLimits& limits, Instant now) const;

    void take(const std::string& origin, Instant at);
    // Right: counting starts anew, and the origin is known. The pauses of others go on.
    void pass(const std::string& origin, Instant at);
    // Everybody may try again.
    void forgive();
};

}  // namespace keyledger
