#pragma once
// Whether a password may be chosen: NIST SP 800-63B-4 section 3.1.1 (length, no composition rules) with
// zxcvbn as judge of what is guessable. Any thread. It takes 0.05 ms as a rule and below 1 ms at worst, for
// zxcvbn is cubic in long repetitions; it judges no more than kMaxJudgedCodePoints, which can only make a
// password look weaker. The text is taken as it is: normalise it before.
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/base/secret.hpp"

namespace keyledger::security {

inline constexpr std::size_t kLowestMinCodePoints = 8;
inline constexpr std::size_t kHighestMaxCodePoints = 256;
inline constexpr std::size_t kMaxJudgedCodePoints = 48;

// A score of 3 means at least 10^8 guesses: a month of a whole core against one Argon2id hash at the
// defaults, and out of reach of guessing online. 4 (10^10) would refuse many passphrases that people keep in
// mind, and with them the habit of using any.
struct PasswordPolicy {
    std::size_t min_code_points = 15;
    std::size_t max_code_points = 256;
    int min_score = 3;
};
// min and max in order and within the bounds above, a score of 0 to 4.
bool is_acceptable(const PasswordPolicy& policy);

// What an attacker knows of the person. Empty where it is not given.
struct PasswordIdentity {
    std::string_view email = {};
    std::string_view username = {};
    std::string_view name = {};
};

enum class PasswordRefusal {
    kNotText,           // not UTF-8, or it holds control characters
    kTooShort,          // counted in code points
    kTooLong,           // counted in code points
    kContainsIdentity,  // the e-mail, its local part, the user name, or a word of the name, of 4 letters or more, as
                        // a word of its own (what stands inside another word only counts as easy to guess)
    kTooWeak,
};

// nullopt: it may be chosen. An unacceptable policy throws std::invalid_argument.
std::optional<PasswordRefusal> judge_password(const Secret& password, const PasswordIdentity& identity,
                                              const PasswordPolicy& policy);

// zxcvbn's score: 0 below 10^3 guesses, 1 below 10^6, 2 below 10^8, 3 below 10^10, else 4. A text that is not
// UTF-8 has 0.
int password_score(const Secret& password, const PasswordIdentity& identity);

}  // namespace keyledger::security
