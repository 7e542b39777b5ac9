#include "domain/challenges/wrong_codes.hpp"

namespace keyledger {

std::vector<WrongCodesEvent> decide(const WrongCodes&, const CountWrongCode& command) {
    return {WrongCodeCounted{command.purpose}};
}

WrongCodes evolve(WrongCodes codes, const WrongCodesEvent&, const Recorded& recorded) {
    if (codes.newest.size() == kMostWrongCodesADay) codes.newest.erase(codes.newest.begin());
    codes.newest.push_back(recorded.occurred_at);
    return codes;
}

}  // namespace keyledger
