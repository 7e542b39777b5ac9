#include "domain/risk/risk.hpp"

#include <algorithm>
#include <array>

namespace keyledger {
namespace {

constexpr int kMost = 100;

enum Fact : std::size_t { kDevice, kCountry, kNetwork, kThree, kTen, kFifty, kHoneypot, kTravel, kCopied };
constexpr std::array kTable{
    RiskRow{"new device", 30},
    RiskRow{"new country", 30},
    RiskRow{"network from which the user never logged in", 10},
    RiskRow{"at least 3 failures in a row before it", 10},
    RiskRow{"at least 10 failures in a row before it", 10},
    RiskRow{"at least 50 failures in a row before it", 10},
    RiskRow{"honeypot filled", 60},
    RiskRow{"impossible travel", 20, true},
    RiskRow{"counter of the passkey did not grow", 40, true},
};

}  // namespace

std::span<const RiskRow> risk_table() { return kTable; }

Risk risk_of(const RiskFacts& facts) {
    Risk risk;
    const auto count = [&](bool is_so, Fact fact) {
        if (!is_so) return;
        risk.points += kTable[fact].points;
        if (!kTable[fact].is_advisory) risk.certain += kTable[fact].points;
    };
    count(facts.new_device, kDevice);
    count(facts.new_country, kCountry);
    count(facts.unknown_network, kNetwork);
    count(facts.failures_in_a_row >= 3, kThree);
    count(facts.failures_in_a_row >= 10, kTen);
    count(facts.failures_in_a_row >= 50, kFifty);
    count(facts.honeypot, kHoneypot);
    count(facts.impossible_travel, kTravel);
    count(facts.passkey_may_be_copied, kCopied);
    return {std::min(risk.points, kMost), std::min(risk.certain, kMost)};
}

}  // namespace keyledger
